"""The staging inventory, as far as it goes without an account: its plan on an empty one, and its keys."""

from __future__ import annotations

import json
import os
import ssl
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from local_cloud_support import LocalCloud

from local_cloud.settings import Settings
from tests.environment import REPOSITORY, Calls, Environment, recap

INVENTORIES = REPOSITORY / "inventories"
OF_THE_LOCAL_CLOUD_ALONE = {"local_cloud", "local_cloud_endpoints", "local_cloud_programs", "local_cloud_state"}
PROGRAMS = REPOSITORY / ".venv" / "debian" / "usr" / "bin"


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
    pager = empty_account.endpoints["pagerduty"]["api"]
    token = Path(pager["token_file"]).read_text().strip()
    users(pager["url"], token, empty_account.endpoints["pagerduty"]["user"], empty_account.state / "ca.pem")
    account = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{empty_account.variables['LOCAL_CLOUD_AWS_PORT']}",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "plans-and-writes-nothing",
        "PAGERDUTY_API_TOKEN": token,
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
    }
    plan = f"ARGS=--check -e pagerduty_api_url={pager['url']} -e pagerduty_ca_cert={empty_account.state / 'ca.pem'}"
    planned = empty_account.make("up", "INVENTORY=inventories/staging", plan, **account, **calls.variables)
    assert planned.returncode == 0, planned.stdout
    assert recap(planned.stdout)["changed"] > 30
    assert calls.operations, "no call was recorded"
    assert calls.writes == []


def users(api_url: str, token: str, requester: str, authority: Path) -> None:
    """Whom the inventory calls has an account at the pager."""
    variables = yaml.safe_load((INVENTORIES / "staging" / "group_vars" / "all" / "pagerduty.yml").read_text())
    called = {name for layer in variables["pagerduty_schedules"][0]["schedule_layers"] for name in layer["users"]}
    called |= {name for rule in variables["pagerduty_escalation_rules"] for name in rule.get("users", [])}
    context = ssl.create_default_context(cafile=authority)
    headers = {"Authorization": f"Token token={token}", "Content-Type": "application/json", "From": requester}
    for email in called:
        body = json.dumps({"user": {"type": "user", "name": email, "email": email}}).encode()
        request = urllib.request.Request(f"{api_url}/users", body, headers)  # noqa: S310 - the pager on loopback
        urllib.request.urlopen(request, context=context, timeout=10).close()  # noqa: S310


def keys(environment: str) -> set[str]:
    files = (INVENTORIES / environment / "group_vars" / "all").glob("*.yml")
    return {key for file in files for key in yaml.safe_load(file.read_text())}


def test_both_inventories_have_the_same_keys() -> None:
    assert keys("local") - OF_THE_LOCAL_CLOUD_ALONE == keys("staging")
