"""A run that is cut off after any of its writes leaves nothing that the next run cannot bring to the end.

A run that is killed and one that loses the connection for good leave the same state behind; the latter is what can be
done to a module in this process.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.client
import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.rest import ApiError
from ansible_collections.trademaster.platform.plugins.module_utils._github.client import Client as GitHub
from ansible_collections.trademaster.platform.plugins.module_utils._kong.client import Client as Kong
from ansible_collections.trademaster.platform.plugins.module_utils._kong.client import KongError
from botocore.exceptions import EndpointConnectionError

from tests.contract.case import Case
from tests.contract.harness import READS, run_module
from tests.contract.test_contract import CASES, succeeded

# Data stores take a minute to start and stop: they have tests of their own.
# What cannot be taken away cannot be made anew: tests/unit/release/test_record.py interrupts the record of a release.
LEFT_OUT = ("rds_instance", "elasticache_replication_group", "release_record")
QUICK = [case for case in CASES if case.module not in LEFT_OUT]
MOST_CUTS = 6


@contextmanager
def cut_off(after: int) -> Iterator[list[str]]:
    """Let `after` writes through, and nothing from then on; gives the calls that were refused."""
    original = botocore.client.BaseClient._make_api_call
    original_of_github, original_of_kong = GitHub.request, Kong.request
    written = 0
    refused: list[str] = []

    def counted(client: Any, operation: str, arguments: Any) -> Any:
        nonlocal written
        if written >= after:
            refused.append(operation)
            raise EndpointConnectionError(endpoint_url="https://cut.off.invalid")
        written += not READS.match(operation)
        return original(client, operation, arguments)

    def counted_of_github(client: GitHub, method: str, path: str, body: Any = None) -> Any:
        nonlocal written
        if written >= after:
            refused.append(f"{method} {path}")
            raise ApiError(f"{method} {path}", 0, "cut off by the test", sent=False)
        written += not READS.match(f"{method} {path}")
        return original_of_github(client, method, path, body)

    def counted_of_kong(client: Kong, method: str, path: str, body: Any = None) -> Any:
        nonlocal written
        if written >= after:
            refused.append(f"{method} {path}")
            raise KongError(f"{method} {path}", 0, "cut off by the test", sent=False)
        written += not READS.match(f"{method} {path}")
        return original_of_kong(client, method, path, body)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.client.BaseClient, "_make_api_call", counted)
        patch.setattr(GitHub, "request", counted_of_github)
        patch.setattr(Kong, "request", counted_of_kong)
        yield refused


def cuts(writes: int) -> list[int]:
    """After which writes to cut: all of a short run, evenly spread ones of a long run."""
    return (
        sorted({round(1 + index * (writes - 2) / (MOST_CUTS - 1)) for index in range(MOST_CUTS)}) if writes > 1 else []
    )


@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_an_interrupted_run_is_finished_by_the_next(
    case: Case, request: pytest.FixtureRequest, subtests: pytest.Subtests
) -> None:
    present = {**case.present, **case.prepare(request.getfixturevalue(case.api))}
    absent = {**present, **case.absent}
    creating = len(succeeded(run_module(case.module, present)).calls.writes)
    removing = len(succeeded(run_module(case.module, absent)).calls.writes)
    # What a removal leaves behind by design, such as a secret that can be restored, is there from here on.
    predicted = succeeded(run_module(case.module, present, check=True)).changes
    for written in cuts(creating):
        with subtests.test(f"creation cut off after {written} of {creating} writes"):
            with cut_off(written):
                assert run_module(case.module, present).answer.get("failed")
            succeeded(run_module(case.module, present))
            assert succeeded(run_module(case.module, present)).changes == []
            succeeded(run_module(case.module, absent))
    for written in cuts(removing):
        with subtests.test(f"removal cut off after {written} of {removing} writes"):
            succeeded(run_module(case.module, present))
            with cut_off(written) as refused:
                cut = run_module(case.module, absent)
            # One removal may take fewer writes than another: a bucket may get logs meanwhile, and is emptied again.
            assert bool(cut.answer.get("failed")) == bool(refused)
            succeeded(run_module(case.module, absent))
            assert succeeded(run_module(case.module, present, check=True)).changes == predicted
