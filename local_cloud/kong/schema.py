"""Schemas at work: fill in what is missing, validate, merge."""

from __future__ import annotations

import copy
import re
import secrets
import string as alphabet
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from local_cloud.kong import checks, entity_rules, patterns
from local_cloud.kong.errors import ENTITY, Errors

Context = Literal["insert", "upsert", "update"]
Rule = Callable[[Any], str | None]

REQUIRED = "required field missing"
UNKNOWN = "unknown field"
_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_ALPHANUMERIC = alphabet.ascii_letters + alphabet.digits
_EXPECTED = {
    "string": "expected a string",
    "integer": "expected an integer",
    "number": "expected a number",
    "boolean": "expected a boolean",
    "array": "expected an array",
    "set": "expected a set",
    "map": "expected a map",
    "record": "expected a record",
}


def is_uuid(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


@dataclass
class Field:
    """A compiled field. Of a record, `fields` are its fields and `checks` its rules over several of them."""

    spec: Mapping[str, Any]
    type: str
    required: bool
    rules: Sequence[Rule] = ()
    elements: Field | None = None
    keys: Field | None = None
    values: Field | None = None
    fields: dict[str, Field] = field(default_factory=dict)
    checks: Sequence[entity_rules.Check] = ()
    shorthands: dict[str, Field] = field(default_factory=dict)


def compile_field(spec: Mapping[str, Any]) -> Field:
    compiled = Field(spec, spec["type"], bool(spec.get("required")), _rules(spec))
    for part in ("elements", "keys", "values"):
        if part in spec:
            setattr(compiled, part, compile_field(spec[part]))
    compiled.fields = {name: compile_field(inner) for name, inner in spec.get("fields", {}).items()}
    compiled.shorthands = {name: compile_field(inner) for name, inner in spec.get("shorthands", {}).items()}
    compiled.checks = [entity_rules.compile_check(rule, compiled, judge) for rule in spec.get("checks", ())]
    return compiled


# -- rules of one field ---------------------------------------------------------------------------


def _rules(spec: Mapping[str, Any]) -> list[Rule]:
    found = [_RULES[name](spec[name], spec) for name in _RULES if name in spec]
    if spec["type"] == "string" and "len_min" not in spec:
        found.insert(0, _len_min(1, spec))
    if "check" in spec:
        found.append(checks.FIELD[spec["check"]])
    return found


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _listed(values: Sequence[Any]) -> str:
    return ", ".join(_shown(value) for value in values)


def _rule(problem: str, holds: Callable[[Any], bool]) -> Rule:
    return lambda value: None if holds(value) else problem


def _eq(wanted: Any, spec: Mapping[str, Any]) -> Rule:
    return _rule(f"value must be {_shown(wanted)}", lambda value: value == wanted)


def _one_of(choices: Sequence[Any], spec: Mapping[str, Any]) -> Rule:
    return _rule(spec.get("err") or f"expected one of: {_listed(choices)}", lambda value: value in choices)


def _not_one_of(choices: Sequence[Any], spec: Mapping[str, Any]) -> Rule:
    return _rule(f"must not be one of: {_listed(choices)}", lambda value: value not in choices)


def _gt(limit: float, spec: Mapping[str, Any]) -> Rule:
    return _rule(f"value must be greater than {limit}", lambda value: value > limit)


def _between(limits: Sequence[float], spec: Mapping[str, Any]) -> Rule:
    low, high = limits
    return _rule(f"value should be between {low} and {high}", lambda value: low <= value <= high)


def _uuid(_wanted: bool, spec: Mapping[str, Any]) -> Rule:
    return _rule("expected a valid UUID", is_uuid)


def _timestamp(_wanted: bool, spec: Mapping[str, Any]) -> Rule:
    return _rule("expected a valid timestamp", lambda value: value > 0)


def _length(value: Any) -> int:
    return len(value.encode(errors="surrogatepass")) if isinstance(value, str) else len(value)


def _len_eq(length: int, spec: Mapping[str, Any]) -> Rule:
    return _rule(f"length must be {length}", lambda value: _length(value) == length)


def _len_min(length: int, spec: Mapping[str, Any]) -> Rule:
    if "mutually_exclusive_subsets" in spec:
        # Kong stumbles over the empty set before it looks at its length.
        return _rule("unknown type: nil", lambda value: _length(value) >= length)
    return _rule(f"length must be at least {length}", lambda value: _length(value) >= length)


def _len_max(length: int, spec: Mapping[str, Any]) -> Rule:
    return _rule(f"length must be at most {length}", lambda value: _length(value) <= length)


def _starts_with(prefix: str, spec: Mapping[str, Any]) -> Rule:
    return _rule(f"should start with: {prefix}", lambda value: value.startswith(prefix))


def _invalid(value: str, spec: Mapping[str, Any]) -> str:
    return str(spec.get("err") or f"invalid value: {value}")


def _match(pattern: str, spec: Mapping[str, Any]) -> Rule:
    compiled = patterns.lua(pattern)
    return lambda value: None if compiled.search(value) else _invalid(value, spec)


def _match_none(items: Sequence[Mapping[str, str]], spec: Mapping[str, Any]) -> Rule:
    def rule(value: str) -> str | None:
        return next((_invalid(value, item) for item in items if patterns.lua(item["pattern"]).search(value)), None)

    return rule


def _match_all(items: Sequence[Mapping[str, str]], spec: Mapping[str, Any]) -> Rule:
    def rule(value: str) -> str | None:
        return next((_invalid(value, item) for item in items if not patterns.lua(item["pattern"]).search(value)), None)

    return rule


def _match_any(choice: Mapping[str, Any], spec: Mapping[str, Any]) -> Rule:
    def rule(value: str) -> str | None:
        found = any(patterns.lua(pattern).search(value) for pattern in choice["patterns"])
        return None if found else _invalid(value, choice)

    return rule


def _is_regex(_wanted: bool, spec: Mapping[str, Any]) -> Rule:
    return lambda value: f"not a valid regex: {value}" if patterns.regex_problem(value) else None


def _contains(wanted: Any, spec: Mapping[str, Any]) -> Rule:
    return _rule(f"expected to contain: {_shown(wanted)}", lambda value: wanted in value)


def _exclusive_subsets(subsets: Sequence[Sequence[str]], spec: Mapping[str, Any]) -> Rule:
    def rule(value: Sequence[str]) -> str | None:
        used = [subset for subset in subsets if set(subset) & set(value)]
        if len(used) < 2:
            return None
        shown = ", ".join("(" + ", ".join(f"'{item}'" for item in subset) + ")" for subset in used)
        return f"these sets are mutually exclusive: {shown}"

    return rule


_RULES: dict[str, Callable[[Any, Mapping[str, Any]], Rule]] = {
    "eq": _eq,
    "not_one_of": _not_one_of,
    "one_of": _one_of,
    "gt": _gt,
    "timestamp": _timestamp,
    "uuid": _uuid,
    "is_regex": _is_regex,
    "between": _between,
    "len_eq": _len_eq,
    "len_min": _len_min,
    "len_max": _len_max,
    "starts_with": _starts_with,
    "match_none": _match_none,
    "match": _match,
    "match_all": _match_all,
    "match_any": _match_any,
    "contains": _contains,
    "mutually_exclusive_subsets": _exclusive_subsets,
}


# -- filling in -----------------------------------------------------------------------------------


class ShorthandError(Exception):
    """A shorthand field is wrong; nothing else is looked at then."""

    def __init__(self, errors: Errors):
        super().__init__(errors)
        self.errors = errors


def fill(schema: Field, given: Mapping[str, Any], context: Context) -> dict[str, Any]:
    """A copy with shorthands expanded and, unless updating, generated values and defaults.

    Raises ShorthandError.
    """
    data = dict(given)
    if schema.shorthands:
        _expand(schema, data)
    for name, inner in schema.fields.items():
        if name in data:
            data[name] = _adjusted(inner, data[name], context)
        elif context != "update":
            data[name] = _initial(inner, context)
        if name == "updated_at":
            data[name] = now(inner.type)
    return data


def now(kind: str = "integer") -> float:
    return round(time.time(), 3) if kind == "number" else int(time.time())


def _initial(inner: Field, context: Context) -> Any:
    spec = inner.spec
    if spec.get("auto"):
        if spec.get("uuid"):
            return str(uuid.uuid4())
        if spec.get("timestamp"):
            return now(inner.type)
        return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(32))
    if spec.get("default") is not None:
        return _adjusted(inner, copy.deepcopy(spec["default"]), context)
    if inner.type == "record" and inner.required:
        return fill(inner, {}, context)
    return None


_EMPTY: dict[str, Any] = {"array": list, "set": list, "map": dict, "record": dict}


def _adjusted(inner: Field, value: Any, context: Context) -> Any:
    if value in ([], {}) and inner.type in _EMPTY:
        # Lua cannot tell an empty object from an empty list.
        value = _EMPTY[inner.type]()
    if isinstance(value, dict) and inner.type == "record":
        return fill(inner, value, context)
    if isinstance(value, dict) and inner.type == "map" and inner.values and inner.values.type == "record":
        return {key: _adjusted(inner.values, item, "insert") for key, item in value.items()}
    if isinstance(value, list) and inner.type in ("array", "set") and inner.elements:
        elements = inner.elements
        adjusted = [_adjusted(elements, item, "insert") for item in value]
        return _distinct(adjusted) if inner.type == "set" else adjusted
    if inner.type == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _distinct(values: list[Any]) -> list[Any]:
    kept: list[Any] = []
    for value in values:
        if value not in kept:
            kept.append(value)
    return kept


def _expand(schema: Field, data: dict[str, Any]) -> None:
    errors: Errors = {}
    for name, shorthand in schema.shorthands.items():
        if name not in data:
            continue
        problem = _value_problem(shorthand, data[name])
        problem = problem or _conflict(name, shorthand, data)
        if problem:
            errors[name] = problem
            continue
        value = data.pop(name)
        if "expand" in shorthand.spec:
            data.update(checks.SHORTHANDS[shorthand.spec["expand"]](value, data))
        for path in [*_replacements(shorthand), *_successor(shorthand)]:
            _put_unless_set(data, path, value)
    if errors:
        raise ShorthandError(errors)


def _replacements(shorthand: Field) -> list[list[str]]:
    deprecation = shorthand.spec.get("deprecation", {})
    return [item["path"] for item in deprecation.get("replaced_with", ())]


def _successor(shorthand: Field) -> list[list[str]]:
    return [[shorthand.spec["becomes"]]] if "becomes" in shorthand.spec else []


def _conflict(name: str, shorthand: Field, data: Mapping[str, Any]) -> str | None:
    for path in _replacements(shorthand):
        current = entity_rules.at(data, path)
        if current is not None and data[name] is not None and current != data[name]:
            values = f"{name} = {_shown(data[name])} vs {'.'.join(path)} = {_shown(current)}"
            return f"both deprecated and new field are used but their values mismatch: {values}"
    return None


def _put_unless_set(data: dict[str, Any], path: Sequence[str], value: Any) -> None:
    for name in path[:-1]:
        inner = data.get(name)
        data[name] = dict(inner) if isinstance(inner, Mapping) else {}
        data = data[name]
    if data.get(path[-1]) is None:
        data[path[-1]] = value


def with_former_names(schema: Field, data: Mapping[str, Any]) -> dict[str, Any]:
    """As it is answered: deprecated names beside the current ones."""
    shown = dict(data)
    for name, inner in schema.fields.items():
        if inner.type == "record" and isinstance(shown.get(name), Mapping):
            shown[name] = with_former_names(inner, shown[name])
    for name, shorthand in schema.shorthands.items():
        for path in _replacements(shorthand):
            shown[name] = entity_rules.at(data, path)
    return shown


# -- merging and validating -----------------------------------------------------------------------


def merge(schema: Field, current: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Records are merged, everything else is replaced."""
    merged = dict(current) | dict(change)
    for name, inner in schema.fields.items():
        new, old = change.get(name), current.get(name)
        if inner.type == "record" and isinstance(new, Mapping):
            if isinstance(old, Mapping):
                merged[name] = merge(inner, old, new)
            else:
                merged[name] = fill(inner, new, "insert")
    return merged


def problems(schema: Field, data: Mapping[str, Any], *, updating: bool = False) -> Errors:
    """All errors of a filled entity, as the answer nests them."""
    errors: Errors = {name: UNKNOWN for name in data if name not in schema.fields}
    for name, inner in schema.fields.items():
        # What a new entity does not give has been filled in; what a changed one never had is not missed.
        problem = _value_problem(inner, data[name], updating=updating) if name in data else None
        if problem is not None:
            errors[name] = problem
    runnable = [check for check in schema.checks if not check.blocked_by(errors)]
    for check in runnable:
        for path, message in check.run(data, updating):
            _add(errors, path, message)
    return errors


def _add(errors: Errors, path: Sequence[str], message: str) -> None:
    if tuple(path) == (ENTITY,):
        errors.setdefault(ENTITY, []).append(message)
        return
    for name in path[:-1]:
        inner = errors.get(name)
        if not isinstance(inner, dict):
            inner = errors[name] = {}
        errors = inner
    errors[path[-1]] = message


def _value_problem(inner: Field, value: Any, *, updating: bool = False) -> Any:
    if value is None:
        return REQUIRED if inner.required else None
    if inner.type == "foreign":
        return _reference_problem(inner, value)
    if not _of_type(inner.type, value):
        return _EXPECTED[inner.type]
    if inner.spec.get("referenceable") and checks.is_reference(value):
        return None
    return _inner_problem(inner, value, updating) or _broken_rule(inner.rules, value)


def _broken_rule(broken: Sequence[Rule], value: Any) -> str | None:
    return next((message for rule in broken if (message := rule(value))), None)


def judge(inner: Field, spec: Mapping[str, Any]) -> Rule:
    """What speaks against a value of the field by the rules of `spec` alone."""
    elements = compile_field(spec["elements"]) if "elements" in spec else None
    without_length = {"len_min": 0} if inner.type == "string" else {}
    compiled = [] if elements else _rules({"type": inner.type, **without_length, **spec})
    for_null = [_eq(spec["eq"], spec)] if "eq" in spec else []

    def rule(value: Any) -> str | None:
        if value is None:
            return _broken_rule(for_null, value) or (REQUIRED if spec.get("required") else None)
        if elements:
            return next((problem for item in value if (problem := _value_problem(elements, item))), None)
        return _broken_rule(compiled, value)

    return rule


def _of_type(kind: str, value: Any) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind in ("array", "set"):
        return isinstance(value, list)
    return isinstance(value, dict | list)


def _inner_problem(inner: Field, value: Any, updating: bool) -> Any:
    if inner.elements:
        found = [_value_problem(inner.elements, item) for item in value]
        while found and found[-1] is None:
            found.pop()
        return found
    if inner.type == "map":
        return _map_problem(inner, value)
    if inner.type == "record":
        if isinstance(value, list):
            return [UNKNOWN] * len(value)
        return problems(inner, value, updating=updating)
    return None


def _map_problem(inner: Field, value: Any) -> Any:
    pairs = value.items() if isinstance(value, dict) else enumerate(value, 1)
    for key, item in pairs:
        problem = inner.keys and _value_problem(inner.keys, key)
        problem = problem or (inner.values and _value_problem(inner.values, item))
        if problem:
            return problem
    return None


def _reference_problem(inner: Field, value: Any) -> Any:
    if "eq" in inner.spec:
        return "value must be null"
    identity = value.get("id") if isinstance(value, dict) else None
    if identity is None:
        return {"id": "missing primary key"}
    return None if is_uuid(identity) else {"id": "expected a valid UUID"}
