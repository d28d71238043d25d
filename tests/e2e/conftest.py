"""The environment that the end-to-end tests share, from the first `make up` to `make down`."""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from tests.e2e.environment import Environment

FIRST_FAILURE = pytest.StashKey[dict[str, str]]()


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    shared = Environment.below(tmp_path_factory.mktemp("environment"))
    yield shared
    shared.make("down")


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
