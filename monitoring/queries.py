"""A running Prometheus, asked as Grafana asks it for the panels of a dashboard."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

POINTS = 240  # that a panel is wide enough to show
SCRAPES_IN_A_RATE = 4
_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::\w+)?\})")
_LABEL_VALUES = re.compile(r"label_values\((.+),\s*(\w+)\)")


class QueryFailed(RuntimeError):
    """Prometheus refused a query; the text has its reason."""


@dataclass(frozen=True)
class Line:
    """A series by time, with one finite value at least; `name` is its legend."""

    name: str
    labels: Mapping[str, str]
    times: Sequence[float]
    values: Sequence[float]

    @property
    def last(self) -> float:
        return self.values[-1]


@dataclass
class Source:
    """Prometheus at `url`, for the time from `start` to `end` (seconds since the epoch)."""

    url: str
    start: float
    end: float
    scrape_interval: float = 15.0
    values: dict[str, str] = field(default_factory=dict)

    @property
    def step(self) -> float:
        return max((self.end - self.start) / POINTS, self.scrape_interval)

    def choose(self, dashboard: Mapping[str, Any]) -> dict[str, str]:
        """Give every variable of a dashboard its first value, or all; answers what a reader is shown."""
        chosen: dict[str, str] = {}
        for variable in dashboard["templating"]["list"]:
            asked = (
                _LABEL_VALUES.fullmatch(str((variable.get("query") or {}).get("query", "")))
                if isinstance(variable.get("query"), dict)
                else None
            )
            if asked is None:
                continue
            found = self._label_values(self.filled_in(asked[1]), asked[2])
            everything = bool(variable.get("includeAll"))
            self.values[variable["name"]] = variable["allValue"] if everything else (found or [""])[0]
            chosen[variable["name"]] = "All" if everything else self.values[variable["name"]]
        return chosen

    def filled_in(self, expr: str) -> str:
        rate = max(self.step + self.scrape_interval, SCRAPES_IN_A_RATE * self.scrape_interval)
        known = {
            "__rate_interval": f"{rate:.0f}s",
            "__interval": f"{self.step:.0f}s",
            "__range": f"{self.end - self.start:.0f}s",
            **self.values,
        }
        return _VARIABLE.sub(lambda found: known.get(found[1] or found[2], found[0]), expr)

    def lines(self, expr: str, legend: str) -> list[Line]:
        """The series of an expression over the whole time, where they have a value that can be drawn."""
        form = {"query": self.filled_in(expr), "start": self.start, "end": self.end, "step": self.step}
        found = []
        for one in self._ask("query_range", form)["result"]:
            points = [(moment, float(value)) for moment, value in one["values"] if math.isfinite(float(value))]
            if points:
                times, values = zip(*points, strict=True)
                found.append(Line(_named(legend, one["metric"]), one["metric"], times, values))
        return found

    def newest(self, expr: str, legend: str) -> list[Line]:
        """The series of an expression at the end of the time, each with that one value."""
        rows = ((labels, value) for labels, value in self.rows(expr) if math.isfinite(value))
        return [Line(_named(legend, labels), labels, (self.end,), (value,)) for labels, value in rows]

    def rows(self, expr: str) -> list[tuple[Mapping[str, str], float]]:
        """Labels and value of each series at the end of the time."""
        answer = self._ask("query", {"query": self.filled_in(expr), "time": self.end})
        return [(one["metric"], float(one["value"][1])) for one in answer["result"]]

    def _label_values(self, selector: str, label: str) -> list[str]:
        form = {"match[]": selector, "start": self.start, "end": self.end}
        return list(self._ask(f"label/{label}/values", form))

    def _ask(self, path: str, form: Mapping[str, Any]) -> Any:
        address = f"{self.url.rstrip('/')}/api/v1/{path}?{urlencode(form)}"
        try:
            with urlopen(address, timeout=60) as answer:  # noqa: S310 - the address is an operator's
                return json.load(answer)["data"]
        except HTTPError as error:
            said = json.loads(error.read() or b"{}").get("error", error.reason)
            raise QueryFailed(f"{said}: {form}") from error


def _named(legend: str, labels: Mapping[str, str]) -> str:
    return _LABEL.sub(lambda found: labels.get(found[1], ""), legend).strip() or "value"
