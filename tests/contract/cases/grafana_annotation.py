"""Contract case of grafana_annotation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Case
from tests.contract.grafana_api import GrafanaApi

KEY = "release:contract-1"


def prepare(grafana: GrafanaApi) -> Mapping[str, Any]:
    return {"grafana": grafana.connection()}


def foreign(grafana: GrafanaApi) -> Callable[[], Any]:
    """The annotation of another release, whose key only begins alike."""
    other = f"{KEY}0"
    body = {"text": "another", "tags": ["contract", "release", other], "time": 1767268800000, "timeEnd": 1767269000000}
    grafana.call("POST", "/api/annotations", body)
    return lambda: grafana.annotations(other)


CASES = [
    Case(
        name="grafana_annotation",
        module="grafana_annotation",
        api="grafana",
        prepare=prepare,
        foreign=foreign,
        present={
            "key": KEY,
            "text": "auth-service 1.4.0 completed",
            "tags": ["contract", "release", "auth-service"],
            "start": "2026-01-01T12:00:00.250Z",
            "end": "2026-01-01T12:06:30Z",
            "state": "present",
        },
        edits={
            "text": {"text": "auth-service 1.4.0 was rolled back"},
            "tag": {"tags": ["contract", "release", "auth-service", "rolled_back"]},
            "start": {"start": "2026-01-01T13:00:00+01:00"},
            "end": {"end": "2026-01-01T12:07:00Z"},
            "no end": {"end": None},
        },
        absent={"state": "absent"},
        secrets=("contract-grafana-password",),
    ),
]
