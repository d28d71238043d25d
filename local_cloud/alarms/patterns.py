"""Filter patterns of CloudWatch Logs on events in JSON: comparisons, EXISTS, IS, &&, ||. Pure."""

from __future__ import annotations

import fnmatch
import json
import operator
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<mark>[(){}]|&&|\|\||!=|<=|>=|=|<|>)
        | (?P<text>"(?:[^"\\]|\\.)*")
        | (?P<path>\$[^\s(){}=!<>&|]*)
        | (?P<word>[^\s(){}=!<>&|"]+)
    )""",
    re.VERBOSE,
)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\.?\[[\"']([^\"']+)[\"']\]")
_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_STATES = {"TRUE": True, "FALSE": False, "NULL": None}

Condition = Callable[[Any], bool]


class PatternError(ValueError):
    """Not a pattern; the message says where."""


@dataclass(frozen=True)
class _Missing:
    """What a path finds where there is nothing."""


_MISSING = _Missing()


def is_json_pattern(pattern: str) -> bool:
    """Whether a pattern is about fields of JSON; others are about words."""
    return pattern.strip().startswith("{")


def condition(pattern: str) -> Condition:
    """Whether an event, parsed, matches a JSON pattern, as a function. Raises PatternError."""
    parser = _Parser(list(_tokens(pattern)))
    return parser.pattern()


def parsed(message: str) -> Any:
    """A message as JSON; None for anything else, which no JSON pattern matches."""
    try:
        return json.loads(message)
    except ValueError:
        return None


def select(event: Any, path: str) -> Any:
    """What a path such as `$.userIdentity.type` finds; None where there is nothing."""
    found = _walk(event, path)
    return None if isinstance(found, _Missing) else found


def _tokens(pattern: str) -> Iterator[tuple[str, str]]:
    position, text = 0, pattern.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise PatternError(f"the pattern cannot be read from here: {text[position:][:40]}")
        kind = str(match.lastgroup)
        yield kind, match[kind]
        position = match.end()


def _walk(event: Any, path: str) -> Any:
    found, position = event, 1
    while position < len(path):
        step = _STEP.match(path, position)
        if step is None:
            raise PatternError(f"{path} is no path")
        name, number, quoted = step.groups()
        if number is not None:
            inside = isinstance(found, list) and int(number) < len(found)
            found = found[int(number)] if inside else _MISSING
        else:
            found = found.get(name or quoted, _MISSING) if isinstance(found, dict) else _MISSING
        position = step.end()
    return found


class _Parser:
    """|| binds weaker than &&."""

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._rest = tokens

    def pattern(self) -> Condition:
        self._expect("{")
        found = self._alternatives()
        self._expect("}")
        if self._rest:
            raise PatternError(f"unexpected {self._rest[0][1]} after the pattern")
        return found

    def _next(self, *wanted: str) -> str | None:
        if self._rest and self._rest[0][1] in wanted and self._rest[0][0] != "text":
            return self._take()[1]
        return None

    def _take(self) -> tuple[str, str]:
        if not self._rest:
            raise PatternError("the pattern ends too early")
        token, self._rest = self._rest[0], self._rest[1:]
        return token

    def _expect(self, mark: str) -> None:
        if not self._next(mark):
            raise PatternError(f"{mark} is missing before {self._rest[0][1] if self._rest else 'the end'}")

    def _alternatives(self) -> Condition:
        sides = [self._conjunction()]
        while self._next("||"):
            sides.append(self._conjunction())
        return lambda event: any(side(event) for side in sides)

    def _conjunction(self) -> Condition:
        sides = [self._atom()]
        while self._next("&&"):
            sides.append(self._atom())
        return lambda event: all(side(event) for side in sides)

    def _atom(self) -> Condition:
        if self._next("("):
            inner = self._alternatives()
            self._expect(")")
            return inner
        kind, path = self._take()
        if kind != "path":
            raise PatternError(f"{path} is no path, which begins with $")
        _walk(None, path)
        return self._comparison(path)

    def _comparison(self, path: str) -> Condition:
        if self._next("NOT"):
            self._expect("EXISTS")
            return lambda event: _walk(event, path) is _MISSING
        if self._next("EXISTS"):
            return lambda event: _walk(event, path) is not _MISSING
        if self._next("IS"):
            state = self._next(*_STATES)
            if state is None:
                raise PatternError(f"IS of {path} wants one of {', '.join(_STATES)}")
            return lambda event: _walk(event, path) is _STATES[state]
        sign = self._next("=", "!=", *_NUMBERS)
        if sign is None:
            raise PatternError(f"{path} is compared with nothing")
        kind, value = self._take()
        if kind not in {"text", "word"}:
            raise PatternError(f"{path} {sign} {value} compares with no value")
        if sign in _NUMBERS:
            return _number(path, sign, value)
        return _likeness(path, json.loads(value) if kind == "text" else value, alike=sign == "=")


def _number(path: str, sign: str, value: str) -> Condition:
    try:
        bound = float(value)
    except ValueError as error:
        raise PatternError(f"{path} {sign} {value} compares with no number") from error

    def holds(event: Any) -> bool:
        found = _walk(event, path)
        return isinstance(found, (int, float)) and _NUMBERS[sign](float(found), bound)

    return holds


def _likeness(path: str, value: str, *, alike: bool) -> Condition:
    """Texts, with * for any others in them, and numbers. What is not there is neither alike nor unlike."""
    matches = re.compile(fnmatch.translate(value.replace("[", "[[]").replace("?", "[?]")))

    def holds(event: Any) -> bool:
        found = _walk(event, path)
        if isinstance(found, (_Missing, dict, list)) or found is None:
            return False
        text = str(found).lower() if isinstance(found, bool) else str(found)
        return bool(matches.fullmatch(text)) is alike

    return holds
