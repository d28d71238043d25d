# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a new colour does as well as it has to, from what Prometheus counted. Everything in this file is pure.

No data is no success, and neither is too little traffic: a step passes only when enough requests were seen to do well.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import Literal

NEW, LIVE = "new", "live"
REQUESTS, ERRORS, LATENCY, UP = "requests", "errors", "latency", "up"
GATEWAY_REQUESTS, GATEWAY_ERRORS = "gateway_requests", "gateway_errors"
QUANTILE = 0.95
FEW = 2  # slow requests that say nothing, of however few

Buckets = tuple[tuple[float, float], ...]
"""Upper bound in seconds → requests that took no longer, in order; the last bound is infinite."""

Labels = frozenset[tuple[str, str]]
Sample = Mapping[str, Mapping[Labels, float]]
"""Figure → series → value, of one look."""


@dataclass(frozen=True)
class Thresholds:
    """What a colour has to keep. `p95_ratio` compares with the live colour, above `p95_floor_milliseconds` only."""

    error_ratio: float
    p95_milliseconds: float
    p95_ratio: float
    minimum_requests: int
    p95_floor_milliseconds: float = 100.0


@dataclass(frozen=True)
class Figures:
    """What was counted since a step began: of the new colour, of the live one, and of the gateway as a whole."""

    requests: float = 0.0
    errors: float = 0.0
    latency: Buckets = ()
    live_requests: float = 0.0
    live_latency: Buckets = ()
    gateway_requests: float = 0.0
    gateway_errors: float = 0.0

    @property
    def error_ratio(self) -> float:
        return self.errors / self.requests if self.requests else 0.0

    @property
    def p95(self) -> float | None:
        """Milliseconds."""
        return quantile(self.latency)

    @property
    def live_p95(self) -> float | None:
        return quantile(self.live_latency)


@dataclass(frozen=True)
class Ruling:
    """`pass`, `wait` or `fail`, and the sentence that explains it."""

    outcome: Literal["pass", "wait", "fail"]
    why: str = ""


@dataclass
class Counters:
    """How much counters have risen since the first look, series by series.

    A counter that falls has begun anew with its task, and one that comes later has begun at nothing. So the answer is
    right however often Prometheus scrapes, and whatever tasks come and go.
    """

    last: dict[tuple[str, Labels], float] = field(default_factory=dict)
    risen: dict[tuple[str, Labels], float] = field(default_factory=dict)
    begun: bool = False

    def observe(self, sample: Sample) -> None:
        for name, series in sample.items():
            for labels, value in series.items():
                key = (name, labels)
                before = self.last.get(key, 0.0 if self.begun else value)
                self.risen[key] = self.risen.get(key, 0.0) + (value - before if value >= before else value)
                self.last[key] = value
        self.begun = True

    def total(self, name: str) -> float:
        return sum(value for (figure, _labels), value in self.risen.items() if figure == name)

    def buckets(self, name: str) -> Buckets:
        bounds: dict[float, float] = {}
        for (figure, labels), value in self.risen.items():
            if figure == name:
                bound = float(dict(labels)["le"])
                bounds[bound] = bounds.get(bound, 0.0) + value
        return tuple(sorted(bounds.items()))

    def figures(self) -> Figures:
        return Figures(
            requests=self.total(f"{NEW}_{REQUESTS}"),
            errors=self.total(f"{NEW}_{ERRORS}"),
            latency=self.buckets(f"{NEW}_{LATENCY}"),
            live_requests=self.total(f"{LIVE}_{REQUESTS}"),
            live_latency=self.buckets(f"{LIVE}_{LATENCY}"),
            gateway_requests=self.total(GATEWAY_REQUESTS),
            gateway_errors=self.total(GATEWAY_ERRORS),
        )


def quantile(buckets: Buckets, share: float = QUANTILE) -> float | None:
    """Milliseconds within which this share of the requests was answered; None without requests.

    Within a bucket requests are taken to be spread evenly. What is beyond the last finite bound counts as that bound.
    """
    total = buckets[-1][1] if buckets else 0.0
    if total <= 0:
        return None
    rank, lower, before = share * total, 0.0, 0.0
    for bound, count in buckets:
        if count >= rank:
            if bound == inf:
                return lower * 1000
            inside = (rank - before) / (count - before) if count > before else 1.0
            return (lower + (bound - lower) * inside) * 1000
        lower, before = bound, count
    return lower * 1000


def slower_than(buckets: Buckets, milliseconds: float) -> float:
    """How many requests took longer."""
    total = buckets[-1][1] if buckets else 0.0
    limit, lower, before = milliseconds / 1000, 0.0, 0.0
    for bound, count in buckets:
        if limit < bound:
            inside = 0.0 if bound == inf else (limit - lower) / (bound - lower)
            return total - (before + (count - before) * inside)
        lower, before = bound, count
    return 0.0


def judge(figures: Figures, thresholds: Thresholds, *, weight: int, elapsed: float, seconds: float) -> Ruling:
    """What is to be said of a step `elapsed` seconds after it began, of the `seconds` that it is to last."""
    for problem in _problems(figures, thresholds, weight, elapsed, seconds):
        return Ruling("fail", problem)
    if elapsed < seconds:
        return Ruling("wait")
    if figures.requests < thresholds.minimum_requests:
        return Ruling("wait", too_little(figures, thresholds))
    return Ruling("pass")


def too_little(figures: Figures, thresholds: Thresholds) -> str:
    return f"{figures.requests:.0f} requests are too few to judge: minimum_requests is {thresholds.minimum_requests}"


def _problems(figures: Figures, thresholds: Thresholds, weight: int, elapsed: float, seconds: float) -> Iterable[str]:
    """What is certain already."""
    least = thresholds.minimum_requests
    # So many errors are too many even if every request that is still missing to the minimum goes well.
    if figures.errors > thresholds.error_ratio * max(figures.requests, least):
        yield (
            f"{figures.error_ratio:.1%} of {figures.requests:.0f} requests failed, "
            f"more than error_ratio {thresholds.error_ratio:.1%}"
        )
    share = figures.gateway_requests * weight / 100
    if figures.gateway_errors > thresholds.error_ratio * max(share, least):
        yield (
            f"the gateway itself answered {figures.gateway_errors:.0f} of {figures.gateway_requests:.0f} requests with "
            f"5xx, more than error_ratio {thresholds.error_ratio:.1%} of the {weight} % that go to the new colour"
        )
    limit, why = latency_limit(figures, thresholds)
    p95 = figures.p95
    if p95 is not None and p95 > limit and figures.requests >= least and _stays_slow(figures, limit, elapsed, seconds):
        yield f"p95 is {p95:.0f} ms, more than {why}"


def latency_limit(figures: Figures, thresholds: Thresholds) -> tuple[float, str]:
    """The limit of p95 in milliseconds, and what it comes from."""
    absolute = thresholds.p95_milliseconds
    live = figures.live_p95
    if live is None or figures.live_requests < thresholds.minimum_requests:
        return absolute, f"p95_milliseconds {absolute:.0f}"
    relative, floor = live * thresholds.p95_ratio, thresholds.p95_floor_milliseconds
    if max(relative, floor) >= absolute:
        return absolute, f"p95_milliseconds {absolute:.0f}"
    if relative < floor:
        return floor, f"p95_floor_milliseconds {floor:.0f}, from which on {live:.0f} ms of the live colour count"
    return relative, f"p95_ratio {thresholds.p95_ratio:g} times {live:.0f} ms of the live colour"


def _stays_slow(figures: Figures, limit: float, elapsed: float, seconds: float) -> bool:
    """Whether more were slow than the whole step allows at this rate: the first requests after a start may be.

    Of few requests some are slow by chance. What is beyond three standard deviations is none.
    """
    expected = figures.requests * max(1.0, seconds / elapsed if elapsed > 0 else inf)
    share = 1 - QUANTILE
    allowed = share * expected + 3 * sqrt(share * QUANTILE * expected)
    return slower_than(figures.latency, limit) > max(allowed, FEW)
