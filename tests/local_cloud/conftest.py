"""A local cloud for one test, where the session's shared one would be disturbed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from ecs_support import World
from local_cloud_support import LocalCloud, local_cloud_for

from local_cloud import supervisor


@pytest.fixture
def own_cloud(tmp_path: Path) -> Iterator[LocalCloud]:
    """A local cloud for one test, not started; stopped and removed in any case."""
    cloud = local_cloud_for(tmp_path / ".local")
    yield cloud
    supervisor.down(cloud.settings)


@pytest.fixture
def world(local_cloud: LocalCloud) -> Iterator[World]:
    made = World(local_cloud).create()
    yield made
    made.remove()
