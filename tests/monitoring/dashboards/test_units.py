"""Values are shown as a reader of Grafana knows them."""

from __future__ import annotations

import math

import pytest

from monitoring.units import shown


@pytest.mark.parametrize(
    ("value", "unit", "decimals", "text"),
    [
        (0.256, "percentunit", 0, "26%"),
        (0.99951, "percentunit", 2, "99.95%"),
        (0.5, "percentunit", None, "50%"),
        (42.25, "percent", None, "42.2%"),
        (0.0421, "s", None, "42.1 ms"),
        (90, "s", None, "1.5 mins"),
        (60 * 86400, "s", 0, "60 days"),
        (0, "s", None, "0 s"),
        (0.00000042, "s", None, "0.42 µs"),
        (106, "ms", 0, "106 ms"),
        (1536, "bytes", None, "1.5 KiB"),
        (5 * 2**30, "bytes", None, "5 GiB"),
        (2048, "binBps", None, "2 KiB/s"),
        (5200, "short", None, "5.2 K"),
        (0.02, "reqps", None, "0.02 req/s"),
        (12.34, "ops", None, "12.3 ops/s"),
        (3, "none", None, "3"),
        (math.nan, "s", None, "no data"),
        (math.inf, "s", None, "∞"),
        (-math.inf, "s", None, "-∞"),
    ],
)
def test_a_value_is_shown_in_its_unit(value: float, unit: str, decimals: int | None, text: str) -> None:
    assert shown(value, unit, decimals) == text
