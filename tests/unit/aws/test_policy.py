"""IAM policies compared by meaning."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws import policy
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

READ = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}


def document(*statements: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(document(READ, DENY), document(DENY, READ), id="order of statements"),
        pytest.param(
            document(READ), document({**READ, "Action": ["s3:ListBucket", "s3:GetObject"]}), id="order of actions"
        ),
        pytest.param(document(READ), document({**READ, "Resource": ["*"]}), id="list of one"),
        pytest.param(document(READ), {"Version": "2012-10-17", "Statement": READ}, id="single statement"),
        pytest.param(
            document({**DENY, "Condition": {"Bool": {"aws:securetransport": False}}}), document(DENY), id="boolean"
        ),
        pytest.param(
            document({**READ, "Principal": {"AWS": "123456789012"}}),
            document({**READ, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}}),
            id="account and its root",
        ),
        pytest.param(
            document({**READ, "Principal": "*"}), document({**READ, "Principal": {"AWS": ["*"]}}), id="everybody"
        ),
    ],
)
def test_same_meaning_compares_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert policy.normalised(one) == policy.normalised(other)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(document({**READ, "Effect": "Deny"}), id="effect"),
        pytest.param(document({**READ, "Action": "s3:GetObject"}), id="one action fewer"),
        pytest.param(document({**READ, "Sid": "Read"}), id="statement id"),
        pytest.param({"Statement": [READ]}, id="older language version"),
        pytest.param({}, id="none"),
    ],
)
def test_other_meaning_differs(other: dict[str, Any]) -> None:
    assert policy.normalised(document(READ)) != policy.normalised(other)


@pytest.mark.parametrize("given", ["{", '{"Version": "2012-10-17"}', ["s3:*"]])
def test_what_is_no_policy_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInput, match=r"^policy: "):
        policy.parsed("policy", given)


def test_nothing_stays_nothing() -> None:
    assert policy.parsed("policy", "") == policy.parsed("policy", {}) == policy.normalised({}) == {}
