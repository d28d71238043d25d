"""The steps of a rotation on an account: what they write, what they keep to themselves, that they can be repeated."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.case import Boto
from tests.contract.harness import Run, run_module

STEPS = ("begin", "promote", "retire", "finish")
POSITIONS = dict(zip(STEPS, ("pending", "promoted", "retiring", "settled"), strict=True))
PASSWORD = "correct-horse-battery"
KEY = "staple-correct-horse"


@pytest.fixture
def prefix(boto: Boto) -> str:
    """The beginning of the names of an account and of a key that are there."""
    prefix = f"contract-{uuid4().hex[:8]}"
    manager = boto("secretsmanager")
    account = json.dumps({"username": "app", "password": PASSWORD})
    manager.create_secret(Name=f"{prefix}/database", SecretString=account)
    manager.create_secret(Name=f"{prefix}/key", SecretString=KEY)
    return prefix


def taken(prefix: str, step: str, *names: str, check: bool = False, **policy: Any) -> Run:
    alternate = {"field": "username", "suffix": "_clone"}
    secrets = [
        {"name": "database", "keys": [{"name": "password", "length": 40}], "alternate": alternate, **policy},
        {"name": "key", "generate": {"length": 48, "exclude_punctuation": True}, **policy},
        {"name": "not-there", "generate": {}},
    ]
    options = {"prefix": prefix, "secrets": secrets, "names": list(names), "step": step, "by": "alice"}
    run = run_module("secretsmanager_rotation", options, check=check)
    assert not run.answer.get("failed"), run.answer.get("msg")
    assert PASSWORD not in run.output
    assert KEY not in run.output
    return run


def stages(boto: Boto, name: str) -> dict[str, str]:
    """Which version carries which label."""
    found = boto("secretsmanager").describe_secret(SecretId=name)["VersionIdsToStages"]
    return {label: version for version, labels in found.items() for label in labels}


def value(boto: Boto, name: str, stage: str = "AWSCURRENT") -> str:
    return str(boto("secretsmanager").get_secret_value(SecretId=name, VersionStage=stage)["SecretString"])


def test_each_step_is_predicted_taken_once_and_repeated_without_effect(boto: Boto, prefix: str) -> None:
    for step in STEPS:
        predicted = taken(prefix, step, "key", check=True)
        assert predicted.calls.writes == []
        run = taken(prefix, step, "key")
        assert run.changes == predicted.changes
        position = {each["name"]: each["position"] for each in run.answer["rotations"]}
        assert position == {"database": "settled", "key": POSITIONS[step]}
        assert position == {each["name"]: each["position"] for each in predicted.answer["rotations"]}
        if step != "finish":  # a rotation that is asked for again after its end is another one
            again = taken(prefix, step, "key")
            assert (again.changed, again.calls.writes) == (False, [])
    assert set(stages(boto, f"{prefix}/key")) == {"AWSCURRENT", "AWSPREVIOUS"}
    assert value(boto, f"{prefix}/key") != KEY
    assert value(boto, f"{prefix}/key", "AWSPREVIOUS") == KEY


def test_an_account_is_followed_by_the_other_one(boto: Boto, prefix: str) -> None:
    taken(prefix, "begin", "database")
    pending = json.loads(value(boto, f"{prefix}/database", "AWSPENDING"))
    assert pending["username"] == "app_clone"
    assert len(pending["password"]) == 40
    assert json.loads(value(boto, f"{prefix}/database"))["password"] == PASSWORD


def test_the_version_before_stays_for_its_overlap(boto: Boto, prefix: str) -> None:
    for step in ("begin", "promote"):
        taken(prefix, step, "key")
    waiting = taken(prefix, "retire", "key", overlap_seconds=3600)
    assert (waiting.changed, waiting.answer["underway"]) == (False, ["key"])
    assert [each["old_valid_until"] != "" for each in waiting.answer["rotations"]] == [False, True]
    assert taken(prefix, "retire", "key").changed


def test_who_rotates_and_when_is_kept(boto: Boto, prefix: str) -> None:
    for step in ("begin", "promote"):
        taken(prefix, step, "key")
    tags = boto("secretsmanager").describe_secret(SecretId=f"{prefix}/key")["Tags"]
    (record,) = [tag["Value"] for tag in tags if tag["Key"] == "trademaster.platform:rotation"]
    assert record.startswith("promoted 20")
    assert record.endswith(" by alice")


def test_what_is_young_is_left_alone(boto: Boto, prefix: str) -> None:
    assert not taken(prefix, "begin").changed
    assert taken(prefix, "begin").answer["rotations"][0]["age_days"] == 0


def test_versions_info_tells_what_is_valid(boto: Boto, prefix: str) -> None:
    name = f"{prefix}/key"
    accepted, pending = [], []
    for step in STEPS:
        taken(prefix, step, "key")
        info = run_module("secretsmanager_versions_info", {"secret_ids": [name]}).answer
        accepted.append(len(info["accepted"][name]))
        pending.append(name in info["pending"])
        assert info["versions"][name] == stages(boto, name)["AWSCURRENT"]
    assert accepted == [2, 2, 1, 1]
    assert pending == [True, False, False, False]
