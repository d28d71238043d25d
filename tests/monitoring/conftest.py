"""Prometheus with made-up environments, started once for all tests that look at one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitoring import prometheus_support
from tests.monitoring.prometheus_support import Running


@pytest.fixture(scope="session")
def scraped_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Its targets are up and give what `metrics.yml` declares."""
    with prometheus_support.scraped(tmp_path_factory.mktemp("scraped")) as running:
        yield running


@pytest.fixture(scope="session")
def remembered_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """It has an hour of the past, with an incident in it."""
    with prometheus_support.remembered(tmp_path_factory.mktemp("remembered")) as running:
        yield running
