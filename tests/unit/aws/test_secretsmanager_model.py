"""Planning of secrets."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.secretsmanager import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput, PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._core.redact import Secret

TAGS = {"Project": "trademaster"}
GENERATE = {"length": 32, "exclude_punctuation": False, "exclude_characters": ""}


def listed(**fields: Any) -> dict[str, Any]:
    return {
        "Name": "app/jwt",
        "ARN": "arn:…:secret:app/jwt-abc",
        "Tags": [{"Key": "Project", "Value": "trademaster"}],
        "SecretVersionsToStages": {"1": ["AWSCURRENT"]},
        **fields,
    }


def planned(secrets: list[Any], lists: list[Any], values: dict[str, Secret] | None = None) -> list[Any]:
    desired = model.desired_states("app", secrets, TAGS)
    current = model.current_states(lists, values or {}, {}, desired, TAGS)
    return [(change.op, change.fields) for change in model.plan(current, desired, purge=True)]


GENERATED = {"name": "jwt", "generate": GENERATE}
GIVEN = {"name": "jwt", "value": "s3cret"}


@pytest.mark.parametrize(
    ("secrets", "lists", "values", "expected"),
    [
        pytest.param([GENERATED], [listed()], {}, [], id="generated once"),
        pytest.param([GENERATED], [listed(SecretVersionsToStages={})], {}, [("update", ("value",))], id="no value yet"),
        pytest.param(
            [GENERATED],
            [listed(DeletedDate="2026-01-01")],
            {},
            [("update", ("scheduled_for_deletion",))],
            id="restored with its value",
        ),
        pytest.param([GIVEN], [listed()], {"app/jwt": Secret("s3cret")}, [], id="same value"),
        pytest.param([GIVEN], [listed()], {"app/jwt": Secret("old")}, [("update", ("value",))], id="other value"),
        pytest.param(
            [GIVEN],
            [listed(DeletedDate="2026-01-01")],
            {},
            [("update", ("scheduled_for_deletion", "value"))],
            id="restored, value unreadable before",
        ),
        pytest.param([], [listed()], {}, [("delete", ())], id="purged"),
        pytest.param([], [listed(DeletedDate="2026-01-01")], {}, [], id="already on its way out"),
        pytest.param([], [listed(Tags=[])], {}, [], id="not ours"),
    ],
)
def test_plan(secrets: list[Any], lists: list[Any], values: dict[str, Secret], expected: Any) -> None:
    assert planned(secrets, lists, values) == expected


def test_values_of_generated_secrets_are_not_read() -> None:
    desired = model.desired_states("app", [GENERATED, {"name": "mail", "value": "x"}], TAGS)
    everything = [listed(), listed(Name="app/mail"), listed(Name="app/foreign")]
    assert model.readable(everything, desired, "value") == ["app/mail"]


def test_a_value_that_may_not_be_read_is_an_error() -> None:
    missing = {"SecretId": "app/new", "ErrorCode": "ResourceNotFoundException"}
    assert model.values_by_name([], [missing]) == {}
    with pytest.raises(PlatformError, match="app/mail: DecryptionFailure"):
        model.values_by_name([], [{"SecretId": "app/mail", "ErrorCode": "DecryptionFailure", "Message": "no"}])


@pytest.mark.parametrize(
    ("prefix", "secrets", "variable"),
    [
        ("/", [GENERATED], "prefix"),
        ("app", [GENERATED, GIVEN], "secrets[1].name"),
        ("app", [{"name": "jwt", "value": " "}], "secrets[0].value"),
        ("app", [{"name": "jwt", "keys": []}], "secrets[0].keys"),
        ("app", [{"name": "db", "template": {"a": 1}, "keys": [{"name": "a", **GENERATE}]}], "secrets[0].keys"),
        ("app", [{"name": "jwt", "generate": {**GENERATE, "length": 0}}], "secrets[0]: length"),
        ("app", [{**GIVEN, "resource_policy": "{"}], "secrets[0].resource_policy"),
    ],
)
def test_what_secrets_manager_would_refuse(prefix: str, secrets: list[Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        model.desired_states(prefix, secrets, TAGS)
    assert error.value.variable == variable
    assert "s3cret" not in str(error.value)


@pytest.mark.parametrize("days", [1, 31])
def test_recovery_window_out_of_range(days: int) -> None:
    with pytest.raises(InvalidInput):
        model.validate_window(days)
