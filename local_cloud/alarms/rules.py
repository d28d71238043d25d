"""Rules of composite alarms: ALARM, OK, INSUFFICIENT_DATA, TRUE, FALSE, AND, OR, NOT."""

from __future__ import annotations

import re
from collections.abc import Callable

from local_cloud.alarms.evaluation import ALARM, INSUFFICIENT, OK

_TOKEN = re.compile(r'\s*(?:(AND|OR|NOT|TRUE|FALSE)\b|(ALARM|OK|INSUFFICIENT_DATA)\(\s*"?([^")]+?)"?\s*\)|([()]))')


class RuleError(ValueError):
    """Not a rule; the message says where."""


def holds(rule: str, state: Callable[[str], str]) -> bool:
    """Whether the rule is true; `state` tells the state of an alarm by its name. Raises RuleError."""
    parser = _Parser(_tokens(rule), state)
    result = parser.disjunction()
    if parser.rest:
        raise RuleError(f"unexpected {parser.rest[0]} in the rule")
    return result


def _tokens(rule: str) -> list[tuple[str, str]]:
    found, position = [], 0
    text = rule.rstrip()
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise RuleError(f"the rule cannot be read from here: {text[position:][:40]}")
        word, function, name, bracket = match.groups()
        found.append((function, name) if function else (word or bracket, ""))
        position = match.end()
    return found


class _Parser:
    """OR binds weakest, then AND, then NOT. Both sides are always evaluated: unknown alarms are errors."""

    def __init__(self, tokens: list[tuple[str, str]], state: Callable[[str], str]) -> None:
        self.rest = tokens
        self._state = state

    def _next(self, *wanted: str) -> bool:
        if self.rest and self.rest[0][0] in wanted:
            self.rest = self.rest[1:]
            return True
        return False

    def disjunction(self) -> bool:
        result = self._conjunction()
        while self._next("OR"):
            result = self._conjunction() or result
        return result

    def _conjunction(self) -> bool:
        result = self._negation()
        while self._next("AND"):
            result = self._negation() and result
        return result

    def _negation(self) -> bool:
        return not self._negation() if self._next("NOT") else self._atom()

    def _atom(self) -> bool:
        if self._next("("):
            result = self.disjunction()
            if not self._next(")"):
                raise RuleError("a closing bracket is missing in the rule")
            return result
        if not self.rest or self.rest[0][0] in {")", "AND", "OR"}:
            raise RuleError("the rule ends too early")
        (word, name), self.rest = self.rest[0], self.rest[1:]
        if word in {ALARM, OK, INSUFFICIENT}:
            return self._state(name) == word
        return word == "TRUE"
