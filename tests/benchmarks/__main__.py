"""Measures what the design promises, and prints it as a table and as JSON: `python -m tests.benchmarks`."""

from __future__ import annotations

import json
import platform
from pathlib import Path
from typing import Any

from . import kong_config

OUTPUT = Path(__file__).resolve().parents[1] / "output" / "benchmarks.json"
COLUMNS = (
    ("entities", "entities", ">8"),
    ("step", "step", "<10"),
    ("tool", "tool", "<20"),
    ("wall_s", "wall s", ">7"),
    ("cpu_s", "CPU s", ">7"),
    ("peak_mb", "peak MB", ">8"),
    ("requests", "requests", ">9"),
)


def main() -> None:
    rows = kong_config.measure()
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps({"machine": platform.platform(), "kong_config": rows}, indent=2), encoding="utf-8")
    print("  ".join(f"{title:{form}}" for _, title, form in COLUMNS))
    for row in sorted(rows, key=_order):
        print("  ".join(f"{row[name]:{form}}" for name, _, form in COLUMNS))


def _order(row: dict[str, Any]) -> tuple[int, int]:
    steps = ("first sync", "no-op", "1 % change", "dump")
    return row["entities"], steps.index(row["step"])


if __name__ == "__main__":
    main()
