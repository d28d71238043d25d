"""The workflows that a service's repository calls, run by act on the environment that all tests of releases share.

What cannot be run here: GitHub itself, so no approval, no token of its OpenID Connect provider, and no group of runs
that wait for each other. tests/unit/tooling/test_workflows.py looks at what the workflows say about these.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.environment import Environment, plain_secrets
from tests.releases.customers import Customers
from tests.releases.pipeline import VARIABLES, Pipeline
from tests.releases.releases import QUICK, Releases, other
from tests.releases.test_releases import SHORT

ERRORS = "1.1.0-errors"
TESTED = {"test-command": "test -f Dockerfile && echo tested"}
COMMITTED = {"head_commit": {"timestamp": "2026-01-05T09:30:00+00:00"}}


@pytest.fixture(scope="module")
def pipeline(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return Pipeline(environment, tmp_path_factory.mktemp("pipeline"))


@pytest.fixture
def never_pushed(environment: Environment) -> Callable[[str], str]:
    """Take a tag out of ECR, so that a pipeline can push it, and answer it."""
    ecr = environment.client("ecr")

    def forget(tag: str) -> str:
        ecr.batch_delete_image(repositoryName="trademaster-auth", imageIds=[{"imageTag": tag}])
        return tag

    return forget


def test_a_push_becomes_a_release(
    pipeline: Pipeline, releases: Releases, customers: Customers, never_pushed: Callable[[str], str]
) -> None:
    version, live, tag = releases.version, releases.live, never_pushed(releases.candidate)
    with customers.watched() as seen:
        run = pipeline.start(
            "release-service", event=("push", COMMITTED), **TESTED, tag=tag, reason="a push", options=json.dumps(SHORT)
        ).green()
    assert set(run.jobs.values()) == {"success"}
    releases.settled(tag)
    assert releases.live == other(live)
    assert seen.failed == []
    record, digest = releases.history[-1], releases.digest(tag)
    assert (record["verdict"], record["to"]["version"], record["to"]["digest"]) == ("completed", tag, digest)
    assert (record["by"], record["commit_at"]) == ("ada", "2026-01-05T09:30:00Z")
    assert record["reason"] == "a push https://github.com/trademaster/auth-service/actions/runs/1"
    image = f"123456789012.dkr.ecr.us-east-1.amazonaws.com/trademaster-auth@{digest}"
    assert f'"image": "{image}"' in run.said, "the output of the workflow"
    assert f"provenance of {image}" in run.said
    assert f"contents of {image}" in run.said
    assert f"✅ auth-service {tag} is live on {releases.live}" in run.summary
    assert f"| To | {tag} {digest} |" in run.summary
    assert f"| From | {version}" in run.summary
    assert "| customers | seconds | requests | errors | p95 |" in run.summary
    assert "| bake |" in run.summary


def test_a_rollback_is_one_click(pipeline: Pipeline, releases: Releases, customers: Customers) -> None:
    before = releases.history[-1]["from"]["version"]
    with customers.watched() as seen:
        run = pipeline.start("rollback-service", reason="a click").green()
    releases.settled(before)
    assert seen.failed == []
    assert (releases.history[-1]["verdict"], releases.history[-1]["by"]) == ("reverted", "ada")
    assert "✅ auth-service is rolled back" in run.summary
    assert f"| To | {before} |" in run.summary


def test_a_release_that_is_taken_back_is_red(
    pipeline: Pipeline, releases: Releases, customers: Customers, never_pushed: Callable[[str], str]
) -> None:
    version, tag = releases.version, never_pushed(ERRORS)
    with releases.unchanged(), customers.watched() as seen:
        run = pipeline.start("release-service", **TESTED, tag=tag, options=json.dumps(QUICK)).red()
    assert run.jobs == {"check": "success", "test": "success", "build": "success", "deploy": "failure"}
    assert run.steps["Release it, or take it back"] == "failure"
    assert "Prove that the environment serves" not in run.steps
    assert f"↩️ auth-service {tag} is not released: it was taken back" in run.summary
    assert "requests failed, more than error_ratio 5.0%" in run.summary
    assert "| take back |" in run.summary
    assert releases.history[-1]["verdict"] == "rolled_back"
    assert {each.version for each in seen.failed} <= {tag}
    releases.settled(version)


def test_two_pipelines_at_once_queue(
    pipeline: Pipeline, releases: Releases, never_pushed: Callable[[str], str]
) -> None:
    """Of different repositories, say: GitHub has the runs of one wait for each other."""
    known, tag = len(releases.history), never_pushed(releases.candidate)
    first = pipeline.start("release-service", **TESTED, tag=tag, options=json.dumps(SHORT))
    first.run.until("it holds the lock", lambda: releases.lock)
    second = pipeline.start("rollback-service")
    first.green()
    second.green()
    one, two = releases.history[known:]
    assert (one["verb"], two["verb"]) == ("deploy", "rollback")
    assert one["ended_at"] <= two["started_at"]
    assert (one["verdict"], two["verdict"]) == ("completed", "reverted")


def test_a_pull_request_is_planned(pipeline: Pipeline, environment: Environment) -> None:
    """The environment was made with another interval than the inventory has."""
    run = pipeline.start("plan-environment").green()
    assert '"verdict": "changes"' in run.said
    assert "### Plan for local: " in run.summary
    assert "<b>prometheus</b>" in run.summary
    assert "Comment" not in run.steps, "it was no pull request"


FORK = {"pull_request": {"number": 7, "head": {"repo": {"full_name": "mallory/auth-service"}}}}


@pytest.mark.parametrize(
    ("said", "given"),
    [
        ("AWS_ROLE_ARN is missing", {"variables": {**VARIABLES, "AWS_ROLE_ARN": ""}}),
        ("INVENTORY=inventories/none: there is no such", {"variables": {**VARIABLES, "INVENTORY": "inventories/none"}}),
        ("account 210987654321", {"assumed_instead": "arn:aws:iam::210987654321:role/another"}),
        ("branch main: only release/* may be released", {"branches": "release/*"}),
        ("pull request of the fork mallory/auth-service", {"event": ("pull_request", FORK)}),
        ("tag '1.2;id'", {"tag": "1.2;id"}),
        ("options: release_tag: only", {"options": '{"release_tag": "1.0.0"}'}),
        ("tag 1.1.0 of trademaster-auth is another image already", {"tag": "1.1.0"}),
        ("CRITICAL: 1", {"vulnerable": True}),
    ],
)
def test_bad_input_ends_it_early(pipeline: Pipeline, releases: Releases, said: str, given: dict[str, Any]) -> None:
    known = len(releases.history)
    vulnerable = pipeline.service / "vulnerable"
    if given.pop("vulnerable", False):
        vulnerable.touch()
    with releases.unchanged():
        run = pipeline.start("release-service", **{**TESTED, "tag": "1.3.0", **given}).red()
    vulnerable.unlink(missing_ok=True)
    assert said in run.said
    assert "Release it, or take it back" not in run.steps
    assert len(releases.history) == known


def test_an_image_that_is_not_there_is_told_in_the_summary(pipeline: Pipeline, releases: Releases) -> None:
    run = pipeline.start("rollback-service", to="9.9.9").red()
    assert "❌ auth-service is not rolled back" in run.summary
    assert "9.9.9" in run.summary


def test_the_pipeline_says_no_secret(pipeline: Pipeline, environment: Environment) -> None:
    said = "\n".join(run.run.said for run in pipeline.workflows)
    assert [name for name, value in plain_secrets(environment) if value in said] == []
