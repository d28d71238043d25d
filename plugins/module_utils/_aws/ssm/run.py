# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the parameters below a path to their desired state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.changes import Change
from ..._core.redact import Secret
from ..session import Aws, Outcome, ansible_dict_to_boto3_tag_list
from . import api, model

ARGUMENTS = {"type": "Type", "description": "Description", "key_id": "KeyId", "tier": "Tier"}


def run(aws: Aws) -> Outcome:
    """Read all parameters below RV(path) with three list calls, plan, apply."""
    path, tags = aws.params["path"], aws.params["tags"]
    listed = model.desired_states(path, aws.params["parameters"], tags)
    desired = listed if aws.params["state"] == "present" else {}
    values = api.get_parameters_by_path(aws, path)
    descriptions = api.describe_parameters(aws, path) if values else []
    owned = {item["Name"] for item in api.describe_parameters(aws, path, tags)} if values and tags else set()
    current = model.current_states(values, descriptions, owned, tags)
    removable = set(listed) - set(desired)
    if aws.params["purge"]:
        removable |= owned if tags else set(current)
    changes = model.plan(current, desired, removable)
    aws.apply(changes, _handlers(aws))
    parameters = {name: {"type": state["type"], "value": state["value"]} for name, state in desired.items()}
    return Outcome(changes, {"parameters": parameters}, _secrets(current, desired))


def _handlers(aws: Aws) -> dict[Any, Any]:
    def create(change: Change) -> None:
        tags = ansible_dict_to_boto3_tag_list(change.desired.get("tags") or {})
        api.put_parameter(aws, change.key, **_arguments(change.desired), **({"Tags": tags} if tags else {}))

    def update(change: Change) -> None:
        if set(change.fields) - {"tags"}:
            api.put_parameter(aws, change.key, overwrite=True, **_arguments(change.desired))
        if "tags" in change.fields:
            api.add_tags(aws, change.key, change.desired["tags"])

    def delete(change: Change) -> None:
        api.delete_parameters(aws, [change.key])

    def replace(change: Change) -> None:
        delete(change)
        create(change)

    handlers = {"create": create, "update": update, "replace": replace, "delete": delete}
    return {("parameter", op): handler for op, handler in handlers.items()}


def _arguments(state: Mapping[str, Any]) -> dict[str, Any]:
    value = state["value"]
    shown = {name: state[field] for field, name in ARGUMENTS.items() if field in state}
    return {"value": value.reveal() if isinstance(value, Secret) else value, **shown}


def _secrets(*states: Mapping[str, Mapping[str, Any]]) -> set[str]:
    values = (state["value"] for group in states for state in group.values())
    return {value.reveal() for value in values if isinstance(value, Secret)}
