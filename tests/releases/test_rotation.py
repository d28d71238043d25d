"""Rotation of secrets with customers in the environment all the time: `make rotate`.

Whatever the tests before have left live is what is rotated under.
"""

from __future__ import annotations

import functools
import json
import os
import re
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis
import urllib3
from local_cloud_support import eventually

from tests.environment import (
    REPOSITORY,
    Environment,
    arguments_of,
    changed_tasks,
    plain_secrets,
    processes,
    readable,
    recap,
)
from tests.releases.conftest import FACTS, SITE
from tests.releases.customers import Customers
from tests.releases.releases import Releases

PREFIX = "trademaster/local"
# All kinds but the secret of tokens, of which the service knows one at a time.
KINDS = (
    "auth/database",
    "kong/database",
    "monitoring/database",
    "cache/sessions",
    "cache/gateway",
    "auth/service-api-key",
    "kong/admin-token",
    "kong/tier-keys",
)
RELEASE = "the release under way"
AT_ONCE = {"rotation_overrides": {"auth/service-api-key": {"overlap_seconds": 0}}}


class Secrets:
    """The secrets of an environment, as Secrets Manager has them."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._manager = environment.client("secretsmanager")

    def value(self, name: str, stage: str = "AWSCURRENT") -> str:
        found = self._manager.get_secret_value(SecretId=f"{PREFIX}/{name}", VersionStage=stage)
        return str(found["SecretString"])

    def labels(self, name: str) -> dict[str, str]:
        """The version that carries each label."""
        found = self._manager.describe_secret(SecretId=f"{PREFIX}/{name}")["VersionIdsToStages"]
        return {label: version for version, labels in found.items() for label in labels}


@pytest.fixture(scope="module")
def secrets(environment: Environment) -> Secrets:
    return Secrets(environment)


def rotate(releases: Releases, *names: str, **options: Any) -> Any:
    return releases.start("rotate", **{"rotation_only": list(names), **AT_ONCE, **options})


# Who checks secrets


def database_admits(environment: Environment, secret: str, database: str) -> bool:
    published, account = environment.output_of("database"), json.loads(secret)
    try:
        psycopg.connect(
            host=published["address"],
            port=published["port"],
            dbname=database,
            user=account["username"],
            password=account["password"],
            sslmode="verify-full",
            sslrootcert=str(environment.state / "ca.pem"),
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def accounts_of(environment: Environment, secret: str) -> list[str]:
    """The accounts that take turns, by what they have behind the name."""
    name = json.loads(secret)["username"].removesuffix("_clone")
    with environment.database() as connection:
        rows = connection.execute("SELECT rolname FROM pg_roles WHERE starts_with(rolname, %s) ORDER BY 1", [name])
        return [str(row[0]).removeprefix(name) for row in rows]


def cache_admits(environment: Environment, secret: str, group: str) -> bool:
    published = environment.output_of("cache")["groups"][group]
    authorities = str(environment.state / "ca.pem")
    with redis.Redis(
        host=published["address"], port=published["port"], password=secret, ssl=True, ssl_ca_certs=authorities
    ) as client:
        try:
            return bool(client.ping())
        except redis.AuthenticationError:
            return False


def admin_api_admits(environment: Environment, secret: str) -> bool:
    ecs, admin = environment.client("ecs"), environment.output_of("kong_gateway")["admin"]
    arns = ecs.list_tasks(cluster="trademaster-local", serviceName="trademaster-local-kong")["taskArns"]
    tasks = ecs.describe_tasks(cluster="trademaster-local", tasks=arns)["tasks"]
    address = tasks[0]["containers"][0]["networkInterfaces"][0]["privateIpv4Address"]
    certificate = json.loads(environment.secret(f"{PREFIX}/kong/admin-certificate"))["certificate"]
    names = dict.fromkeys(("server_hostname", "assert_hostname"), admin["server_name"])
    trust = ssl.create_default_context(cadata=certificate)
    with urllib3.HTTPSConnectionPool(address, admin["port"], ssl_context=trust, **names) as pool:
        answer = pool.request("GET", "/status", headers={"Kong-Admin-Token": secret}, retries=False)
    assert answer.status in (200, 401)
    return bool(answer.status == 200)


ADMITS: dict[str, Callable[[Environment, str], bool]] = {
    "auth/database": lambda environment, secret: database_admits(environment, secret, "trademaster_auth"),
    "kong/database": lambda environment, secret: database_admits(environment, secret, "kong"),
    "cache/sessions": lambda environment, secret: cache_admits(environment, secret, "sessions"),
    "cache/gateway": lambda environment, secret: cache_admits(environment, secret, "gateway"),
    "kong/admin-token": admin_api_admits,
}


def test_check_mode_tells_what_is_rotated_and_writes_nothing(releases: Releases, secrets: Secrets) -> None:
    before = {name: secrets.labels(name) for name in KINDS}
    run = releases.environment.make("rotate", "SECRET=auth/database", "ARGS=--check")
    assert run.returncode == 0, run.stdout
    assert "auth/database: is rotated, as it is asked for" in run.stdout
    due = releases.environment.make("rotate", "ARGS=--check")
    assert "No secret is as old as it may become" in due.stdout
    assert {name: secrets.labels(name) for name in KINDS} == before


def test_secrets_are_rotated_and_nobody_notices(
    releases: Releases, secrets: Secrets, customers: Customers, record_property: Any
) -> None:
    before = {name: secrets.value(name) for name in KINDS}
    began = time.monotonic()
    with customers.watched() as seen:
        rotate(releases, *KINDS).succeeded()
    record_property("seconds", round(time.monotonic() - began))
    record_property("requests", len(seen.responses))
    assert seen.failed == []
    environment = releases.environment
    for name in KINDS:
        assert secrets.value(name) != before[name]
        assert set(secrets.labels(name)) == {"AWSCURRENT", "AWSPREVIOUS"}
    for name, admits in ADMITS.items():
        assert admits(environment, secrets.value(name)), f"{name}: the new one is refused"
        assert not admits(environment, before[name]), f"{name}: the old one is accepted"
    assert releases.lock == {}


def test_site_yml_finds_nothing_to_do_afterwards(releases: Releases, customers: Customers) -> None:
    with customers.watched() as seen:
        again = releases.environment.make("up", SITE)
    assert again.returncode == 0, again.stdout
    assert changed_tasks(again.stdout) == []
    assert recap(again.stdout)["changed"] == 0
    assert seen.failed == []


def test_a_rotation_that_is_killed_at_every_step_is_completed_in_the_end(
    releases: Releases, secrets: Secrets, customers: Customers
) -> None:
    """After each of the steps that give another version a label, and in the release between them."""
    name = "auth/database"
    before, old = secrets.labels(name), secrets.value(name)

    def reached(moment: str) -> bool:
        if moment == RELEASE:
            return releases.phase == "preview"
        return secrets.labels(name).get(moment) not in (None, before.get(moment))

    with customers.watched() as seen:
        for moment in ("AWSPENDING", "AWSPREVIOUS", RELEASE, "RETIRED"):
            # What was begun by name goes on without it.
            run = rotate(releases, *([name] if moment == "AWSPENDING" else []))
            run.until(moment, functools.partial(reached, moment))
            releases.kill(run)
            if moment == "AWSPENDING":
                begun = secrets.labels(name)[moment]
            for valid in {secrets.value(name), *([] if moment == "RETIRED" else [old])}:
                assert ADMITS[name](releases.environment, valid), moment
        rotate(releases).succeeded()
    assert seen.failed == []
    assert (secrets.labels(name)["AWSCURRENT"], secrets.labels(name)["AWSPREVIOUS"]) == (begun, before["AWSCURRENT"])
    assert set(secrets.labels(name)) == {"AWSCURRENT", "AWSPREVIOUS"}
    assert ADMITS[name](releases.environment, secrets.value(name))
    assert not ADMITS[name](releases.environment, old)
    assert accounts_of(releases.environment, old) == ["", "_clone"]
    assert releases.lock == {}


def test_neither_a_rotation_nor_a_release_begins_during_a_rotation(
    releases: Releases, secrets: Secrets, customers: Customers
) -> None:
    """Both are told of the one that is under way, which completes."""
    name = "monitoring/database"
    before = secrets.labels(name)
    with customers.watched() as seen:
        first = rotate(releases, name, rotation_by="ada")
        first.until("it holds the locks", lambda: releases.locks == {"rotation", "auth-service"})
        second = rotate(releases, "kong/admin-token", rotation_by="ada")
        release = releases.deploy(releases.candidate, release_by="grace")
        for refused in (second, release):
            refused.failed()
            assert "held by ada" in refused.text
            assert f"rotates {name}" in refused.text
        first.succeeded()
    assert seen.failed == []
    assert secrets.labels(name)["AWSPREVIOUS"] == before["AWSCURRENT"]
    assert "AWSPENDING" not in secrets.labels("kong/admin-token")
    assert releases.lock == {}


def test_nobody_ends_sessions_by_surprise(releases: Releases, secrets: Secrets, customers: Customers) -> None:
    """The service knows one secret of tokens at a time: it is rotated only by who says that sessions may end."""
    before = secrets.labels("auth/jwt")
    with customers.watched() as seen:
        refused = rotate(releases, "auth/jwt", "auth/kong-jwt").failed()
    told = re.search(r"auth/jwt: rotating it ends (\d+) sessions", refused.text)
    assert told, refused.said
    assert int(told[1]) >= len(customers.all)
    assert "rotation_sessions_end=true" in refused.text
    assert secrets.labels("auth/jwt") == before
    assert "AWSPENDING" not in secrets.labels("auth/kong-jwt")
    assert seen.failed == []


def test_who_signs_in_again_is_served_while_the_secret_of_tokens_is_rotated(
    releases: Releases, secrets: Secrets, customers: Customers
) -> None:
    """Tokens of the other secret are refused by the service, signing in never is."""
    overlap = {"rotation_overrides": {"auth/jwt": {"overlap_seconds": 0}}}
    old = secrets.value("auth/jwt")
    with customers.watched() as seen:
        run = rotate(releases, "auth/jwt", rotation_sessions_end=True, **overlap).succeeded()
    assert re.search(r"it ended \d+ sessions", run.text), run.said
    assert [each for each in seen.failed if each.what == "sign in" or each.status != 401] == []
    assert len(secrets.value("auth/jwt")) != len(old)
    with customers.watched() as after:
        eventually(
            lambda: all(each.responses[-1].status == 200 for each in customers.all),
            timeout=60,
            what="everybody has signed in again",
        )
    assert after.responses


@contextmanager
def arguments_seen() -> Iterator[set[str]]:
    """The arguments of all processes, looked at again and again."""

    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.2):
            seen.update(arguments_of(pid) for pid in processes())

    looker = threading.Thread(target=look, daemon=True)
    looker.start()
    try:
        yield seen
    finally:
        done.set()
        looker.join(timeout=10)


def judge(environment: Environment) -> str:
    """What a report of evidence says when it is made, which asks nobody but the environment."""
    options = {"evidence_prowler": "", "evidence_directory": str(environment.state / "evidence")}
    ansible = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [ansible, "-i", "inventories/local", "playbooks/evidence.yml", "-vvv", "--diff", "-e", json.dumps(options)],
        cwd=REPOSITORY,
        env={**os.environ, **environment.variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (environment.state / "evidence" / "latest" / "evidence.json").is_file(), done.stdout
    return done.stdout + done.stderr


def test_no_secret_shows_anywhere(releases: Releases, environment: Environment, first_secrets: set[str]) -> None:
    """With -vvv and --diff: in no output, argument of a process, fact cache, record, log, report or task definition."""
    planted = first_secrets | {value for _name, value in plain_secrets(environment)}
    with arguments_seen() as arguments:
        options = json.dumps({"rotation_only": ["auth/database", "cache/gateway", "kong/admin-token"], **AT_ONCE})
        run = environment.make(
            "rotate", f"ARGS=-vvv --diff -e '{options}'", ANSIBLE_STDOUT_CALLBACK="ansible.builtin.default"
        )
        assert run.returncode == 0, run.stdout
        report = judge(environment)
    planted |= {value for _name, value in plain_secrets(environment)}
    cache = environment.state.parent / FACTS
    places = {
        **readable(environment),
        "evidence": report,
        "arguments": "\n".join(arguments),
        "what runs of these tests said": "\n".join(each.said for each in releases.runs),
        "fact cache": "\n".join(path.read_text() for path in cache.rglob("*") if path.is_file()),
    }
    assert all(places[name] for name in ("what make printed", "arguments", "evidence", "files in evidence"))
    assert {place for place, text in places.items() if any(value in text for value in planted)} == set()
