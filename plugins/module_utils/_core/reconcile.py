# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Applying planned changes: level by level, in threads within a level."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from .changes import Change, Op
from .errors import PlatformError

Handler = Callable[[Change], None]
Handlers = Mapping[tuple[str, Op], Handler]


class ApplyError(PlatformError):
    """Changes failed.

    `done` were applied and stay, `failed` pairs each failed change with its error, `left` never ran.
    """

    def __init__(
        self,
        done: Sequence[Change],
        failed: Sequence[tuple[Change, BaseException]],
        left: Sequence[Change],
        explain: Callable[[BaseException], str],
    ) -> None:
        self.done = list(done)
        self.failed = list(failed)
        self.left = list(left)
        super().__init__("; ".join(f"{change}: {explain(error)}" for change, error in failed))


def apply(
    changes: Sequence[Change],
    handlers: Handlers,
    *,
    workers: int = 12,
    explain: Callable[[BaseException], str] = str,
) -> None:
    """Execute `changes` in order of level, the ones of a level in up to `workers` threads.

    A failure lets the running level finish, keeps what is done and raises `ApplyError` naming every failed change;
    the next run picks up from there. `handlers` maps (kind, op) to what does it, `explain` an exception to its reason.
    """
    missing = sorted({f"{change.op} {change.kind}" for change in changes if (change.kind, change.op) not in handlers})
    if missing:
        raise NotImplementedError(f"no handler for: {', '.join(missing)}")
    ordered = sorted(changes, key=lambda change: change.level)
    done: list[Change] = []
    for level, group in groupby(ordered, key=lambda change: change.level):
        outcomes = _apply_level(list(group), handlers, workers)
        done += [change for change, error in outcomes if error is None]
        failed = [(change, error) for change, error in outcomes if error is not None]
        if failed:
            left = [change for change in ordered if change.level > level]
            raise ApplyError(done, failed, left, explain)


def _apply_level(
    changes: Sequence[Change], handlers: Handlers, workers: int
) -> list[tuple[Change, BaseException | None]]:
    with ThreadPoolExecutor(max_workers=min(workers, len(changes))) as pool:
        futures = [pool.submit(handlers[change.kind, change.op], change) for change in changes]
    return [(change, future.exception()) for change, future in zip(changes, futures, strict=True)]
