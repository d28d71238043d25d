# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of customer managed policies to its desired state."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from .. import policy
from ..session import WORKERS, Aws, Outcome
from . import api, model


def run(aws: Aws) -> Outcome:
    """List the policies once, read documents and tags where they matter, plan, apply."""
    path, tags, purge = aws.params["path"], aws.params["tags"], aws.params["purge"]
    if purge and not tags:
        raise InvalidInput("tags", tags, "is empty: purge removes by tag, so say which tags are ours")
    desired = model.desired_states(path, aws.params["policies"], tags)
    current = _current(aws, model.in_scope(api.list_policies(aws), desired, path, purge=purge))
    changes = model.plan(current, desired, purge=purge)
    who = aws.identity()
    prefix = f"arn:{who['partition']}:iam::{who['account_id']}:policy{path}"
    aws.apply(changes, _handlers(aws))
    return Outcome(changes, {"policies": {name: {"arn": f"{prefix}{name}"} for name in desired}})


def _current(aws: Aws, found: list[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    def read(item: Mapping[str, Any]) -> dict[str, Any]:
        document = api.get_document(aws, item["Arn"], item["DefaultVersionId"])
        tags = aws.params["tags"]
        return model.current_state(item, document, api.list_tags(aws, item["Arn"]) if tags else {}, tags)

    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        return dict(zip((item["PolicyName"] for item in found), pool.map(read, found), strict=True))


def _handlers(aws: Aws) -> dict[Any, Any]:
    def create(change: Change) -> None:
        state = change.desired
        api.create_policy(aws, change.key, state["path"], policy.text(state["policy"]), state.get("tags") or {})

    def update(change: Change) -> None:
        arn = change.current["arn"]
        if "policy" in change.fields:
            _replace_document(aws, arn, policy.text(change.desired["policy"]))
        if "tags" in change.fields:
            api.tag_policy(aws, arn, change.desired["tags"])

    def delete(change: Change) -> None:
        _delete(aws, change.current["arn"])

    handlers = {"create": create, "update": update, "delete": delete}
    return {(model.KIND, op): handler for op, handler in handlers.items()}


def _replace_document(aws: Aws, arn: str, document: str) -> None:
    """IAM keeps five versions: the oldest ones make room."""
    old = model.superseded(api.list_versions(aws, arn))
    for version in old[: max(0, len(old) + 2 - model.VERSIONS)]:
        api.delete_version(aws, arn, version)
    api.create_version(aws, arn, document)


def _delete(aws: Aws, arn: str) -> None:
    for role in api.list_roles_with(aws, arn):
        api.detach_role_policy(aws, role, arn)
    for version in model.superseded(api.list_versions(aws, arn)):
        api.delete_version(aws, arn, version)
    aws.eventually(lambda: api.delete_policy(aws, arn), "DeleteConflict")
