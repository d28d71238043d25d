"""An AWS endpoint for the contract test: the one in AWS_ENDPOINT_URL, or a local cloud started for the session."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import boto3
import botocore.session
import pytest

from tests.contract.case import Boto


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
