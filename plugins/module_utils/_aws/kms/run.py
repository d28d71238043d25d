# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of customer-managed keys, found by alias, to its desired state."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..._core.changes import Change
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..session import WORKERS, Aws, Outcome
from . import api, model


def run(aws: Aws) -> Outcome:
    """Read the aliases once and their keys in parallel, plan, apply."""
    options = aws.params
    place = model.Place(**aws.identity(), region=aws.region)
    desired = model.desired_states(options["prefix"], options["keys"], options["rotation_days"], place, options["tags"])
    current = _read(aws, options["prefix"], options["tags"])
    changes = model.plan(current, desired, tags=options["tags"], purge=options["purge"])
    policies = {
        model.alias_name(options["prefix"], key["name"]): model.key_policy(key, place) for key in options["keys"]
    }
    aws.apply(changes, _handlers(aws, policies))
    if changes and not aws.check_mode:
        current = _read(aws, options["prefix"], options["tags"])
    unknown = {"arn": KNOWN_AFTER_APPLY}
    start = model.alias_name(options["prefix"], "")
    arns = {alias.removeprefix(start): current.get(alias, unknown)["arn"] for alias in desired}
    return Outcome(changes, {"arns": arns})


def _read(aws: Aws, prefix: str, tags: Mapping[str, str] | None) -> dict[str, dict[str, Any]]:
    def read(key_id: str) -> dict[str, Any]:
        return model.current_state(
            api.describe_key(aws, key_id),
            api.get_key_policy(aws, key_id),
            api.get_key_rotation_status(aws, key_id),
            api.list_resource_tags(aws, key_id),
            tags,
        )

    found = model.targets(api.list_aliases(aws), prefix)
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        return dict(zip(found, pool.map(read, found.values()), strict=True))


def _left_without_alias(aws: Aws, mark: Mapping[str, str]) -> str | None:
    """The key that an interrupted run has created for an alias which does not exist yet."""
    key_id = api.find_key(aws, mark)
    return key_id if key_id and api.describe_key(aws, key_id)["KeyState"] not in model.DEAD else None


def _handlers(aws: Aws, policies: Mapping[str, Mapping[str, Any]]) -> dict[Any, Any]:
    def create(change: Change) -> None:
        state = change.desired
        mark = {model.MARK: change.key}
        tags = {**(state.get("tags") or {}), **mark}
        key_id = _left_without_alias(aws, mark) or api.create_key(
            aws, policies[change.key], state.get("description", ""), tags
        )
        api.create_alias(aws, change.key, key_id)
        api.enable_key_rotation(aws, key_id, state["rotation_days"])

    def update(change: Change) -> None:
        key_id, state = change.current["key_id"], change.desired
        if "state" in change.fields:
            if change.current["state"] in model.DEAD:
                api.cancel_key_deletion(aws, key_id)
            api.enable_key(aws, key_id)
        if "policy" in change.fields:
            api.put_key_policy(aws, key_id, policies[change.key])
        if "description" in change.fields:
            api.update_key_description(aws, key_id, state["description"])
        if "rotation_days" in change.fields:
            api.enable_key_rotation(aws, key_id, state["rotation_days"])
        if "tags" in change.fields:
            api.tag_resource(aws, key_id, state["tags"])

    def delete(change: Change) -> None:
        # The alias stays with the key, so that a later run finds it again and takes the deletion back.
        api.disable_key(aws, change.current["key_id"])
        api.schedule_key_deletion(aws, change.current["key_id"], aws.params["pending_window_days"])

    return {("key", "create"): create, ("key", "update"): update, ("key", "delete"): delete}
