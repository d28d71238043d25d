# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Security controls as data: what a control is about, and how one resource is judged by it. Pure.

A resource is known by its kind and name, and carries *facts*: the state that the module managing it compares, so that
the same check judges what is there and what a run would bring about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

ACCOUNT = "account"
LATER = "shows only once it is there"  # the verdict of a check that cannot be made of a plan


@dataclass(frozen=True)
class Resource:
    """One thing that is there, or would be. `planned` says that it is not there yet."""

    kind: str
    name: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    planned: bool = False

    def get(self, fact: str, default: Any = None) -> Any:
        """A fact; the default also where nothing is known of it."""
        value = self.facts.get(fact)
        return default if value is None else value


@dataclass
class World:
    """All resources to judge. `unreadable` says of a kind why it could not be read."""

    resources: dict[tuple[str, str], Resource] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def add(self, resource: Resource) -> None:
        self.resources[resource.kind, resource.name] = resource

    def of(self, kind: str) -> list[Resource]:
        """The resources of a kind, by name."""
        found = [resource for (its_kind, _name), resource in self.resources.items() if its_kind == kind]
        return sorted(found, key=lambda resource: resource.name)

    def named(self, kind: str, name: str) -> Resource | None:
        return self.resources.get((kind, name))


Check = Callable[[Resource, World], str]
Applies = Callable[[Resource, World], bool]


def always(_resource: Resource, _world: World) -> bool:
    return True


@dataclass(frozen=True)
class Control:
    """One control.

    `check` answers why a resource of `kind` fails, nothing where it passes. `remedy` names the variable that mends it.
    `reads` are the other kinds it looks at: where one of them could not be read, nothing passes.
    """

    id: str
    title: str
    kind: str
    check: Check
    remedy: str
    applies: Applies = always
    reads: tuple[str, ...] = ()


def also(control: Control, other_id: str) -> Control:
    """The same control under the number that another catalogue gives it."""
    return replace(control, id=other_id)


def flag(fact: str, reason: str, *, wanted: bool = True) -> Check:
    """A check that a fact is true, or with `wanted` false that it is not."""
    return lambda resource, _world: "" if bool(resource.get(fact)) is wanted else reason


def some(problems: Iterable[str]) -> str:
    """What was found, in one line."""
    return "; ".join(sorted(set(problems)))
