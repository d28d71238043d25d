# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run would bring about, laid over what is there. Pure.

Modules of this collection answer their changes as a diff: `before` and `after` by `kind key`, created resources whole,
changed ones with the fields that differ. Their states are the facts that controls look at, so little is to translate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .model import Resource, World

Diff = Mapping[str, Any]
# What a secret is that is made or changed by the run.
FRESH = {"secret": {"age_days": 0}}


def overlaid(world: World, diffs: Iterable[Diff]) -> World:
    """The world as it would be after the changes of `diffs`, in their order."""
    after = World(dict(world.resources), dict(world.unreadable))
    for diff in diffs:
        _apply(after, diff)
    return after


def _apply(world: World, diff: Diff) -> None:
    before, after = _states(diff, "before"), _states(diff, "after")
    for label in before.keys() - after.keys():
        kind, name = _identity(label)
        world.resources.pop((kind, name), None)
    for label, state in after.items():
        kind, name = _identity(label)
        known = world.named(kind, name)
        facts = {**(known.facts if known else {}), **FRESH.get(kind, {}), **state}
        world.add(replace(known, facts=facts) if known else Resource(kind, name, facts, planned=True))
        if kind == "security_group":
            _add_rules(world, name, state)


def _states(diff: Diff, side: str) -> dict[str, Mapping[str, Any]]:
    """One side of a diff, without what is no resource: other modules show texts there."""
    shown = diff.get(side)
    if not isinstance(shown, Mapping):
        return {}
    return {str(label): state for label, state in shown.items() if " " in str(label) and isinstance(state, Mapping)}


def _identity(label: str) -> tuple[str, str]:
    kind, _space, name = label.partition(" ")
    return kind, name


def _add_rules(world: World, group: str, state: Mapping[str, Any]) -> None:
    """Rules that a group brings along, written as `ingress tcp 443-443 10.0.0.0/16`."""
    for text in state.get("rules", []):
        direction, protocol, *middle, peer = str(text).split()
        first, _dash, last = (middle[0] if middle else "").partition("-")
        facts = {
            "group": group,
            "direction": direction,
            "protocol": protocol,
            "from_port": int(first) if first.isdigit() else None,
            "to_port": int(last or first) if first.isdigit() else None,
            "peer": peer,
        }
        world.add(Resource("security_group_rule", f"{group} {text}", facts, planned=True))
