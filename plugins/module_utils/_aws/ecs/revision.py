# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A revision that differs from another in its images and nothing else. Pure.

The copy is made of the API's own answer, not of options: what a deployment does not know it cannot lose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from .api import tag_list, tag_map
from .task_definition import short

Described = Mapping[str, Any]

# What ECS says about a revision, beside what it was registered with.
ANSWERED_ONLY = frozenset(
    {
        "taskDefinitionArn",
        "revision",
        "status",
        "requiresAttributes",
        "compatibilities",
        "registeredAt",
        "registeredBy",
        "deregisteredAt",
        "deleteRequestedAt",
        "tags",
    }
)


def images(definition: Described) -> dict[str, str]:
    """Image by container of a described revision."""
    return {container["name"]: container["image"] for container in definition["containerDefinitions"]}


def copied(source: Described, wanted: Mapping[str, str], tags: Mapping[str, str]) -> dict[str, Any]:
    """Arguments of RegisterTaskDefinition for `source` with the `wanted` images, and `tags` added to its own.

    Raises InvalidInput for a container that the source does not have.
    """
    known = images(source)
    for name, image in wanted.items():
        if name not in known:
            reference = short(source["taskDefinitionArn"])
            raise InvalidInput(
                f"images.{name}", image, f"is for no container of {reference}, which has {sorted(known)}"
            )
    containers = [
        {**container, "image": wanted.get(container["name"], container["image"])}
        for container in source["containerDefinitions"]
    ]
    kept = {name: value for name, value in source.items() if name not in ANSWERED_ONLY}
    together = {**tag_map(source.get("tags")), **tags}
    return {**kept, "containerDefinitions": containers, **({"tags": tag_list(together)} if together else {})}


def is_same(definition: Described, arguments: Mapping[str, Any]) -> bool:
    """Whether a described revision is what registering `arguments` would make."""
    if definition["status"] != "ACTIVE":
        return False
    theirs, ours = copied(definition, {}, {}), dict(arguments)
    tags = tag_map(theirs.pop("tags", None)), tag_map(ours.pop("tags", None))
    return theirs == ours and tags[0] == tags[1]


def plan(source: Described, arguments: Mapping[str, Any], tags: Mapping[str, str]) -> Change:
    """The registration, with what it takes over and what becomes different."""
    before = {"images": images(source), "tags": {name: tag_map(source.get("tags")).get(name) for name in tags}}
    after = {"images": images(arguments), "tags": dict(tags)}
    return Change("update", "task_definition", short(source["taskDefinitionArn"]), before=before, after=after)
