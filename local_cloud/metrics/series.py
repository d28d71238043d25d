"""Metric data by metric: found without looking at all of it, and forgotten after a while."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from local_cloud.alarms.evaluation import Sample

RETENTION = timedelta(hours=1)
# A metric that gets more than this within the retention loses its oldest.
LONGEST = 5000

Dimensions = frozenset[tuple[str, str]]


class Metric(NamedTuple):
    namespace: str
    name: str
    dimensions: Dimensions


class Row(NamedTuple):
    timestamp: datetime
    sample: Sample
    unit: str | None


def naive(moment: datetime) -> datetime:
    """In UTC, without saying so, as moto compares times."""
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


class Series:
    def __init__(self) -> None:
        self.moving = threading.Lock()
        """Held while moto's own list is emptied into the series."""
        self._lock = threading.Lock()
        self._rows: dict[Metric, deque[Row]] = {}

    def add(self, metric: Metric, row: Row) -> None:
        with self._lock:
            self._rows.setdefault(metric, deque(maxlen=LONGEST)).append(row)

    def metrics(self) -> list[Metric]:
        with self._lock:
            return list(self._rows)

    def rows(self, metric: Metric) -> list[Row]:
        with self._lock:
            return list(self._rows.get(metric, ()))

    def all_rows(self) -> Iterator[tuple[Metric, Row]]:
        for metric in self.metrics():
            for row in self.rows(metric):
                yield metric, row

    def forget_before(self, moment: datetime) -> None:
        with self._lock:
            for metric, rows in list(self._rows.items()):
                kept = [row for row in rows if row.timestamp >= moment]
                if not kept:
                    del self._rows[metric]
                elif len(kept) < len(rows):
                    self._rows[metric] = deque(kept, maxlen=LONGEST)
