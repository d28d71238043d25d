# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying planned changes: level by level, in threads within a level, and undoing them when one fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from .changes import Change, Op
from .errors import PlatformError

Handler = Callable[[Change], None]
Handlers = Mapping[tuple[str, Op], Handler]
Failure = tuple[Change, BaseException]

SHOWN = 10


@dataclass(frozen=True)
class Undo:
    """How to take changes back: what each handler did, `handlers` reverses.

    `perhaps_done` tells of an error whether the change may have had its effect all the same; it is then undone too, so
    handlers have to be able to reverse what was never done. Setting `stop`, such as from the handler of a signal, keeps
    more from starting and counts as a failure.
    """

    handlers: Handlers
    perhaps_done: Callable[[BaseException], bool]
    stop: threading.Event = field(default_factory=threading.Event)


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
        text = _some([f"{change}: {explain(error)}" for change, error in failed])
        details: dict[str, Any] = {}
        if remains is not None:
            details["not_undone"] = [f"{change}: {explain(error)}" for change, error in remains]
            text += "; everything before it was undone" if not remains else "; what could not be undone: "
            text += _some(details["not_undone"])
        super().__init__(text, details)


def _some(texts: Sequence[str]) -> str:
    """As much as a person reads in one line."""
    more = [f"and {len(texts) - SHOWN} more"] if len(texts) > SHOWN else []
    return "; ".join([*texts[:SHOWN], *more])


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
        level = _Level(handlers, workers, undo.stop if undo else None)
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
        level = _Level(handlers, workers)
        level.run(list(group))
        remains += level.failed
    return remains


class _Level:
    """The changes of one level on their way. With `stop`, a failure or setting it keeps others from starting."""

    def __init__(self, handlers: Handlers, workers: int, stop: threading.Event | None = None) -> None:
        self.done: list[Change] = []
        self.failed: list[Failure] = []
        self._handlers = handlers
        self._workers = workers
        self._stop = stop
        self._has_failed = threading.Event()

    def run(self, changes: Sequence[Change]) -> None:
        with ThreadPoolExecutor(max_workers=min(self._workers, len(changes))) as pool:
            futures = [pool.submit(self._one, change) for change in changes]
        skipped: list[Change] = []
        for change, future in zip(changes, futures, strict=True):
            error = future.exception()
            if error is not None:
                self.failed.append((change, error))
            else:
                (self.done if future.result() else skipped).append(change)
        if skipped and not self.failed:
            self.failed.append((skipped[0], Interrupted("interrupted before it began")))

    def _one(self, change: Change) -> bool:
        """Whether the change was made: not where another has failed before."""
        if self._stop is not None and (self._stop.is_set() or self._has_failed.is_set()):
            return False
        try:
            self._handlers[change.kind, change.op](change)
        except BaseException:
            self._has_failed.set()
            raise
        return True
