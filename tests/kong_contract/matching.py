"""Compare answers with the part of them that a case is about."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Is:
    """Something told about a value: a phrase and how to find out."""

    phrase: str
    holds: Callable[[Any], bool]

    def __repr__(self) -> str:
        return f"<{self.phrase}>"


_NOTHING: Any = object()  # stands for a member that is not there

ANYTHING = Is("anything", lambda _: True)
ABSENT = Is("absent", lambda value: value is _NOTHING)
PRESENT = Is("present and not null", lambda value: value is not None and value is not _NOTHING)
TIMESTAMP = Is("seconds since 1970", lambda value: type(value) is int and value > 1_600_000_000)
TIMESTAMP_MS = Is("fractional seconds since 1970", lambda value: type(value) in (int, float) and value > 1.6e9)
UUID = Is(
    "a UUID",
    lambda value: (
        isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None
    ),
)
GENERATED = Is(
    "32 random characters", lambda value: isinstance(value, str) and re.fullmatch(r"\w{32}", value) is not None
)


@dataclass(frozen=True)
class Unordered:
    """A list with these items in any order."""

    items: tuple[Any, ...]


@dataclass(frozen=True)
class Containing:
    """A list that holds, among others, something like each of these."""

    items: tuple[Any, ...]


@dataclass(frozen=True)
class Exactly:
    """A value without anything besides what is named."""

    value: Any


@dataclass(frozen=True)
class Matching:
    """A text that contains the regular expression."""

    pattern: str


@dataclass(frozen=True)
class Other:
    """A value that differs."""

    than: Any


def unordered(*items: Any) -> Unordered:
    return Unordered(items)


def containing(*items: Any) -> Containing:
    return Containing(items)


def one_of(*values: Any) -> Is:
    return Is(f"one of {', '.join(map(repr, values))}", lambda value: value in values)


def between(low: float, high: float) -> Is:
    return Is(f"from {low} to {high}", lambda value: type(value) in (int, float) and low <= value <= high)


def difference(expected: Any, found: Any, path: str = "") -> str:
    """Tell where `found` is not like `expected`, "" when it is.

    A mapping is met by one that has at least these keys, a list by the same items in the same order. Types count:
    1, 1.0 and True are three things, except that JSON does not tell 1 from 1.0.
    """
    for kind, compare in _COMPARISONS:
        if isinstance(expected, kind):
            return compare(expected, found, path)
    alike = isinstance(expected, bool) == isinstance(found, bool) and expected == found
    return "" if alike else _tell(path, expected, found)


def _tell(path: str, expected: Any, found: Any) -> str:
    shown = "nothing" if found is _NOTHING else json.dumps(found, default=repr)
    return f"{path or 'the value'}: expected {expected!r}, found {shown}"


def _is(expected: Is, found: Any, path: str) -> str:
    return "" if expected.holds(found) else _tell(path, expected, found)


def _matching(expected: Matching, found: Any, path: str) -> str:
    return "" if isinstance(found, str) and re.search(expected.pattern, found) else _tell(path, expected, found)


def _other(expected: Other, found: Any, path: str) -> str:
    return _tell(path, expected, found) if difference(expected.than, found) == "" else ""


def _exactly(expected: Exactly, found: Any, path: str) -> str:
    if isinstance(expected.value, Mapping) and isinstance(found, Mapping):
        more = sorted(set(found) - set(expected.value))
        if more:
            return f"{path or 'the value'}: has {', '.join(more)} besides {', '.join(sorted(expected.value))}"
        return next(
            filter(
                None, (difference(Exactly(v), found.get(k, _NOTHING), f"{path}.{k}") for k, v in expected.value.items())
            ),
            "",
        )
    return difference(expected.value, found, path)


def _mapping(expected: Mapping[str, Any], found: Any, path: str) -> str:
    if not isinstance(found, Mapping):
        return _tell(path, dict(expected), found)
    told = (difference(value, found.get(key, _NOTHING), f"{path}.{key}") for key, value in expected.items())
    return next(filter(None, told), "")


def _sequence(expected: Sequence[Any], found: Any, path: str) -> str:
    if not isinstance(found, list) or len(found) != len(expected):
        return _tell(path, expected, found)
    told = (
        difference(one, other, f"{path}[{at}]") for at, (one, other) in enumerate(zip(expected, found, strict=True))
    )
    return next(filter(None, told), "")


def _containing(expected: Containing, found: Any, path: str) -> str:
    if not isinstance(found, list):
        return _tell(path, expected, found)
    for item in expected.items:
        if all(difference(item, one) for one in found):
            return f"{path or 'the list'}: holds nothing like {item!r}: {json.dumps(found)[:2000]}"
    return ""


def _unordered(expected: Unordered, found: Any, path: str) -> str:
    if not isinstance(found, list) or len(found) != len(expected.items):
        return _tell(path, expected, found)
    return _containing(Containing(expected.items), found, path)


_COMPARISONS: tuple[tuple[type, Callable[..., str]], ...] = (
    (Is, _is),
    (Matching, _matching),
    (Other, _other),
    (Exactly, _exactly),
    (Unordered, _unordered),
    (Containing, _containing),
    (dict, _mapping),
    (list, _sequence),
)
