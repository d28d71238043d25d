"""What the workflows of .github hold to, beyond what their linters look at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES}
OF_A_SERVICE = ("release-service", "rollback-service", "plan-environment")
JOBS = [(name, job) for name, workflow in WORKFLOWS.items() for job in workflow["jobs"]]


def job_of(name: str, job: str) -> dict[str, Any]:
    return dict(WORKFLOWS[name]["jobs"][job])


def steps(name: str) -> Iterator[dict[str, Any]]:
    for job in WORKFLOWS[name]["jobs"].values():
        yield from job.get("steps", [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_actions_are_pinned_to_a_commit_with_their_version_beside(path: Path) -> None:
    used = re.findall(r"uses: (.+)", path.read_text(encoding="utf-8"))
    wrong = [one for one in used if not re.fullmatch(r"(\$/\S+|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)", one)]
    assert wrong == []


def test_an_action_has_one_version() -> None:
    pins: dict[str, set[str]] = {}
    for path in FILES:
        for action, pin in re.findall(r"uses: ([\w/-]+)@(.+)", path.read_text(encoding="utf-8")):
            pins.setdefault(action, set()).add(pin)
    assert {action: found for action, found in pins.items() if len(found) > 1} == {}


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_jobs_have_a_limit_and_no_more_permissions_than_they_say(name: str, job: str) -> None:
    found = job_of(name, job)
    assert WORKFLOWS[name]["permissions"] == {}
    assert "permissions" in found
    assert "uses" in found or 0 < found["timeout-minutes"] <= 90


@pytest.mark.parametrize(("name", "job"), JOBS)
def test_only_what_an_environment_protects_gets_a_token_for_aws(name: str, job: str) -> None:
    found = job_of(name, job)
    assert "uses" in found or found["permissions"].get("id-token") is None or found.get("environment")


@pytest.mark.parametrize("name", ["release-service", "rollback-service"])
def test_releases_and_rollbacks_wait_for_each_other(name: str) -> None:
    (group,) = [job["concurrency"] for job in WORKFLOWS[name]["jobs"].values() if "concurrency" in job]
    assert group == {
        "group": "release-${{ inputs.environment }}-${{ inputs.service }}",
        "cancel-in-progress": False,
    }


@pytest.mark.parametrize("name", [*OF_A_SERVICE, "evidence"])
def test_refusals_come_before_credentials(name: str) -> None:
    told = [step.get("run", step.get("uses", "")) for step in steps(name)]
    credentials = next(at for at, text in enumerate(told) if "configure-aws-credentials" in text)
    refused = [at for at, text in enumerate(told) if "pipeline.py variables" in text]
    account = [at for at, text in enumerate(told) if "pipeline.py account" in text]
    assert refused
    assert refused[-1] < credentials < account[0]
    assert not any("make deploy" in text or "make rollback" in text for text in told[: account[0]])


@pytest.mark.parametrize("name", [*OF_A_SERVICE, "evidence"])
def test_with_credentials_only_our_own_commands_run(name: str) -> None:
    jobs = [job for job in WORKFLOWS[name]["jobs"].values() if job["permissions"].get("id-token")]
    commands = [line for job in jobs for step in job["steps"] for line in step.get("run", "").splitlines()]
    allowed = (
        r"make (setup|deploy|verify|rollback|evidence)\b.*|(\.venv/bin/python|python3) scripts/pipeline\.py .*|cat .*"
    )
    assert [line for line in commands if not re.fullmatch(allowed, line)] == []


def test_all_green_waits_for_all_others() -> None:
    jobs = WORKFLOWS["ci"]["jobs"]
    assert set(jobs["all-green"]["needs"]) == set(jobs) - {"all-green"}
    assert jobs["all-green"]["if"] == "always()"


def test_ci_runs_every_stage() -> None:
    from scripts.test import stages

    jobs = WORKFLOWS["ci"]["jobs"]
    ran = {stage for row in jobs["stages"]["strategy"]["matrix"]["include"] for stage in row["stages"].split(",")}
    ran |= set(re.findall(r"scripts\.test (.*)", jobs["supported"]["steps"][-2]["run"])[0].split())
    assert ran == set(stages())
