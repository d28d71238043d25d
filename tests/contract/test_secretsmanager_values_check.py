"""Secrets that everybody knows are refused before anything runs on them, and no value is told."""

from __future__ import annotations

import hashlib
import json
from uuid import uuid4

import pytest

from tests.contract.case import Boto
from tests.contract.harness import Run, run_module

PUBLIC = "default-of-the-public-sources"
GOOD = "correct-horse-battery"


@pytest.fixture
def arns(boto: Boto) -> dict[str, str]:
    """Secrets, good and bad ones."""
    prefix = f"contract-{uuid4().hex[:8]}"
    values = {
        "good": GOOD,
        "account": json.dumps({"username": "app", "password": GOOD}),
        "public": PUBLIC,
        "placeholder": "change-me-change-me",
    }
    manager = boto("secretsmanager")
    return {
        name: manager.create_secret(Name=f"{prefix}/{name}", SecretString=text)["ARN"] for name, text in values.items()
    }


def checked(secrets: dict[str, str], *, check: bool = False) -> Run:
    digests = [hashlib.sha256(PUBLIC.encode()).hexdigest()]
    run = run_module("secretsmanager_values_check", {"secrets": secrets, "refused_digests": digests}, check=check)
    assert run.calls.writes == []
    assert not [value for value in (PUBLIC, GOOD, "change-me-change-me") if value in run.output]
    return run


def test_what_nobody_knows_passes(arns: dict[str, str]) -> None:
    run = checked({"KEY": arns["good"], "DB_PASSWORD": f"{arns['account']}:password::"})
    assert (run.answer["checked"], run.changed) == (["DB_PASSWORD", "KEY"], False)


def test_all_that_everybody_knows_is_named_in_one_line(arns: dict[str, str]) -> None:
    run = checked({"KEY": arns["public"], "TOKEN": arns["placeholder"], "GOOD": arns["good"]})
    assert run.answer["msg"] == (
        "secrets: KEY holds a default that everybody can read; TOKEN holds a placeholder: "
        "write a random value with PutSecretValue"
    )


def test_in_check_mode_secrets_may_be_missing(arns: dict[str, str]) -> None:
    missing = f"{arns['good'][:-6]}NotThr"
    assert checked({"KEY": missing, "OTHER": "(known after apply)"}, check=True).answer["checked"] == []
    assert "is no secret of this account" in checked({"KEY": missing}).answer["msg"]
