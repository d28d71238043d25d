"""Planning of secrets."""

from __future__ import annotations

import contextlib
import datetime
import json
import ssl
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.secretsmanager import certificate, model
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


def planned(secrets: list[Any], lists: list[Any], values: dict[str, str | Secret] | None = None) -> list[Any]:
    desired = model.desired_states("app", secrets, TAGS)
    current = model.current_states(lists, values or {}, {}, desired, TAGS)
    return [(change.op, change.fields) for change in model.plan(current, desired, purge=True)]


GENERATED = {"name": "jwt", "generate": GENERATE}
GIVEN = {"name": "jwt", "value": "s3cret"}

RECIPE = {
    "domain_name": "admin.example.com",
    "subject_alternative_names": ["other.example.com"],
    "validity_days": 365,
    "renew_days_before": 60,
}
TLS = {"name": "jwt", "certificate": RECIPE}
NOW = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
CERTIFICATE = certificate.generate(RECIPE, NOW)


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
        pytest.param([TLS], [listed()], {"app/jwt": model.CERTIFIED}, [], id="a certificate that suits"),
        pytest.param([TLS], [listed()], {"app/jwt": Secret("old")}, [("update", ("value",))], id="another certificate"),
        pytest.param([TLS], [], {}, [("create", ANY)], id="no certificate"),
        pytest.param([], [listed()], {}, [("delete", ())], id="purged"),
        pytest.param([], [listed(DeletedDate="2026-01-01")], {}, [], id="already on its way out"),
        pytest.param([], [listed(Tags=[])], {}, [], id="not ours"),
    ],
)
def test_plan(secrets: list[Any], lists: list[Any], values: dict[str, str | Secret], expected: Any) -> None:
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
        ("app", [{**TLS, "certificate": {**RECIPE, "domain_name": "no name"}}], "secrets[0].certificate.domain_name"),
        ("app", [{**TLS, "certificate": {**RECIPE, "validity_days": 0}}], "secrets[0].certificate.validity_days"),
        (
            "app",
            [{**TLS, "certificate": {**RECIPE, "renew_days_before": 365}}],
            "secrets[0].certificate.renew_days_before",
        ),
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


@pytest.mark.parametrize(
    ("value", "recipe", "days", "expected"),
    [
        pytest.param(CERTIFICATE, RECIPE, 0, model.CERTIFIED, id="new"),
        pytest.param(CERTIFICATE, RECIPE, 304, model.CERTIFIED, id="the day before its renewal"),
        pytest.param(CERTIFICATE, RECIPE, 305, ANY, id="to be renewed"),
        pytest.param(CERTIFICATE, {**RECIPE, "subject_alternative_names": None}, 0, ANY, id="another name"),
        pytest.param(CERTIFICATE, {**RECIPE, "validity_days": 90}, 0, ANY, id="another validity"),
        pytest.param({**CERTIFICATE, "private_key": ""}, RECIPE, 0, ANY, id="no key"),
        pytest.param(
            {**CERTIFICATE, "private_key": certificate.generate(RECIPE, NOW)["private_key"]},
            RECIPE,
            0,
            ANY,
            id="somebody else's key",
        ),
        pytest.param({"username": "app"}, RECIPE, 0, ANY, id="something else"),
        pytest.param([], RECIPE, 0, ANY, id="no fields"),
    ],
)
def test_which_certificate_suits(value: Any, recipe: Any, days: int, expected: Any) -> None:
    secret = Secret(json.dumps(value))
    judged = model.judged(secret, {"certificate": recipe}, NOW + datetime.timedelta(days=days))

    assert judged == (expected if expected is not ANY else secret)


def test_clients_trust_exactly_the_certificate(tmp_path: Path) -> None:
    """A handshake with the strictest checks of Python's TLS, the certificate as its own authority."""
    pem = tmp_path / "both.pem"
    made = certificate.generate(RECIPE, datetime.datetime.now(datetime.UTC))
    pem.write_text(made["certificate"] + made["private_key"])
    serving = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    serving.load_cert_chain(pem)
    trusting = ssl.create_default_context(cadata=made["certificate"])
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT

    def shake(name: str) -> None:
        sent, answered = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = trusting.wrap_bio(answered, sent, server_hostname=name)
        server = serving.wrap_bio(sent, answered, server_side=True)
        for end in (client, server, client):
            with contextlib.suppress(ssl.SSLWantReadError):
                end.do_handshake()
        assert client.version()

    shake("admin.example.com")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake("elsewhere.example.com")
