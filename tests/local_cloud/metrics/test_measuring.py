"""Counters, processes and series: what metrics are made of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from local_cloud.alarms.evaluation import Sample
from local_cloud.metrics.rates import Rates
from local_cloud.metrics.series import LONGEST, Metric, Row, Series, naive
from local_cloud.metrics.usage import Snapshot

NOON = naive(datetime(2026, 1, 1, 12, tzinfo=UTC))
METRIC = Metric("Test", "Seen", frozenset({("Name", "one")}))


def row(minutes: float, value: float = 1.0) -> Row:
    return Row(NOON + timedelta(minutes=minutes), Sample(value, value, value), None)


def test_growth_is_what_was_counted_since_the_last_look() -> None:
    times = iter([100.0, 110.0, 120.0])
    rates = Rates(clock=lambda: next(times))

    assert rates.growth("one", {"seen": 5.0}) is None
    growth = rates.growth("one", {"seen": 25.0})
    assert growth is not None
    assert (growth.seconds, growth.by, growth.rate("seen")) == (10.0, {"seen": 20.0}, 2.0)


def test_a_counter_that_went_back_gives_no_growth() -> None:
    times = iter([1.0, 2.0, 3.0])
    rates = Rates(clock=lambda: next(times))
    rates.growth("one", {"seen": 5.0})

    assert rates.growth("one", {"seen": 1.0}) is None
    growth = rates.growth("one", {"seen": 3.0})
    assert growth is not None
    assert growth.by == {"seen": 2.0}


def test_what_is_not_kept_starts_anew() -> None:
    times = iter([1.0, 2.0])
    rates = Rates(clock=lambda: next(times))
    rates.growth("one", {"seen": 5.0})
    rates.keep({"another"})

    assert rates.growth("one", {"seen": 6.0}) is None


def process(proc: Path, pid: int, *, parent: int, session: int, ticks: int, pages: int) -> None:
    folder = proc / str(pid)
    folder.mkdir(parents=True)
    fields = [str(number) for number in ("S", parent, 0, session, *[0] * 7, ticks, 0, 0, 0, 0, 0)]
    (folder / "stat").write_text(f"{pid} (a (strange) name) {' '.join(fields)}")
    (folder / "statm").write_text(f"{pages * 10} {pages + 5} 5 0 0 0 0")


def test_usage_is_that_of_the_session_and_of_all_descendants(tmp_path: Path) -> None:
    process(tmp_path, 10, parent=1, session=10, ticks=100, pages=1)
    process(tmp_path, 11, parent=10, session=10, ticks=100, pages=2)
    process(tmp_path, 12, parent=11, session=12, ticks=100, pages=3)
    process(tmp_path, 13, parent=1, session=10, ticks=100, pages=4)
    process(tmp_path, 20, parent=1, session=20, ticks=900, pages=90)
    (tmp_path / "meminfo").touch()

    used = Snapshot(tmp_path).of([10])

    assert used.cpu_seconds == 4 * Snapshot(tmp_path).of([11]).cpu_seconds / 2
    assert used.memory_bytes == 10 * 4096
    assert Snapshot(tmp_path).of([4711]).memory_bytes == 0


def test_series_forget_what_is_old() -> None:
    series = Series()
    for minutes in (0, 10, 20):
        series.add(METRIC, row(minutes))

    series.forget_before(NOON + timedelta(minutes=10))
    assert [entry.timestamp.minute for entry in series.rows(METRIC)] == [10, 20]

    series.forget_before(NOON + timedelta(hours=1))
    assert series.metrics() == []


def test_series_are_bounded() -> None:
    series = Series()
    for number in range(LONGEST + 10):
        series.add(METRIC, row(number / 1000, number))

    rows = series.rows(METRIC)
    assert len(rows) == LONGEST
    assert rows[-1].sample.total == LONGEST + 9
