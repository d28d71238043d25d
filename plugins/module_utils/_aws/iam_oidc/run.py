# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of OpenID Connect providers to its desired state."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..._core.changes import Change, State
from ..._core.errors import InvalidInput
from ..session import WORKERS, Aws, Outcome
from . import api, model


def run(aws: Aws) -> Outcome:
    """Read all providers of the account, plan, apply."""
    tags, purge = aws.params["tags"], aws.params["purge"]
    if purge and not tags:
        raise InvalidInput("tags", tags, "is empty: purge removes by tag, so say which tags are ours")
    desired = model.desired_states(aws.params["providers"], tags)
    current = _current(aws)
    changes = model.plan(current, desired, purge=purge)
    aws.apply(changes, _handlers(aws))
    return Outcome(changes, {"providers": _after(aws, current, desired, changes)})


def _current(aws: Aws) -> dict[str, dict[str, Any]]:
    """States by host and path; a provider that goes in between is left out."""
    arns = api.list_providers(aws)
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        found = zip(arns, pool.map(lambda arn: api.get_provider(aws, arn), arns), strict=True)
        states = [model.current_state(provider, arn, aws.params["tags"]) for arn, provider in found if provider]
    return {model.key_of(state["url"]): state for state in states}


def _after(
    aws: Aws, current: dict[str, dict[str, Any]], desired: dict[str, dict[str, Any]], changes: list[Change]
) -> dict[str, dict[str, Any]]:
    """ARN and audiences of what is there in the end: ARNs follow from account and URL, so check mode knows them."""
    removed = {change.key for change in changes if change.op == "delete"}
    arns = {key: state["arn"] for key, state in current.items()}
    if set(desired) - set(arns):
        who = aws.identity()
        prefix = f"arn:{who['partition']}:iam::{who['account_id']}:oidc-provider/"
        arns = {key: f"{prefix}{key}" for key in desired} | arns
    states = {key: {**current.get(key, {}), **desired.get(key, {})} for key in arns if key not in removed}
    return {key: {"arn": arns[key], "client_id_list": state.get("client_id_list", [])} for key, state in states.items()}


def _handlers(aws: Aws) -> dict[Any, Any]:
    def create(change: Change) -> None:
        state = change.desired
        client_ids, thumbprints = state.get("client_id_list", []), state.get("thumbprint_list", [])
        api.create_provider(aws, state["url"], client_ids, thumbprints, state.get("tags") or {})

    def update(change: Change) -> None:
        arn = change.current["arn"]
        if "client_id_list" in change.fields:
            _set_client_ids(aws, arn, change.current, change.desired)
        if "thumbprint_list" in change.fields:
            api.update_thumbprints(aws, arn, change.desired["thumbprint_list"])
        if "tags" in change.fields:
            api.tag_provider(aws, arn, change.desired["tags"])

    def delete(change: Change) -> None:
        api.delete_provider(aws, change.current["arn"])

    handlers = {"create": create, "update": update, "delete": delete}
    return {(model.KIND, op): handler for op, handler in handlers.items()}


def _set_client_ids(aws: Aws, arn: str, current: State, desired: State) -> None:
    """Additions first, so that whoever moves from one audience to another is let in at every moment."""
    had, wanted = set(current["client_id_list"]), set(desired["client_id_list"])
    for client_id in sorted(wanted - had):
        api.add_client_id(aws, arn, client_id)
    for client_id in sorted(had - wanted):
        api.remove_client_id(aws, arn, client_id)
