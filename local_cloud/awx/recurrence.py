"""Recurrence rules of schedules: iCalendar (RFC 5545), with what AWX demands of them beyond that."""

from __future__ import annotations

import datetime
import re
from typing import Any

from local_cloud.awx.errors import Invalid

_STARTS = re.compile(r".*?(DTSTART(;[^:]+)?\:[0-9]+T[0-9]+Z?)")
_NAIVE_START = re.compile(r".*?(DTSTART:[0-9]+T[0-9]+) ")
_RULES = re.compile(r".*?(RULE\:[^\s]*)")
_NUMBERED_DAY = re.compile(r".*?BYDAY[\:\=][0-9]+[a-zA-Z]{2}")
_COUNT = re.compile(r".*?COUNT=([0-9]+)")
_ZONE = re.compile(r"TZID=([^:]+):")
_MOST = 999


def check(text: str) -> None:
    """Raises Invalid."""
    for forbidden in ("EXDATE", "RDATE"):
        if f"{forbidden.lower()}:" in text.lower():
            raise Invalid(f"{forbidden} not allowed in rrule.")
    starts = _STARTS.findall(text)
    found = []
    if not starts:
        found.append("Valid DTSTART required in rrule. Value should start with: DTSTART:YYYYMMDDTHHMMSSZ")
    if _NAIVE_START.match(text):
        found.append("DTSTART cannot be a naive datetime.  Specify ;TZINFO= or YYYYMMDDTHHMMSSZZ.")
    if len(starts) > 1:
        found.append("Multiple DTSTART is not supported.")
    if "rrule:" not in text.lower():
        found.append("One or more rule required in rrule.")
    for rule in _RULES.findall(text):
        found += _findings(rule)
    try:
        _parse(text)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        found.append(f"rrule parsing failed validation: {error}")
    if found:
        raise Invalid(*found)


def _findings(rule: str) -> list[str]:
    found = []
    if "interval" not in rule.lower():
        found.append(f"INTERVAL required in rrule: {rule}")
    elif "secondly" in rule.lower():
        found.append(f"SECONDLY is not supported: {rule}")
    if _NUMBERED_DAY.match(rule):
        found.append(f"BYDAY with numeric prefix not supported: {rule}")
    if "COUNT" in rule and "UNTIL" in rule:
        found.append(f"RRULE may not contain both COUNT and UNTIL: {rule}")
    count = _COUNT.match(rule)
    if count and int(count[1]) > _MOST:
        found.append(f"COUNT > 999 is unsupported: {rule}")
    return found


def dates(text: str, now: datetime.datetime) -> dict[str, Any]:
    """What a schedule shows of its rule."""
    rules = _parse(text)
    first = next(iter(rules), None)
    upcoming = rules.after(now)
    ends = "COUNT=" in text or "UNTIL=" in text
    last = list(rules)[-1] if ends and first else None
    zone = _ZONE.search(text)
    return {
        "dtstart": _stamp(first),
        "dtend": _stamp(last),
        "next_run": _stamp(upcoming),
        "timezone": zone[1] if zone else "UTC",
        "until": _stamp(last) or "" if "UNTIL=" in text else "",
    }


def _parse(text: str) -> Any:
    # Imported when it is needed: every local cloud starts this stand-in, few ask it anything.
    from dateutil import rrule, tz

    zone = _ZONE.search(text)
    if zone and tz.gettz(zone[1]) is None:
        raise ValueError(f"A valid TZID must be provided (e.g., America/New_York): {zone[1]}")
    return rrule.rrulestr("\n".join(text.split()), forceset=True, tzids=tz.gettz)


def _stamp(moment: datetime.datetime | None) -> str | None:
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None
