"""Measures what the design promises, and prints it as a table and as JSON: `python -m tests.benchmarks [WHAT …]`."""

from __future__ import annotations

import argparse
import json
import os
import platform
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from . import kong_config, releases

OUTPUT = Path(__file__).resolve().parents[1] / "output" / "benchmarks.json"
Row = dict[str, Any]
Columns = tuple[tuple[str, str, str], ...]  # name in the rows, title, format
MEASURES: dict[str, tuple[Callable[[], list[Row]], Columns]] = {
    "kong_config": (
        kong_config.measure,
        (
            ("entities", "entities", ">8"),
            ("step", "step", "<10"),
            ("tool", "tool", "<20"),
            ("wall_s", "wall s", ">7"),
            ("cpu_s", "CPU s", ">7"),
            ("peak_mb", "peak MB", ">8"),
            ("requests", "requests", ">9"),
        ),
    ),
    "releases": (
        releases.measure,
        (
            ("step", "step", "<8"),
            ("figure", "figure", "<30"),
            ("median", "median", ">7"),
            ("budget", "budget", ">7"),
            ("runs", "runs", "<24"),
        ),
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"{' or '.join(MEASURES)}; all without any")
    wanted = parser.parse_args().what or list(MEASURES)
    for name in wanted:
        if name not in MEASURES:
            parser.error(f"{name} is none of {', '.join(MEASURES)}")
    for name in wanted:
        measure, columns = MEASURES[name]
        circumstances = _circumstances()
        rows = measure()
        _keep(name, {**circumstances, "rows": rows})
        _show(rows, columns)


def _circumstances() -> dict[str, Any]:
    """What figures depend on. `load` is of the minute before: a machine that does other things as well is slow."""
    return {
        "machine": platform.platform(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "date": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
    }


def _keep(name: str, measured: dict[str, Any]) -> None:
    """Beside what was measured before of the others."""
    kept = json.loads(OUTPUT.read_text(encoding="utf-8")) if OUTPUT.exists() else {}
    found = {known: kept[known] for known in MEASURES if known in kept}
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps({**found, name: measured}, indent=2), encoding="utf-8")


def _show(rows: list[Row], columns: Columns) -> None:
    print("  ".join(f"{title:{form}}" for _, title, form in columns))
    for row in rows:
        print("  ".join(f"{_cell(row[name]):{form}}" for name, _, form in columns))


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(str(item) for item in value)
    return "" if value is None else str(value)


if __name__ == "__main__":
    main()
