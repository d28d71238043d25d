"""Every query of every panel answers with data, and every dashboard can be drawn."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import pytest

from monitoring import contract, rendering
from monitoring.queries import QueryFailed, Source
from tests.monitoring.prometheus_support import Running

MODELS = {model["uid"]: model for model in contract.committed_dashboards()}
QUERIES = [
    (model["uid"], panel["title"], target["refId"])
    for model in MODELS.values()
    for panel in contract.panels(model)
    for target in panel["targets"]
    # Alerts are made of what happens, and nothing has happened to the past that was written.
    if "ALERTS{" not in target["expr"] or " or vector(0)" in target["expr"]
]
# What there is in trouble only.
IN_TROUBLE = ("Missing and failed tasks", "Clients by node")


def source_of(running: Running) -> Source:
    return Source(running.url, running.end - 3000, running.end, scrape_interval=30)


@pytest.fixture(scope="module")
def sources(remembered_environment: Running) -> dict[str, Source]:
    made = {}
    for uid, model in MODELS.items():
        made[uid] = source_of(remembered_environment)
        made[uid].choose(model)
    return made


@pytest.mark.parametrize(("uid", "title", "letter"), QUERIES)
def test_a_query_answers_with_data(uid: str, title: str, letter: str, sources: dict[str, Source]) -> None:
    panel = next(panel for panel in contract.panels(MODELS[uid]) if panel["title"] == title)
    target = next(target for target in panel["targets"] if target["refId"] == letter)

    lines = sources[uid].lines(target["expr"], target.get("legendFormat", ""))

    if title in IN_TROUBLE and " > 0" in target["expr"]:
        return
    assert lines
    assert all(line.name.strip() for line in lines)


def test_only_what_can_be_drawn_is_a_value(sources: dict[str, Source]) -> None:
    source = sources["slo"]
    half = source.start + (source.end - source.start) / 2

    (line,) = source.lines(f"0 / (vector(time()) > bool {half})", "since half of the time")

    assert line.times[0] > half
    assert all(math.isfinite(value) for value in line.values)
    assert source.lines("0 / vector(0)", "never") == []


def test_variables_find_their_values(remembered_environment: Running) -> None:
    chosen = {uid: source_of(remembered_environment).choose(model) for uid, model in MODELS.items()}

    assert chosen["service-overview"] == {"environment": "local", "service": "auth-service"}
    assert chosen["cache"] == {"environment": "local", "group": "All"}
    assert chosen["infrastructure"] == {"environment": "local", "ecs_service": "All"}


@pytest.mark.parametrize("uid", MODELS)
def test_a_dashboard_is_drawn(uid: str, remembered_environment: Running, tmp_path: Path) -> None:
    path = tmp_path / f"{uid}.png"

    counts = rendering.draw(MODELS[uid], source_of(remembered_environment), path)

    content = path.read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    bottom = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in MODELS[uid]["panels"])
    assert content.startswith(b"\x89PNG")
    assert (width, height) == (rendering.WIDTH, rendering.HEADER + bottom * rendering.ROW_HEIGHT + rendering.GAP)
    assert set(counts) == {panel["title"] for panel in contract.panels(MODELS[uid])}
    assert [title for title, count in counts.items() if not count] in ([], ["Alerts over time"])


def test_a_panel_without_data_says_so(remembered_environment: Running, tmp_path: Path) -> None:
    model: dict[str, Any] = {**MODELS["slo"], "panels": [MODELS["slo"]["panels"][1]]}
    before = Source(remembered_environment.url, 1000, 4600)

    assert rendering.draw(model, before, tmp_path / "empty.png") == {"Availability budget left": 0}


def test_a_query_that_prometheus_refuses_names_the_reason(remembered_environment: Running) -> None:
    with pytest.raises(QueryFailed, match="parse error"):
        source_of(remembered_environment).lines("sum(", "")
