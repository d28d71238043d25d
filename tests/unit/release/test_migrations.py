"""What a release may do to the schema."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._release.migrations import (
    Finding,
    Waiver,
    findings,
    inline_waivers,
    judge,
    pending,
)

from tests.contract.harness import Run, run_module

TODAY = date(2026, 6, 15)
DROP = Finding("V13__drop.sql", 3, "ban-drop-column", "Dropping a column may break existing clients.")
INDEX = Finding("V13__drop.sql", 4, "require-concurrent-index-creation", "Table updates are blocked.")


def waiver(**options: Any) -> Waiver:
    return Waiver.given(0, {"rule": "ban-drop-column", "reason": "unused since 1.8", **options})


@pytest.mark.parametrize(
    ("options", "waived"),
    [
        ({}, True),
        ({"file": "V13__*"}, True),
        ({"file": "V14__*"}, False),
        ({"rule": "ban-drop-table"}, False),
        ({"expires": "2026-06-15"}, True),
        ({"expires": "2026-06-14"}, False),
    ],
)
def test_a_waiver_covers_its_rule_in_its_files_until_it_expires(options: Mapping[str, Any], waived: bool) -> None:
    judged = judge([DROP], [waiver(**options)], TODAY)
    assert (bool(judged.waived), bool(judged.refused)) == (waived, not waived)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"reason": " "}, r"waivers\[0\]\.reason"),
        ({"expires": "soon"}, r"waivers\[0\]\.expires.*YYYY-MM-DD"),
        ({"rule": "syntax-error"}, "cannot be waived"),
    ],
)
def test_a_waiver_says_why_and_until_when(options: Mapping[str, Any], error: str) -> None:
    with pytest.raises(InvalidInput, match=error):
        waiver(**options)


def test_what_is_waived_and_breaks_the_release_before_is_told() -> None:
    both = [waiver(), waiver(rule="require-concurrent-index-creation")]
    assert judge([DROP], both, TODAY).breaking
    assert not judge([INDEX], both, TODAY).breaking


def test_taste_and_timeouts_of_the_connection_are_no_findings() -> None:
    rules = ["prefer-text-field", "require-lock-timeout", "require-statement-timeout", "renaming-table"]
    report = [{"file": "a/V1.sql", "line": 0, "rule_name": rule, "message": "", "help": None} for rule in rules]
    assert [(item.file, item.line, item.rule) for item in findings(report)] == [("V1.sql", 1, "renaming-table")]


@pytest.mark.parametrize(
    ("after", "left"),
    [
        (None, ["V2__a.sql", "V2.1__b.sql", "V10__c.sql", "R__view.sql", "0011_d.sql"]),
        ("", ["V2__a.sql", "V2.1__b.sql", "V10__c.sql", "R__view.sql", "0011_d.sql"]),
        ("2", ["V2.1__b.sql", "V10__c.sql", "R__view.sql", "0011_d.sql"]),
        ("2.1", ["V10__c.sql", "R__view.sql", "0011_d.sql"]),
        ("0010", ["R__view.sql", "0011_d.sql"]),
        ("4f2a9c", ["V2__a.sql", "V2.1__b.sql", "V10__c.sql", "R__view.sql", "0011_d.sql"]),
    ],
)
def test_only_what_the_release_adds_is_linted(after: str | None, left: list[str]) -> None:
    assert pending(["V2__a.sql", "V2.1__b.sql", "V10__c.sql", "R__view.sql", "0011_d.sql"], after) == left


def test_a_comment_that_switches_the_linter_off_is_a_finding() -> None:
    found = inline_waivers("V1.sql", "SELECT 1;\n-- squawk-ignore ban-drop-column\nDROP TABLE a;")
    assert [(item.line, item.rule) for item in found] == [(2, "squawk-ignore")]


def lint(folder: Path, **options: Any) -> Run:
    return run_module("migrations_lint", {"path": str(folder), **options})


def test_unsafe_statements_are_refused_and_waived(tmp_path: Path) -> None:
    (tmp_path / "V1__accounts.sql").write_text("CREATE TABLE accounts (id bigint PRIMARY KEY, name text);\n")
    (tmp_path / "V2__drop.sql").write_text("ALTER TABLE accounts DROP COLUMN name;\n")
    refused = lint(tmp_path)
    assert refused.answer["failed"]
    assert "V2__drop.sql:1: ban-drop-column (breaks the release that runs)" in refused.answer["msg"]
    accepted = lint(tmp_path, waivers=[{"rule": "ban-drop-column", "reason": "unused"}])
    assert accepted.answer["breaking"]
    assert accepted.answer["files"] == ["V1__accounts.sql", "V2__drop.sql"]
    assert not lint(tmp_path, after="2").answer["breaking"]


def test_a_folder_without_migrations_is_refused(tmp_path: Path) -> None:
    assert "holds no .sql file" in lint(tmp_path).answer["msg"]


def test_a_linter_that_is_broken_says_nothing_of_the_migrations(tmp_path: Path) -> None:
    (tmp_path / "V1__accounts.sql").write_text("SELECT 1;\n")
    assert "exit code 2" in lint(tmp_path, executable=sys.executable).answer["msg"]
