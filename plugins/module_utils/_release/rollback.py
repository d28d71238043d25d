# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing customers back to an earlier release: at once where its tasks still run.

What the gateway and ECS say is what counts, and not what was meant. Nothing is written before it is clear that the
release can be returned to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from .._aws.ecs import diagnosis
from .._aws.session import Aws
from .._core.errors import PlatformError
from .._core.interruption import Stop, stoppable
from .._core.wait import Verdict, WaitFailed, WaitTimeout
from . import preview
from .colours import WHOLE, other, split
from .lock import Lease
from .put_right import put_right
from .rollback_plan import misfit, named
from .services import Bounds, Services
from .situation import ROLLBACK, Repair, Seen, repair
from .state import Colour, Release, Rollout, State, write
from .traffic import Traffic

PHASE = ROLLBACK


@dataclass(frozen=True)
class Return:
    """Customers move from `live` to `to`, which gets `target`. `warm` when its tasks are there already."""

    live: Colour
    to: Colour
    current: Release
    target: Release
    warm: bool
    tasks: int

    def __str__(self) -> str:
        how = "its tasks still run" if self.warm else f"{self.tasks} tasks are started"
        return f"{self.live} {named(self.current)} → {self.to} {named(self.target)}; {how}"


@dataclass
class Rollback:
    """One rollback. `smoke` is given the way to wait, signs in through the preview and raises PlatformError."""

    aws: Aws
    traffic: Traffic
    services: Services
    state_path: str
    state: State
    identifier: str
    report: Callable[[str], None]
    smoke: Callable[[preview.Wait], None]
    lease: Lease | None = None
    warm_seconds: float = 0
    start_timeout: float = 900
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    phases: list[dict[str, Any]] = field(default_factory=list)
    stop: Stop = field(default_factory=lambda: Stop(""))

    def abandon(self, left: Repair) -> None:
        """End a rollout that was left: weights first, then what it had started."""
        with self._phase("abandon"):
            self._note(put_right(left, self.state, self.traffic, self.services, self.report))

    def go(self, way: Return) -> None:
        """Move the customers. Where that fails, they are where they were, and nothing is left running for it."""
        self._note(replace(self.state, live=way.live, rollout=self._rollout(way)))
        with stoppable("the rollback was interrupted") as self.stop:
            try:
                if not way.warm:
                    self._start(way)
                self._flip(way)
            except BaseException as error:
                self.stop.ignore()
                self._undo(way)
                if not isinstance(error, PlatformError):
                    raise
                text = f"{error}. Customers are on {way.live} {named(way.current)} as before."
                raise PlatformError(text, error.details) from error
        releases = {**self.state.releases, way.live: way.current, way.to: way.target}
        self._note(replace(self.state, live=way.to, rollout=None, releases=releases))
        if self.warm_seconds:
            self.services.retire_later(way.live, self.warm_seconds)
        else:
            self.traffic.settle()
            self.services.stop(way.live)

    def _flip(self, way: Return) -> None:
        self.services.keep(way.to)
        self.stop.check()
        with self._phase("traffic"):
            self.traffic.set(split(way.to, WHOLE))
        self.report(f"{way.to} {named(way.target)} has all customers")

    def _start(self, way: Return) -> None:
        """Start the release on the colour that nobody uses, and try it before customers do."""
        bounds = self.services.bounds(way.live) or Bounds(way.tasks, way.tasks)
        name = f"{way.tasks} tasks of {named(way.target)} on {way.to}"
        with self._phase("start"):
            self.report(f"starting {name}")
            deployment = self.services.start(way.to, way.target.task_definition, way.tasks, bounds)
            self._await(name, way, deployment)
        with self._phase("smoke"):
            preview.lead(way.to, self.traffic, self.services, self.wait)
            self.smoke(self.wait)
            self.traffic.preview(None)

    def _await(self, name: str, way: Return, deployment: str) -> None:
        try:
            self.wait(
                name,
                lambda: self.services.judge(way.to, deployment, way.target.task_definition),
                self.start_timeout,
            )
        except (WaitFailed, WaitTimeout) as error:
            found = self.services.explain(way.to, deployment)
            said = [f"{name} said: {' | '.join(lines)}" for name, lines in found["log"].items()]
            why = [str(error), diagnosis.story(found["stopped_tasks"]), *said]
            raise PlatformError("; ".join(filter(None, why)), found) from error

    def wait(self, name: str, look: Callable[[], Verdict], timeout: float) -> None:
        """Wait, holding the lock, and say each time that something else is waited for."""
        told = ""

        def looked() -> Verdict:
            nonlocal told
            self.stop.check()
            if self.lease:
                self.lease.keep()
            verdict = look()
            if verdict.detail and verdict.detail != told:
                self.report(f"{name}: {verdict.detail}")
            told = verdict.detail
            return verdict

        self.aws.wait(name, looked, lambda verdict: verdict, timeout=timeout)

    def _undo(self, way: Return) -> None:
        self.traffic.set(split(way.live, WHOLE))
        self.traffic.preview(None)
        if not way.warm:
            self.services.stop(way.to)
        self._note(replace(self.state, rollout=None))

    def _rollout(self, way: Return) -> Rollout:
        at = f"{self.now():%Y-%m-%dT%H:%M:%SZ}"
        return Rollout(self.identifier, way.live, way.to, PHASE, at, way.target)

    def _note(self, state: State) -> None:
        write(self.aws, self.state_path, state)
        self.state = state

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        begun = self.aws.clock.now()
        try:
            yield
        finally:
            self.phases.append({"name": name, "seconds": round(self.aws.clock.now() - begun, 1)})


def way_back(seen: Seen, live: Colour, current: Release, target: Release, *, healthy: bool) -> Return:
    """How to get from `live` back to `target`. Pure.

    Tasks that still run take the customers at once when there are at least half as many as serve them now; scaling adds
    the others.
    """
    to = other(live)
    serving, waiting = seen.sides[live], seen.sides[to]
    warm = healthy and waiting.task_definition == target.task_definition and waiting.running * 2 >= serving.running
    return Return(live, to, current, target, warm and waiting.running > 0, max(serving.desired, serving.running, 1))


def refusal(way: Return, records: list[dict[str, Any]], *, by_revision: bool, force: bool) -> str:
    """Why not to return to the release; empty when there is no reason. Pure.

    Revisions of one image differ in what site.yml has changed, so that a revision that is asked for is another release.
    """
    same_image = way.target.image == way.current.image and not by_revision
    if same_image or way.target.task_definition == way.current.task_definition:
        return f"{named(way.current)} is live already"
    why = misfit(records, way.current, way.target)
    if not why or force:
        return ""
    return (
        f"the database does not fit {named(way.target)} any more: {why}; release_force=true returns to it all the same"
    )


def left_over(seen: Seen) -> Repair | None:
    """What a deployment that was killed has left. What a rollback has left, the next one completes instead. Pure."""
    rollout = seen.state.rollout
    return None if rollout and rollout.phase == PHASE else repair(seen)
