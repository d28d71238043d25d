# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of CloudWatch alarms to its desired state."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from ..session import WORKERS, Aws, Outcome
from . import api, model


def run(aws: Aws) -> Outcome:
    """Read the alarms of the set at once, plan, apply."""
    alarms, prefix, tags, purge = (aws.params[name] for name in ("alarms", "prefix", "tags", "purge"))
    remove = aws.params["state"] == "absent"
    if purge and not (tags and prefix):
        missing = "prefix" if not prefix else "tags"
        raise InvalidInput(missing, aws.params[missing], "is empty: purge wants both, to know which alarms are ours")
    model.validate(alarms, prefix)
    desired = {} if remove else model.desired_states(alarms, tags)
    names = [alarm["name"] for alarm in alarms]
    answers = api.describe_alarms_below(aws, prefix) if purge else api.describe_alarms(aws, names)
    current = model.current_states(answers, _tags(aws, answers), tags)
    changes = model.plan(current, desired, names if remove else [], purge=purge)
    late = model.late(changes) if aws.params["enable_when_ok"] else []
    aws.apply(changes, _handlers(aws, late))
    if late and not aws.check_mode:
        _enable_when_ok(aws, late)
    return Outcome(changes, {})


def _enable_when_ok(aws: Aws, names: Sequence[str]) -> None:
    aws.wait(
        "alarms are OK",
        lambda: {answer["AlarmName"]: answer["StateValue"] for answer in api.describe_alarms(aws, names)},
        lambda states: model.judge(names, states),
        timeout=aws.params["wait_timeout"],
    )
    api.enable_actions(aws, names)


def _tags(aws: Aws, answers: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Tags by name of alarm, where they matter."""
    if not aws.params["tags"]:
        return {}
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        tags = pool.map(lambda answer: api.list_tags(aws, answer["AlarmArn"]), answers)
        return dict(zip((answer["AlarmName"] for answer in answers), tags, strict=True))


def _handlers(aws: Aws, late: Sequence[str]) -> dict[Any, Any]:
    def put(change: Change, tags: dict[str, str]) -> None:
        state = {**change.desired, "actions_enabled": False} if change.key in late else change.desired
        api.put_metric_alarm(aws, tags, **model.arguments(change.key, state))

    def create(change: Change) -> None:
        put(change, change.desired.get("tags") or {})

    def update(change: Change) -> None:
        if model.rewritten(change):
            put(change, {})
        if "tags" in change.fields:
            api.tag_resource(aws, change.current["arn"], change.desired["tags"])

    def delete(change: Change) -> None:
        api.delete_alarm(aws, change.key)

    return {(model.KIND, "create"): create, (model.KIND, "update"): update, (model.KIND, "delete"): delete}
