"""The environment that all tests of releases share, with customers in it from the first test to the last."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.environment import Environment, plain_secrets
from tests.releases.customers import Customers
from tests.releases.releases import Releases

CUSTOMERS = 8
# Steps of seconds need figures of seconds.
OPTIONS = {"prometheus_scrape_interval": "1s"}
FACTS = "facts"
SITE = f"ARGS=-e '{json.dumps(OPTIONS)}'"


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    folder = tmp_path_factory.mktemp("environment")
    shared = Environment.below(folder)
    # What runs keep for later ones, for the test that looks for secrets.
    shared.variables |= {"ANSIBLE_CACHE_PLUGIN": "ansible.builtin.jsonfile"}
    shared.variables |= {"ANSIBLE_CACHE_PLUGIN_CONNECTION": str(folder / FACTS)}
    try:
        with shared.held_to_policies():
            made = shared.make("up", SITE, ANSIBLE_VERBOSITY="3", ANSIBLE_DIFF_ALWAYS="true")
            if made.returncode != 0:
                pytest.fail(made.stdout[-20_000:])
            yield shared
    finally:
        shared.make("down")


@pytest.fixture(scope="session", autouse=True)
def first_secrets(environment: Environment) -> set[str]:
    """The values of all secrets as `make up` has made them, before tests rotate any."""
    return {value for _name, value in plain_secrets(environment)}


@pytest.fixture(scope="session")
def customers(environment: Environment) -> Iterator[Customers]:
    with Customers(environment, CUSTOMERS).at_work() as at_work:
        yield at_work


@pytest.fixture(scope="session")
def all_releases(environment: Environment) -> Releases:
    return Releases(environment)


@pytest.fixture
def releases(all_releases: Releases) -> Iterator[Releases]:
    yield all_releases
    all_releases.end_all()
