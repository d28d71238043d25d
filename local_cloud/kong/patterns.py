"""Patterns of schemas: Lua patterns, and the regular expressions of the router."""

from __future__ import annotations

import functools
import re

_CLASSES = {"a": "A-Za-z", "d": "0-9", "l": "a-z", "u": "A-Z", "w": "A-Za-z0-9", "s": r"\s", "x": "0-9A-Fa-f"}
_PUNCTUATION = re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_REASONS = {
    "missing ), unterminated subpattern": "missing closing parenthesis",
    "unbalanced parenthesis": "unmatched closing parenthesis",
    "unterminated character set": "missing terminating ] for character class",
    "nothing to repeat": "quantifier does not follow a repeatable item",
    "multiple repeat": "quantifier does not follow a repeatable item",
    "bad escape (end of pattern)": "\\ at end of pattern",
}


@functools.cache
def lua(pattern: str) -> re.Pattern[str]:
    """The Lua pattern as a regular expression: classes, anchors, sets, `*`, `+`, `?` and the lazy `-`."""
    result, in_set = "", False
    quantifiable = False  # a `-` after something else than one character is itself
    tokens = _tokens(pattern)
    for position, token in enumerate(tokens):
        last = position == len(tokens) - 1
        if in_set:
            in_set = token != "]"
            result += "\\[" if token == "[" else _escaped(token, in_set=True)
            quantifiable = not in_set
        elif token == "[":
            in_set = True
            result += token
        elif token in ("*", "+", "?", "-") and quantifiable:
            result += "*?" if token == "-" else token
            quantifiable = False
        else:
            anchor = token == "^" and position == 0
            result += r"\Z" if token == "$" and last else token if anchor or token in ".()" else _escaped(token)
            quantifiable = not anchor
    return re.compile(result, re.DOTALL)


def _tokens(pattern: str) -> list[str]:
    return re.findall(r"%.|.", pattern, re.DOTALL)


def _escaped(token: str, *, in_set: bool = False) -> str:
    if len(token) == 1:
        return token if in_set else re.escape(token)
    characters = _PUNCTUATION if token[1] == "p" else _CLASSES.get(token[1])
    if characters is None:
        return re.escape(token[1])
    return characters if in_set else f"[{characters}]"


def regex_problem(pattern: str) -> str | None:
    """Why PCRE would not take the pattern; judged by Python's `re`, which is close."""
    try:
        re.compile(re.sub(r"\(\?<(?=[A-Za-z_])", "(?P<", pattern))
    except re.error as error:
        return _REASONS.get(error.msg, error.msg)
    return None
