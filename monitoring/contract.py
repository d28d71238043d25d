"""The metric contract: what panels, rules and the gates of releases use is what the targets give.

`metrics.yml` declares what each job gives. What these use is compared with it here, and with what a
running Prometheus holds by `ansible_collections…module_utils._verify.metrics`, which the module `metrics_check` uses
as well.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Any

import yaml
from ansible_collections.trademaster.platform.plugins.module_utils._release import gate
from ansible_collections.trademaster.platform.plugins.module_utils._verify import metrics, prometheus
from ansible_collections.trademaster.platform.plugins.plugin_utils import prometheus_rules

from monitoring import promql

ROOT = Path(__file__).resolve().parents[1]
DASHBOARDS = ROOT / "roles" / "grafana" / "files" / "dashboards"
RULES = ROOT / "roles" / "prometheus" / "templates" / "rules"
DECLARED = ROOT / "monitoring" / "metrics.yml"
GENERATED = ROOT / "roles" / "verify" / "files" / "metrics.json"

HISTOGRAM, SUMMARY, COUNTER, GAUGE = "histogram", "summary", "counter", "gauge"
# What Prometheus itself gives of every target, and of alerts.
OF_EVERY_TARGET = ("up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling")
OF_ALERTS = ("ALERTS", "ALERTS_FOR_STATE")
RATES = ("rate", "irate", "increase")
# What may be done with a counter besides taking its rate.
OF_COUNTERS = (*RATES, "resets", "changes", "timestamp")
# Templates of Prometheus hold labels as `$labels.name`, legends of Grafana as `{{name}}`.
_ALERT_LABEL = re.compile(r"""(?:\$labels|\.Labels)(?:\.(\w+)|\s+["'`](\w+)["'`])""")
_LEGEND_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_LABEL_VALUES = re.compile(r"label_values\((.+),\s*(\w+)\)")
# What the variables of dashboards stand for while their queries are read.
VARIABLES = {"service": "auth-service"}
_COLUMN = re.compile(r"Time|Value( #[A-Z])?")


@dataclass(frozen=True)
class Use:
    """An expression of `user`, which names what it is for: `panel "CPU" of dashboard database`, `alert KongDown`.

    One that `counts` takes the increase of counters itself.
    """

    user: str
    expr: str
    wanted: frozenset[str] = frozenset()
    counts: bool = False


@dataclass(frozen=True)
class Given:
    """A series that a job gives. `appears` says when, if it is not there from the start."""

    job: str
    metric: str
    kind: str
    labels: frozenset[str]
    appears: str = ""


@dataclass
class Contract:
    """What jobs give, what is used of it by whom, and what does not fit."""

    given: Sequence[Given]
    used: dict[Given, dict[str, set[str]]] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)


# What is used


def of_dashboard(dashboard: Mapping[str, Any]) -> Iterator[Use]:
    """The queries of panels and variables."""
    uid = dashboard.get("uid")
    for variable in (dashboard.get("templating") or {}).get("list") or []:
        query = variable.get("query")
        asked = _LABEL_VALUES.fullmatch(str(query.get("query") if isinstance(query, dict) else query))
        if asked:
            yield Use(f"variable {variable['name']} of dashboard {uid}", asked[1], frozenset({asked[2]}))
    for panel in panels(dashboard):
        columns = _columns(panel)
        for target in panel.get("targets") or []:
            wanted = frozenset(_LEGEND_LABEL.findall(target.get("legendFormat") or "")) - {"__name__"}
            user = f'panel "{panel.get("title")}" of dashboard {uid}'
            yield Use(user, target.get("expr") or "", wanted | columns)


def panels(dashboard: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Panels, also those in collapsed rows; rows themselves left out."""
    for panel in dashboard.get("panels") or []:
        if panel.get("type") == "row":
            yield from panels(panel)
        else:
            yield panel


def _columns(panel: Mapping[str, Any]) -> frozenset[str]:
    """Labels that a table shows."""
    shown: set[str] = set()
    for transformation in panel.get("transformations") or []:
        if transformation.get("id") == "organize":
            included = (transformation.get("options") or {}).get("includeByName") or {}
            shown |= {name for name in included if not _COLUMN.fullmatch(name)}
    return frozenset(shown)


def of_rules(files: Mapping[str, str]) -> tuple[list[Use], dict[str, promql.Record]]:
    """The expressions of alerts and recording rules, and what the latter record."""
    uses: list[Use] = []
    records: dict[str, promql.Record] = {}
    for text in files.values():
        for group in (yaml.safe_load(text) or {}).get("groups") or []:
            for rule in group.get("rules") or []:
                labels = rule.get("labels") or {}
                if "record" in rule:
                    uses.append(Use(f"recording rule {rule['record']}", rule["expr"]))
                    records[rule["record"]] = promql.Record(rule["expr"], frozenset(labels))
                else:
                    texts = " ".join(map(str, [*labels.values(), *(rule.get("annotations") or {}).values()]))
                    named = {one or other for one, other in _ALERT_LABEL.findall(texts)}
                    uses.append(Use(f"alert {rule['alert']}", rule["expr"], frozenset(named - labels.keys())))
    return uses, records


def of_gates() -> Iterator[Use]:
    """What a release asks about a colour, and about the gateway, before it sends more customers there."""
    asked = {"service": VARIABLES["service"], "colour": "blue"}
    for name, query in gate.QUERIES.items():
        yield Use(f"query {name} of the release gate", Template(query).substitute(asked), counts=True)


def committed_dashboards(folder: Path = DASHBOARDS) -> list[dict[str, Any]]:
    return [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))]


def rendered_rules(folder: Path = RULES) -> dict[str, str]:
    """The rule files as production has them."""
    templates = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.j2")}
    settings = prometheus_rules.Settings(
        grafana_url="https://grafana.example.com", runbook_url="https://example.com/docs/runbooks"
    )
    return prometheus_rules.render(templates, settings)


# What is given


def declared(path: Path = DECLARED) -> list[Given]:
    """The series of `metrics.yml`; a histogram or summary is the series that it is made of."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    found: list[Given] = []
    for job, entry in content["jobs"].items():
        target = frozenset(content["labels"]) | frozenset(entry.get("labels") or ())
        for name in OF_EVERY_TARGET:
            found.append(Given(job, name, GAUGE, target))
        for name, metric in (entry.get("metrics") or {}).items():
            labels = target | frozenset(metric.get("labels") or ())
            for series, kind, more in _series(name, metric["type"]):
                found.append(Given(job, series, kind, labels | more, metric.get("appears") or ""))
    return found


def _series(name: str, kind: str) -> Iterator[tuple[str, str, frozenset[str]]]:
    if kind in (HISTOGRAM, SUMMARY):
        yield f"{name}_count", COUNTER, frozenset()
        yield f"{name}_sum", COUNTER, frozenset()
    if kind == HISTOGRAM:
        yield f"{name}_bucket", COUNTER, frozenset({"le"})
    else:
        more = frozenset({"quantile"}) if kind == SUMMARY else frozenset()
        yield name, GAUGE if kind == SUMMARY else kind, more


# Whether it fits


def compare(
    given: Sequence[Given],
    uses: Iterable[Use],
    records: Mapping[str, promql.Record] | None = None,
    *,
    complete: bool = True,
) -> Contract:
    """Find what is used and not given and, where the uses are `complete`, what is given and not used."""
    contract = Contract(given)
    known = dict(records or {})
    by_name: dict[str, list[Given]] = {}
    for one in given:
        by_name.setdefault(one.metric, []).append(one)
    for use in uses:
        try:
            reading = promql.read(promql.filled_in(use.expr, VARIABLES), use.wanted, known)
        except promql.NotPromQL as error:
            contract.findings.append(f"{use.user}: {error}")
            continue
        for label in sorted(reading.lost):
            contract.findings.append(f"{use.user}: uses label {label}, which its expression drops: {use.expr}")
        for selection in reading.selections:
            if selection.metric not in known and selection.metric not in OF_ALERTS:
                _fit(contract, use, selection, by_name.get(selection.metric, []))
    if complete:
        contract.findings += _unused(contract)
    contract.findings = list(dict.fromkeys(contract.findings))
    return contract


def _fit(contract: Contract, use: Use, selection: promql.Selection, offered: Sequence[Given]) -> None:
    name = selection.metric or "a selector without a name"
    fitting = [one for one in offered if selection.job in ("", one.job)]
    if not fitting:
        elsewhere = f"job {selection.job} does not give it, only {_jobs(offered)}" if offered else "no job gives it"
        contract.findings.append(f"{use.user}: {name}: {elsewhere} (monitoring/metrics.yml)")
        return
    named = (selection.labels | selection.matched) - {"__name__"}
    complete = [one for one in fitting if named <= one.labels]
    if not complete:
        missing = min((named - one.labels for one in fitting), key=len)
        contract.findings.append(
            f"{use.user}: {name}: has no label {', '.join(sorted(missing))} (monitoring/metrics.yml, {_jobs(fitting)})"
        )
    for one in complete:
        contract.used.setdefault(one, {}).setdefault(use.user, set()).update(selection.labels)
    wrong = "" if use.counts else _misused(selection, {one.kind for one in fitting})
    if wrong:
        contract.findings.append(f"{use.user}: {name}: {wrong}: {use.expr}")


def _misused(selection: promql.Selection, kinds: set[str]) -> str:
    if selection.within in RATES and kinds == {GAUGE}:
        return f"{selection.within}() of a gauge means nothing"
    raw = selection.within not in OF_COUNTERS and not promql.is_counted(selection)
    if kinds == {COUNTER} and raw:
        return "the value of a counter means nothing, only its rate or increase does"
    return ""


def _jobs(given: Iterable[Given]) -> str:
    return ", ".join(sorted({f"job {one.job}" for one in given}))


def _unused(contract: Contract) -> Iterator[str]:
    """Declarations that nothing uses; a histogram is used when one of its series is."""
    used = {(one.job, _family(one.metric)) for one in contract.used}
    for one in contract.given:
        if one.metric not in OF_EVERY_TARGET and (one.job, _family(one.metric)) not in used:
            yield f"monitoring/metrics.yml: job {one.job}: {one.metric}: no panel and no rule uses it"


def _family(metric: str) -> str:
    return re.sub(r"_(bucket|count|sum)$", "", metric)


# The whole


def checked() -> Contract:
    """The contract of what is committed."""
    uses, records = of_rules(rendered_rules())
    uses += of_gates()
    for dashboard in committed_dashboards():
        uses += of_dashboard(dashboard)
    return compare(declared(), uses, records)


def document(contract: Contract) -> dict[str, Any]:
    """What a running environment has to hold, as the role `verify` checks it."""
    entries = [
        {
            "metric": given.metric,
            "job": given.job,
            "labels": sorted(set().union(*users.values())),
            **({"appears": given.appears} if given.appears else {}),
            "used_by": sorted(users),
        }
        for given, users in contract.used.items()
    ]
    jobs = sorted({one.job for one in contract.given})
    return {"jobs": jobs, "metrics": sorted(entries, key=lambda entry: (entry["job"], entry["metric"]))}


def text(contract: Contract) -> str:
    return json.dumps(document(contract), indent=2, ensure_ascii=False) + "\n"


def live(contract: Contract, url: str) -> list[str]:
    """What a running Prometheus lacks of the contract, and kinds that are others than declared."""
    running = prometheus.Prometheus(prometheus.Server(url, timeout=60))
    expected = metrics.parse(document(contract))
    findings = metrics.problems(expected, running.look(expected))
    kinds = running.kinds()
    families = {(one.metric, _family(one.metric)): one.kind for one in contract.used}
    for (metric, family), kind in sorted(families.items()):
        said = kinds.get(metric)
        if said and family == metric and said not in (kind, "unknown", "untyped"):
            findings.append(f"monitoring/metrics.yml: {metric} is declared a {kind}, its targets say {said}")
    return findings
