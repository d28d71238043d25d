"""One instance that the tests of a module share, and one for each test that changes files."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from grafana_support import Grafana, dashboard, prometheus


@pytest.fixture
def own(tmp_path: Path) -> Grafana:
    return Grafana(tmp_path)


@pytest.fixture(scope="module")
def grafana(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grafana]:
    made = Grafana(tmp_path_factory.mktemp("grafana"))
    made.write("models/nested/slo.json", dashboard("slo", "Error budget", tags=["slo"]))
    made.environment |= {
        "GF_SECURITY_COOKIE_SECURE": "true",
        "GF_SECURITY_STRICT_TRANSPORT_SECURITY": "true",
        "GF_SECURITY_STRICT_TRANSPORT_SECURITY_MAX_AGE_SECONDS": "31536000",
        "GF_SECURITY_CONTENT_SECURITY_POLICY": "true",
    }
    with prometheus() as found:
        made.environment |= found
        with made.running():
            yield made
