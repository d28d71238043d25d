# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an environment's controls, as data: what the role evidence writes as JSON and as a page. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from . import prowler
from .catalogue import CONTROLS
from .judge import PROWLER, Finding, Status, Verdict, waive, waivers

ORDER: Sequence[Status] = ("not_applicable", "passed", "waived", "failed")
AREAS = {
    "EC2": "Network",
    "RDS": "Database",
    "ElastiCache": "Caches",
    "ECS": "Containers",
    "ECR": "Images",
    "ELB": "Load balancer",
    "ACM": "Certificates",
    "WAF": "Web application firewall",
    "KMS": "Keys",
    "S3": "Buckets",
    "SNS": "Topics",
    "SecretsManager": "Secrets",
    "SSM": "Systems Manager",
    "IAM": "Permissions",
    "CloudTrail": "Trails",
    "Config": "AWS Config",
    "GuardDuty": "GuardDuty",
    "CIS v3": "CIS AWS Foundations v3",
    "CIS v5": "CIS AWS Foundations v5",
}


def report(
    answer: Mapping[str, Any],
    judge_csv: str | None,
    given: Sequence[Mapping[str, Any]],
    about: Mapping[str, Any],
    today: date,
) -> dict[str, Any]:
    """Everything in one document.

    `answer` is what security_controls answered, `judge_csv` what Prowler wrote, None where it was not asked, `about`
    holds `name`, `tags`, `at`, `commit` and `versions`.
    """
    # Ansible's own kinds of mappings cannot be copied as such.
    own = [Finding(**{**one, "waiver": dict(one["waiver"]) if one["waiver"] else None}) for one in answer["findings"]]
    other = _independent(judge_csv, given, about, today)
    failures = [*answer["failures"], *(str(finding) for finding in other.failed)]
    problems = [*answer["problems"], *other.problems]
    parts = {"controls": _digest(json.dumps(answer["findings"], sort_keys=True))}
    parts |= {} if judge_csv is None else {"prowler.csv": _digest(judge_csv)}
    return {
        **{name: value for name, value in about.items() if name != "tags"},
        "account_id": answer["account_id"],
        "region": answer["region"],
        "verdict": "failed" if failures or problems else "passed",
        "failures": failures,
        "problems": problems,
        "controls": answer["controls"],
        "counts": answer["counts"],
        "areas": _areas(own),
        "prowler": None if judge_csv is None else _summary(other, judge_csv),
        "waivers": _used(given, [*own, *other.findings]),
        "sha256": parts,
    }


def _independent(
    text: str | None, given: Sequence[Mapping[str, Any]], about: Mapping[str, Any], today: date
) -> Verdict:
    """Prowler's findings with its waivers; where it was not asked, none of them can be called unused."""
    own = [one for one in waivers(given, CONTROLS) if one.control.startswith(PROWLER)]
    found = [] if text is None else prowler.findings(prowler.rows(text), about["name"], about["tags"])
    return waive(found, own, today, all_used=text is not None)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def worst(findings: Iterable[Finding]) -> Status:
    return max((finding.status for finding in findings), key=ORDER.index, default="not_applicable")


def _grouped(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings by control, in their order."""
    by_control: dict[str, list[Finding]] = {}
    for finding in findings:
        by_control.setdefault(finding.control, []).append(finding)
    return [
        {
            "id": control,
            "title": found[0].title,
            "status": worst(found),
            "findings": [asdict(finding) for finding in found],
        }
        for control, found in by_control.items()
    ]


def _areas(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    areas: dict[str, list[dict[str, Any]]] = {name: [] for name in AREAS.values()}
    for control in _grouped(findings):
        prefix = str(control["id"]).partition(".")[0]
        short = " ".join(prefix.split()[:2])
        areas[AREAS[short]].append(control)
    return [{"name": name, "controls": controls} for name, controls in areas.items() if controls]


def _summary(verdict: Verdict, text: str) -> dict[str, Any]:
    checks = sorted(_grouped(verdict.findings), key=lambda check: (-ORDER.index(check["status"]), check["id"]))
    version = prowler.version(prowler.rows(text))
    return {"version": version, "counts": verdict.counts(), "controls": verdict.by_control(), "checks": checks}


def _used(given: Sequence[Mapping[str, Any]], findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Waivers with what each of them covers."""
    covered: dict[str, list[str]] = {}
    for finding in findings:
        if finding.waiver:
            covered.setdefault(json.dumps(dict(finding.waiver), sort_keys=True), []).append(finding.resource)
    return [
        {**waiver.shown(), "covers": covered.get(json.dumps(waiver.shown(), sort_keys=True), [])}
        for waiver in waivers(given, CONTROLS)
    ]
