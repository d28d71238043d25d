# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout: the next release is started on the idle colour, proved, and given to the customers step by step.

Whatever goes wrong, customers go back first; then the new tasks are stopped; then it is explained. What is under way is
noted in the state before the first write. So what a run that was killed has left is known to the next one, which begins
by putting it right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from .._aws.ecs import diagnosis
from .._aws.session import AWS_ERRORS, Aws, explain
from .._core.errors import PlatformError
from .._core.interruption import Interrupted, Playbook, Stop, stoppable
from .._core.redact import redact
from .._core.wait import Verdict, pending, wait_until
from .._verify.http import Unreachable, Untrusted
from . import preview
from . import state as states
from .colours import WHOLE, Step, split
from .gate import Gate, Rejected, Watch
from .lock import Lease, LockLost
from .put_right import put_right
from .services import Bounds, Services
from .situation import Plan, Repair, Seen
from .state import COLOURS, Colour, Release, Rollout, State, verdict_of
from .traffic import Traffic

EXPECTED: tuple[type[Exception], ...] = (PlatformError, Unreachable, Untrusted, *AWS_ERRORS)
LOOK_AT_TASKS_EVERY_SECONDS = 5.0
SAY_EVERY_SECONDS = 15.0


@dataclass(frozen=True)
class Order:
    """What is to be brought about, and how patiently. Times are seconds."""

    release: Release
    steps: tuple[Step, ...]
    bake_seconds: float
    warm_seconds: float
    start_timeout: float
    poll_seconds: float
    state_path: str


@dataclass
class Deployment:
    """What a rollout works with.

    `report` shows a line to people at once, and `last_words` does so when the run was told to stop, and nobody waits
    for its result. `smoke` signs in to the preview.
    """

    aws: Aws
    report: Callable[[str], None]
    order: Order
    traffic: Traffic
    services: Services
    gate: Gate
    smoke: Callable[[], str]
    lease: Lease | None = None
    last_words: Callable[[str], None] = field(default=lambda _line: None)
    playbook: Playbook = field(default_factory=Playbook)
    stop: Stop = field(default_factory=lambda: Stop(""))
    phases: list[dict[str, Any]] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    state: State = field(init=False)
    rollout: Rollout = field(init=False)
    deployment: str = ""
    reached_customers: bool = False
    looked_at: float = 0.0
    running: int = 0

    def see(self) -> Seen:
        """Read what was meant, who takes the customers, and what runs. What is missing is found before any write."""
        self.state = states.read(self.aws, self.order.state_path)
        self.traffic.previewed()
        sides = {colour: self.services.look(colour) for colour in COLOURS}
        return Seen(self.state, self.traffic.weights(), sides)

    def put_right(self, found: Repair) -> None:
        """Do what a run that came to no end has left to be done."""
        self.report(found.why)
        self._write(put_right(found, self.state, self.traffic, self.services, self.report))

    def go(self, plan: Plan) -> None:
        """From the start of the idle colour to the last step of the state. Raises PlatformError, all put right."""
        with stoppable("the run was interrupted") as self.stop, self.gate.traffic.flowing():
            try:
                self._roll(plan)
                self.stop.check()
                self.stop.ignore()
                with self._phase("finish"):
                    self._finish(plan)
            except BaseException as error:
                self.stop.ignore()
                if self.state.rollout is None:  # nothing has begun
                    raise
                told = self._taken_back(plan, error)
                if isinstance(error, Interrupted):
                    self.last_words(str(redact(explain(told), self.aws.secrets)))
                if told is error:
                    raise
                raise told from error

    def _roll(self, plan: Plan) -> None:
        release, to = self.order.release, plan.to
        self.rollout = Rollout(release.id, plan.live, to, "start", self._now(), release)
        with self._phase("start"):
            self._start(plan)
        with self._phase("preview"):
            self._preview(to)
        for step in self.order.steps:
            with self._phase(f"shift to {step.weight} %"):
                self._shift(step, to)
        if self.order.bake_seconds > 0:
            with self._phase("bake"):
                self._watch(self.gate.begin(Step(WHOLE, self.order.bake_seconds), to), to)

    # What the phases do.

    def _start(self, plan: Plan) -> None:
        """As many tasks as the live colour has: the new one is to take all that it takes."""
        side = self.services.look(plan.live)
        bounds = self.services.bounds(plan.live)
        count = max(side.desired, side.running, bounds.least if bounds else 0, 1)
        bounds = bounds if bounds and bounds.most else Bounds(count, count)
        self.running = count
        definition = self.order.release.task_definition
        self.deployment = self.services.start(plan.to, definition, count, bounds)
        self.wait(
            f"{count} tasks of {plan.to}",
            lambda: self.services.judge(plan.to, self.deployment, definition),
            self.order.start_timeout,
        )

    def _preview(self, colour: Colour) -> None:
        """Prove the colour where customers cannot come."""
        preview.lead(colour, self.traffic, self.services, self.wait)
        self.report(f"signing in to {colour} through the preview")
        self.gate.traffic.token = self.smoke()
        self.gate.traffic.flows = True
        self.wait(f"metrics of {colour}", lambda: self._scraped(colour), self.order.start_timeout)

    def _scraped(self, colour: Colour) -> Verdict:
        found = self.gate.scraped(colour)
        if found >= self.running:
            return Verdict("done")
        return pending(f"Prometheus reaches {found} of {self.running} tasks")

    def _shift(self, step: Step, to: Colour) -> None:
        watch = self.gate.begin(step, to)
        self.reached_customers = True
        self.traffic.set(split(to, step.weight))
        if step.seconds > 0:
            self._watch(watch, to)

    def _watch(self, watch: Watch, colour: Colour) -> None:
        try:
            row = watch.go(lambda: self._ailing(colour), self.report, self.order.poll_seconds)
        except Rejected as error:
            self.steps.append(error.row)
            raise
        self.steps.append(row)

    def _finish(self, plan: Plan) -> None:
        """The retirement is scheduled first: what comes after the state is lost with a run that is killed there."""
        self.traffic.preview(None)
        try:
            self._retire(plan.live)
        except EXPECTED as error:
            # It only costs money, and the next release takes that colour anyway.
            self.warnings.append(f"{plan.live} keeps running, as its end could not be scheduled: {explain(error)}")
        releases = {**self.state.releases, plan.to: self.order.release}
        self._write(replace(self.state, live=plan.to, releases=releases, rollout=None))

    def _retire(self, colour: Colour) -> None:
        if self.services.look(colour).desired == 0:
            return
        at = self.services.retire_later(colour, max(self.order.warm_seconds, 1.0))
        self.report(f"{colour} stays warm until {at:%H:%M:%S} UTC")

    # Taking back.

    def _taken_back(self, plan: Plan, error: BaseException) -> BaseException:
        """Customers first, then the tasks, then what there is to say."""
        self.gate.traffic.flows = False
        why = explain(error)
        if isinstance(error, Interrupted):
            self.report = self.last_words
        self.report(f"taking back: {why}")
        if isinstance(error, LockLost) and not self._is_ours():
            text = f"{why}; another run has taken over, so nothing was put right here"
            return PlatformError(text, self.result(plan, "failed", why))
        began = self.aws.clock.now()
        problems = self._attempt("weights", lambda: self.traffic.set(split(plan.live, WHOLE)))
        seconds = round(self.aws.clock.now() - began, 1)
        evidence: dict[str, Any] = {}
        if not problems:  # else customers may still be on the new tasks
            problems += self._cleared(plan, evidence)
        self.phases.append({"name": "take back", "seconds": round(self.aws.clock.now() - began, 1)})
        if not isinstance(error, EXPECTED):
            return error
        verdict = verdict_of("deploy", succeeded=False, reached_customers=self.reached_customers)
        found = {"not_put_right": problems, "rollback_seconds": seconds, **evidence}
        text = self._told(plan, why, seconds, evidence, problems)
        return PlatformError(text, {**self.result(plan, verdict, why), **found})

    def _cleared(self, plan: Plan, evidence: dict[str, Any]) -> list[str]:
        """Put away what nobody is on any more; answers what could not be. The evidence goes with the tasks."""
        problems = self._attempt(f"retirement of {plan.live}", lambda: self.services.keep(plan.live))
        problems += self._attempt("preview", lambda: self.traffic.preview(None))
        self._attempt("explanation", lambda: evidence.update(self._evidence(plan.to)))
        if self.reached_customers:
            self._attempt("nodes of the gateway", self.traffic.settle)
        problems += self._attempt(f"tasks of {plan.to}", lambda: self.services.stop(plan.to))
        if not problems:
            problems += self._attempt("state", lambda: self._write(replace(self.state, rollout=None)))
        return problems

    def _attempt(self, what: str, work: Callable[[], None]) -> list[str]:
        try:
            work()
        except EXPECTED as error:
            self.report(f"{what}: {explain(error)}")
            return [f"{what}: {explain(error)}"]
        return []

    def _told(self, plan: Plan, why: str, seconds: float, evidence: Mapping[str, Any], problems: list[str]) -> str:
        release = self.order.release
        parts = [f"{release.version} is not released: {why}"]
        if problems:
            parts.append(f"NOT PUT RIGHT: {'; '.join(problems)}: run again, which begins with that")
        elif plan.first:
            parts.append(f"there was no release to return to, so {plan.to} is scaled to zero")
        elif self.reached_customers:
            parts.append(f"customers are back on {plan.live} after {seconds:.1f} s, and {plan.to} is stopped")
        else:
            parts.append(f"no customer was on it, {plan.live} serves on, and {plan.to} is stopped")
        parts.append(diagnosis.story(evidence.get("stopped_tasks", [])))
        parts += [f"last event: {event}" for event in evidence.get("events", [])[:1]]
        parts += [f"{name} said: {' | '.join(lines)}" for name, lines in evidence.get("log", {}).items()]
        return "; ".join(part for part in parts if part)

    def _evidence(self, colour: Colour) -> dict[str, Any]:
        return self.services.explain(colour, self.deployment) if self.deployment else {}

    def _is_ours(self) -> bool:
        found = states.read(self.aws, self.order.state_path).rollout
        return found is not None and (found.id, found.started_at) == (self.rollout.id, self.rollout.started_at)

    # Noting, waiting, telling.

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        """Note in the state, and then in the result, what is under way."""
        self._pulse()
        self._write(replace(self.state, live=self.rollout.from_colour, rollout=replace(self.rollout, phase=name)))
        self.report(f"{self.rollout.to_colour}: {name}")
        began = self.aws.clock.now()
        try:
            yield
        finally:
            self.phases.append({"name": name, "seconds": round(self.aws.clock.now() - began, 1)})

    def _write(self, state: State) -> None:
        states.write(self.aws, self.order.state_path, state)
        self.state = state

    def wait(self, name: str, look: Callable[[], Verdict], timeout: float) -> None:
        """Wait, holding the lock, and say now and then what for."""
        clock = self.aws.clock
        said_at = clock.now()

        def looked() -> Verdict:
            nonlocal said_at
            self._pulse()
            seen = look()
            if seen.status == "pending" and clock.now() - said_at >= SAY_EVERY_SECONDS:
                said_at = clock.now()
                self.report(f"waiting for {name}: {seen.detail}")
            return seen

        pause = self.order.poll_seconds
        _seen, elapsed = wait_until(name, looked, lambda seen: seen, timeout=timeout, clock=clock, longest_pause=pause)
        self.aws.waits.append({"name": name, "seconds": round(elapsed, 1)})

    def rest(self, seconds: float) -> None:
        """Sleep, holding the lock."""
        until = self.aws.clock.now() + seconds
        while (left := until - self.aws.clock.now()) > 0:
            self._pulse()
            self.aws.clock.sleep(min(left, self.order.poll_seconds))

    def _pulse(self) -> None:
        """Whether the run may go on: nobody has stopped it, it holds the lock, and somebody waits for it."""
        self.stop.check()
        if self.lease:
            self.lease.keep()
        if self.playbook.has_ended():
            raise Interrupted("the playbook has ended")

    def _ailing(self, colour: Colour) -> str:
        """What is wrong with a colour whatever Prometheus says; empty when nothing is."""
        self._pulse()
        now = self.aws.clock.now()
        if now - self.looked_at < LOOK_AT_TASKS_EVERY_SECONDS:
            return ""
        self.looked_at = now
        side = self.services.look(colour)
        if side.running < min(self.running, side.desired):
            return f"{min(self.running, side.desired) - side.running} of its {side.desired} tasks stopped"
        return ""

    def _now(self) -> str:
        return f"{self.services.now():%Y-%m-%dT%H:%M:%SZ}"

    def result(self, plan: Plan, verdict: str, why: str = "") -> dict[str, Any]:
        """What the module answers."""
        return {
            "verdict": verdict,
            "live": self.state.live if verdict == "completed" else plan.live,
            "phases": self.phases,
            "steps": self.steps,
            "why": why,
        }
