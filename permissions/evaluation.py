"""Whether policies allow a request: what IAM does with the policies of a caller, as far as ours go. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """One action on one resource, with the keys that conditions may name."""

    action: str
    resource: str = "*"
    context: Mapping[str, str] = field(default_factory=dict)


def allowed(documents: Iterable[Mapping[str, Any]], asked: Asked) -> bool:
    """A statement allows it, and none denies it."""
    effects = {
        statement["Effect"]
        for document in documents
        for statement in document["Statement"]
        if _concerns(statement, asked)
    }
    return effects == {"Allow"}


def _concerns(statement: Statement, asked: Asked) -> bool:
    actions, resources = _list(statement["Action"]), _list(statement["Resource"])
    return (
        any(_matches(pattern.lower(), asked.action.lower()) for pattern in actions)
        and any(_matches(pattern, asked.resource) for pattern in resources)
        and _holds(statement.get("Condition", {}), asked.context)
    )


def _holds(condition: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    keys = {name.lower(): value for name, value in context.items()}
    return all(
        _compare(operator, keys.get(key.lower()), [str(value) for value in _list(values)])
        for operator, wanted in condition.items()
        for key, values in wanted.items()
    )


def _compare(operator: str, value: str | None, wanted: Sequence[str]) -> bool:
    base = operator.removesuffix("IfExists")
    if base == "Null":
        return (value is None) == (wanted == ["true"])
    if base not in _OPERATORS:
        raise NotImplementedError(f"the operator {operator} of conditions is not known here")
    if value is None:
        return operator != base
    return any(_OPERATORS[base](value, one) for one in wanted)


def _equal(value: str, wanted: str) -> bool:
    return value == wanted


def _like(value: str, wanted: str) -> bool:
    return _matches(wanted, value)


def _same(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": _equal,
    "StringLike": _like,
    "ArnEquals": _like,
    "ArnLike": _like,
    "Bool": _same,
}


def _matches(pattern: str, text: str) -> bool:
    return bool(_compiled(pattern).fullmatch(text))


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
