"""One environment for what leaves it as it was: making another for each module takes minutes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.environment import Environment

# Faster than the inventory's, so that the alerts of a drill come and go within a few minutes.
PACE = """-e '{"prometheus_alerting_pace": 30}'"""


@pytest.fixture(scope="package")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    shared = Environment.below(tmp_path_factory.mktemp("environment"))
    try:
        made = shared.make("up", f"ARGS={PACE}")
        assert made.returncode == 0, made.stdout
        yield shared
    finally:
        shared.make("down")
