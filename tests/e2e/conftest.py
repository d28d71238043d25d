"""The environment that the end-to-end tests of a module share, from the first `make up` to `make down`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.environment import Environment


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    shared = Environment.below(tmp_path_factory.mktemp("environment"))
    try:
        with shared.held_to_policies():
            yield shared
    finally:
        shared.make("down")
