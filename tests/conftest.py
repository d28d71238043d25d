"""One local cloud for all tests of a session, and the AWS endpoint that module tests work on."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "local_cloud"))

from local_cloud_support import LocalCloud, local_cloud_for

from local_cloud import supervisor


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    cloud = local_cloud_for(tmp_path_factory.mktemp("local-cloud") / ".local")
    started = cloud.command("up")
    assert started.returncode == 0, started.stderr
    yield cloud
    supervisor.down(cloud.settings)


@pytest.fixture(scope="session")
def aws_endpoint(request: pytest.FixtureRequest) -> str:
    """The endpoint in AWS_ENDPOINT_URL, which may be any emulator; a local cloud of our own when it is unset."""
    given = os.environ.get("AWS_ENDPOINT_URL")
    if given:
        return given
    cloud: LocalCloud = request.getfixturevalue("local_cloud")
    return cloud.settings.aws_endpoint
