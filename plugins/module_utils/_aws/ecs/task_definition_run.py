# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a family's latest revision to the desired document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from ..session import Aws, Outcome
from . import api
from . import task_definition as model
from .task_definition_check import check

Revision = Mapping[str, Any]


def run(aws: Aws) -> Outcome:
    """Register a revision when the document differs from the running or the latest one, or remove the family."""
    return _absent(aws) if aws.params["state"] == "absent" else _present(aws)


def _present(aws: Aws) -> Outcome:
    family, tags = aws.params["family"], aws.params["tags"]
    document = model.canonical(aws.params)
    allowed = {"allow_latest": aws.params["allow_latest"], "allowed_names": aws.params["plain_names"]}
    check(document, **allowed)
    latest = api.describe_task_definition(aws, family)
    running = _running(aws, latest)
    source = running or latest
    kept = model.canonical_answer(source) if source else None
    document = model.with_images(document, kept, aws.params["keep_images"])
    base, changes = _plan(family, [running, latest], document, tags)
    changes += _retire(aws, family, [base, running, latest], registers=any(not model.only_tags(c) for c in changes))
    registered: dict[str, Any] = {}
    # Tags of a release belong to its images: a later revision may be of one that failed.
    aws.apply(changes, _handlers(aws, document, base, source, registered))
    return Outcome(changes, {"task_definition": _result(family, document, base, registered, changes)})


def _running(aws: Aws, latest: Revision | None) -> Revision | None:
    """The revision that the service of O(keep_images_from) runs, when it is not the latest one anyway."""
    source = aws.params["keep_images_from"]
    if source is None or latest is None or is_placeholder(source):
        return None
    service = api.describe_service(aws, source["cluster"], source["service"])
    if service is None or service["status"] != "ACTIVE" or service["taskDefinition"] == latest["taskDefinitionArn"]:
        return None
    if model.short(service["taskDefinition"]).rsplit(":", 1)[0] != latest["family"]:
        return None
    return api.describe_task_definition(aws, service["taskDefinition"])


def _plan(
    family: str, bases: list[Revision | None], document: Mapping[str, Any], tags: Mapping[str, str] | None
) -> tuple[Revision | None, list[Change]]:
    """The revision to build on and what differs from it: the first that needs no successor, else the last."""
    desired = model.state(document, tags)
    plans: list[tuple[Revision | None, list[Change]]] = []
    for base in bases:
        if base is not None and base["status"] == "ACTIVE":
            owned = model.owned_tags(api.tag_map(base["tags"]), tags)
            current = model.state(model.canonical_answer(base), owned)
            plans.append((base, model.plan(family, current, desired)))
    for base, changes in plans:
        if all(model.only_tags(change) for change in changes):
            return base, changes
    return plans[-1] if plans else (None, model.plan(family, None, desired))


def _retire(aws: Aws, family: str, used: list[Revision | None], *, registers: bool) -> list[Change]:
    keep = aws.params["keep_revisions"]
    if keep is None:
        return []
    if keep < 1:
        raise InvalidInput("keep_revisions", keep, "would leave nothing to run: keep at least one")
    arns = api.list_task_definitions(aws, family, "ACTIVE")
    in_use = [revision["taskDefinitionArn"] for revision in used if revision]
    surplus = model.retired(arns, keep=keep, registers=registers, used=in_use)
    spared = _revisions_of(aws, aws.params["keep_revisions_of"]) if surplus else set()
    return [_removal(arn, "ACTIVE", level=1, delete=False) for arn in surplus if arn not in spared]


def _revisions_of(aws: Aws, source: Mapping[str, Any] | None) -> set[str]:
    """The revisions that services run, or would run if they had tasks."""
    if source is None or is_placeholder(source):
        return set()
    return {service["taskDefinition"] for service in api.describe_services(aws, source["cluster"], source["services"])}


def _removal(arn: str, status: str, *, level: int, delete: bool = True) -> Change:
    before = {"arn": arn, "status": status, "deleted": delete}
    return Change("delete", "task_definition_revision", model.short(arn), before=before, level=level)


def _handlers(
    aws: Aws, document: Mapping[str, Any], base: Revision | None, source: Revision | None, registered: dict[str, Any]
) -> dict[Any, Any]:
    tags = {**(api.tag_map(source["tags"]) if source else {}), **(aws.params["tags"] or {})}

    def register(change: Change) -> None:
        if base and model.only_tags(change):
            api.tag_resource(aws, base["taskDefinitionArn"], change.desired["tags"])
        else:
            registered.update(api.register_task_definition(aws, model.request(change.key, document, tags)))

    def remove(change: Change) -> None:
        arn = change.current["arn"]
        if change.current["status"] == "ACTIVE":
            api.deregister_task_definition(aws, arn)
        if change.current["deleted"]:
            api.delete_task_definition(aws, arn)

    return {
        ("task_definition", "create"): register,
        ("task_definition", "update"): register,
        ("task_definition_revision", "delete"): remove,
    }


def _result(
    family: str,
    document: Mapping[str, Any],
    base: Revision | None,
    registered: Mapping[str, Any],
    changes: list[Change],
) -> dict[str, Any]:
    pending = any(change.kind == "task_definition" and not model.only_tags(change) for change in changes)
    revision: Mapping[str, Any] = registered if pending else (base or {})
    return {
        "arn": revision.get("taskDefinitionArn", KNOWN_AFTER_APPLY),
        "family": family,
        "revision": revision.get("revision", KNOWN_AFTER_APPLY),
        "images": model.images(document),
    }


def _absent(aws: Aws) -> Outcome:
    """Deregister and delete every revision. Tasks that run keep running."""
    family = aws.params["family"]
    changes = [
        _removal(arn, status, level=0)
        for status in ("ACTIVE", "INACTIVE")
        for arn in api.list_task_definitions(aws, family, status)
    ]
    aws.apply(changes, _handlers(aws, {}, None, None, {}))
    return Outcome(changes, {"task_definition": None})
