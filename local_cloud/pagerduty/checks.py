"""What the REST API demands of the fields of an object. Each check answers sentences; none means that it fits."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterable, Mapping
from typing import Any

from local_cloud.pagerduty.account import Object
from local_cloud.pagerduty.errors import invalid

_TIMES_OF_DAY = "%H:%M:%S"


def wrapped(body: Any, name: str) -> Object:
    """The object inside `{"service": {…}}`. Raises ApiError."""
    item = body.get(name) if isinstance(body, dict) else None
    if not isinstance(item, dict) or not item:
        raise invalid(f"{_title(name)} cannot be empty.")
    return item


def required(item: Mapping[str, Any], *names: str) -> list[str]:
    return [f"{_title(name)} cannot be empty." for name in names if item.get(name) in (None, "", [], {})]


def one_of(item: Mapping[str, Any], name: str, allowed: Iterable[Any]) -> list[str]:
    values = list(allowed)
    if name not in item or item[name] in values:
        return []
    return [f"{_title(name)} must be in {', '.join(str(value) for value in values if value is not None)}."]


def whole(item: Mapping[str, Any], name: str, lowest: int, highest: int, *, empty: bool = False) -> list[str]:
    """A whole number in a range; `empty` allows null."""
    value = item.get(name)
    if name not in item or (empty and value is None):
        return []
    if isinstance(value, bool) or not isinstance(value, int):
        return [f"{_title(name)} is not a number"]
    if not lowest <= value <= highest:
        return [f"{_title(name)} must be between {lowest} and {highest}"]
    return []


def text(item: Mapping[str, Any], name: str, longest: int) -> list[str]:
    value = item.get(name)
    if value is None:
        return []
    if not isinstance(value, str):
        return [f"{_title(name)} must be a string"]
    return [f"{_title(name)} is too long (maximum is {longest} characters)"] if len(value) > longest else []


def points_to(item: Any, types: tuple[str, ...], known: Mapping[str, Any], title: str) -> list[str]:
    """A reference `{"id", "type"}` to one of `known`."""
    if not isinstance(item, dict) or str(item.get("type")) not in types:
        return [f"{title} must be a reference of type {' or '.join(types)}"]
    return [] if item.get("id") in known else [f"{title} not found"]


def moment(value: Any) -> datetime.datetime | None:
    """A point in time with an offset; None for anything else."""
    try:
        parsed = datetime.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return parsed if parsed.tzinfo else None


def time_of_day(item: Mapping[str, Any], name: str) -> list[str]:
    try:
        datetime.datetime.strptime(str(item.get(name)), _TIMES_OF_DAY)  # noqa: DTZ007 - a time of any day
    except ValueError:
        return [f"{_title(name)} must be of the form HH:MM:SS"]
    return []


def time_zone(item: Mapping[str, Any], name: str) -> list[str]:
    value = item.get(name)
    if isinstance(value, str) and (value == "UTC" or value in zoneinfo.available_timezones()):
        return []
    return [f"{_title(name)} is not a valid time zone"]


def refuse(*findings: list[str]) -> None:
    """Raises ApiError when there is any finding."""
    errors = [error for group in findings for error in group]
    if errors:
        raise invalid(*errors)


def _title(name: str) -> str:
    return name.replace("_", " ").capitalize()
