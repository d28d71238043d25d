"""Masking: no secret survives, whatever it is wrapped in."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import (
    KNOWN_AFTER_APPLY,
    is_placeholder,
)
from ansible_collections.trademaster.platform.plugins.module_utils._core.redact import Secret, redact


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        pytest.param("hunter2", "********", id="whole"),
        pytest.param("psql://u:hunter2@db", "psql://u:********@db", id="inside text"),
        pytest.param({"a": ["x", {"b": "hunter2!"}]}, {"a": ["x", {"b": "********!"}]}, id="nested"),
        pytest.param({"hunter2": 1}, {"********": 1}, id="as a key"),
        pytest.param(("hunter2", 3, None), ["********", 3, None], id="in a tuple"),
        pytest.param({"hunter2", "a"}, ["********", "a"], id="in a set"),
        pytest.param(Secret("anything"), "********", id="a Secret needs no list"),
        pytest.param("hunter2-long", "********", id="longest first"),
    ],
)
def test_redact(value: Any, masked: Any) -> None:
    assert redact(value, ["hunter2", "hunter2-long", ""]) == masked


def test_a_secret_shows_in_no_formatting() -> None:
    secret = Secret("hunter2")
    assert "hunter2" not in f"{secret} {secret!r} {[secret]} {{'a': secret}}"
    assert secret.reveal() == "hunter2"


def test_a_secret_that_is_not_known_yet_hides_nothing_else() -> None:
    assert redact({"arn": KNOWN_AFTER_APPLY}, {KNOWN_AFTER_APPLY}) == {"arn": KNOWN_AFTER_APPLY}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (KNOWN_AFTER_APPLY, True),
        (f"arn of {KNOWN_AFTER_APPLY}", True),
        ({"ids": ["subnet-1", KNOWN_AFTER_APPLY]}, True),
        ({"ids": ("subnet-1",), "n": 3, "none": None}, False),
    ],
)
def test_is_placeholder(value: Any, expected: bool) -> None:
    assert is_placeholder(value) is expected
