# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the scaling of one ECS service to its desired state."""

from __future__ import annotations

from typing import Any

from ..._core.changes import Change
from ..session import Aws, Outcome
from . import api, model


def run(aws: Aws) -> Outcome:
    """Read limits, policies and scheduled actions with one list call each, plan, apply."""
    params = aws.params
    if params["state"] == "present":
        model.check(params)
    target = model.target(params["cluster"], params["service"])
    key, answer = target["ResourceId"], api.scalable_target(aws, target)
    tags = api.tags(aws, answer["ScalableTargetARN"]) if answer and params["tags"] else {}
    managed = {name: value for name, value in tags.items() if name in (params["tags"] or {})}
    limits = model.current_target(answer, managed) if answer else None
    policies = model.current_policies(api.policies(aws, target))
    actions = model.current_actions(api.scheduled_actions(aws, target), recurring_only=bool(params["keep_limits"]))
    if params["state"] == "absent":
        changes = model.plan_removal(key, limits, policies, actions)
    else:
        wanted, planned = params["policies"], params["scheduled_actions"]
        changes = model.plan(
            key,
            (limits, model.desired_target(params, keep=limits is not None and params["keep_limits"])),
            (policies, None if wanted is None else model.desired_policies(wanted)),
            (actions, None if planned is None else model.desired_actions(planned)),
            purge=params["purge"],
        )
    aws.apply(changes, _handlers(aws, target, answer))
    return Outcome(changes, {"resource_id": key})


def _handlers(aws: Aws, target: dict[str, str], answer: dict[str, Any] | None) -> dict[Any, Any]:
    def limits(change: Change) -> None:
        state = change.desired
        arguments: dict[str, Any] = {"MinCapacity": state["min_capacity"], "MaxCapacity": state["max_capacity"]}
        if answer is None and state.get("tags"):
            arguments["Tags"] = state["tags"]
        if answer is None or set(change.fields) - {"tags"}:
            api.register(aws, target, arguments)
        if answer is not None and "tags" in change.fields:
            api.add_tags(aws, answer["ScalableTargetARN"], state["tags"])

    def put_policy(change: Change) -> None:
        api.put_policy(aws, target, change.key, model.policy_configuration(change.desired))

    def put_action(change: Change) -> None:
        api.put_scheduled_action(aws, target, change.key, model.action_arguments(change.desired))

    return {
        ("scalable_target", "create"): limits,
        ("scalable_target", "update"): limits,
        ("scalable_target", "delete"): lambda _change: api.deregister(aws, target),
        ("scaling_policy", "create"): put_policy,
        ("scaling_policy", "update"): put_policy,
        ("scaling_policy", "delete"): lambda change: api.delete_policy(aws, target, change.key),
        ("scheduled_action", "create"): put_action,
        ("scheduled_action", "update"): put_action,
        ("scheduled_action", "delete"): lambda change: api.delete_scheduled_action(aws, target, change.key),
    }
