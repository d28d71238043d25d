"""Every alert fires when it should, with all its labels and texts, and is silent when it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ansible_collections.trademaster.platform.plugins.plugin_utils.prometheus_rules import seconds

from tests.monitoring.rules.rule_files import BROKEN_TEXT, Case, alerts, cases, findings, promtool, rendered

FILES = sorted(rendered())
NAMED = [(file, alert) for file in FILES for alert in alerts(file)]
ALL = [(file, case) for file in FILES for case in cases(file)]


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """What promtool says about a file. Those that take longest are begun first."""
    directory: Path = tmp_path_factory.mktemp("rules")
    longest = sorted(FILES, key=lambda file: (file != "slo.yml", -len(cases(file))))
    with ThreadPoolExecutor(max_workers=2) as pool:
        running = {file: pool.submit(promtool, directory, file) for file in longest}
        yield lambda file: running[file].result()


@pytest.mark.parametrize(("file", "case"), ALL, ids=[case.key for _, case in ALL])
def test_state(file: str, case: Case, said: Callable[[str], str]) -> None:
    failed = [part for part in said(file).split("    expr: ") if f'alertname!=\\"{case.key}\\"' in part]
    assert not failed, failed[0]


@pytest.mark.parametrize("file", FILES)
def test_texts_are_complete(file: str, said: Callable[[str], str]) -> None:
    assert said(file).count("Annotations:{") == len([case for case in cases(file) if case.fires]), said(file)
    assert not [line for line in said(file).splitlines() if BROKEN_TEXT.search(line)]


@pytest.mark.parametrize(("file", "alert"), NAMED, ids=[alert for _, alert in NAMED])
def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(file: str, alert: str) -> None:
    assert {case.fires for case in cases(file) if case.alert == alert} == {True, False}


@pytest.mark.parametrize("file", FILES)
def test_cases_are_of_alerts_that_exist(file: str) -> None:
    assert {case.alert for case in cases(file)} <= set(alerts(file))


@pytest.mark.parametrize("pace", [1, 10, 1000])
def test_rules_are_in_order_at_any_pace(pace: int) -> None:
    assert findings(pace=pace) == []


def test_every_cause_explains_something_and_every_dependency_has_a_cause() -> None:
    labels = [alert["labels"] for file in FILES for alert in alerts(file).values()]
    causes = {one["cause"] for one in labels if "cause" in one}
    # The groups of the cache are named by the environment.
    causes = (causes - {"cache-{{ $labels.group }}"}) | {"cache-sessions", "cache-gateway"}
    depended = {cause for one in labels for cause in one.get("depends_on", "").split(",") if cause}
    assert depended - {"cache-{{ $labels.group }}"} == causes


# Causes that fire on their own evidence, and what they look like: as one while the other begins.
FIRST = ("database", "cache-{{ $labels.group }}", "gateway", "database-connections", "pool")


@pytest.mark.parametrize("pace", [1, 10])
def test_what_follows_from_a_cause_waits_longer_than_the_cause(pace: int) -> None:
    found = [alert for file in FILES for alert in alerts(file, pace).values() if "for" in alert]
    causes = [alert for alert in found if alert["labels"].get("cause") in FIRST]
    followers = [alert for alert in found if "depends_on" in alert["labels"] and alert not in causes]
    assert max(seconds(alert["for"]) for alert in causes) <= min(seconds(alert["for"]) for alert in followers)
