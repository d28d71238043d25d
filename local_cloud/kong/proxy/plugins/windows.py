"""Fixed windows of rate limiting. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

# period: seconds that it is said to last
PERIODS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "month": 2592000, "year": 31536000}


@dataclass(frozen=True)
class Usage:
    limit: int
    remaining: int
    """Before this request; zero or less: it is one too many."""


def window_start(period: str, now: int) -> int:
    """Seconds since 1970 at which the window that `now` is in has begun (UTC)."""
    if period in ("month", "year"):
        date = datetime.datetime.fromtimestamp(now, datetime.UTC)
        month = 1 if period == "year" else date.month
        return int(datetime.datetime(date.year, month, 1, tzinfo=datetime.UTC).timestamp())
    return now - now % PERIODS[period]


def exceeded(usage: Mapping[str, Usage]) -> str | None:
    """The longest period whose limit is used up."""
    return next((period for period in reversed(PERIODS) if period in usage and usage[period].remaining <= 0), None)


def headers(usage: Mapping[str, Usage], now: int) -> dict[str, str]:
    """What the client is told; RateLimit-* speak of the period that is nearest to its limit."""
    stop = exceeded(usage)
    found: dict[str, str] = {}
    tightest: tuple[int, int] | None = None
    for period, one in usage.items():
        counted = stop in (None, period)
        remaining = max(0, one.remaining - 1 if counted else one.remaining)
        found[f"X-RateLimit-Limit-{period.title()}"] = str(one.limit)
        found[f"X-RateLimit-Remaining-{period.title()}"] = str(remaining)
        length = PERIODS[period]
        if tightest is None or (remaining, -length) < tightest:
            tightest = (remaining, -length)
            reset = max(1, length - (now - window_start(period, now)))
            found |= {
                "RateLimit-Limit": str(one.limit),
                "RateLimit-Remaining": str(remaining),
                "RateLimit-Reset": str(reset),
            }
    return found
