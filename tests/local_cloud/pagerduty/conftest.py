"""A stand-in that the tests share; what one of them made does not outlive it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import urllib3

sys.path.insert(0, str(Path(__file__).parent))

from pager_support import Api, Clock

from local_cloud.pagerduty.standalone import Pager, running_pager


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Pager, Clock]]:
    clock = Clock()
    with running_pager(tmp_path_factory.mktemp("pagerduty"), clock.now) as pager:
        yield pager, clock


@pytest.fixture
def api(running: tuple[Pager, Clock]) -> Iterator[Api]:
    pager, clock = running
    clock.at = Clock.at
    yield Api(pager, clock, urllib3.PoolManager(ca_certs=pager.ca_cert))
    account = pager.stand_in.account
    for collection in (
        account.services,
        account.escalation_policies,
        account.schedules,
        account.integrations,
        account.incidents,
        account.alerts,
    ):
        collection.clear()
    account.log_entries.clear()
    pager.stand_in.events.log.clear()
    pager.stand_in.faults = []
