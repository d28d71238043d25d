# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what is on a gateway: every collection at the same time, in as few calls as the Admin API allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from .client import Client
from .entities import KINDS, Entity

Collected = Mapping[str, Mapping[str, Entity]]
Handle = tuple[str, str, str]  # collection, field, value


def read(client: Client, collections: Collection[str], tags: Sequence[str] = ()) -> dict[str, dict[str, Entity]]:
    """Entities by collection and id; with `tags`, those that carry all of them.

    Targets have no collection of their own. Those of every upstream that is read are read, so `upstreams` has to be
    among the collections for them.
    """
    flat = [name for name in KINDS if name in collections and not KINDS[name].nested]
    answers = client.each(lambda name: client.pages(KINDS[name].path, tags), flat)
    found = {name: _by_id(answer) for name, answer in zip(flat, answers, strict=True)}
    if "targets" in collections:
        found["targets"] = targets(client, found.get("upstreams", {}), tags)
    return found


def targets(client: Client, upstreams: Iterable[str], tags: Sequence[str] = ()) -> dict[str, Entity]:
    """The targets of upstreams, given by id. Kong does not filter them by tags."""
    kind = KINDS["targets"]
    paths = [kind.collection_path({"upstream": {"id": upstream}}) for upstream in upstreams]
    wanted = set(tags)
    return _by_id(
        target for page in client.each(client.pages, paths) for target in page if wanted <= set(target["tags"] or ())
    )


def look_up(client: Client, handles: Collection[Handle]) -> dict[Handle, Entity]:
    """Entities by what others refer to them by, such as ("services", "name", "auth"); those that exist."""
    listed = list(handles)
    answers = client.each(lambda handle: _look_up(client, *handle), listed)
    return {handle: answer for handle, answer in zip(listed, answers, strict=True) if answer is not None}


def _look_up(client: Client, collection: str, field: str, value: str) -> dict[str, Any] | None:
    kind = KINDS[collection]
    if field in {"id", kind.handles[0] if kind.handles else "id"}:
        found = client.find(f"{kind.path}/{quote(value, safe='')}")
        # Kong looks a name up as an id where it is shaped like one, and finds certificates by SNI.
        return found if found is not None and found.get(field) == value else None
    filtered = client.pages(f"{kind.path}", ())
    return next((entity for entity in filtered if entity.get(field) == value), None)


def _by_id(entities: Iterable[dict[str, Any]]) -> dict[str, Entity]:
    return {entity["id"]: entity for entity in entities}
