"""The rule files of the role, and what promtool says when it feeds them with series."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.trademaster.platform.plugins.plugin_utils.prometheus_rules import Settings, lint, render

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = ROOT / "roles" / "prometheus" / "templates" / "rules"
RUNBOOKS = ROOT / "docs" / "runbooks"
CASES = Path(__file__).parent / "cases"

# How often rules are evaluated, by the distance of samples. Each minute over hours would take minutes.
EVALUATION = {"2m": "4m"}

# What a template of Go leaves behind when it fails.
BROKEN_TEXT = re.compile(r"<error|<no value>|%!|\{\{")


@dataclass(frozen=True)
class Case:
    """Series by their selector, without the label `environment`, which all have."""

    alert: str
    name: str
    series: Mapping[str, str]
    fires: bool
    labels: Mapping[str, str] = field(default_factory=dict)
    at: str = "20m"
    interval: str = "1m"

    @property
    def key(self) -> str:
        return f"{self.alert}: {self.name}"

    @property
    def expression(self) -> str:
        """Alerts of the name that fire. The last matcher excludes nothing; by it a failure is known."""
        return f'ALERTS{{alertname="{self.alert}",alertstate="firing",alertname!="{self.key}"}}'


def settings(**changes: Any) -> Settings:
    pages = [page.stem for page in RUNBOOKS.glob("*.md")]
    given = {"grafana_url": "https://grafana.example.com", "runbook_url": "https://example.com/runbooks"}
    return Settings(**{**given, "runbooks": pages, **changes})


def templates() -> dict[str, str]:
    return {path.name: path.read_text() for path in TEMPLATES.glob("*.yml.j2")}


@cache
def rendered(pace: float = 1) -> Mapping[str, str]:
    """Rule files as production has them, or as the local environment has them, which is faster in all respects."""
    return render(templates(), settings(pace=pace, scrape_interval="15s" if pace == 1 else "5s"))


@cache
def alerts(file: str, pace: float = 1) -> Mapping[str, Mapping[str, Any]]:
    """The alerts of one file by name."""
    rules = (rule for group in yaml.safe_load(rendered(pace)[file])["groups"] for rule in group["rules"])
    return {rule["alert"]: rule for rule in rules if "alert" in rule}


def findings(**changes: Any) -> list[str]:
    """What the linter says of all rule files, rendered with `changes` to the settings."""
    chosen = settings(**changes)
    files = render(templates(), chosen)
    return lint(files, chosen, ours=files)


@cache
def cases(file: str) -> tuple[Case, ...]:
    path = CASES / file
    # Texts only: 0x30 is thirty zeros here, and no number in hexadecimal notation.
    return tuple(_cases(yaml.load(path.read_text(), yaml.BaseLoader))) if path.exists() else ()  # noqa: S506


def _cases(data: Mapping[str, Any]) -> Iterator[Case]:
    for alert, kinds in data.items():
        for kind, named in kinds.items():
            for name, content in named.items():
                options = {key: content[key] for key in ("labels", "at", "interval") if key in content}
                series = {key: value for key, value in content.items() if key not in options}
                yield Case(alert, name, series, kind == "fires", **options)


def promtool(directory: Path, file: str) -> str:
    """What one process of promtool prints about all cases of the file."""
    suites = {}
    for interval in sorted({case.interval for case in cases(file)}):
        tests = [_test(case) for case in cases(file) if case.interval == interval]
        suites[f"{interval}-{file}"] = (EVALUATION.get(interval, interval), tests)
    return run_promtool(directory, {file: rendered()[file]}, suites)


def run_promtool(
    directory: Path, files: Mapping[str, str], suites: Mapping[str, tuple[str, list[dict[str, Any]]]]
) -> str:
    """What it prints about `suites`: by name, how often rules are evaluated, and the tests."""
    for name, text in files.items():
        (directory / name).write_text(text)
    for name, (interval, tests) in suites.items():
        content = {"rule_files": sorted(files), "evaluation_interval": interval, "tests": tests}
        (directory / name).write_text(yaml.safe_dump(content, width=10_000))
    program = shutil.which("promtool", path=f"{ROOT / '.venv/debian/usr/bin'}{os.pathsep}{os.environ['PATH']}")
    assert program, "promtool is missing: make setup unpacks it"
    done = subprocess.run(
        [program, "test", "rules", *suites], cwd=directory, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def _test(case: Case) -> dict[str, Any]:
    """Whether exactly the expected alert fires, with exactly its labels.

    When it does, promtool is also told to expect no alert. That fails, and prints the alert with its texts.
    """
    expected = [{"labels": _metric(case), "value": 1}] if case.fires else []
    state = {"expr": case.expression, "eval_time": case.at, "exp_samples": expected}
    texts = {"alertname": case.alert, "eval_time": case.at, "exp_alerts": []}
    return {**_input(case), "promql_expr_test": [state], "alert_rule_test": [texts] if case.fires else []}


def _input(case: Case) -> dict[str, Any]:
    return {
        "interval": case.interval,
        "external_labels": {"environment": "staging"},
        "input_series": [{"series": _everywhere(key), "values": value} for key, value in case.series.items()],
    }


def _everywhere(selector: str) -> str:
    name, _, labels = selector.rstrip("}").partition("{")
    return f'{name}{{{labels}{"," if labels else ""}environment="staging"}}'


def _metric(case: Case) -> str:
    file = next(file for file in rendered() if case.alert in alerts(file))
    own = alerts(file)[case.alert]["labels"]
    given = {"environment": "staging", **case.labels}
    expanded = {name: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda m: given[m[1]], text) for name, text in own.items()}
    labels = {"alertname": case.alert, "alertstate": "firing", **given, **expanded}
    return "ALERTS{" + ",".join(f'{name}="{value}"' for name, value in labels.items() if value) + "}"
