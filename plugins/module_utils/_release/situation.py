# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is to do before and in a rollout, from what is seen. Everything in this file is pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .colours import live_of, other
from .services import Side
from .state import Colour, Release, Rollout, State

ROLLBACK = "rollback"  # the phase that a rollback is in, from its first write to its last


@dataclass(frozen=True)
class Seen:
    """What was meant, who takes the customers, and what runs."""

    state: State
    weights: Mapping[Colour, int]
    sides: Mapping[Colour, Side]

    def serves(self, colour: Colour) -> bool:
        """Whether a colour has tasks that could serve."""
        return self.sides[colour].running > 0


@dataclass(frozen=True)
class Repair:
    """What a run that came to no end has left: `live` gets all customers, the tasks of `stop` are not wanted.

    `release` is what `live` is known to run, where that was not noted yet.
    """

    live: Colour
    stop: Colour | None
    why: str
    release: Release | None = None


@dataclass(frozen=True)
class Plan:
    """Customers move from `live` to `to`; `nothing` when they are on the wanted revision already.

    `first` when there is no release to return to.
    """

    live: Colour
    to: Colour
    nothing: bool
    first: bool


def repair(seen: Seen) -> Repair | None:
    """What has to be put right before anything else; None when all is in order.

    Customers are never sent to a colour without tasks while the other one has some.
    """
    rollout = seen.state.rollout
    if rollout is not None:
        if rollout.phase == ROLLBACK:
            return _returned(seen, rollout)
        left = f"the rollout {rollout.id} of {rollout.release.version} was left in phase {rollout.phase}"
        origin, to = rollout.from_colour, rollout.to_colour
        if seen.serves(origin) or not seen.serves(to):
            return Repair(origin, to, f"{left}: back to {origin}, and {to} is stopped")
        return Repair(
            to, None, f"{left}, and {origin} has no tasks any more: {to} keeps the customers", rollout.release
        )
    if live_of(seen.weights) is not None:
        return None
    shown = ", ".join(f"{colour} {weight}" for colour, weight in sorted(seen.weights.items()))
    meant = seen.state.live
    live = meant if seen.serves(meant) or not seen.serves(other(meant)) else other(meant)
    return Repair(live, None, f"the gateway's weights are {shown} without a rollout: {live} gets all customers")


def _returned(seen: Seen, rollout: Rollout) -> Repair:
    """A rollback that was left goes on if customers had begun to move. Nothing that it meant to use is stopped."""
    origin, to = rollout.from_colour, rollout.to_colour
    left = f"the rollback {rollout.id} to {rollout.release.version} was left"
    if seen.weights.get(to, 0) > 0 and seen.serves(to):
        return Repair(to, None, f"{left} when customers had begun to move: all of them go to {to}", rollout.release)
    return Repair(origin, None, f"{left} before customers moved: they stay on {origin}")


def plan(seen: Seen, task_definition: str) -> Plan:
    """What a rollout of a revision moves, once nothing is left to be put right."""
    live = live_of(seen.weights) or seen.state.live
    side = seen.sides[live]
    nothing = side.task_definition == task_definition and side.completed and side.running > 0
    return Plan(live, other(live), nothing, side.running == 0 and side.desired == 0)
