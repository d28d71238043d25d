# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Being told to stop, in a run that has to put right what it has begun.

ansible-core passes on to its workers what it is told itself: SIGINT of Ctrl-C, SIGTERM. When it is killed, its workers
go on, without anybody to answer to.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType

from .errors import PlatformError

SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Interrupted(PlatformError):
    """The run was told to stop."""


@dataclass(frozen=True)
class Playbook:
    """The process that this one works for."""

    pid: int = field(default_factory=os.getppid)

    def has_ended(self) -> bool:
        return os.getppid() != self.pid


@dataclass
class Stop:
    """A request to end the process, which may come at any time. `text` is what it is told as."""

    text: str
    asked: bool = False
    ignored: bool = False

    def ignore(self) -> None:
        """From now on nothing stops the run."""
        self.ignored = True
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def check(self) -> None:
        """Raise `Interrupted` once more: libraries take what is raised within them for a failure of their own."""
        if self.asked and not self.ignored:
            raise Interrupted(self.text)

    def asks(self, _number: int, _frame: FrameType | None) -> None:
        """The first request is raised, wherever the run may be; those that follow change nothing."""
        self.asked = True
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise Interrupted(self.text)


@contextmanager
def stoppable(text: str) -> Iterator[Stop]:
    """Let a first request to end the process be an `Interrupted` with this text, and ignore all that follow.

    So what has begun is undone, and nothing stops that.
    """
    former = {number: signal.getsignal(number) for number in SIGNALS}
    stop = Stop(text)
    for number in former:
        signal.signal(number, stop.asks)
    try:
        yield stop
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
