"""Rules over several fields of a record, named as `GET /schemas/…` names them."""

from __future__ import annotations

from typing import Any

Rule = dict[str, Any]


def at_least_one_of(*fields: str) -> Rule:
    return {"at_least_one_of": list(fields)}


def only_one_of(*fields: str) -> Rule:
    return {"only_one_of": list(fields)}


def mutually_exclusive(*fields: str) -> Rule:
    return {"mutually_exclusive": list(fields)}


def mutually_required(*fields: str) -> Rule:
    return {"mutually_required": list(fields)}


def distinct(*fields: str) -> Rule:
    return {"distinct": list(fields)}


def when(field: str, match: dict[str, Any], then: str, then_match: dict[str, Any], err: str | None = None) -> Rule:
    """If `field` meets `match`, the field `then` has to meet `then_match`."""
    rule = {"if_field": field, "if_match": match, "then_field": then, "then_match": then_match}
    return {"conditional": rule | ({"then_err": err} if err else {})}


def when_at_least_one_of(field: str, match: dict[str, Any], fields: list[str], err: str) -> Rule:
    """If `field` meets `match`, one of `fields` has to be set."""
    rule = {"if_field": field, "if_match": match, "then_at_least_one_of": fields, "then_err": err}
    return {"conditional_at_least_one_of": rule}


def custom(check: str, *fields: str, **rules: Any) -> Rule:
    """A rule of `checks.py` of which the answer shows the fields."""
    return {"custom_entity_check": {"field_sources": list(fields), **rules}, "check": check, "fields": list(fields)}


def hidden(check: str, *fields: str) -> Rule:
    """A rule of `checks.py` that the answer does not show."""
    return {"check": check, "fields": list(fields)}
