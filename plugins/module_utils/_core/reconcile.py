# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying planned changes: level by level, in threads within a level, and undoing them when one fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from .changes import Change, Op
from .errors import PlatformError

Handler = Callable[[Change], None]
Handlers = Mapping[tuple[str, Op], Handler]
Failure = tuple[Change, BaseException]


@dataclass(frozen=True)
class Undo:
    """How to take changes back: what each handler did, `handlers` reverses.

    `perhaps_done` tells of an error whether the change may have had its effect all the same; it is then undone too, so
    handlers have to be able to reverse what was never done.
    """

    handlers: Handlers
    perhaps_done: Callable[[BaseException], bool]


class ApplyError(PlatformError):
    """Changes failed.

    `done` were applied and stay, `failed` pairs each failed change with its error, `left` never ran. Where changes are
    undone, `remains` pairs each that could not be with the reason, and `done` holds only these.
    """

    def __init__(
        self,
        done: Sequence[Change],
        failed: Sequence[Failure],
        left: Sequence[Change],
        explain: Callable[[BaseException], str],
        remains: Sequence[Failure] | None = None,
    ) -> None:
        self.done = list(done)
        self.failed = list(failed)
        self.left = list(left)
        self.remains = list(remains or ())
        text = "; ".join(f"{change}: {explain(error)}" for change, error in failed)
        details: dict[str, Any] = {}
        if remains is not None:
            text += "; everything before it was undone" if not remains else "; what could not be undone: "
            text += "; ".join(f"{change}: {explain(error)}" for change, error in remains)
            details["not_undone"] = [f"{change}: {explain(error)}" for change, error in remains]
        super().__init__(text, details)


class Interrupted(PlatformError):
    """The run was told to stop while changes were being applied."""


def apply(
    changes: Sequence[Change],
    handlers: Handlers,
    *,
    workers: int = 12,
    explain: Callable[[BaseException], str] = str,
    undo: Undo | None = None,
) -> None:
    """Execute `changes` in order of level, the ones of a level in up to `workers` threads.

    A failure lets the running level finish, keeps what is done and raises `ApplyError` naming every failed change;
    the next run picks up from there. `handlers` maps (kind, op) to what does it, `explain` an exception to its reason.

    With `undo`, a failure or an interruption starts nothing more and reverses what was or may have been done, the last
    level first.
    """
    missing = sorted({f"{change.op} {change.kind}" for change in changes if (change.kind, change.op) not in handlers})
    if missing:
        raise NotImplementedError(f"no handler for: {', '.join(missing)}")
    ordered = sorted(changes, key=lambda change: change.level)
    done: list[Change] = []
    for _level, group in groupby(ordered, key=lambda change: change.level):
        level = _Level(handlers, workers, stops=undo is not None)
        level.run(list(group))
        done += level.done
        if level.failed:
            started = {id(change) for change in (*done, *(change for change, _error in level.failed))}
            left = [change for change in ordered if id(change) not in started]
            if undo is None:
                raise ApplyError(done, level.failed, left, explain)
            perhaps = [change for change, error in level.failed if undo.perhaps_done(error)]
            remains = take_back([*done, *perhaps], undo.handlers, workers)
            raise ApplyError([change for change, _error in remains], level.failed, left, explain, remains)


def take_back(changes: Sequence[Change], handlers: Handlers, workers: int) -> list[Failure]:
    """Reverse changes, those of the last level first. Answers those that could not be, with the reason."""
    ordered = sorted(changes, key=lambda change: -change.level)
    remains: list[Failure] = []
    for _level, group in groupby(ordered, key=lambda change: change.level):
        level = _Level(handlers, workers, stops=False)
        level.run(list(group))
        remains += level.failed
    return remains


class _Level:
    """The changes of one level on their way. With `stops`, the first failure keeps others from starting."""

    def __init__(self, handlers: Handlers, workers: int, *, stops: bool) -> None:
        self.done: list[Change] = []
        self.failed: list[Failure] = []
        self._handlers = handlers
        self._workers = workers
        self._stops = stops
        self._stopped = threading.Event()

    def run(self, changes: Sequence[Change]) -> None:
        with ThreadPoolExecutor(max_workers=min(self._workers, len(changes))) as pool:
            futures = [pool.submit(self._one, change) for change in changes]
            try:
                wait(futures)
            except KeyboardInterrupt as interruption:
                self._stopped.set()
                wait(futures)
                self._interrupted(changes[-1], interruption)
        for change, future in zip(changes, futures, strict=True):
            error = future.exception()
            if error is not None:
                self.failed.append((change, error))
            elif future.result():
                self.done.append(change)

    def _interrupted(self, last: Change, interruption: KeyboardInterrupt) -> None:
        if not self._stops:
            raise interruption
        self.failed.append((last, Interrupted("interrupted")))

    def _one(self, change: Change) -> bool:
        """Whether the change was made: not where another has failed before."""
        if self._stopped.is_set():
            return False
        try:
            self._handlers[change.kind, change.op](change)
        except BaseException:
            if self._stops:
                self._stopped.set()
            raise
        return True
