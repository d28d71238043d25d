"""The report holds everything that was found, with hashes of its parts, as data and as a page."""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import jinja2
import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._controls.judge import Finding
from ansible_collections.trademaster.platform.plugins.module_utils._controls.report import report

TODAY = date(2026, 11, 23)
TEMPLATES = Path(__file__).parents[3] / "roles" / "evidence" / "templates"
ABOUT = {
    "name": "trademaster-test",
    "tags": {"Project": "trademaster", "Environment": "test"},
    "at": "2026-11-23 09:30:00 UTC",
    "commit": "1ff2ea8",
    "versions": {"ansible-core": "2.19.14"},
}
COLUMNS = (
    "CHECK_ID", "CHECK_TITLE", "STATUS", "STATUS_EXTENDED", "RESOURCE_TYPE", "RESOURCE_UID", "RESOURCE_NAME",
    "RESOURCE_TAGS", "REMEDIATION_RECOMMENDATION_TEXT", "ACCOUNT_UID", "PROWLER_VERSION",
)  # fmt: skip
BUCKET = "AwsS3Bucket"
OURS = "Project=trademaster | Environment=test | Name=x"
WAIVER = {
    "control": "prowler:s3_check",
    "resource": "*",
    "reason": "The emulator has no such thing",
    "expires": "2027-01-31",
}


def row(check: str, status: str, name: str, tags: str = "", kind: str = BUCKET) -> str:
    return ";".join(
        (check, "Title", status, f"about <{name}>", kind, "arn:x", name, tags, "mend it", "123456789012", "5.46.0")
    )


def csv(*rows: str) -> str:
    return "\n".join((";".join(COLUMNS), *rows))


def answer(*findings: Finding) -> dict[str, Any]:
    failures = [str(finding) for finding in findings if finding.status == "failed"]
    empty = {"passed": 0, "failed": 0, "waived": 0, "not_applicable": 0}
    return {
        "findings": [asdict(finding) for finding in findings],
        "failures": failures,
        "problems": [],
        "counts": empty | {"failed": len(failures)},
        "controls": empty | {"failed": len(failures)},
        "account_id": "123456789012",
        "region": "us-east-1",
    }


PASSED = answer(Finding("RDS.2", "Closed", "db_instance main", "passed"))


@pytest.mark.parametrize(
    ("line", "judged"),
    [
        (row("s3_check", "FAIL", "logs", OURS), "failed"),
        (row("s3_check", "FAIL", "trademaster-test-logs"), "failed"),
        (row("iam_check", "FAIL", "<root_account>", kind="AwsIamUser"), "failed"),
        (row("s3_check", "PASS", "logs", OURS), "passed"),
        (row("s3_check", "MANUAL", "logs", OURS), "not_applicable"),
        (row("s3_check", "FAIL", "logs", "Project=trademaster | Environment=other"), None),
        (row("s3_check", "FAIL", "logs"), None),
    ],
)
def test_prowler_is_heard_on_what_is_ours(line: str, judged: str | None) -> None:
    made = report(PASSED, csv(line), [], ABOUT, TODAY)

    assert [check["status"] for check in made["prowler"]["checks"]] == ([judged] if judged else [])
    assert made["verdict"] == ("failed" if judged == "failed" else "passed")
    assert len(made["failures"]) == (1 if judged == "failed" else 0)


def test_waivers_of_prowler_are_used_expire_and_may_be_left_over() -> None:
    failing, passing = csv(row("s3_check", "FAIL", "logs", OURS)), csv(row("s3_check", "PASS", "logs", OURS))

    good = report(PASSED, failing, [WAIVER], ABOUT, TODAY)
    assert (good["verdict"], good["waivers"][0]["covers"]) == ("passed", [f"{BUCKET} logs"])
    expired = report(PASSED, failing, [{**WAIVER, "expires": "2026-11-01"}], ABOUT, TODAY)
    assert (expired["verdict"], len(expired["failures"]), len(expired["problems"])) == ("failed", 1, 1)
    assert "waives nothing" in report(PASSED, passing, [WAIVER], ABOUT, TODAY)["problems"][0]
    assert report(PASSED, None, [WAIVER], ABOUT, TODAY)["problems"] == [], "it was not asked"


def test_parts_are_hashed() -> None:
    text = csv(row("s3_check", "PASS", "logs", OURS))
    made = report(PASSED, text, [], ABOUT, TODAY)

    assert made["sha256"]["prowler.csv"] == hashlib.sha256(text.encode()).hexdigest()
    assert len(made["sha256"]["controls"]) == 64


def test_the_page_needs_nothing_else_and_escapes_what_it_shows() -> None:
    failed = Finding("RDS.2", "Closed <now>", "db_instance main", "failed", "is <b>public</b>", "close it & be done")
    page = render(report(answer(failed), csv(row("s3_check", "FAIL", "logs", OURS)), [WAIVER], ABOUT, TODAY))

    assert "is &lt;b&gt;public&lt;/b&gt;" in page
    assert "about &lt;logs&gt;" in page
    assert "close it &amp; be done" in page
    assert WAIVER["reason"] in page
    assert not any(outside in page for outside in ("<script", "src=", "href=", "@import", "url("))
    assert 'name="viewport"' in page
    assert "@media print" in page


def test_the_page_says_that_prowler_was_not_asked() -> None:
    assert "It was not asked." in render(report(PASSED, None, [], ABOUT, TODAY))


def render(made: dict[str, Any]) -> str:
    # As Ansible renders: nothing is escaped but what the template says.
    environment = jinja2.Environment(  # noqa: S701
        loader=jinja2.FileSystemLoader(TEMPLATES), trim_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.get_template("evidence.html.j2").render(report=made)
