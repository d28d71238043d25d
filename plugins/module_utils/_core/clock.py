# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time, injected: nothing in this collection calls `time.sleep` on its own, so unit tests need no real clock."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Clock:
    """`now()` in seconds (monotonic), `sleep(seconds)`, and `jitter()` in [0, 1)."""

    now: Callable[[], float] = field(default=time.monotonic)
    sleep: Callable[[float], None] = field(default=time.sleep)
    jitter: Callable[[], float] = field(default=random.random)

    def pause(self, attempt: int, *, first: float, longest: float) -> float:
        """Seconds to wait after the given attempt (0, 1, …): doubling from `first`, at most `longest`, ±25 %."""
        return float(min(longest, first * 2.0 ** min(attempt, 32)) * (0.75 + 0.5 * self.jitter()))
