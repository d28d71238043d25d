# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of CloudWatch log groups to its desired state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ..._core.changes import Change
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..keys import resolved
from ..session import WORKERS, Answer, Aws, Outcome
from . import api, model

VISIBLE_TIMEOUT = 60.0


def run(aws: Aws) -> Outcome:
    """List the groups once, read tags only where they matter, plan, apply."""
    prefix, tags, purge = aws.params["prefix"], aws.params["tags"], aws.params["purge"]
    model.validate_scope(prefix, tags, purge=purge)
    listed = model.desired_states(aws.params["log_groups"], tags)
    desired = listed if aws.params["state"] == "present" else {}
    common = model.listing_prefix(listed, prefix, purge=purge)
    found = model.in_scope(api.describe_log_groups(aws, common), listed, prefix, purge=purge) if listed or purge else []
    current = model.current_states(found, _tags(aws, found), tags)
    desired = {name: resolved(aws, state, current.get(name, {}), ("kms_key_id",)) for name, state in desired.items()}
    changes = model.plan(current, desired, set(listed) - set(desired), purge=purge)
    aws.apply(changes, _handlers(aws))
    arns = {name: state["arn"] for name, state in current.items()} | _new_arns(aws, common, changes)
    return Outcome(changes, {"log_groups": {name: {"arn": arns.get(name, KNOWN_AFTER_APPLY)} for name in desired}})


def _tags(aws: Aws, found: list[Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    """Tags by name; with no tags given nothing hangs on them."""
    if not aws.params["tags"]:
        return {}
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        tags = pool.map(lambda item: api.list_tags(aws, model.arn_of(item)), found)
        return dict(zip((item["logGroupName"] for item in found), tags, strict=True))


def _new_arns(aws: Aws, common: str, changes: list[Change]) -> dict[str, str]:
    """ARNs of the groups just made."""
    names = [change.key for change in changes if change.op == "create"]
    if aws.check_mode or not names:
        return {}
    return {item["logGroupName"]: model.arn_of(item) for item in _listed(aws, common, names)}


def _listed(aws: Aws, prefix: str, names: list[str]) -> list[dict[str, Any]]:
    """The groups below a prefix as soon as `names`, perhaps made a moment ago, are among them."""
    look, judge = partial(api.describe_log_groups, aws, prefix), partial(model.judge_listed, names)
    return aws.wait("log groups are listed", look, judge, timeout=VISIBLE_TIMEOUT)


def _handlers(aws: Aws) -> dict[Any, Any]:
    def update(change: Change) -> None:
        _update(aws, change.key, change.current["arn"], change.desired, change.fields)

    def delete(change: Change) -> None:
        aws.found(lambda: api.delete_log_group(aws, change.key), "ResourceNotFoundException")

    return {
        ("log_group", "create"): partial(_create, aws),
        ("log_group", "update"): update,
        ("log_group", "delete"): delete,
    }


def _create(aws: Aws, change: Change) -> None:
    """Create a group; one that a service has made meanwhile, without key or retention, is brought to its state."""
    name, desired = change.key, change.desired
    names = {"kms_key_id": "kmsKeyId", "log_group_class": "logGroupClass", "tags": "tags"}
    given = {argument: desired[field] for field, argument in names.items() if desired.get(field)}

    def create() -> bool | None:
        return aws.found(lambda: api.create_log_group(aws, name, **given), "ResourceAlreadyExistsException")

    if _once_key_is_usable(aws, create):
        if desired.get("retention_in_days"):
            _set_retention(aws, name, desired["retention_in_days"])
        return
    there = model.current_states(_listed(aws, name, [name]), {}, desired.get("tags"))
    for met in model.plan(there, {name: desired}, [], purge=False):
        _update(aws, name, there[name]["arn"], desired, met.fields)


def _update(aws: Aws, name: str, arn: str, desired: Mapping[str, Any], fields: tuple[str, ...]) -> None:
    if "tags" in fields:
        api.tag_resource(aws, arn, desired["tags"])
    if "kms_key_id" in fields:
        key = desired["kms_key_id"]
        if key:
            _once_key_is_usable(aws, lambda: api.associate_kms_key(aws, name, key))
        else:
            api.disassociate_kms_key(aws, name)
    if "retention_in_days" in fields:
        _set_retention(aws, name, desired["retention_in_days"])


def _set_retention(aws: Aws, name: str, days: int) -> None:
    if days == model.FOR_EVER:
        api.delete_retention_policy(aws, name)
    else:
        api.put_retention_policy(aws, name, days)


def _once_key_is_usable(aws: Aws, call: Callable[[], Answer]) -> Answer:
    """Repeat a call until CloudWatch Logs sees the policy of a key that was just made."""
    return aws.eventually(call, "InvalidParameterException", text="KMS key")
