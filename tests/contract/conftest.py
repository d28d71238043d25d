"""What the contract test works on.

An AWS endpoint: the one in AWS_ENDPOINT_URL, or a local cloud started for the session. A gateway: the one in
KONG_ADMIN_URL, or the stand-in.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator

import boto3
import botocore.session
import pytest

from local_cloud.kong.standalone import running_kong
from tests.contract.case import Boto
from tests.contract.kong_admin import Admin


@pytest.fixture(scope="session", autouse=True)
def api_descriptions_read_once() -> Iterator[None]:
    """Each run of a module has a session of its own, which would read botocore's large descriptions anew."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", functools.cache(botocore.session.create_loader))
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
