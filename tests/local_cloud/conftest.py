"""One local cloud for all tests of a session."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from local_cloud_support import LocalCloud, local_cloud_for  # noqa: E402

from local_cloud import supervisor  # noqa: E402


@pytest.fixture(scope="session")
def local_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    cloud = local_cloud_for(tmp_path_factory.mktemp("local-cloud") / ".local")
    started = cloud.command("up")
    assert started.returncode == 0, started.stderr
    yield cloud
    supervisor.down(cloud.settings)


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud for one test, not started; stopped and removed in any case."""
    cloud = local_cloud_for(tmp_path / ".local")
    yield cloud
    supervisor.down(cloud.settings)
