"""A stand-in that the tests share; each begins with a site of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

sys.path.insert(0, str(Path(__file__).parent))

from github_support import Api, Clock

from local_cloud.github.standalone import GitHub, running_github


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[GitHub, Clock]]:
    clock = Clock()
    with running_github(tmp_path_factory.mktemp("github"), clock.now) as github:
        yield github, clock


@pytest.fixture
def api(running: tuple[GitHub, Clock]) -> Api:
    github, clock = running
    clock.at = Clock.at
    github.stand_in.start_afresh(github.url, clock.now)
    return Api(github, clock, urllib3.PoolManager(ca_certs=github.ca_cert))
