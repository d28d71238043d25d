"""The dashboards, each in a file of its own."""

from __future__ import annotations

import json
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.dashboards import cache, database, gateway, infrastructure, releases, service_overview, slo

FOLDER = Path(__file__).resolve().parents[2] / "roles" / "grafana" / "files" / "dashboards"
ALL = (service_overview, database, cache, gateway, infrastructure, slo, releases)


def built() -> list[Dashboard]:
    """All dashboards."""
    return [module.dashboard() for module in ALL]


def files() -> dict[str, str]:
    """File name → content, as the role `grafana` provisions them."""
    return {f"{made.uid}.json": text(made) for made in built()}


def text(made: Dashboard) -> str:
    return json.dumps(made, cls=JSONEncoder, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> list[Path]:
    """Write what differs, remove what is no dashboard of ours any more, and answer which files those were."""
    wanted = files()
    folder.mkdir(parents=True, exist_ok=True)
    present = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}
    for name in present.keys() - wanted.keys():
        (folder / name).unlink()
    changed = [name for name in wanted if present.get(name) != wanted[name]]
    for name in changed:
        (folder / name).write_text(wanted[name], encoding="utf-8")
    return [folder / name for name in sorted({*changed, *(present.keys() - wanted.keys())})]
