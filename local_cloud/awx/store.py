"""What the controller holds: objects by kind and id, and their associations, in memory."""

from __future__ import annotations

import copy
import datetime
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from local_cloud.awx import credentials
from local_cloud.awx.kinds import GROUPS, KINDS, group_of

Object = dict[str, Any]
Now = Callable[[], datetime.datetime]


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


class Store:
    """Starts as a fresh AWX: an organization, the managed credential types, execution environments, instance groups."""

    def __init__(self, username: str, now: Now = utc_now) -> None:
        self.now = now
        self._tables: dict[str, dict[int, Object]] = {name: {} for name in KINDS}
        self._links: dict[tuple[str, int, str], list[int]] = {}
        self._ids: dict[str, Iterator[int]] = {}
        self.survey_specs: dict[int, Object] = {}
        self.user = self.add("user", {"username": username, "is_superuser": True})
        self.add("organization", {"name": "Default"})
        for name, kind, namespace, inputs, injectors in credentials.MANAGED:
            fresh = {"inputs": copy.deepcopy(inputs), "injectors": dict(injectors), "managed": True}
            self.add("credential_type", {"name": name, "kind": kind, "namespace": namespace, **fresh})
        image = "quay.io/ansible/awx-ee:24.6.1"
        self.add("execution_environment", {"name": "AWX EE (24.6.1)", "image": image})
        own = {"name": "Control Plane Execution Environment", "managed": True}
        self.add("execution_environment", {**own, "image": image})
        for name in ("controlplane", "default"):
            self.add("instance_group", {"name": name})

    def timestamp(self) -> str:
        return self.now().astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def add(self, kind: str, values: Object) -> Object:
        """A new object of it, with defaults for what `values` leaves out."""
        group = group_of(kind)
        number = next(self._ids.setdefault(group, itertools.count(1)))
        definition = KINDS[kind]
        stamp = self.timestamp()
        defaults = {name: copy.deepcopy(field.default) for name, field in definition.fields.items()}
        item = {
            "id": number,
            "type": kind,
            "created": stamp,
            "modified": stamp,
            **defaults,
            **copy.deepcopy(dict(definition.more)),
            **values,
        }
        self._tables[kind][number] = item
        return item

    def change(self, item: Object, values: Object) -> None:
        item |= {**values, "modified": self.timestamp()}

    def all(self, kind: str) -> list[Object]:
        """Of a kind or of a group of kinds, by id."""
        found = [item for member in GROUPS.get(kind, (kind,)) for item in self._tables[member].values()]
        return sorted(found, key=lambda item: int(item["id"]))

    def find(self, kind: str, number: int | None) -> Object | None:
        if number is None:
            return None
        return next(
            (self._tables[member][number] for member in GROUPS.get(kind, (kind,)) if number in self._tables[member]),
            None,
        )

    def get(self, kind: str, number: int | None) -> Object:
        """One that is known to be there."""
        item = self.find(kind, number)
        if item is None:
            raise KeyError(f"{kind} {number}")
        return item

    def exists(self, kind: str, number: int) -> bool:
        return self.find(kind, number) is not None

    def where(self, kind: str, /, **values: Any) -> list[Object]:
        return [item for item in self.all(kind) if all(item.get(name) == value for name, value in values.items())]

    def linked(self, item: Object, association: str) -> list[Object]:
        """In the order in which they were associated."""
        kind = KINDS[item["type"]].links[association]
        return [self.get(kind, number) for number in self._links.get((item["type"], item["id"], association), [])]

    def link(self, item: Object, association: str, number: int) -> None:
        members = self._links.setdefault((item["type"], item["id"], association), [])
        if number not in members:
            members.append(number)

    def unlink(self, item: Object, association: str, number: int) -> None:
        members = self._links.get((item["type"], item["id"], association), [])
        if number in members:
            members.remove(number)

    def remove(self, item: Object) -> None:
        """With everything that is nothing without it."""
        kind, number = item["type"], item["id"]
        # What a node waits for is a template of its own.
        approval = item["unified_job_template"] if kind == "workflow_job_template_node" else None
        del self._tables[kind][number]
        self.survey_specs.pop(number, None) if group_of(kind) == "unified_job_template" else None
        for other, name, cascade in self._referring(kind, number):
            if not cascade:
                other[name] = None
            elif self.exists(other["type"], other["id"]):
                self.remove(other)
        for (owner, owner_id, association), members in list(self._links.items()):
            if (owner, owner_id) == (kind, number):
                del self._links[(owner, owner_id, association)]
            elif KINDS[owner].links[association] == kind and number in members:
                members.remove(number)
        if template := self.find("workflow_approval_template", approval):
            self.remove(template)

    def _referring(self, kind: str, number: int) -> list[tuple[Object, str, bool]]:
        found = []
        for definition in KINDS.values():
            for name, reference in definition.references():
                if reference.kind in (kind, group_of(kind)):
                    for item in self._tables[definition.name].values():
                        if item.get(name) == number:
                            found.append((item, name, reference.cascade))
        return found
