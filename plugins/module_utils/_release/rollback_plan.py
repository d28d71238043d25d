# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which release a rollback returns to, and whether the database still fits it. Pure.

`records` are the history of the service, newest first: what `release_record` has written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from .._aws.ecs.task_definition import short
from .._core.errors import InvalidInput, PlatformError
from .state import Release

Record = Mapping[str, Any]
REVISION = re.compile(r"(?:.*:)?(\d+)")
SHOWN = 5
VERSION_TAG = "trademaster:version"


def previous(records: Sequence[Record], live: Release) -> Release:
    """What was live before `live` was deployed. A second rollback goes further back instead of forth again."""
    for record in records:
        if brought(record) and _is(record["to"], live):
            if record.get("from") and not _is(record["from"], live):
                return Release.from_json(record["from"])
            break
    raise PlatformError(f"there is no release before {named(live)} to return to; name one with TO=<revision or tag>")


def brought(record: Record) -> bool:
    """Whether a record is of a deployment that went live."""
    return record.get("verb") == "deploy" and record.get("verdict") == "completed" and bool(record.get("to"))


def known(records: Sequence[Record], to: str) -> Release | None:
    """The latest release that was live once and is called `to`: by its version, or by the number of its revision."""
    match = REVISION.fullmatch(to)
    for record in records:
        for item in (record.get("to"), record.get("from")):
            if not item or (item is record.get("to") and record.get("verdict") not in ("completed", "reverted")):
                continue
            number = short(item["task_definition"]).rpartition(":")[2]
            if item["version"] == to or (match and number == match[1]):
                return Release.from_json(item)
    return None


def reference(family: str, to: str) -> str | None:
    """The revision that `to` names by number, as ECS takes it."""
    match = REVISION.fullmatch(to)
    return f"{family}:{match[1]}" if match else None


def described(definition: Mapping[str, Any], tags: Mapping[str, str], container: str) -> Release:
    """A release of which nothing is recorded, from its revision."""
    image = next(item["image"] for item in definition["containerDefinitions"] if item["name"] == container)
    digest = image.partition("@")[2]
    tag = image.rpartition("/")[2].partition("@")[0].partition(":")[2]
    arn = definition["taskDefinitionArn"]
    version = tags.get(VERSION_TAG) or tag or short(arn)
    return Release(id="", version=version, image=image, digest=digest, task_definition=arn)


def unknown(to: str, records: Sequence[Record]) -> InvalidInput:
    """That nothing is called `to`, and what is."""
    there: dict[str, None] = {}
    for record in records:
        if brought(record):
            there.setdefault(f"{record['to']['version']} ({_number(record['to'])})")
    told = ", ".join(list(there)[:SHOWN])
    remedy = f"the last releases are {told}" if told else "nothing has been released yet"
    return InvalidInput("to", to, f"is neither tag nor revision of a release: {remedy}")


def misfit(records: Sequence[Record], live: Release, target: Release) -> str:
    """Why the database may no longer fit `target`; empty when it does.

    A release has to live with the schema of the next one, because both run while customers move. So one change of the
    schema since is what it is made for, and a change that is marked as breaking, or a second one, is not.
    """
    changes = _changes_since(records, target)
    broken = next((record for record in changes if record["migrations"].get("breaking")), None)
    if broken or (live.breaking and live.schema != target.schema):
        culprit = named(Release.from_json(broken["to"])) if broken and broken.get("to") else named(live)
        return f"the migration of {culprit} breaks it: it is marked as breaking"
    if len(changes) > 1:
        steps = ", ".join(_step(record) for record in reversed(changes))
        return f"the schema has changed {len(changes)} times since ({steps}), and it is made for one change at most"
    return ""


def _changes_since(records: Sequence[Record], target: Release) -> list[Record]:
    """Records of migrations that changed the schema after `target` was deployed, newest first."""
    since: list[Record] = []
    for record in records:
        if brought(record) and _is(record["to"], target):
            break
        migrations = record.get("migrations") or {}
        before, after = migrations.get("schema_before"), migrations.get("schema_after")
        if before and after and before != after:
            since.append(record)
    return since


def _step(record: Record) -> str:
    migrations = record["migrations"]
    return f"{migrations['schema_before']} → {migrations['schema_after']}"


def _is(item: Mapping[str, Any], release: Release) -> bool:
    """Whether both are one release. What runs may be on a later revision by now, because site.yml has changed other
    fields; and what site.yml itself brought about has no id."""
    if item.get("id") and release.id:
        return bool(item["id"] == release.id)
    return bool(item["task_definition"] == release.task_definition or item["image"] == release.image)


def _number(item: Mapping[str, Any]) -> str:
    return f"revision {short(item['task_definition']).rpartition(':')[2]}"


def named(release: Release) -> str:
    """`1.4.2 (revision 7)`."""
    return f"{release.version} ({_number(release.to_json())})"
