"""Causes silence their consequences: every pair that the rules name, against a real Alertmanager."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.monitoring.routing.alertmanager import REPOSITORY, Alertmanager, Rule, eventually, rules, running
from tests.monitoring.routing.recorder import Recorder, recording

RULES = rules()
CAUSES = sorted({cause for rule in RULES for cause in rule.causes})
INHIBITIONS = REPOSITORY / "roles" / "alertmanager" / "vars" / "main" / "inhibitions.yml"


@pytest.fixture(scope="module")
def recorder() -> Iterator[Recorder]:
    with recording() as recorder:
        yield recorder


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory, recorder: Recorder) -> Iterator[Alertmanager]:
    with running(tmp_path_factory.mktemp("alertmanager"), recorder) as server:
        yield server


def test_causes_of_the_rules_are_those_of_alertmanager() -> None:
    known = yaml.safe_load(Path(INHIBITIONS).read_text())["__alertmanager_causes"]
    assert known == CAUSES
    assert {name for rule in RULES for name in rule.depends_on} <= set(CAUSES)


def test_no_alert_is_a_consequence_of_itself() -> None:
    assert [rule.name for rule in RULES if set(rule.causes) & set(rule.depends_on)] == []


@pytest.mark.parametrize("cause", CAUSES)
def test_a_cause_silences_what_depends_on_it_and_nothing_else(
    alertmanager: Alertmanager, recorder: Recorder, cause: str
) -> None:
    """Each cause has an environment of its own: cases are kept apart, and no cause may reach into another."""
    sources = [rule for rule in RULES if cause in rule.causes]
    consequences = [rule for rule in RULES if cause in rule.depends_on]
    bystanders = [rule for rule in RULES if rule not in sources and rule not in consequences and not rule.causes]
    fired = {rule.name: rule for rule in [sources[0], *consequences, *bystanders[:5]]}
    group = {"group": cause.removeprefix("cache-")}
    alertmanager.fire(*(_resolved_labels(rule, cause).alert(environment=cause, **group) for rule in fired.values()))

    def settled() -> bool:
        found = alertmanager.ask(f"/api/v2/alerts?filter=environment=%22{cause}%22")
        states = {item["labels"]["alertname"]: item["status"]["state"] for item in found}
        return states == {name: "suppressed" if cause in rule.depends_on else "active" for name, rule in fired.items()}

    eventually(settled, f"{cause} silences {[rule.name for rule in consequences]} alone")
    if sources[0].severity == "critical":
        eventually(lambda: _paged(recorder, cause, sources[0].name), f"{sources[0].name} pages")
    assert not [rule.name for rule in consequences if _paged(recorder, cause, rule.name)]


def _resolved_labels(rule: Rule, cause: str) -> Rule:
    """The rule with labels that only name `cause`: what other causes would do is another case."""
    labels = {name: value for name, value in rule.labels.items() if name not in {"cause", "depends_on"}}
    labels |= {"cause": cause} if cause in rule.causes else {}
    labels |= {"depends_on": ",".join(rule.depends_on)} if cause in rule.depends_on else {}
    return Rule(rule.name, labels)


def _paged(recorder: Recorder, environment: str, name: str) -> bool:
    return any(page["payload"]["class"] == name and page["payload"]["group"] == environment for page in recorder.pages)
