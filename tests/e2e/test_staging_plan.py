"""The staging inventory, as far as it goes without an account: its plan on an empty one, and its keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from local_cloud_support import LocalCloud

from local_cloud.settings import Settings
from tests.e2e.environment import REPOSITORY, Calls, Environment, recap

INVENTORIES = REPOSITORY / "inventories"
OF_THE_LOCAL_CLOUD_ALONE = {"local_cloud", "local_cloud_endpoints", "local_cloud_state"}


@pytest.fixture
def empty_account(tmp_path: Path) -> Iterator[Environment]:
    environment = Environment.below(tmp_path)
    started = LocalCloud(Settings.from_environment(environment.variables), environment.variables).command("up")
    assert started.returncode == 0, started.stderr
    yield environment
    environment.make("down")


def test_staging_can_be_planned_on_an_empty_account(empty_account: Environment) -> None:
    calls = Calls()
    calls.start()
    account = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{empty_account.variables['LOCAL_CLOUD_AWS_PORT']}",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "plans-and-writes-nothing",
    }
    planned = empty_account.make("up", "INVENTORY=inventories/staging", "ARGS=--check", **account, **calls.variables)
    assert planned.returncode == 0, planned.stdout
    assert recap(planned.stdout)["changed"] > 30
    assert calls.operations, "no call was recorded"
    assert calls.writes == []


def keys(environment: str) -> set[str]:
    files = (INVENTORIES / environment / "group_vars" / "all").glob("*.yml")
    return {key for file in files for key in yaml.safe_load(file.read_text())}


def test_both_inventories_have_the_same_keys() -> None:
    assert keys("local") - OF_THE_LOCAL_CLOUD_ALONE == keys("staging")
