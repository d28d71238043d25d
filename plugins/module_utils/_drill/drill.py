# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A drill under way: brings conditions about, waits for the pager, takes them back whatever happens.

What has to be undone is written to a parameter of Parameter Store before anything is done, and taken out of it when
it is undone. So a drill that was killed is known to whoever runs the next one, which begins with repairing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime

from .._aws.session import AWS_ERRORS, Aws
from .._core.errors import PlatformError
from .._core.interruption import Interrupted, Playbook, Stop, stoppable
from .._core.wait import DONE, pending
from .._verify.traffic import Account, Traffic
from . import conditions
from .pager import Pager
from .timeline import Limits, Run, finish, repairable, startable, strangers

EXPECTED: tuple[type[Exception], ...] = (PlatformError, *AWS_ERRORS)
SAY_EVERY_SECONDS = 15.0


@dataclass
class Journal:
    """What has to be undone, by scenario, kept in the parameter `name`."""

    aws: Aws
    name: str
    notes: dict[str, conditions.Note] = field(default_factory=dict)

    def read(self) -> None:
        """Take over what an earlier drill has left."""
        ssm = self.aws.client("ssm")
        found = self.aws.found(lambda: ssm.get_parameter(Name=self.name), "ParameterNotFound")
        self.notes = json.loads(found["Parameter"]["Value"]) if found else {}

    def add(self, scenario: str, note: conditions.Note) -> None:
        self.notes[scenario] = note
        self._write()

    def strike(self, scenario: str) -> None:
        del self.notes[scenario]
        self._write()

    def _write(self) -> None:
        ssm = self.aws.client("ssm")
        if self.notes:
            ssm.put_parameter(Name=self.name, Value=json.dumps(self.notes), Type="String", Overwrite=True)
        else:
            self.aws.found(lambda: ssm.delete_parameter(Name=self.name), "ParameterNotFound")


@dataclass
class Drill:
    """The scenarios of a drill and what they are played with. `report` shows a line to people at once."""

    aws: Aws
    report: Callable[[str], None]
    pager: Pager
    world: conditions.World
    journal: Journal
    limits: Limits
    runs: list[Run]
    account: Account | None = None
    traffic: Traffic | None = None
    poll_seconds: float = 1.0
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    others: list[str] = field(default_factory=list)
    playbook: Playbook = field(default_factory=Playbook)
    stop: Stop = field(default_factory=lambda: Stop(""))

    def go(self) -> None:
        """All scenarios, from the first injection to the last resolution. The environment is restored in any case."""
        with stoppable("the drill was interrupted; the environment is restored") as self.stop:
            try:
                with ExitStack() as stack:
                    self._begin_traffic(stack)
                    self._play()
            finally:
                self.restore()

    def restore(self) -> None:
        """Undo all that is noted, one failure not keeping the rest from being undone."""
        if not self.journal.notes:
            return
        self.report(f"restoring: {', '.join(self.journal.notes)}")
        self.aws.wait(
            "repair of the environment",
            lambda: [self._try_repair(name) for name in list(self.journal.notes)],
            lambda waiting: pending("; ".join(filter(None, waiting))) if any(waiting) else DONE,
            timeout=self.limits.resolve,
        )

    def _try_repair(self, name: str) -> str:
        """What the repair of a scenario waits for, or fails with; empty when it is done."""
        try:
            return self._repair(name)
        except EXPECTED as error:
            return f"{name}: {error}"

    def _repair(self, name: str) -> str:
        waiting = conditions.restore(self.world, self.journal.notes[name])
        if not waiting:
            self.journal.strike(name)
        return waiting

    def _begin_traffic(self, stack: ExitStack) -> None:
        if self.traffic and self.account and any(run.scenario.traffic for run in self.runs):
            self.traffic.token = self.account.sign_in()
            self.aws.hide([self.traffic.token])
            stack.enter_context(self.traffic.flowing())

    def _play(self) -> None:
        said_at = self.aws.clock.now()
        while any(run.phase != "over" for run in self.runs):
            self._pulse()
            self._step()
            if self.aws.clock.now() - said_at >= SAY_EVERY_SECONDS:
                said_at = self.aws.clock.now()
                for line in [run.waiting(said_at) for run in self.runs if run.active]:
                    self.report(line)
            self.aws.clock.sleep(self.poll_seconds)
        self._pulse()

    def _pulse(self) -> None:
        """Whether the drill may go on: nobody has stopped it, and somebody waits for it."""
        self.stop.check()
        if self.playbook.has_ended():
            raise Interrupted("the playbook has ended; the environment is restored")

    def _step(self) -> None:
        for run in startable(self.runs):
            self._inject(run)
        if self.traffic:
            self.traffic.flows = any(run.active and run.scenario.traffic for run in self.runs)
        incidents = self.pager.since(self.started)
        now = self.aws.clock.now()
        for line in [line for run in self.runs if run.active for line in run.observe(incidents, now)]:
            self.report(line)
        for run in repairable(self.runs, self.limits, now):
            self._take_back(run)
        finish(self.runs, self.limits, self.aws.clock.now())
        self.others = strangers(self.runs, incidents)

    def _inject(self, run: Run) -> None:
        scenario = run.scenario
        self.journal.add(scenario.name, conditions.note(self.world, scenario.inject))
        self.report(f"{scenario.name}: begins; {', '.join(scenario.alerts)} has to reach the pager")
        run.phase, run.injected_at = "injected", self.aws.clock.now()
        conditions.inject(self.world, scenario.inject, self.journal.notes[scenario.name])

    def _take_back(self, run: Run) -> None:
        if run.phase == "injected":
            run.phase = "restoring"
            without = f", although {', '.join(run.missing)} never came" if run.missing else ""
            self.report(f"{run.scenario.name}: is repaired{without}")
        if not self._repair(run.scenario.name):
            run.phase, run.restored_at = "restored", self.aws.clock.now()
