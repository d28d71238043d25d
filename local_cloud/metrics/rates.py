"""From counters to what they grew by."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple


class Growth(NamedTuple):
    seconds: float
    by: dict[str, float]

    def rate(self, name: str) -> float:
        return self.by[name] / self.seconds

    def mean(self, total: str, count: str) -> float:
        """Of `total` per `count`; 0 when nothing was counted."""
        return self.by[total] / self.by[count] if self.by[count] else 0.0


class Rates:
    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[str, tuple[float, dict[str, float]]] = {}

    def growth(self, key: str, counters: Mapping[str, float]) -> Growth | None:
        """Since the last call for `key`; None at the first, and after a restart has set the counters back."""
        now, before = self._clock(), self._last.get(key)
        self._last[key] = (now, dict(counters))
        if before is None or now <= before[0] or any(counters[name] < value for name, value in before[1].items()):
            return None
        return Growth(now - before[0], {name: value - before[1][name] for name, value in counters.items()})

    def keep(self, keys: set[str]) -> None:
        """Forget all others."""
        self._last = {key: value for key, value in self._last.items() if key in keys}
