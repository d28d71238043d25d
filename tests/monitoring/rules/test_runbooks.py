"""Each alert has a page, each page an alert, and what pages refer to exists."""

from __future__ import annotations

import re
import subprocess

import promql_parser
import pytest

from tests.monitoring.rules.rule_files import RUNBOOKS, alerts, rendered

PAGES = sorted(page.stem for page in RUNBOOKS.glob("*.md") if page.stem != "README")
SECTIONS = ("Look", "Mend", "Escalate")
FUNCTION = re.compile(r"^(\w+)\(\) \{", re.MULTILINE)
QUERY = re.compile(r"`promql '([^']+)'`")
COMMANDS = {
    "live",
    "state",
    "events",
    "stopped",
    "logs",
    "versions",
    "back",
    "restart",
    "converge",
    "prometheus",
    "promql",
    "sql",
}


def index_row(file: str, name: str) -> str:
    alert = alerts(file)[name]
    summary = re.sub(r"\{\{.*?\}\}", "…", alert["annotations"]["summary"])
    return f"| [{name}]({name}.md) | {alert['labels']['severity']} | {alert['labels']['owner']} | {summary} |"


def index() -> list[str]:
    rows = [index_row(file, name) for file in sorted(rendered()) for name in alerts(file)]
    return ["| alert | severity | owner | says |", "| --- | --- | --- | --- |", *rows]


def test_every_page_is_of_an_alert() -> None:
    assert sorted(name for file in rendered() for name in alerts(file)) == PAGES


def test_the_index_lists_all_alerts() -> None:
    shown = (RUNBOOKS / "README.md").read_text().partition("## Alerts\n\n")[2].splitlines()
    assert shown == index()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_what_helps_at_night(page: str) -> None:
    text = (RUNBOOKS / f"{page}.md").read_text()
    title, *sections = re.split(r"^#+ (?:.*)$", text, flags=re.MULTILINE)[1:]
    assert text.startswith(f"# {page}\n")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == list(SECTIONS)
    assert "**Impact:**" in title
    assert all(section.strip() for section in sections)
    for query in QUERY.findall(text):
        promql_parser.parse(query)
    missing = [link for link in re.findall(r"\]\((\w+)\.md\)", text) if not (RUNBOOKS / f"{link}.md").exists()]
    assert not missing


def test_commands_of_the_index_are_shell() -> None:
    blocks = re.findall(r"```bash\n(.*?)```", (RUNBOOKS / "README.md").read_text(), re.DOTALL)
    checked = [
        subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, check=False) for block in blocks[:2]
    ]
    assert [done.stderr for done in checked] == ["", ""]
    assert {name for block in blocks for name in FUNCTION.findall(block)} == COMMANDS


def test_no_two_pages_say_the_same() -> None:
    lines = [
        line for page in PAGES for line in (RUNBOOKS / f"{page}.md").read_text().splitlines()[2:] if len(line) > 60
    ]
    assert sorted({line for line in lines if lines.count(line) > 1 and "README.md#commands" not in line}) == []
