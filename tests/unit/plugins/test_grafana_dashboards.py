"""What is said of a dashboard's file before it is uploaded."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.trademaster.platform.plugins.filter.grafana_dashboards import grafana_dashboards
from ansible_collections.trademaster.platform.plugins.plugin_utils.grafana_dashboards import findings

SOURCES = ["prometheus", "alertmanager"]
VARIABLE = {"list": [{"name": "datasource", "type": "datasource"}, {"name": "service", "type": "query"}]}


def model(**more: Any) -> str:
    return json.dumps({"uid": "slo", "title": "SLO", **more})


def panel(source: Any) -> str:
    return model(templating=VARIABLE, panels=[{"title": "Row", "panels": [{"title": "Rate", "datasource": source}]}])


@pytest.mark.parametrize(
    "source",
    [
        None,
        {"type": "prometheus", "uid": "prometheus"},
        {"uid": "${datasource}"},
        {"uid": "$datasource"},
        {"uid": "-- Mixed --"},
        "alertmanager",
        "${datasource:text}",
    ],
)
def test_data_sources_that_exist_are_fine(source: Any) -> None:
    assert list(findings({"slo.json": panel(source)}, SOURCES)) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("{", "slo.json: it is no JSON: Expecting property name"),
        ("[]", "slo.json: it is no JSON object: export"),
        (model(uid=None), "slo.json: uid: None is no uid: give"),
        (model(uid="an uid"), "slo.json: uid: 'an uid' is no uid: give"),
        (model(uid="u" * 41), f"slo.json: uid: '{'u' * 41}' is no uid: give"),
        (model(title=" "), "slo.json: title: ' ' is no title"),
        (
            panel({"uid": "loki"}),
            "slo.json: Rate: no data source has the uid 'loki': choose from alertmanager, prometheus",
        ),
        (panel({"uid": "${service}"}), "slo.json: Rate: ${service} is no variable of the dashboard that stands for"),
        (
            model(annotations={"list": [{"name": "Releases", "datasource": {"uid": "graphite"}}]}),
            "slo.json: Releases: no data source has the uid 'graphite'",
        ),
    ],
)
def test_what_is_wrong_is_said_in_one_line_with_the_file(text: str, finding: str) -> None:
    [found] = findings({"slo.json": text}, SOURCES)

    assert found.startswith(finding)
    assert "\n" not in found


def test_nothing_may_be_there_twice() -> None:
    files = {"a/slo.json": model(), "b/slo.json": model(uid="other", title="Other"), "c.json": model(title="C")}

    assert list(findings(files, SOURCES)) == [
        "b/slo.json: a/slo.json has the file name slo.json already: give it another",
        "c.json: a/slo.json has the uid slo already: give it another",
    ]
    assert list(findings({"a.json": model(), "b.json": model(uid="b")}, SOURCES)) == [
        "b.json: a.json has the title SLO already: give it another"
    ]


def test_files_are_read_and_named_without_their_folder(tmp_path: Path) -> None:
    (tmp_path / "slo.json").write_text(model())

    assert grafana_dashboards([str(tmp_path / "slo.json")], SOURCES) == {"slo.json": model()}


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(AnsibleFilterError, match=r"missing\.json: cannot be read"):
        grafana_dashboards([str(tmp_path / "missing.json")], SOURCES)


def test_all_findings_are_told_at_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text("{")

    with pytest.raises(AnsibleFilterError) as refused:
        grafana_dashboards([str(tmp_path / "a.json"), str(tmp_path / "b.json")], SOURCES)

    assert len(str(refused.value).splitlines()) == 2


def test_what_a_panel_and_its_queries_say_alike_is_told_once(tmp_path: Path) -> None:
    source = {"uid": "loki"}
    file = tmp_path / "slo.json"
    file.write_text(model(panels=[{"title": "Rate", "datasource": source, "targets": [{"datasource": source}]}]))
    with pytest.raises(AnsibleFilterError) as error:
        grafana_dashboards([str(file)], SOURCES)
    assert str(error.value).count("no data source has the uid 'loki'") == 1
