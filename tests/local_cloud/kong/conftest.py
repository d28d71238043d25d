"""A stand-in with two nodes on one database, shared by the tests of a module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_cloud.kong.standalone import Kong, running_kong

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="module")
def kong(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kong]:
    with running_kong(tmp_path_factory.mktemp("kong"), nodes=2) as running:
        yield running
