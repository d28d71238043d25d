"""The lookup of secrets, as a playbook uses it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from tests.contract.case import Boto
from tests.contract.templating import templated


@pytest.fixture
def stored(boto: Boto, aws_endpoint: str) -> str:
    manager = boto("secretsmanager")
    contents: dict[str, Any] = {"text": {"SecretString": "correct-horse"}, "bytes": {"SecretBinary": b"correct"}}
    for name, content in contents.items():
        # Another test, or another session at the same endpoint, may have made it.
        with suppress(manager.exceptions.ResourceExistsException):
            manager.create_secret(Name=f"contract/lookup/{name}", **content)
    return aws_endpoint


@pytest.mark.parametrize(
    ("terms", "check", "shown"),
    [
        pytest.param("'contract/lookup/text'", False, "correct-horse", id="text"),
        pytest.param("'contract/lookup/text'", True, "correct-horse", id="text, in check mode"),
        pytest.param("'contract/lookup/none'", True, "(known after apply)", id="not there yet"),
        pytest.param("'(known after apply)', planned='later'", True, "later", id="not even its name is known"),
        pytest.param("''", False, '""', id="none wanted"),
    ],
)
def test_answers_the_text(stored: str, terms: str, check: bool, shown: str) -> None:
    run = templated(f"lookup('trademaster.platform.secret', {terms})", stored, check=check)
    assert run.returncode == 0, run.stderr
    assert shown in run.stdout


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("contract/lookup/none", "secret contract/lookup/none: An error occurred (ResourceNotFoundException)"),
        ("contract/lookup/bytes", "secret contract/lookup/bytes holds no text: write one with PutSecretValue"),
    ],
)
def test_says_what_is_missing(stored: str, name: str, reason: str) -> None:
    run = templated(f"lookup('trademaster.platform.secret', '{name}')", stored)
    assert run.returncode != 0
    assert reason in " ".join((run.stdout + run.stderr).split())
