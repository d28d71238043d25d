"""What there is to do, from the journal, the weights and what runs."""

from __future__ import annotations

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._release.colours import Step, live_of, split, steps
from ansible_collections.trademaster.platform.plugins.module_utils._release.services import Side
from ansible_collections.trademaster.platform.plugins.module_utils._release.situation import Plan, Seen, plan, repair
from ansible_collections.trademaster.platform.plugins.module_utils._release.state import Colour, Release, Rollout, State

RELEASE = Release("r2", "1.2.0", "auth@sha256:2", "sha256:2", "auth:2")


def seen(
    blue: tuple[int, int],
    green: tuple[int, int],
    *,
    live: Colour = "blue",
    journal: tuple[Colour, Colour] | None = None,
    phase: str = "shift to 50 %",
) -> Seen:
    """Weight and running tasks of each colour; a rollout from and to a colour, if one is noted."""
    rollout = Rollout("r2", *journal, phase, "", RELEASE) if journal else None
    sides = {
        "blue": Side("auth-blue", "auth:1", blue[1], blue[1], "b", completed=True),
        "green": Side("auth-green", "auth:2", green[1], green[1], "g", completed=True),
    }
    return Seen(State("auth-service", live, rollout=rollout), {"blue": blue[0], "green": green[0]}, sides)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "live", "stop"),
    [
        # Nothing to repair.
        (seen((100, 2), (0, 0)), None, None),
        (seen((0, 2), (100, 2)), None, None),
        # A rollout that was left: back to where it came from.
        (seen((100, 2), (0, 0), journal=("blue", "green")), "blue", "green"),
        (seen((50, 2), (50, 2), journal=("blue", "green")), "blue", "green"),
        (seen((0, 2), (100, 2), journal=("blue", "green")), "blue", "green"),
        (seen((90, 2), (10, 2), journal=("green", "blue"), live="green"), "green", "blue"),
        # Not to where nothing runs any more.
        (seen((0, 0), (100, 2), journal=("blue", "green")), "green", None),
        (seen((100, 0), (0, 0), journal=("blue", "green")), "blue", "green"),
        # A rollback that was left goes on if customers had begun to move.
        (seen((100, 2), (0, 2), journal=("blue", "green"), phase="rollback"), "blue", None),
        (seen((100, 2), (100, 2), journal=("blue", "green"), phase="rollback"), "green", None),
        (seen((0, 2), (100, 2), journal=("blue", "green"), phase="rollback"), "green", None),
        (seen((100, 2), (100, 0), journal=("blue", "green"), phase="rollback"), "blue", None),
        # Weights that no rollout explains.
        (seen((50, 2), (50, 2)), "blue", None),
        (seen((50, 2), (50, 2), live="green"), "green", None),
        (seen((50, 0), (50, 2)), "green", None),
        (seen((0, 2), (0, 0)), "blue", None),
        (seen((0, 0), (0, 0)), "blue", None),
    ],
)
def test_what_has_to_be_put_right(found: Seen, live: str | None, stop: str | None) -> None:
    wanted = repair(found)
    assert (wanted.live if wanted else None, wanted.stop if wanted else None) == (live, stop)


def test_a_release_that_stays_live_is_noted() -> None:
    wanted = repair(seen((0, 0), (100, 2), journal=("blue", "green")))
    assert wanted is not None
    assert wanted.release == RELEASE
    assert "the rollout r2 of 1.2.0 was left in phase shift to 50 %" in wanted.why


@pytest.mark.parametrize(
    ("found", "revision", "planned"),
    [
        (seen((100, 2), (0, 0)), "auth:2", Plan("blue", "green", nothing=False, first=False)),
        (seen((0, 2), (100, 2)), "auth:3", Plan("green", "blue", nothing=False, first=False)),
        # The truth of traffic is the gateway's.
        (seen((0, 2), (100, 2), live="blue"), "auth:2", Plan("green", "blue", nothing=True, first=False)),
        (seen((100, 2), (0, 2)), "auth:1", Plan("blue", "green", nothing=True, first=False)),
        # What does not run is not live, whatever its revision.
        (seen((100, 0), (0, 0)), "auth:1", Plan("blue", "green", nothing=False, first=True)),
    ],
)
def test_what_a_rollout_moves(found: Seen, revision: str, planned: Plan) -> None:
    assert plan(found, revision) == planned


def test_weights() -> None:
    assert split("green", 10) == {"green": 10, "blue": 90}
    assert live_of({"blue": 0, "green": 100}) == "green"
    assert live_of({"blue": 1, "green": 99}) is None
    assert live_of({"blue": 0, "green": 0}) is None


def test_steps() -> None:
    given: list[dict[str, float]] = [{"weight": 5, "seconds": 1}, {"weight": 100, "seconds": 2.5}]
    assert steps(given) == (Step(5, 1.0), Step(100, 2.5))
    with pytest.raises(InvalidInput, match=r"steps\[1\].weight: 101 is not from 51 to 100"):
        steps([{"weight": 50, "seconds": 1}, {"weight": 101, "seconds": 1}])
