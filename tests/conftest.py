"""One local cloud for all tests of a session, the AWS endpoint that module tests work on, and tests in order."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent / "local_cloud"))

from local_cloud_support import LocalCloud, local_cloud_for

from local_cloud import supervisor

FIRST_FAILURE = pytest.StashKey[dict[str, str]]()


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


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember the first test of a module that failed."""
    report = yield
    if report.when == "call" and report.failed:
        item.config.stash.setdefault(FIRST_FAILURE, {}).setdefault(item.path.stem, item.name)
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test that builds on one that has failed says so, instead of failing in words of its own."""
    failed = item.config.stash.get(FIRST_FAILURE, {}).get(item.path.stem)
    if failed and getattr(item.getparent(pytest.Module).obj, "IN_ORDER", False):
        pytest.fail(f"builds on {failed}, which failed", pytrace=False)
