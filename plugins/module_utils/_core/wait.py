# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for a condition, by name, with a deadline. The first look comes without sleeping."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeVar

from .clock import Clock
from .errors import PlatformError

Seen = TypeVar("Seen")


@dataclass(frozen=True)
class Verdict:
    """What one look says: `done`, `pending` or `failed`, with a detail for the reader (`creating`, an error)."""

    status: Literal["done", "pending", "failed"]
    detail: str = ""


DONE = Verdict("done")


def pending(detail: str) -> Verdict:
    return Verdict("pending", detail)


def failed(detail: str) -> Verdict:
    return Verdict("failed", detail)


class WaitTimeout(PlatformError):
    """The condition did not come true in time."""


class WaitFailed(PlatformError):
    """The condition can no longer come true."""


def wait_until(
    name: str,
    look: Callable[[], Seen],
    judge: Callable[[Seen], Verdict],
    *,
    timeout: float,
    clock: Clock,
    first_pause: float = 0.2,
    longest_pause: float = 10.0,
) -> tuple[Seen, float]:
    """Look until `judge` says done; answer what was seen last and the seconds it took.

    `judge` is pure. Raises `WaitFailed` as soon as it says failed, `WaitTimeout` after `timeout` seconds; both name
    the wait, the elapsed time and the last detail.
    """
    started = clock.now()
    attempt = 0
    while True:
        seen = look()
        verdict = judge(seen)
        elapsed = clock.now() - started
        if verdict.status == "done":
            return seen, elapsed
        if verdict.status == "failed":
            raise WaitFailed(f"{name}: failed after {elapsed:.0f} s: {verdict.detail}")
        if elapsed >= timeout:
            raise WaitTimeout(f"{name}: not done after {elapsed:.0f} s (limit {timeout:.0f} s): {verdict.detail}")
        pause = clock.pause(attempt, first=first_pause, longest=longest_pause)
        clock.sleep(min(pause, timeout - elapsed))
        attempt += 1
