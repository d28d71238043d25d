"""Secrets that other resources are given: what is in use, what is missing, what only comes to be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.secret_reader import (
    current_value,
    current_version,
)
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

NAME = "platform/cache"


class Account:
    """As much of a run's surroundings as reading a secret takes; `answer` None stands for no such secret."""

    def __init__(self, answer: dict[str, Any] | None, *, check_mode: bool = False) -> None:
        self.answer = answer
        self.check_mode = check_mode
        self.hidden: list[str] = []

    def client(self, _service: str) -> Account:
        return self

    def found(self, call: Callable[[], Any], *_codes: str) -> Any:
        return call()

    def hide(self, values: list[str]) -> None:
        self.hidden += values

    def get_secret_value(self, **_arguments: str) -> dict[str, Any] | None:
        return self.answer

    def describe_secret(self, **_arguments: str) -> dict[str, Any] | None:
        return self.answer


def read(reader: Callable[[Aws, str, str], str], account: Account, secret_id: str = NAME) -> str:
    return reader(cast("Aws", account), "token_secret", secret_id)


def test_a_value_that_was_read_is_masked() -> None:
    account = Account({"SecretString": "correct-horse"})

    assert read(current_value, account) == "correct-horse"
    assert account.hidden == ["correct-horse"]


def test_the_current_version_is_the_one_in_use() -> None:
    stages = {"old": ["AWSPREVIOUS"], "new": ["AWSCURRENT"], "next": ["AWSPENDING"]}

    assert read(current_version, Account({"VersionIdsToStages": stages})) == "new"


@pytest.mark.parametrize("reader", [current_value, current_version])
@pytest.mark.parametrize("secret_id", [NAME, KNOWN_AFTER_APPLY])
def test_check_mode_takes_a_secret_that_comes_to_be(reader: Any, secret_id: str) -> None:
    assert read(reader, Account(None, check_mode=True), secret_id) == KNOWN_AFTER_APPLY


@pytest.mark.parametrize(
    ("reader", "answer", "remedy"),
    [
        (current_value, None, "create it first"),
        (current_version, None, "create it first"),
        (current_value, {"SecretString": ""}, "PutSecretValue"),
        (current_value, {"SecretBinary": b"x"}, "PutSecretValue"),
        (current_version, {"VersionIdsToStages": {"old": ["AWSPREVIOUS"]}}, "PutSecretValue"),
        (current_version, {}, "PutSecretValue"),
    ],
)
def test_what_cannot_be_read_is_named(reader: Any, answer: dict[str, Any] | None, remedy: str) -> None:
    with pytest.raises(InvalidInput, match=f"token_secret: '{NAME}' .*{remedy}"):
        read(reader, Account(answer))
