# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The two colours of a service, and how customers move from one to the other. Everything in this file is pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._core.errors import InvalidInput
from .state import COLOURS, Colour

WHOLE = 100
# Of modules: what there is of each colour.
OPTIONS = {
    colour: {
        "type": "dict",
        "required": True,
        "options": {"service": {"type": "str", "required": True}, "target": {"type": "str", "required": True}},
    }
    for colour in COLOURS
}


@dataclass(frozen=True)
class Step:
    """`weight` percent of the customers go to the new colour, and are watched for `seconds`."""

    weight: int
    seconds: float


def other(colour: Colour) -> Colour:
    """The colour that is not this one."""
    return "green" if colour == "blue" else "blue"


def split(colour: Colour, weight: int) -> dict[Colour, int]:
    """Weights that give `colour` so many percent, and the other colour the rest."""
    return {colour: weight, other(colour): WHOLE - weight}


def live_of(weights: Mapping[Colour, int]) -> Colour | None:
    """The colour that takes all the customers; None where both take some, or neither does."""
    takers = [colour for colour in COLOURS if weights.get(colour, 0) > 0]
    return takers[0] if len(takers) == 1 else None


def steps(given: Sequence[Mapping[str, Any]]) -> tuple[Step, ...]:
    """The steps of a rollout, from options. Raises InvalidInput unless weights rise to 100."""
    if not given:
        raise InvalidInput("steps", [], "has no step: the last one has weight 100")
    plan = tuple(Step(int(item["weight"]), float(item["seconds"])) for item in given)
    for index, step in enumerate(plan):
        least = plan[index - 1].weight + 1 if index else 1
        if not least <= step.weight <= WHOLE:
            raise InvalidInput(f"steps[{index}].weight", step.weight, f"is not from {least} to {WHOLE}: weights rise")
        if step.seconds < 0:
            raise InvalidInput(f"steps[{index}].seconds", step.seconds, "is negative")
    if plan[-1].weight != WHOLE:
        raise InvalidInput(f"steps[{len(plan) - 1}].weight", plan[-1].weight, f"has to be {WHOLE}: it is the last one")
    return plan
