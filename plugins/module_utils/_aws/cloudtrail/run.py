# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of CloudTrail trails to its desired state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ..._core.changes import Change, State
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..keys import resolved
from ..session import WORKERS, Answer, Aws, Outcome
from . import api, model

READERS: Mapping[str, Callable[[Aws, str], Any]] = {
    "is_logging": api.is_logging,
    "advanced_event_selectors": lambda aws, arn: model.canonical(api.get_event_selectors(aws, arn)),
    "insight_types": lambda aws, arn: sorted(api.get_insight_types(aws, arn)),
}
# Policies and roles that were made a moment ago are not known everywhere yet.
NOT_YET = (
    "InsufficientS3BucketPolicyException",
    "InsufficientEncryptionPolicyException",
    "InvalidCloudWatchLogsLogGroupArnException",
    "InvalidCloudWatchLogsRoleArnException",
    "CloudWatchLogsDeliveryUnavailableException",
)


def run(aws: Aws) -> Outcome:
    """Read what is managed of each trail, all at once, plan, apply."""
    trails, tags, remove = aws.params["trails"], aws.params["tags"], aws.params["state"] == "absent"
    if remove and not tags:
        raise InvalidInput("tags", tags, "is empty: only what carries our tags is removed, so say which they are")
    desired = {} if remove else model.desired_states(trails, tags)
    current = _read(aws, [trail["name"] for trail in trails], desired)
    model.refuse_foreign(current, desired)
    wanted = {name: resolved(aws, state, current.get(name, {}), ("kms_key_id",)) for name, state in desired.items()}
    changes = model.plan(current, wanted)
    arns = {name: state["arn"] for name, state in current.items()}
    aws.apply(changes, _handlers(aws, arns))
    stays = [] if desired else [name for name, state in current.items() if not state["owned"]]
    warnings = [f"trail {name} does not carry all of tags and stays" for name in stays]
    answer = {name: {"arn": arns.get(name, KNOWN_AFTER_APPLY)} for name in desired}
    return Outcome(changes, {"trails": answer}, warnings=warnings)


def _read(aws: Aws, names: Sequence[str], desired: Mapping[str, State]) -> dict[str, State]:
    """States by name of the trails that exist, each with the fields that are desired of it."""
    listed = api.describe_trails(aws, names) if names else []
    trails = [trail for trail in listed if trail["Name"] in names]
    tags = aws.params["tags"]
    tags_of = api.list_tags(aws, [trail["TrailARN"] for trail in trails]) if tags else {}
    jobs = [
        (trail["Name"], field, partial(reader, aws, trail["TrailARN"]))
        for trail in trails
        for field, reader in READERS.items()
        if field in desired.get(trail["Name"], {})
    ]
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        answers = list(pool.map(lambda job: job[2](), jobs))
    found: dict[str, dict[str, Any]] = {trail["Name"]: {} for trail in trails}
    for (name, field, _reader), answer in zip(jobs, answers, strict=True):
        found[name][field] = answer
    return {
        trail["Name"]: model.current_state(trail, found[trail["Name"]], tags_of.get(trail["TrailARN"], {}), tags)
        for trail in trails
    }


def _handlers(aws: Aws, arns: dict[str, str]) -> dict[Any, Any]:
    def create(change: Change) -> None:
        state = change.desired
        given = {member: value for member, value in model.arguments(state, state).items() if value != ""}
        name, tags = change.key, state.get("tags") or {}
        arns[name] = _once_known(aws, partial(api.create_trail, aws, name, tags, **given))
        # A new trail has neither selectors nor insights, and does not record.
        _write(aws, arns[name], state, [field for field in READERS if state.get(field)])

    def update(change: Change) -> None:
        arn, given = change.current["arn"], model.arguments(change.desired, change.fields)
        if "tags" in change.fields:
            api.add_tags(aws, arn, change.desired["tags"])
        if given:
            _once_known(aws, partial(api.update_trail, aws, arn, **given))
        _write(aws, arn, change.desired, change.fields)

    def delete(change: Change) -> None:
        api.delete_trail(aws, change.current["arn"])

    return {(model.KIND, "create"): create, (model.KIND, "update"): update, (model.KIND, "delete"): delete}


def _write(aws: Aws, arn: str, state: State, fields: Sequence[str]) -> None:
    """Write what has calls of its own, recording last."""
    if "advanced_event_selectors" in fields:
        selectors = model.written_selectors(state["advanced_event_selectors"])
        if selectors:
            api.put_advanced_event_selectors(aws, arn, selectors)
        else:
            api.put_event_selectors(aws, arn, model.MANAGEMENT_EVENTS)
    if "insight_types" in fields:
        api.put_insight_types(aws, arn, state["insight_types"])
    if "is_logging" in fields:
        (api.start_logging if state["is_logging"] else api.stop_logging)(aws, arn)


def _once_known(aws: Aws, call: Callable[[], Answer]) -> Answer:
    return aws.eventually(call, *NOT_YET)
