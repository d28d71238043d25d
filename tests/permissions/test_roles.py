"""The policies that roles of the collection write: no wildcard without a reason, trust within one account only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from permissions.catalogue import data

ROLES = Path(__file__).parents[2] / "roles"


class Loader(yaml.SafeLoader):
    """Reads what Ansible reads."""


def _nothing(_loader: Loader, _suffix: str, _node: yaml.Node) -> None:
    """What a tag of Ansible's hides is no policy."""


Loader.add_multi_constructor("!", _nothing)


def statements() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement written in a role, with where it is."""
    for path in sorted(
        (*ROLES.glob("*/vars/**/*.yml"), *ROLES.glob("*/tasks/**/*.yml"), *ROLES.glob("*/defaults/**/*.yml"))
    ):
        for statement in _found(yaml.load(path.read_text(), Loader)):  # noqa: S506 - safe, with tags besides
            yield str(path.relative_to(ROLES)), statement


def _found(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        if value.get("Effect") in ("Allow", "Deny"):
            yield value
        for one in value.values():
            yield from _found(one)
    elif isinstance(value, list):
        for one in value:
            yield from _found(one)


def variables() -> dict[str, Any]:
    """What the roles' own variables hold, by name."""
    found: dict[str, Any] = {}
    for path in ROLES.glob("*/vars/**/*.yml"):
        found |= yaml.load(path.read_text(), Loader) or {}  # noqa: S506 - safe, with tags besides
    return found


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


VARIABLES = variables()
ALLOWING = [(where, one) for where, one in statements() if one["Effect"] == "Allow"]
# Who holds a right, and what: policies of roles and tasks name what, trust and resource policies name who.
IDENTITY = [
    pytest.param(one, id=f"{where}-{number}") for number, (where, one) in enumerate(ALLOWING) if "Principal" not in one
]
TRUST = [
    pytest.param(one, id=f"{where}-{number}")
    for number, (where, one) in enumerate(ALLOWING)
    if "sts:AssumeRole" in listed(one.get("Action"))
]


FEDERATED = [
    pytest.param(one, id=f"{where}-{number}")
    for number, (where, one) in enumerate(ALLOWING)
    if "sts:AssumeRoleWithWebIdentity" in listed(one.get("Action"))
]


def test_there_are_statements_to_look_at() -> None:
    assert len(IDENTITY) >= 15
    assert len(TRUST) >= 3
    assert len(FEDERATED) >= 2


@pytest.mark.parametrize("statement", IDENTITY)
def test_what_a_task_may_do_on_all_resources_has_a_reason(statement: dict[str, Any]) -> None:
    assert "*" not in listed(statement["Action"])
    assert not [action for action in listed(statement["Action"]) if isinstance(action, str) and action.endswith(":*")]
    if "*" in listed(statement["Resource"]):
        unexplained = [action for action in listed(statement["Action"]) if action not in data("role_wildcards")]
        assert unexplained == []


@pytest.mark.parametrize("statement", TRUST)
def test_services_take_a_role_on_for_this_account_only(statement: dict[str, Any]) -> None:
    condition = json.dumps(statement.get("Condition", {}))
    named = "".join(json.dumps(VARIABLES.get(name, "")) for name in re.findall(r"\b__\w+", condition))
    assert '"aws:SourceAccount"' in condition + named
    assert '"aws:SourceArn"' in condition + named


@pytest.mark.parametrize("statement", FEDERATED)
def test_who_signs_in_elsewhere_takes_a_role_on_by_audience_and_whole_subject(statement: dict[str, Any]) -> None:
    assert list(statement["Condition"]) == ["StringEquals"]
    (provider,) = {key.rpartition(":")[0] for key in statement["Condition"]["StringEquals"]}
    assert sorted(statement["Condition"]["StringEquals"]) == [f"{provider}:aud", f"{provider}:sub"]


def test_no_reason_is_kept_that_nothing_needs() -> None:
    used = {
        action
        for _, statement in ALLOWING
        if "*" in listed(statement.get("Resource"))
        for action in listed(statement["Action"])
    }
    assert sorted(set(data("role_wildcards")) - used) == []
