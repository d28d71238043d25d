# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing the recorder of AWS Config in a region to its desired state."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..._core.changes import Change, State
from ..._core.errors import InvalidInput
from ..session import Aws, Outcome
from . import api
from . import recorder_model as model


def run(aws: Aws) -> Outcome:
    """Look at the recorder there is, plan, apply."""
    options = aws.params
    name, tags, remove = options["name"], options["tags"], options["state"] == "absent"
    if remove and not tags:
        raise InvalidInput("tags", tags, "is empty: only what carries our tags is removed, so say which they are")
    found = api.find_recorder(aws)
    if found is not None and found["name"] != name:
        stays = f"this region has a recorder that is not ours, {found['name']}; it is used as it is"
        return Outcome([], {"name": found["name"], "ours": False}, warnings=[stays])
    current = _current(aws, found) if found else None
    desired = None if remove else _desired(aws)
    missing = not remove and not options["role_arn"] and not api.has_service_linked_role(aws, model.SERVICE_LINKED_ROLE)
    changes = model.plan(name, current, desired, role_is_missing=missing)
    aws.apply(changes, _handlers(aws))
    kept = remove and current is not None and not changes
    warnings = [f"recorder {name} does not carry all of tags and stays"] if kept else []
    return Outcome(changes, {"name": "" if remove else name, "ours": True}, warnings=warnings)


def _desired(aws: Aws) -> State:
    who = aws.identity()
    role_arn = aws.params["role_arn"] or model.service_linked_role_arn(who["partition"], who["account_id"])
    return model.desired_state(aws.params, role_arn)


def _current(aws: Aws, recorder: dict[str, Any]) -> State:
    tags = aws.params["tags"]
    all_tags = api.list_tags(aws, recorder["arn"]) if tags else {}
    recording = api.is_recording(aws, recorder["name"])
    return model.current_state(recorder, api.find_delivery_channel(aws), all_tags, tags, recording=recording)


def _handlers(aws: Aws) -> dict[Any, Any]:
    return {
        (model.ROLE, "create"): lambda _change: api.create_service_linked_role(aws),
        (model.RECORDER, "create"): partial(_create, aws),
        (model.RECORDER, "update"): partial(_update, aws),
        (model.RECORDER, "delete"): partial(_delete, aws),
    }


def _create(aws: Aws, change: Change) -> None:
    name, state = change.key, change.desired
    _put_recorder(aws, name, state, state.get("tags") or {})
    # One that an interrupted removal has left is used; there cannot be another.
    _put_channel(aws, api.find_delivery_channel(aws).get("name") or name, state)
    if state.get("recording"):
        api.start_recorder(aws, name)


def _update(aws: Aws, change: Change) -> None:
    name, fields, before = change.key, change.fields, change.current
    state = {**before, **change.desired}
    if "tags" in fields:
        api.tag_resource(aws, before["arn"], state["tags"])
    if model.touches(fields, model.OF_RECORDER):
        _put_recorder(aws, name, state, {})
    if model.touches(fields, model.OF_CHANNEL):
        _put_channel(aws, before["channel_name"] or name, state)
    if "recording" in fields:
        (api.start_recorder if state["recording"] else api.stop_recorder)(aws, name)


def _delete(aws: Aws, change: Change) -> None:
    if change.current["recording"]:
        api.stop_recorder(aws, change.key)
    if change.current["channel_name"]:
        api.delete_delivery_channel(aws, change.current["channel_name"])
    api.delete_recorder(aws, change.key)


def _put_recorder(aws: Aws, name: str, state: State, tags: dict[str, str]) -> None:
    """Repeat the call until a role that was just made is known everywhere."""
    call = partial(api.put_recorder, aws, model.recorder_arguments(name, state), tags)
    aws.eventually(call, "InvalidRoleException")


def _put_channel(aws: Aws, name: str, state: State) -> None:
    """Repeat the call until policies of bucket and key that were just set are known everywhere."""
    call = partial(api.put_delivery_channel, aws, model.channel_arguments(name, state))
    aws.eventually(call, "InsufficientDeliveryPolicyException")
