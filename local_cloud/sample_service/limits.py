"""Limits on attempts, counted in this process only, per limit and subject (an address or an e-mail)."""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Callable, Mapping

from .config import Limit

MAX_SUBJECTS = 10_000


class Limiter:
    """`clock` gives seconds, monotonic."""

    def __init__(self, limits: Mapping[str, Limit], clock: Callable[[], float]) -> None:
        self._limits = limits
        self._clock = clock
        self._attempts: dict[tuple[str, str], deque[float]] = {}
        self._lock = threading.Lock()

    def attempt(self, name: str, *subjects: str) -> int:
        """Count one attempt for each subject. 0 when all may go on, else the seconds until they may."""
        with self._lock:
            return max(self._count(name, subject) for subject in subjects)

    def _count(self, name: str, subject: str) -> int:
        limit, now = self._limits[name], self._clock()
        recent = self._attempts.setdefault((name, subject), deque())
        while recent and recent[0] <= now - limit.window_seconds:
            recent.popleft()
        if len(recent) >= limit.requests:
            return max(1, math.ceil(recent[0] + limit.window_seconds - now))
        recent.append(now)
        if len(self._attempts) > MAX_SUBJECTS:
            self._attempts.pop(next(iter(self._attempts)))
        return 0
