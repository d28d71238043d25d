"""Grafana's own schema of dashboards: what it does not describe, Grafana does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema

from monitoring.contract import panels

PATH = Path(__file__).with_name("grafana-11.6.0.json")


def findings(dashboard: Mapping[str, Any]) -> list[str]:
    """Where a dashboard's model is other than Grafana's types say, one line each."""
    schemas = json.loads(PATH.read_text(encoding="utf-8"))
    uid = dashboard.get("uid")
    found = [f"{uid}: {text}" for text in _errors(schemas["dashboard"], dashboard)]
    for panel in panels(dashboard):
        parts = {
            "options": panel.get("options"),
            "custom": ((panel.get("fieldConfig") or {}).get("defaults") or {}).get("custom"),
        }
        for part, content in parts.items():
            schema = schemas.get(f"{panel.get('type')}-{part}")
            if schema and content is not None:
                found += [f'{uid}: panel "{panel.get("title")}": {part}: {text}' for text in _errors(schema, content)]
    return found


def _errors(schema: Mapping[str, Any], content: Any) -> Iterator[str]:
    for error in jsonschema.Draft7Validator(schema).iter_errors(content):
        where = ".".join(map(str, error.absolute_path)) or "the whole"
        yield f"{where}: {error.message[:300]}"
