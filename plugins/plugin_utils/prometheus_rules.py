# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rule files of Prometheus: rendered from templates, hastened by a pace, and judged. Everything here is pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from ansible_collections.trademaster.platform.plugins.plugin_utils.promql_labels import Labels, labels_given
from jinja2 import Environment, StrictUndefined, TemplateError

SEVERITIES = ("critical", "warning", "info")
OWNERS = ("platform", "auth", "database")
ANNOTATIONS = ("summary", "description", "dashboard", "runbook")
DASHBOARDS = ("service-overview", "database", "cache", "gateway", "infrastructure", "slo", "releases")

# What rules compare with; the unit is in the name, a ratio is a percentage.
THRESHOLDS: Mapping[str, float] = {
    # Objectives of the sign-in flow, and the traffic below which nothing is concluded.
    "sign_in_availability_percent": 99.9,
    "sign_in_latency_percent": 95,
    "sign_in_latency_milliseconds": 100,
    "sign_in_success_percent": 99.5,
    "slo_requests": 60,
    "requests": 20,
    "sign_in_attempts": 100,
    "sign_in_slow_milliseconds": 500,
    "sign_in_refused_percent": 50,
    "sign_in_limited_percent": 30,
    "error_percent": 5,
    "endpoint_error_percent": 20,
    "pool_used_percent": 80,
    "pool_waiting": 1,
    "gateway_limited_percent": 10,
    "gateway_overhead_milliseconds": 10,
    "database_connections_percent": 80,
    "database_connections_critical_percent": 95,
    "database_replica_lag_seconds": 30,
    "database_query_seconds": 300,
    "database_idle_transaction_seconds": 600,
    "database_backup_hours": 2,
    "database_free_gigabytes": 5,
    "database_free_critical_gigabytes": 2,
    "database_cpu_percent": 80,
    "cache_memory_percent": 80,
    "cache_memory_critical_percent": 95,
    "ecs_cpu_percent": 85,
    "ecs_memory_percent": 85,
    "ecs_replaced_tasks": 3,
    "ecs_failed_tasks": 2,
    "certificate_days": 21,
    "certificate_critical_days": 7,
    "probe_seconds": 2,
    "load_balancer_errors": 10,
    "discovery_seconds": 120,
    "prometheus_storage_percent": 90,
    "release_minutes": 60,
}
# Upper bounds of Kong's buckets for whole requests: a share of fast requests is only counted at one of them.
GATEWAY_BUCKETS = (25, 50, 80, 100, 250, 400, 700, 1000, 2000, 5000, 10000, 30000, 60000)

# Two scrapes lie in a window even when one between them was lost, and two agree before an alert fires.
WINDOW_SCRAPES, PENDING_SCRAPES = 3, 2

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
_DURATION = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+")
_SIZE = re.compile(r"[1-9][0-9]*(?:[KMGTPE]?B)")
_RECORD = re.compile(r"[a-z][a-z0-9_]*(?::[a-z][a-z0-9_]*){2}")
_VARIABLE = re.compile(r"""(?:\$labels|\.Labels)(?:\.([A-Za-z_]\w*)|\s+["'`]([A-Za-z_]\w*)["'`])""")
_DASHBOARD = re.compile(r"/d/([^/?#]+)")


@dataclass(frozen=True)
class Settings:
    """What templates are rendered with and rules are judged by."""

    grafana_url: str
    runbook_url: str
    runbooks: Collection[str] = ()
    dashboards: Collection[str] = DASHBOARDS
    owners: Collection[str] = OWNERS
    pace: float = 1
    scrape_interval: str = "15s"
    thresholds: Mapping[str, float] = field(default_factory=dict)
    retention: Mapping[str, str] = field(default_factory=dict)


# Durations


def seconds(duration: str) -> float:
    """`1h30m` as seconds."""
    if not _DURATION.fullmatch(duration):
        raise ValueError(f"{duration!r} is no duration of Prometheus: write 30s, 5m or 1h30m")
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"([0-9]+)(ms|[smhdwy])", duration))


def duration(value: float) -> str:
    """Seconds, rounded up to whole ones, as Prometheus writes them."""
    rest, text = max(math.ceil(value), 1), ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, size)
        text += f"{count}{unit}" if count else ""
    return text


def paced(given: str, pace: float, scrape_interval: str, scrapes: int) -> str:
    """`given` divided by `pace`, but not below `scrapes` scrapes; one that is shorter anyway stays what it is."""
    whole = seconds(given)
    if pace == 1:
        return given
    # Binary fractions must not make a second out of nothing.
    hastened = round(whole / pace, 3)
    return duration(max(hastened, min(whole, scrapes * seconds(scrape_interval))))


# Rendering


def render(templates: Mapping[str, str], settings: Settings) -> dict[str, str]:
    """Rule files by name, without the ending .j2."""
    environment = Environment(
        variable_start_string="[[",
        variable_end_string="]]",
        block_start_string="[%",
        block_end_string="%]",
        comment_start_string="[#",
        comment_end_string="#]",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - YAML, not HTML
    )
    environment.globals.update(_vocabulary(settings))
    return {name.removesuffix(".j2"): _rendered(environment, name, templates[name]) for name in sorted(templates)}


def _rendered(environment: Environment, name: str, template: str) -> str:
    try:
        return environment.from_string(template).render()
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        raise ValueError(f"{name}{f' line {line}' if line else ''}: {error}") from error


def _vocabulary(settings: Settings) -> dict[str, Any]:
    """What templates may use: durations at the pace, thresholds and addresses."""

    def window(given: str) -> str:
        return paced(given, settings.pace, settings.scrape_interval, WINDOW_SCRAPES)

    def pending(given: str, least: str = "0s") -> str:
        hastened = paced(given, settings.pace, settings.scrape_interval, PENDING_SCRAPES)
        return max(hastened, least, key=seconds)

    return {
        "window": window,
        "range": lambda given: f"[{window(given)}]",
        "pending": pending,
        # So many events in a hastened window are as many a minute as at pace 1.
        "events": lambda count: max(math.ceil(round(count / settings.pace, 3)), 1),
        "ratio": lambda percent: f"{percent / 100:.6g}",
        "bucket": lambda bound: rf"{bound:g}(\\.0)?",
        "thresholds": {**THRESHOLDS, **settings.thresholds},
        "dashboard": lambda uid: (
            f"{settings.grafana_url}/d/{uid}?var-environment={{{{ $externalLabels.environment }}}}"
        ),
        "runbook": lambda alert: f"{settings.runbook_url}/{alert}.md",
    }


# Judging


@dataclass(frozen=True)
class Rule:
    """An alert or a recording rule, and the file it is in."""

    file: str
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        return str(self.data.get("alert") or self.data.get("record") or "")

    @property
    def is_alert(self) -> bool:
        return "alert" in self.data

    def part(self, name: str) -> Mapping[str, Any]:
        part = self.data.get(name)
        return part if isinstance(part, Mapping) else {}

    def finding(self, text: str) -> str:
        return f"{self.file}: {self.name or 'a rule'}: {text}"


def settings_findings(settings: Settings) -> list[str]:
    """What is wrong with the settings, by the names of the variables of the role."""
    findings = [
        f"prometheus_thresholds.{name}: is unknown: choose from {', '.join(THRESHOLDS)}"
        for name in sorted(set(settings.thresholds) - set(THRESHOLDS))
    ]
    for name, value in settings.thresholds.items():
        if not _is_number(value) or value <= 0:
            findings.append(f"prometheus_thresholds.{name}: {value!r} is no number above 0")
    if not _is_number(settings.pace) or settings.pace < 1:
        findings.append(f"prometheus_alerting_pace: {settings.pace!r} is no number from 1, which is the pace of rules")
    bound = settings.thresholds.get("sign_in_latency_milliseconds", THRESHOLDS["sign_in_latency_milliseconds"])
    if bound not in GATEWAY_BUCKETS:
        buckets = ", ".join(map(str, GATEWAY_BUCKETS))
        findings.append(
            f"prometheus_thresholds.sign_in_latency_milliseconds: {bound!r} is no bucket of Kong: choose from {buckets}"
        )
    if not _DURATION.fullmatch(settings.scrape_interval):
        findings.append(f"prometheus_scrape_interval: {settings.scrape_interval!r} is no duration: write 15s")
    return findings + list(_retention_findings(settings.retention))


def _retention_findings(retention: Mapping[str, str]) -> Iterator[str]:
    # Prometheus would only refuse these when it starts, after the one before it has stopped.
    time, size = retention.get("time", "15d"), retention.get("size", "1GB")
    if not _DURATION.fullmatch(str(time)):
        yield f"prometheus_retention.time: {time!r} is no duration: write 15d"
    if not _SIZE.fullmatch(str(size)):
        yield f"prometheus_retention.size: {size!r} is no size: write 512MB or 20GB"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def lint(files: Mapping[str, str], settings: Settings, ours: Collection[str] = ()) -> list[str]:
    """One line for each finding in `files`. Those named in `ours` must have a page for each of their alerts."""
    findings: list[str] = []
    rules: list[Rule] = []
    for file in sorted(files):
        found, wrong = _rules(file, files[file])
        rules += found
        findings += wrong
    recorded = _recorded(rules)
    for rule in rules:
        findings += _alert_findings(rule, settings, recorded) if rule.is_alert else _record_findings(rule)
        if rule.is_alert and rule.file in ours and rule.name not in settings.runbooks:
            findings.append(rule.finding(f"docs/runbooks/{rule.name}.md does not exist: write it"))
    return findings + list(_duplicates(rules))


def _rules(file: str, text: str) -> tuple[list[Rule], list[str]]:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return [], [f"{file}: is no YAML: {' '.join(str(error).split())}"]
    groups = data.get("groups") if isinstance(data, dict) else None
    if not isinstance(groups, list) or not all(isinstance(group, dict) for group in groups):
        return [], [f"{file}: has no list `groups`: see Prometheus, recording and alerting rules"]
    rules: list[Rule] = []
    findings: list[str] = []
    for group in groups:
        for data in group.get("rules") or []:
            rule = Rule(file, data if isinstance(data, dict) else {})
            if rule.name and isinstance(rule.data.get("expr"), str):
                rules.append(rule)
            else:
                where = f"group {group.get('name')!r}"
                findings.append(rule.finding(f"{where} has a rule without `alert` or `record`, or without text `expr`"))
    return rules, findings


def _recorded(rules: Iterable[Rule]) -> dict[str, Labels]:
    """Labels of recorded series. Rules that use each other are in order, as Prometheus evaluates them."""
    recorded: dict[str, Labels] = {}
    for rule in rules:
        if not rule.is_alert:
            given = labels_given(rule.data["expr"], recorded)
            recorded[rule.name] = None if given is None else given | frozenset(rule.part("labels"))
    return recorded


def _record_findings(rule: Rule) -> list[str]:
    if _RECORD.fullmatch(rule.name):
        return []
    return [rule.finding("is not named level:metric:operation, for instance job:http_requests:rate5m")]


def _alert_findings(rule: Rule, settings: Settings, recorded: Mapping[str, Labels]) -> list[str]:
    checks: tuple[Iterator[str], ...] = (
        _label_findings(rule, settings),
        _annotation_findings(rule, settings),
        _variable_findings(rule, labels_given(rule.data["expr"], recorded)),
    )
    return [rule.finding(text) for check in checks for text in check]


def _label_findings(rule: Rule, settings: Settings) -> Iterator[str]:
    labels = rule.part("labels")
    for name, known in (("severity", SEVERITIES), ("owner", settings.owners)):
        value = labels.get(name)
        if value is None:
            yield f"has no label {name}: choose from {', '.join(known)}"
        elif value not in known:
            yield f"{name} {value!r} is unknown: choose from {', '.join(known)}"


def _annotation_findings(rule: Rule, settings: Settings) -> Iterator[str]:
    annotations = rule.part("annotations")
    for name in ANNOTATIONS:
        if not str(annotations.get(name) or "").strip():
            yield f"has no annotation {name}"
    for name in ("dashboard", "runbook"):
        value = str(annotations.get(name) or "")
        if value and not value.startswith(("https://", "http://")):
            yield f"{name} {value!r} is no URL"
    dashboard = str(annotations.get("dashboard") or "")
    uid = _DASHBOARD.search(dashboard)
    if uid and dashboard.startswith(f"{settings.grafana_url}/d/") and uid[1] not in settings.dashboards:
        yield f"dashboard {uid[1]!r} is unknown: choose from {', '.join(settings.dashboards)}"


def _variable_findings(rule: Rule, given: Labels) -> Iterator[str]:
    if given is None:
        return
    for name, text in {**rule.part("labels"), **rule.part("annotations")}.items():
        used = {direct or indexed for direct, indexed in _VARIABLE.findall(str(text))}
        for label in sorted(used - given):
            has = ", ".join(sorted(given)) or "none"
            yield f"{name} uses $labels.{label}, which the expression does not give (it gives {has})"


def _duplicates(rules: Iterable[Rule]) -> Iterator[str]:
    places: dict[str, Counter[str]] = {}
    for rule in rules:
        if rule.is_alert:
            places.setdefault(rule.name, Counter())[rule.file] += 1
    for name, files in places.items():
        if files.total() > 1:
            first, *others = sorted(files.elements())
            yield f"{others[-1]}: {name}: is defined in {first} too: names of alerts are unique"
