"""Durations at a pace: shorter, but never too short for two scrapes, and never longer than they were."""

from __future__ import annotations

import pytest
from ansible_collections.trademaster.platform.plugins.plugin_utils.prometheus_rules import (
    PENDING_SCRAPES,
    WINDOW_SCRAPES,
    duration,
    paced,
    seconds,
)
from hypothesis import given
from hypothesis import strategies as st

SECONDS = st.integers(min_value=1, max_value=40 * 86400)
PACES = st.floats(min_value=1, max_value=1000)
INTERVALS = st.integers(min_value=1, max_value=120)
SCRAPES = st.sampled_from([PENDING_SCRAPES, WINDOW_SCRAPES])


@pytest.mark.parametrize(
    ("given_duration", "pace", "interval", "scrapes", "expected"),
    [
        ("5m", 1, "15s", 3, "5m"),
        ("5m", 10, "5s", 3, "30s"),
        ("5m", 10, "15s", 3, "45s"),
        ("1m", 10, "5s", 2, "10s"),
        ("1h", 10, "15s", 3, "6m"),
        ("6h", 10, "15s", 3, "36m"),
        ("3d", 10, "15s", 3, "7h12m"),
        ("3d", 1, "15s", 3, "3d"),
        ("10s", 10, "15s", 3, "10s"),
        ("1h30m", 3, "15s", 3, "30m"),
        ("100s", 1000, "1s", 2, "2s"),
    ],
)
def test_examples(given_duration: str, pace: float, interval: str, scrapes: int, expected: str) -> None:
    assert paced(given_duration, pace, interval, scrapes) == expected


@given(SECONDS)
def test_a_duration_is_read_as_it_was_written(value: int) -> None:
    assert seconds(duration(value)) == value


@given(SECONDS, PACES, INTERVALS, SCRAPES)
def test_it_is_never_longer_and_never_below_the_floor(value: int, pace: float, interval: int, scrapes: int) -> None:
    hastened = seconds(paced(f"{value}s", pace, f"{interval}s", scrapes))
    assert hastened <= value
    assert hastened >= min(value, scrapes * interval)
    assert hastened >= value / pace - 0.001


@given(SECONDS, SECONDS, PACES, INTERVALS, SCRAPES)
def test_what_was_shorter_does_not_become_longer(a: int, b: int, pace: float, interval: int, scrapes: int) -> None:
    shorter, longer = sorted((a, b))
    assert seconds(paced(f"{shorter}s", pace, f"{interval}s", scrapes)) <= seconds(
        paced(f"{longer}s", pace, f"{interval}s", scrapes)
    )


@given(SECONDS, INTERVALS, SCRAPES)
def test_pace_one_leaves_everything_as_it_is(value: int, interval: int, scrapes: int) -> None:
    assert paced(duration(value), 1, f"{interval}s", scrapes) == duration(value)


@pytest.mark.parametrize("text", ["", "5", "m", "5 m", "-5m", "5min", "1.5h"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration of Prometheus"):
        seconds(text)
