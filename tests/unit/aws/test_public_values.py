"""What is refused as a secret, and that nothing generated is."""

from __future__ import annotations

import hashlib
import secrets
import string

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.secretsmanager.public_values import fault

REFUSED = [hashlib.sha256(b"a-default-of-some-public-sources").hexdigest().upper()]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("a-default-of-some-public-sources", "holds a default that everybody can read"),
        ("  a-default-of-some-public-sources\n", "holds a default that everybody can read"),
        ("change-me-public-service-api-key", "holds a placeholder"),
        ("CHANGEME-CHANGEME-CHANGEME", "holds a placeholder"),
        ("your-256-bit-secret-key-here", "holds a placeholder"),
        ("replace_this_with_a_long_value", "holds a placeholder"),
        ("changeit", "holds a placeholder"),
        ("Password123!", "holds a placeholder"),
        ("<jwt secret goes here>", "holds a placeholder"),
        ("${JWT_SECRET}", "holds a placeholder"),
        ("0000000000000000000000", "holds a placeholder"),
        ("correct-horse", "holds 13 bytes, fewer than 16"),
        ("correct-horse-battery", ""),
    ],
)
def test_tells_why_a_value_is_no_secret(value: str, why: str) -> None:
    assert fault(value, REFUSED, 16) == why


def test_generated_values_pass() -> None:
    letters = string.ascii_letters + string.digits
    for _turn in range(2000):
        assert fault("".join(secrets.choice(letters) for _letter in range(40)), REFUSED, 16) == ""
