# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which labels the result of a PromQL expression has, as far as the expression alone tells.

No parser of PromQL is needed on the controller: C(promtool) refuses what is no PromQL. Everything here is pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias

# A name, an operator, a `{selector}`, a `[range]`, a "string"; or, for what stands in parentheses, a list.
Part: TypeAlias = "str | list[Part]"
# None: any label may be there.
Labels: TypeAlias = "frozenset[str] | None"

_TOKEN = re.compile(
    r"""\s*(?: \#[^\n]* | (
        "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | `[^`]*`
      | \{(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^}"'])*\} | \[[^\]]*\]
      | [A-Za-z_:][\w:]* | [0-9.][\w.]* | ==|!=|>=|<=|[-+*/%^<>(),@]
    ))""",
    re.VERBOSE,
)
_MATCHER = re.compile(r"""([A-Za-z_]\w*)\s*=\s*["'`]([^"'`]+)["'`]""")
# Binary operators, those that bind least first.
_LEVELS = (
    ("or",),
    ("and", "unless"),
    ("==", "!=", ">", "<", ">=", "<="),
    ("+", "-"),
    ("*", "/", "%", "atan2"),
    ("^",),
)
_AGGREGATIONS = ("sum", "avg", "min", "max", "count", "group", "stddev", "stdvar", "quantile", "count_values")
_SELECTIONS = ("topk", "bottomk")
_GROUPING = ("by", "without", "on", "ignoring", "group_left", "group_right")
_NONE: frozenset[str] = frozenset()


def labels_given(expression: str, recorded: Mapping[str, Labels]) -> Labels:
    """Labels of the result of `expression`; `recorded` are those of recording rules by name. None when any may be."""
    return _labels(_tokens(expression), recorded)


def _tokens(text: str) -> list[Part]:
    stack: list[list[Part]] = [[]]
    for match in _TOKEN.finditer(text):
        word = match[1]
        if word == "(":
            stack.append([])
        elif word == ")" and len(stack) > 1:
            inner = stack.pop()
            stack[-1].append(inner)
        elif word:
            stack[-1].append(word)
    return stack[0]


def _labels(tokens: list[Part], recorded: Mapping[str, Labels]) -> Labels:
    while len(tokens) == 1 and isinstance(tokens[0], list):
        tokens = tokens[0]
    while tokens and tokens[0] in ("-", "+"):
        tokens = tokens[1:]
    for level in _LEVELS:
        # Operators of one level bind to the left, so the last one is applied last.
        for at in range(len(tokens) - 1, 0, -1):
            if tokens[at] in level:
                return _of_operation(tokens, at, recorded)
    return _of_term(tokens, recorded)


def _of_operation(tokens: list[Part], at: int, recorded: Mapping[str, Labels]) -> Labels:
    matching, rest = _matching(tokens[at + 1 :])
    left = _labels(tokens[:at], recorded)
    if tokens[at] in ("and", "unless"):
        return left
    right = _labels(rest, recorded)
    if tokens[at] == "or":
        return _both(left, right)
    return _of_vectors(left, right, matching) if matching else _of_values(left, right, tokens[:at], rest)


def _of_vectors(left: Labels, right: Labels, matching: Mapping[str, frozenset[str]]) -> Labels:
    if "group_left" in matching:
        return _plus(left, matching["group_left"])
    if "group_right" in matching:
        return _plus(right, matching["group_right"])
    return matching["on"] if "on" in matching else _both(left, right)


def _of_values(left: Labels, right: Labels, before: list[Part], behind: list[Part]) -> Labels:
    if _is_scalar(behind):
        return left
    return right if _is_scalar(before) else _both(left, right)


def _matching(tokens: list[Part]) -> tuple[dict[str, frozenset[str]], list[Part]]:
    """What `bool`, `on (…)`, `group_left (…)` and the like say, and the operand behind them."""
    said: dict[str, frozenset[str]] = {}
    while tokens and (tokens[0] == "bool" or tokens[0] in _GROUPING):
        word, tokens = tokens[0], tokens[1:]
        names = tokens[0] if tokens and word != "bool" else None
        # `group_left` may stand without labels; then the operand follows it.
        if isinstance(names, list) and (word not in ("group_left", "group_right") or len(tokens) > 1):
            said[str(word)] = _names(names)
            tokens = tokens[1:]
        elif word != "bool":
            said[str(word)] = _NONE
    return said, tokens


def _of_term(tokens: list[Part], recorded: Mapping[str, Labels]) -> Labels:
    head = tokens[0] if tokens else ""
    if not isinstance(head, str):
        return None
    if head in _AGGREGATIONS or head in _SELECTIONS:
        return _of_aggregation(head, tokens[1:], recorded)
    if len(tokens) > 1 and isinstance(tokens[1], list):
        return _of_call(head, tokens[1], recorded)
    return recorded.get(head)


def _of_aggregation(name: str, tokens: list[Part], recorded: Mapping[str, Labels]) -> Labels:
    grouping, labels, inner = "", _NONE, list[Part]()
    for at, part in enumerate(tokens):
        if part in ("by", "without") and at + 1 < len(tokens):
            following = tokens[at + 1]
            grouping, labels = str(part), _names(following if isinstance(following, list) else [])
        elif isinstance(part, list) and (at == 0 or tokens[at - 1] not in ("by", "without")):
            inner = part
    arguments = _arguments(inner)
    given = _labels(arguments[-1], recorded) if arguments else None
    if name in _SELECTIONS:
        return given
    if name == "count_values" and arguments:
        labels = labels | {_text(arguments[0])}
        return labels if grouping != "without" else None
    if grouping == "without":
        return None if given is None else given - labels
    return labels if given is None else labels & given


def _of_call(name: str, inner: list[Part], recorded: Mapping[str, Labels]) -> Labels:
    arguments = _arguments(inner)
    if name in ("vector", "scalar", "time", "pi"):
        return _NONE
    if name in ("absent", "absent_over_time"):
        return frozenset(label for label, _value in _MATCHER.findall(" ".join(map(str, inner))))
    vectors = [one for one in arguments if not _is_scalar(one)]
    given = _labels(vectors[0], recorded) if vectors else None
    if name in ("label_replace", "label_join") and len(arguments) > 1:
        return _plus(given, frozenset({_text(arguments[1])}))
    if name == "histogram_quantile":
        return None if given is None else given - {"le"}
    return given


def _arguments(tokens: list[Part]) -> list[list[Part]]:
    found: list[list[Part]] = [[]]
    for part in tokens:
        if part == ",":
            found.append([])
        else:
            found[-1].append(part)
    return [one for one in found if one]


def _is_scalar(tokens: list[Part]) -> bool:
    """Whether it is made of numbers, strings and functions that answer scalars only."""
    at = 0
    while at < len(tokens):
        part = tokens[at]
        if part in ("scalar", "time", "pi"):
            at += 1
        elif isinstance(part, list):
            if not _is_scalar(part):
                return False
        elif re.match(r"[A-Za-z_:{]", part) and part.lower() not in ("inf", "nan"):
            return False
        at += 1
    return True


def _names(tokens: list[Part]) -> frozenset[str]:
    return frozenset(part for part in tokens if isinstance(part, str) and part != ",")


def _text(tokens: list[Part]) -> str:
    return str(tokens[0])[1:-1]


def _plus(labels: Labels, further: frozenset[str]) -> Labels:
    return None if labels is None else labels | further


def _both(left: Labels, right: Labels) -> Labels:
    if left is None or right is None:
        return right if left is None else left
    return left & right
