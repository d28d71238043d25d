"""The committed files are what the code makes, and what the code makes can be laid out and linked to."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import pytest
from grafana_foundation_sdk.models.dashboard import Dashboard, GridPos

from monitoring import dashboards
from monitoring.dashboards.common import COLUMNS

BUILT = {made.uid: made for made in dashboards.built()}


def positions(made: Dashboard) -> list[GridPos]:
    return [panel.grid_pos for panel in made.panels or [] if panel.grid_pos]


def apart(one: GridPos, other: GridPos) -> bool:
    beside = one.x + one.w <= other.x or other.x + other.w <= one.x
    return beside or one.y + one.h <= other.y or other.y + other.h <= one.y


def test_the_committed_files_are_those_that_the_code_makes() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in dashboards.FOLDER.glob("*.json")}

    assert committed == dashboards.files(), "run `python -m monitoring dashboards` and commit what it writes"


def test_a_second_write_changes_nothing_and_what_is_no_dashboard_goes(tmp_path: Path) -> None:
    dashboards.write(tmp_path)
    (tmp_path / "left-over.json").write_text("{}")

    assert dashboards.write(tmp_path) == [tmp_path / "left-over.json"]
    assert dashboards.write(tmp_path) == []
    assert not (tmp_path / "left-over.json").exists()


@pytest.mark.parametrize("uid", BUILT)
def test_panels_have_numbers_of_their_own(uid: str) -> None:
    numbers = [panel.id_val for panel in BUILT[uid].panels or []]

    assert None not in numbers
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("uid", BUILT)
def test_panels_fill_the_grid_and_do_not_overlap(uid: str) -> None:
    placed = positions(BUILT[uid])

    assert len(placed) == len(BUILT[uid].panels or [])
    assert all(one.x >= 0 and one.x + one.w <= COLUMNS for one in placed)
    assert [(one, other) for one, other in combinations(placed, 2) if not apart(one, other)] == []
    for y in {one.y for one in placed}:
        assert sum(one.w for one in placed if one.y == y) == COLUMNS, f"the line at {y} is not filled"
