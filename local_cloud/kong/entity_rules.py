"""Rules over several fields of a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from local_cloud.kong import checks
from local_cloud.kong.errors import ENTITY, Errors

if TYPE_CHECKING:
    from local_cloud.kong.schema import Field

Problem = tuple[Sequence[str], str]
"""Path of the field (or `@entity`) and message."""
Body = Callable[[Mapping[str, Any], bool], Iterator[Problem]]
Verdict = Callable[[Any], str | None]
"""What speaks against a value."""
Judge = Callable[["Field", Mapping[str, Any]], Verdict]
"""The verdict on values of a field by the rules that are given."""


def at(data: Any, path: Sequence[str]) -> Any:
    """The value at a path, None where there is none."""
    for name in path:
        if not isinstance(data, Mapping):
            return None
        data = data.get(name)
    return data


def _set(value: Any) -> bool:
    return value is not None and value not in ("", [], {})


class Check:
    def __init__(self, fields: Sequence[str], body: Body, *, tolerant: bool = False):
        self._paths = [field.split(".") for field in fields]
        self._tolerant = tolerant
        self.run = body

    def blocked_by(self, errors: Errors) -> bool:
        """Whether a field that it looks at is wrong already."""
        return not self._tolerant and any(_fails(errors, path) for path in self._paths)


def _fails(errors: Any, path: Sequence[str]) -> bool:
    for name in path:
        if not isinstance(errors, Mapping) or name not in errors:
            return False
        errors = errors[name]
    return True


def compile_check(rule: Mapping[str, Any], record: Field, judge: Judge) -> Check:
    if "check" in rule:
        custom = rule.get("custom_entity_check", {})
        tolerant = bool(custom.get("run_with_invalid_fields"))
        return Check(rule["fields"], checks.ENTITY_CHECKS[rule["check"]], tolerant=tolerant)
    (name,) = rule
    if name == "conditional":
        return _conditional(rule[name], record, judge)
    if name == "conditional_at_least_one_of":
        return _conditional_at_least_one_of(rule[name], record, judge)
    fields = rule[name]
    return Check(fields, _several(name, fields))


def _quoted(fields: Sequence[str]) -> str:
    return ", ".join(f"'{field}'" for field in fields)


_TEXTS = {
    "at_least_one_of": "at least one of these fields must be non-empty",
    "only_one_of": "exactly one of these fields must be non-empty",
    "mutually_exclusive": "only one or none of these fields must be set",
    "mutually_required": "all or none of these fields must be set",
    "distinct": "values of these fields must be distinct",
}


def _holds(name: str, values: Sequence[Any], fields: int) -> bool:
    """Whether the fields that are set, of so many, are as the rule wants them."""
    if name == "distinct":
        return not any(value in values[:index] for index, value in enumerate(values))
    count = len(values)
    allowed = {
        "at_least_one_of": count > 0,
        "only_one_of": count == 1,
        "mutually_exclusive": count <= 1,
        "mutually_required": count in (0, fields),
    }
    return allowed[name]


def _several(name: str, fields: Sequence[str]) -> Body:
    paths = [field.split(".") for field in fields]

    def body(data: Mapping[str, Any], updating: bool) -> Iterator[Problem]:
        values = [value for path in paths if _set(value := at(data, path))]
        if not _holds(name, values, len(paths)):
            prefix = "when updating, " if updating and name == "at_least_one_of" else ""
            yield (ENTITY,), f"{prefix}{_TEXTS[name]}: {_quoted(fields)}"

    return body


def _schema_of(record: Field, path: Sequence[str]) -> Field:
    for name in path:
        record = record.fields[name]
    return record


def _meets(value: Any, verdict: Verdict) -> bool:
    return value is not None and verdict(value) is None


def _conditional(rule: Mapping[str, Any], record: Field, judge: Judge) -> Check:
    condition, target = rule["if_field"].split("."), rule["then_field"].split(".")
    matched = judge(_schema_of(record, condition), rule["if_match"])
    wanted = judge(_schema_of(record, target), rule["then_match"])

    def body(data: Mapping[str, Any], updating: bool) -> Iterator[Problem]:
        if not _meets(at(data, condition), matched):
            return
        problem = wanted(at(data, target))
        if problem:
            yield target, problem
            default = f"failed conditional validation given value of field '{rule['if_field']}'"
            yield (ENTITY,), rule.get("then_err") or default

    return Check([rule["if_field"], rule["then_field"]], body)


def _conditional_at_least_one_of(rule: Mapping[str, Any], record: Field, judge: Judge) -> Check:
    condition, fields = rule["if_field"].split("."), rule["then_at_least_one_of"]
    matched = judge(_schema_of(record, condition), rule["if_match"])

    def body(data: Mapping[str, Any], updating: bool) -> Iterator[Problem]:
        if not _meets(at(data, condition), matched):
            return
        if not any(_set(at(data, field.split("."))) for field in fields):
            yield (ENTITY,), rule["then_err"].replace("%s", _quoted(fields))

    return Check([rule["if_field"], *fields], body)
