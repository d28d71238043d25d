"""Schedule expressions of Application Auto Scaling: at(…), rate(…), cron(…). Pure."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_EXPRESSION = re.compile(r"(at|rate|cron)\((.+)\)")
_RATE = re.compile(r"(\d+) (minute|hour|day)s?")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = dict(zip("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), range(1, 13), strict=True))
_DAYS = dict(zip("SUN MON TUE WED THU FRI SAT".split(), range(1, 8), strict=True))


class ScheduleError(ValueError):
    """An expression or time zone that cannot be read; the message quotes it."""


@dataclass(frozen=True)
class At:
    moment: datetime.datetime
    begin: datetime.datetime

    def due(self, after: datetime.datetime, until: datetime.datetime) -> bool:
        """Whether it is due later than `after`, and not later than `until`. One that comes too late is due at once."""
        return after < max(self.moment, self.begin) <= until


@dataclass(frozen=True)
class Rate:
    seconds: int
    begin: datetime.datetime

    def due(self, after: datetime.datetime, until: datetime.datetime) -> bool:
        def passed(moment: datetime.datetime) -> int:
            return int((moment - self.begin).total_seconds() // self.seconds)

        return passed(until) >= 1 and passed(until) > passed(after)


@dataclass(frozen=True)
class Cron:
    """Minutes, hours, days of the month, months, days of the week (1 is Sunday) and years; None is any."""

    fields: tuple[frozenset[int] | None, ...]
    zone: ZoneInfo

    def due(self, after: datetime.datetime, until: datetime.datetime) -> bool:
        minute = until.replace(second=0, microsecond=0)
        return after < minute and self._holds(minute.astimezone(self.zone))

    def _holds(self, moment: datetime.datetime) -> bool:
        weekday = moment.isoweekday() % 7 + 1
        seen = (moment.minute, moment.hour, moment.day, moment.month, weekday, moment.year)
        return all(wanted is None or value in wanted for value, wanted in zip(seen, self.fields, strict=True))


Schedule = At | Rate | Cron


def parse(expression: str, timezone: str | None, begin: datetime.datetime) -> Schedule:
    """Raises ScheduleError. `begin` is when the action was put; a rate counts from there."""
    match = _EXPRESSION.fullmatch(expression.strip())
    if match is None:
        raise ScheduleError(f"Invalid schedule expression: {expression}")
    kind, text = match.groups()
    zone = _zone(timezone or "UTC")
    try:
        if kind == "at":
            return At(datetime.datetime.strptime(text, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=zone), begin)
        return _rate(text, begin) if kind == "rate" else _cron(text, zone)
    except ValueError as error:
        raise ScheduleError(f"Invalid schedule expression: {expression}") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ScheduleError(f"Invalid timezone: {name}") from error


def _rate(text: str, begin: datetime.datetime) -> Rate:
    match = _RATE.fullmatch(text)
    if match is None or int(match[1]) == 0:
        raise ValueError(text)
    return Rate(int(match[1]) * _SECONDS[match[2]], begin)


def _cron(text: str, zone: ZoneInfo) -> Cron:
    words = text.upper().split()
    bounds: list[tuple[int, int, Mapping[str, int]]] = [
        (0, 59, {}),
        (0, 23, {}),
        (1, 31, {}),
        (1, 12, _MONTHS),
        (1, 7, _DAYS),
        (1970, 2199, {}),
    ]
    if len(words) != len(bounds):
        raise ValueError(text)
    return Cron(tuple(_field(word, *bound) for word, bound in zip(words, bounds, strict=True)), zone)


def _field(word: str, least: int, most: int, names: Mapping[str, int]) -> frozenset[int] | None:
    if word in {"*", "?"}:
        return None
    return frozenset(value for part in word.split(",") for value in _part(part, least, most, names))


def _part(part: str, least: int, most: int, names: Mapping[str, int]) -> range:
    """`5`, `1-5`, `*/10`, `0/15`, `MON-FRI`. Last days and weekdays nearest to a date are not known here."""
    span, _, step = part.partition("/")
    first, dash, last = span.partition("-")
    begin = least if first == "*" else names.get(first) or int(first)
    open_end = most if step or first == "*" else begin
    end = names.get(last) or int(last) if dash else open_end
    if not least <= begin <= end <= most:
        raise ValueError(part)
    return range(begin, end + 1, int(step or 1))
