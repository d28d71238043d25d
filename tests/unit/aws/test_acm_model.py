"""Planning of certificates and their validation records."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.acm import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

DOMAIN = "auth.example.com"
OPTIONS = {
    "domain_name": DOMAIN,
    "subject_alternative_names": ["*.auth.example.com"],
    "key_algorithm": None,
    "transparency_logging": None,
    "tags": {"Project": "trademaster"},
}
RECORD = {"Name": "_a.auth.example.com.", "Type": "CNAME", "Value": "_b.acm-validations.aws."}
MARK = {model.MARK: DOMAIN, "Project": "trademaster"}


def certificate(arn: str = "arn:1", **fields: Any) -> dict[str, Any]:
    return {
        "CertificateArn": arn,
        "DomainName": DOMAIN,
        "SubjectAlternativeNames": [DOMAIN, "*.auth.example.com"],
        "KeyAlgorithm": "RSA-2048",
        "Status": "ISSUED",
        "DomainValidationOptions": [{"DomainName": DOMAIN, "ResourceRecord": RECORD}],
        **fields,
    }


def planned(certificates: list[dict[str, Any]], tags: dict[str, str] | None = None, **options: Any) -> list[Any]:
    wanted = {**OPTIONS, **options}
    desired = model.desired_state(wanted, model.domain_names(wanted))
    states = {
        item["CertificateArn"]: model.current_state(item, MARK if tags is None else tags, desired)
        for item in certificates
    }
    changes = model.plan_certificate(DOMAIN, model.choose(certificates, desired), states, desired)
    return [(change.op, change.key, change.fields) for change in changes]


OLD = certificate("arn:0", SubjectAlternativeNames=[DOMAIN])
REPLACED = [("replace", DOMAIN, ("domain_names",)), ("delete", "arn:0", ())]


@pytest.mark.parametrize(
    ("certificates", "expected"),
    [
        pytest.param([certificate()], [], id="there"),
        pytest.param([certificate(Status="PENDING_VALIDATION")], [], id="on its way"),
        pytest.param([OLD], REPLACED, id="other names"),
        pytest.param([{**OLD, "InUseBy": ["arn:lb"]}], REPLACED[:1], id="other names, in use"),
        pytest.param([OLD, certificate()], REPLACED[1:], id="listeners have turned to the new one"),
        pytest.param(
            [certificate("arn:2", Status="PENDING_VALIDATION"), certificate("arn:3")],
            [("delete", "arn:2", ())],
            id="issued before pending",
        ),
        pytest.param(
            [certificate(Status="FAILED")],
            [("replace", DOMAIN, ()), ("delete", "arn:1", ())],
            id="failed",
        ),
    ],
)
def test_plan(certificates: list[dict[str, Any]], expected: list[Any]) -> None:
    assert planned(certificates) == expected


def test_first_certificate() -> None:
    assert planned([]) == [("create", DOMAIN, ("domain_names", "tags"))]


@pytest.mark.parametrize(
    ("options", "fields"),
    [
        ({"key_algorithm": "RSA_2048"}, None),
        ({"transparency_logging": True}, None),
        ({"transparency_logging": False}, ("transparency_logging",)),
        ({"tags": {"Project": "trademaster", "Owner": "platform"}}, ("tags",)),
    ],
)
def test_what_can_be_changed_in_place(options: dict[str, Any], fields: Any) -> None:
    assert planned([certificate()], **options) == ([("update", DOMAIN, fields)] if fields else [])


def test_another_key_is_another_certificate() -> None:
    assert [op for op, _, _ in planned([certificate()], key_algorithm="EC_prime256v1")] == ["replace", "delete"]


@pytest.mark.parametrize(
    ("known", "published", "expected"),
    [
        pytest.param({}, {}, [("create", DOMAIN)], id="not known yet"),
        pytest.param({DOMAIN: RECORD}, {}, [("create", DOMAIN)], id="not published"),
        pytest.param({DOMAIN: RECORD}, {DOMAIN: model.record_set(RECORD, 60)}, [], id="published"),
        pytest.param(
            {DOMAIN: RECORD},
            {DOMAIN: model.record_set({**RECORD, "Value": "_old."}, 60)},
            [("update", DOMAIN)],
            id="another value",
        ),
    ],
)
def test_a_domain_and_its_wildcard_share_a_record(known: Any, published: Any, expected: Any) -> None:
    changes = model.plan_records([DOMAIN, f"*.{DOMAIN}"], known, published, "example.com")
    assert [(change.op, change.key) for change in changes] == expected


@pytest.mark.parametrize(
    ("options", "variable"),
    [
        ({"domain_name": "auth"}, "domain_name"),
        ({"domain_name": "auth..example.com"}, "domain_name"),
        ({"domain_name": f"{'a' * 60}.example.com"}, "domain_name"),
        ({"subject_alternative_names": ["ok.example.com", "a.*.example.com"]}, "subject_alternative_names[1]"),
    ],
)
def test_what_is_no_domain_name(options: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        model.domain_names({**OPTIONS, **options})
    assert error.value.variable == variable


@pytest.mark.parametrize(
    ("seen", "status"),
    [
        (None, "pending"),
        ({"Status": "PENDING_VALIDATION"}, "pending"),
        ({"Status": "ISSUED"}, "done"),
        ({"Status": "FAILED", "FailureReason": "CAA_ERROR"}, "failed"),
        ({"Status": "VALIDATION_TIMED_OUT"}, "failed"),
    ],
)
def test_when_a_certificate_is_issued(seen: Any, status: str) -> None:
    assert model.issued(seen).status == status


def test_records_appear_some_time_after_the_request() -> None:
    judge = model.has_records([DOMAIN, f"*.{DOMAIN}"])
    assert judge(None).status == "pending"
    assert (
        judge(certificate(Status="PENDING_VALIDATION", DomainValidationOptions=[{"DomainName": DOMAIN}])).status
        == "pending"
    )
    assert judge(certificate(Status="PENDING_VALIDATION")).status == "done"
    assert judge({"Status": "FAILED", "DomainName": DOMAIN}).status == "failed"


def test_token_stands_for_a_request_as_long_as_the_same_certificates_exist() -> None:
    desired = model.desired_state(OPTIONS, model.domain_names(OPTIONS))
    token = model.idempotency_token(desired, ["arn:1", "arn:2"])
    assert token == model.idempotency_token(dict(reversed(desired.items())), ["arn:2", "arn:1"])
    assert token != model.idempotency_token(desired, ["arn:1"])
    assert len(token) <= 32
