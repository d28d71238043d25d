"""Take away what a run has made, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tests.kong_contract.client import Answer, Plane

# In an order in which nothing that is still referred to is deleted; credentials, targets and SNIs go with their owners.
COLLECTIONS = (
    "plugins",
    "routes",
    "services",
    "upstreams",
    "consumers",
    "certificates",
    "ca_certificates",
    "vaults",
    "keys",
    "key-sets",
)
# What a run's own names are found in.
NAMED_BY = {
    "plugins": "instance_name",
    "routes": "name",
    "services": "name",
    "upstreams": "name",
    "consumers": "username",
    "certificates": "snis",
    "vaults": "prefix",
    "keys": "name",
    "key-sets": "name",
}


class Journal:
    """Notes the entities that calls have created, to delete them."""

    def __init__(self, admin: Plane) -> None:
        self._admin = admin
        self._created: dict[tuple[str, str], None] = {}

    def note(self, method: str, path: str, answer: Answer) -> None:
        """Note what a POST to a collection or a PUT below one has created or replaced."""
        segments = path.partition("?")[0].strip("/").split("/")
        collection = segments[-1] if method == "POST" else segments[-2] if len(segments) > 1 else ""
        if method not in ("POST", "PUT") or answer.status not in (200, 201) or collection not in COLLECTIONS:
            return
        entity = answer.json
        if isinstance(entity, Mapping) and "id" in entity:
            self._created[collection, entity["id"]] = None

    def clear(self) -> None:
        for collection, identity in sorted(self._created, key=lambda one: COLLECTIONS.index(one[0])):
            remove(self._admin, collection, identity)
        self._created.clear()


def remove(admin: Plane, collection: str, identity: str) -> None:
    answer = admin.request("DELETE", f"/{collection}/{identity}")
    assert answer.status in (204, 404), f"cannot remove {collection}/{identity}: {answer}"


def sweep(admin: Plane, run: str) -> None:
    """Remove every entity whose name begins with the run's: what a case left behind that no answer told of."""
    for collection in COLLECTIONS:
        if collection in NAMED_BY:
            for entity in list(entities(admin, collection)):
                names = entity[NAMED_BY[collection]]
                if any(name.startswith(run) for name in (names if isinstance(names, list) else [names or ""])):
                    remove(admin, collection, entity["id"])


def entities(admin: Plane, collection: str) -> Iterator[dict[str, Any]]:
    path = f"/{collection}?size=1000"
    while path:
        page = admin.request("GET", path).json
        yield from page["data"]
        path = page["next"]
