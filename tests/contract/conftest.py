"""What the contract test works on.

An AWS endpoint: the one in AWS_ENDPOINT_URL, or a local cloud started for the session. A gateway: the one in
KONG_ADMIN_URL, or the stand-in. An account of PagerDuty: the one of PAGERDUTY_API_TOKEN, with a user of the address
in PAGERDUTY_USER, or the stand-in. A repository of GitHub: the one of GITHUB_CONTRACT_REPOSITORY with GITHUB_TOKEN, or
the stand-in's. Grafana: the one in GRAFANA_URL, with the administrator's GRAFANA_PASSWORD, or the
stand-in.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest

from local_cloud.github.standalone import running_github
from local_cloud.grafana.standalone import Account, running_grafana
from local_cloud.kong.standalone import running_kong
from local_cloud.pagerduty.standalone import running_pager
from tests.contract.case import Boto
from tests.contract.github_api import GitHubApi
from tests.contract.grafana_api import GrafanaApi, answering
from tests.contract.kong_admin import Admin
from tests.contract.pager_api import PagerApi


@pytest.fixture(scope="session", autouse=True)
def sessions_made_once() -> Iterator[None]:
    """Each client of each run of a module has a session of its own, which takes longer to make than the client itself.

    It would read botocore's large descriptions anew as well. Sessions are no good for two threads.
    """
    make = boto3.session.Session

    @functools.cache
    def made(_thread: int, **options: Any) -> boto3.session.Session:
        return make(**options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", functools.cache(botocore.session.create_loader))
        patch.setattr(boto3.session, "Session", lambda **options: made(threading.get_ident(), **options))
        yield


@pytest.fixture
def boto(aws_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Boto:
    """boto3 clients by service name; the modules under test find the same endpoint in the environment."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws_endpoint)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local-secret-key")
    return lambda service: boto3.client(service, region_name="us-east-1", endpoint_url=aws_endpoint)


@pytest.fixture(scope="session")
def kong_admin_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    given = os.environ.get("KONG_ADMIN_URL")
    if given:
        yield given
        return
    with running_kong(tmp_path_factory.mktemp("kong")) as gateway:
        yield gateway.admin


@pytest.fixture
def kong(kong_admin_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Admin]:
    """The Admin API; the modules under test find the same one in the environment. What a case made goes with it."""
    monkeypatch.setenv("KONG_ADMIN_URL", kong_admin_url)
    admin = Admin(kong_admin_url)
    yield admin
    admin.clean_up()


@pytest.fixture(scope="session")
def pagerduty_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagerApi]:
    token = os.environ.get("PAGERDUTY_API_TOKEN")
    if token:
        url = os.environ.get("PAGERDUTY_API_URL", "https://api.pagerduty.com")
        yield PagerApi(url, token, os.environ.get("PAGERDUTY_CA_CERT"))
        return
    with running_pager(tmp_path_factory.mktemp("pagerduty")) as pager:
        yield PagerApi(pager.url, pager.token, pager.ca_cert)


@pytest.fixture
def pager(pagerduty_account: PagerApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[PagerApi]:
    """The REST API; the modules under test find the same one in the environment. What a case made goes with it."""
    monkeypatch.setenv("PAGERDUTY_API_URL", pagerduty_account.url)
    monkeypatch.setenv("PAGERDUTY_API_TOKEN", pagerduty_account.token)
    if pagerduty_account.ca_cert:
        monkeypatch.setenv("PAGERDUTY_CA_CERT", pagerduty_account.ca_cert)
    yield pagerduty_account
    pagerduty_account.clean_up()


@pytest.fixture(scope="session")
def github_repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHubApi]:
    repository = os.environ.get("GITHUB_CONTRACT_REPOSITORY")
    if repository:
        yield GitHubApi("https://api.github.com", os.environ["GITHUB_TOKEN"], repository)
        return
    with running_github(tmp_path_factory.mktemp("github")) as running:
        yield GitHubApi(running.url, running.token, running.repository, running.ca_cert)


@pytest.fixture
def github(github_repository: GitHubApi, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitHubApi]:
    """The REST API; the modules under test find the same one in the environment. What a case made goes with it."""
    monkeypatch.setenv("GITHUB_API_URL", github_repository.url)
    monkeypatch.setenv("GITHUB_TOKEN", github_repository.token)
    if github_repository.ca_cert:
        monkeypatch.setenv("GITHUB_CA_CERT", github_repository.ca_cert)
    yield github_repository
    github_repository.clean_up()


@pytest.fixture(scope="session")
def grafana_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    url = os.environ.get("GRAFANA_URL")
    if url:
        yield Account(url, "admin", os.environ["GRAFANA_PASSWORD"])
        return
    with running_grafana(tmp_path_factory.mktemp("grafana"), "contract-grafana-password") as account:
        yield account


@pytest.fixture
def grafana(grafana_account: Account, boto: Boto) -> Iterator[GrafanaApi]:
    """Grafana's API. What a case marked with the tag `contract` goes with it."""
    api = GrafanaApi(grafana_account.url, grafana_account.user, grafana_account.password, boto)
    yield api
    api.clean_up()


@pytest.fixture(scope="session")
def grafana_url() -> Iterator[str]:
    """A Grafana whose Prometheus answers every query, and that can do nothing else."""
    with answering() as url:
        yield url
