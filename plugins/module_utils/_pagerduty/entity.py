# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing one entity of PagerDuty to its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .._core.changes import Change, State, plan_one
from .._core.placeholders import KNOWN_AFTER_APPLY
from .._core.rest import Item
from .session import PagerDuty

Body = Callable[[Change], Mapping[str, Any]]


@dataclass(frozen=True)
class Kind:
    """`path` is that of the list, `wrapper` what the API wraps an item in, `noun` what people call it."""

    path: str
    wrapper: str
    noun: str
    replace_on: tuple[str, ...] = ()


def bring(
    session: PagerDuty,
    kind: Kind,
    key: str,
    current: State | None,
    desired: State | None,
    *,
    item: Item | None,
    body: Body,
    look: Callable[[], Item | None],
) -> tuple[list[Change], Item]:
    """The changes, made unless in check mode, and the item as it then is; empty where there is none.

    `item` is what the API shows, `current` the state of it. `look` finds the item anew.
    """
    changes = plan_one(kind.noun, key, current, desired, replace_on=kind.replace_on)
    if not changes or session.check_mode:
        return changes, {"id": KNOWN_AFTER_APPLY, **(item or {})} if desired is not None else {}
    change, client = changes[0], session.client
    if change.op == "delete" and item:
        client.delete(f"{kind.path}/{item['id']}")
        return changes, {}
    wrapped = {kind.wrapper: dict(body(change))}
    if change.op == "update" and item:
        return changes, client.update(f"{kind.path}/{item['id']}", wrapped)
    made = client.create(kind.path, wrapped, lambda: _other(look(), item))
    if item:
        # What replaces it is there already, so that nothing is missing meanwhile.
        client.delete(f"{kind.path}/{item['id']}")
    return changes, made


def _other(found: Item | None, item: Item | None) -> Item | None:
    """What was found, unless it is what shall be replaced."""
    return None if found is None or (item is not None and found["id"] == item["id"]) else found


def merged(given: Mapping[str, Any], current: Mapping[str, Any] | None) -> dict[str, Any]:
    """A record of which only what is given is managed, as long as it is of the same type."""
    if not given or not current or given.get("type", current.get("type")) != current.get("type"):
        return dict(given)
    return {**current, **given}


def without_empty(value: Any) -> Any:
    """A record without the fields that were left out, at any depth."""
    if isinstance(value, Mapping):
        return {name: without_empty(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_empty(item) for item in value]
    return value
