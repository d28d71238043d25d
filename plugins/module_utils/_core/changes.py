# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would change, as data. Everything in this file is pure.

A *state* is a mapping of field name to a normalised value (comparable with `==`). The current state may carry
more fields than the desired one (ids, creation times): only fields that are desired are compared, so an omitted
option is left unmanaged and an explicitly empty one clears.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .redact import redact

Op = Literal["create", "update", "replace", "delete"]
State = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """One operation on one resource.

    `kind` is the resource type (`subnet`), `key` its natural key within the set. `level` orders changes: all of a
    lower level are done before the first of a higher one starts; within a level the order does not matter.
    """

    op: Op
    kind: str
    key: str
    before: State | None = None
    after: State | None = None
    level: int = 0

    @property
    def current(self) -> State:
        """The state before; for updates, replacements and deletions, which always have one."""
        if self.before is None:
            raise ValueError(f"{self} has no state before it")
        return self.before

    @property
    def desired(self) -> State:
        """The state after; for creations, updates and replacements, which always have one."""
        if self.after is None:
            raise ValueError(f"{self} has no state after it")
        return self.after

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields that differ; all desired fields for a creation, none for a deletion."""
        if self.after is None:
            return ()
        return differing(self.before or {}, self.after)

    def __str__(self) -> str:
        return f"{self.op} {self.kind} {self.key}"


def desired_fields(options: Mapping[str, Any]) -> dict[str, Any]:
    """Drop what the user left out (`None`), which is unmanaged and must not be compared."""
    return {name: value for name, value in options.items() if value is not None}


def differing(current: State, desired: State) -> tuple[str, ...]:
    """Names of desired fields whose current value is another or missing, in the order of `desired`."""
    return tuple(name for name, value in desired.items() if name not in current or current[name] != value)


def plan_one(
    kind: str,
    key: str,
    current: State | None,
    desired: State | None,
    *,
    level: int = 0,
    replace_on: Collection[str] = (),
) -> list[Change]:
    """Plan one resource: at most one change. `replace_on` names fields that cannot be changed in place."""
    if desired is None:
        return [] if current is None else [Change("delete", kind, key, before=current, level=level)]
    if current is None:
        return [Change("create", kind, key, after=desired, level=level)]
    fields = differing(current, desired)
    if not fields:
        return []
    op: Op = "replace" if set(fields) & set(replace_on) else "update"
    return [Change(op, kind, key, before=current, after=desired, level=level)]


def plan_set(
    kind: str,
    current: Mapping[str, State],
    desired: Mapping[str, State],
    *,
    purge: bool,
    level: int = 0,
    delete_level: int | None = None,
    replace_on: Collection[str] = (),
) -> list[Change]:
    """Plan a set of resources by natural key. With `purge`, what is current but not desired is deleted.

    `current` must hold only what we own: scoping removal is the reader's task. Deletions run at `delete_level`
    when given (often below all creations, or above them where a unique field would collide).
    """
    changes = [
        change
        for key, state in desired.items()
        for change in plan_one(kind, key, current.get(key), state, level=level, replace_on=replace_on)
    ]
    if purge:
        removal_level = level if delete_level is None else delete_level
        changes += [
            Change("delete", kind, key, before=state, level=removal_level)
            for key, state in current.items()
            if key not in desired
        ]
    return changes


def describe(changes: Iterable[Change], *, secrets: Collection[str] = ()) -> list[dict[str, Any]]:
    """Changes as plain data for a module's RV(changes): op, kind, key and the fields that differ."""
    ordered = sorted(changes, key=lambda change: (change.level, change.kind, change.key))
    return [
        redact({"op": change.op, "kind": change.kind, "key": change.key, "fields": list(change.fields)}, secrets)
        for change in ordered
    ]


def diff(changes: Sequence[Change], *, secrets: Collection[str] = ()) -> dict[str, dict[str, Any]]:
    """Changes as Ansible's diff: `before` and `after` keyed by `kind key`, holding only what differs."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for change in sorted(changes, key=lambda change: (change.kind, change.key)):
        name = f"{change.kind} {change.key}"
        if change.op == "create":
            after[name] = dict(change.desired)
        elif change.op == "delete":
            before[name] = dict(change.current)
        else:
            before[name] = {field: change.current.get(field) for field in change.fields}
            after[name] = {field: change.desired[field] for field in change.fields}
    return {"before": redact(before, secrets), "after": redact(after, secrets)}
