# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of ECR repositories to its desired state."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from ..._core.changes import Change, State
from ..._core.placeholders import KNOWN_AFTER_APPLY
from .. import policy
from ..keys import resolved
from ..session import WORKERS, Aws, Outcome
from . import api, lifecycle, model


def run(aws: Aws) -> Outcome:
    """List the repositories once, read tags and policies only where they matter, plan, apply."""
    prefix, tags, purge = aws.params["prefix"], aws.params["tags"], aws.params["purge"]
    model.validate_scope(prefix, tags, purge=purge)
    listed = model.desired_states(aws.params["repositories"], tags)
    desired = listed if aws.params["state"] == "present" else {}
    found = model.in_scope(api.describe_repositories(aws), listed, prefix, purge=purge) if listed or purge else []
    current = _current(aws, found, desired)
    desired = {name: resolved(aws, state, current.get(name, {}), ("kms_key",)) for name, state in desired.items()}
    changes = model.plan(current, desired, set(listed) - set(desired), purge=purge)
    _refuse_images(aws, changes)
    places = {name: _place(state["uri"], state["arn"]) for name, state in current.items()}
    aws.apply(changes, _handlers(aws, places))
    unknown = _place(KNOWN_AFTER_APPLY, KNOWN_AFTER_APPLY)
    return Outcome(changes, {"repositories": {name: places.get(name, unknown) for name in desired}})


def _place(uri: str, arn: str) -> dict[str, str]:
    return {"uri": uri, "arn": arn}


def _current(aws: Aws, found: list[Mapping[str, Any]], desired: Mapping[str, State]) -> dict[str, State]:
    def read(item: Mapping[str, Any]) -> State:
        return _state(aws, item, desired.get(item["repositoryName"], {}))

    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        return dict(zip((item["repositoryName"] for item in found), pool.map(read, found), strict=True))


def _state(aws: Aws, item: Mapping[str, Any], desired: State) -> State:
    name, tags = item["repositoryName"], aws.params["tags"]
    state = dict(model.current_state(item, api.list_tags(aws, item["repositoryArn"]) if tags else {}, tags))
    if "lifecycle_policy" in desired:
        state["lifecycle_policy"] = lifecycle.parsed(name, api.get_lifecycle_policy(aws, name))
    if "repository_policy" in desired:
        state["repository_policy"] = model.readable(name, api.get_repository_policy(aws, name))
    return state


def _refuse_images(aws: Aws, changes: list[Change]) -> None:
    if not aws.params["force_delete"]:
        leaving = [change.key for change in changes if change.op == "delete"]
        model.refuse_images([name for name in leaving if api.holds_images(aws, name)])


def _handlers(aws: Aws, places: dict[str, dict[str, str]]) -> dict[Any, Any]:
    def create(change: Change) -> None:
        places[change.key] = _create(aws, change)

    def delete(change: Change) -> None:
        force = aws.params["force_delete"]
        aws.found(lambda: api.delete_repository(aws, change.key, force=force), "RepositoryNotFoundException")

    handlers = {"create": create, "update": partial(_update, aws), "delete": delete}
    return {("repository", op): handler for op, handler in handlers.items()}


def _create(aws: Aws, change: Change) -> dict[str, str]:
    """Create a repository with its policies; an answer that was lost does no harm."""
    name, desired = change.key, change.desired
    arguments = {
        "imageTagMutability": desired.get("image_tag_mutability"),
        "imageScanningConfiguration": {"scanOnPush": desired["scan_on_push"]} if "scan_on_push" in desired else None,
        "encryptionConfiguration": _encryption(desired),
    }
    given = {argument: value for argument, value in arguments.items() if value}
    tags = desired.get("tags") or {}
    made = aws.found(lambda: api.create_repository(aws, name, tags, **given), "RepositoryAlreadyExistsException")
    repository = made or api.describe_repository(aws, name)
    if desired.get("lifecycle_policy"):
        _put_lifecycle_policy(aws, name, desired["lifecycle_policy"])
    if desired.get("repository_policy"):
        _put_repository_policy(aws, name, desired["repository_policy"])
    return _place(repository["repositoryUri"], repository["repositoryArn"])


def _encryption(desired: State) -> dict[str, str]:
    names = {"encryption_type": "encryptionType", "kms_key": "kmsKey"}
    return {argument: desired[field] for field, argument in names.items() if field in desired}


def _update(aws: Aws, change: Change) -> None:
    name, fields, desired = change.key, change.fields, change.desired
    if "tags" in fields:
        api.tag_resource(aws, change.current["arn"], desired["tags"])
    if "image_tag_mutability" in fields:
        api.put_image_tag_mutability(aws, name, desired["image_tag_mutability"])
    if "scan_on_push" in fields:
        api.put_image_scanning_configuration(aws, name, desired["scan_on_push"])
    if "lifecycle_policy" in fields:
        _put_lifecycle_policy(aws, name, desired["lifecycle_policy"])
    if "repository_policy" in fields:
        _put_repository_policy(aws, name, desired["repository_policy"])


def _put_lifecycle_policy(aws: Aws, name: str, document: Mapping[str, Any]) -> None:
    if document:
        api.put_lifecycle_policy(aws, name, policy.text(document))
    else:
        api.delete_lifecycle_policy(aws, name)


def _put_repository_policy(aws: Aws, name: str, document: Mapping[str, Any]) -> None:
    """Attach a policy once the principals it names, perhaps made a moment ago, are known everywhere."""
    if document:
        text = policy.text(document)
        call = partial(api.set_repository_policy, aws, name, text)
        aws.eventually(call, "InvalidParameterException", text="principal not found")
    else:
        api.delete_repository_policy(aws, name)
