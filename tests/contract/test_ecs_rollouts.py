"""What the ECS modules say of deployments and tasks that really run, and of those that fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.case import Boto
from tests.contract.ecs_stage import CRASH, FOREVER, Stage


@pytest.fixture
def stage(boto: Boto) -> Iterator[Stage]:
    stage = Stage(boto)
    yield stage
    assert not stage.remove().answer.get("failed")


def test_a_good_deployment_is_waited_for_and_then_nothing_is_left_to_do(stage: Stage) -> None:
    revision = stage.revision(FOREVER)
    first = stage.deploy(revision)
    assert not first.answer.get("failed"), first.answer.get("msg")
    assert first.answer["service"]["rollout_state"] == "COMPLETED"
    assert first.answer["service"]["running_count"] == 1
    assert [wait["name"] for wait in first.answer["waits"]] == ["deployment of app"]
    again = stage.deploy(revision)
    assert (again.changed, again.calls.writes) == (False, [])


def test_a_revision_that_a_service_may_start_again_is_not_retired(stage: Stage) -> None:
    first = stage.revision(FOREVER)
    assert not stage.deploy(first, desired_count=0).answer.get("failed")
    kept = {"keep_revisions": 1, "keep_revisions_of": {"cluster": stage.name, "services": ["app", "not-there"]}}
    newer = [stage.revision(f"echo {number}; {FOREVER}", **kept) for number in range(3)]

    active = stage.boto("ecs").list_task_definitions(familyPrefix=stage.name, status="ACTIVE")["taskDefinitionArns"]
    # The one before the latest may still be running somewhere.
    assert active == [first, *newer[-2:]]


def test_a_rolled_back_deployment_fails_and_says_why(stage: Stage) -> None:
    good = stage.revision(FOREVER)
    stage.deploy(good)
    bad = stage.deploy(stage.revision(CRASH))
    assert bad.answer["failed"]
    assert "deployment failed: tasks failed to start" in bad.answer["msg"]
    assert "exit code 3" in bad.answer["msg"]
    assert "cannot start" in bad.answer["msg"]
    assert "hunter2" not in bad.output
    assert bad.answer["changes"][0]["fields"] == ["task_definition"]
    assert bad.answer["stopped_tasks"][0]["containers"]["app"]["exit_code"] == 3
    assert stage.service()["taskDefinition"] == good
    assert stage.service()["desiredCount"] == 1


def test_a_first_deployment_that_fails_ends_at_zero_and_is_tried_again(stage: Stage) -> None:
    bad = stage.deploy(stage.revision(FOREVER, image="busybox:0.0"))
    assert bad.answer["failed"]
    assert "CannotPullContainerError" in bad.answer["msg"]
    assert "scaled to zero" in bad.answer["msg"]
    assert stage.service()["desiredCount"] == 0
    good = stage.deploy(stage.revision(FOREVER))
    assert not good.answer.get("failed"), good.answer.get("msg")
    assert good.answer["service"]["running_count"] == 1


def test_a_deployment_that_another_one_replaces_fails(stage: Stage) -> None:
    started = stage.deploy(stage.revision("sleep 600", image="busybox:0.0"), wait=False)
    assert started.answer["service"]["rollout_state"] == "IN_PROGRESS"
    joined = stage.deploy(stage.revision(FOREVER))
    assert not joined.answer.get("failed"), joined.answer.get("msg")
    assert joined.answer["service"]["deployment_id"] != started.answer["service"]["deployment_id"]


def test_the_image_that_a_deployment_put_in_place_stays(stage: Stage) -> None:
    stage.deploy(stage.revision(FOREVER))
    deployed = stage.revision(FOREVER, image="busybox:1.37")
    stage.deploy(deployed)
    kept = {"keep_images": ["app"], "keep_images_from": {"cluster": stage.name, "service": "app"}}
    same = stage.define(FOREVER, **kept)
    assert not same.changed
    assert same.answer["task_definition"]["arn"] == deployed
    other = stage.define(FOREVER, **kept, runtime_platform={"cpu_architecture": "ARM64"})
    assert other.answer["task_definition"]["images"] == {"app": "busybox:1.37"}
    assert other.changes[0]["fields"] == ["runtime_platform"]


def test_the_tags_of_what_was_deployed_stay_with_its_image(stage: Stage) -> None:
    """And not those of a revision that was registered for a release that failed."""
    version = "trademaster:version"
    stage.deploy(stage.revision(FOREVER, tags={version: "1.0"}))
    stage.revision(FOREVER, image="busybox:1.37", tags={version: "1.1"})
    kept = {"keep_images": ["app"], "keep_images_from": {"cluster": stage.name, "service": "app"}}
    other = stage.revision(FOREVER, **kept, runtime_platform={"cpu_architecture": "ARM64"})
    described = stage.boto("ecs").describe_task_definition(taskDefinition=other, include=["TAGS"])
    assert described["taskDefinition"]["containerDefinitions"][0]["image"] == "busybox:1.36"
    assert {"key": version, "value": "1.0"} in described["tags"]


def test_a_trigger_deploys_the_same_revision_anew(stage: Stage) -> None:
    revision = stage.revision(FOREVER)
    first = stage.deploy(revision, deployment_trigger="one")
    second = stage.deploy(revision, deployment_trigger="two")
    assert second.changes[0]["fields"] == ["deployment_trigger"]
    assert second.answer["service"]["deployment_id"] != first.answer["service"]["deployment_id"]
    assert not stage.deploy(revision, deployment_trigger="two").changed


def test_a_task_answers_exit_code_and_log(stage: Stage) -> None:
    run = stage.run("echo migrated; exit 0")
    assert not run.answer.get("failed"), run.answer.get("msg")
    assert run.answer["task"]["exit_codes"] == {"app": 0}
    assert run.answer["task"]["log"] == {"app": ["migrated"]}


def test_a_failed_task_fails_with_its_log(stage: Stage) -> None:
    run = stage.run(CRASH)
    assert run.answer["failed"]
    assert "exit code 3" in run.answer["msg"]
    assert run.answer["task"]["log"]["app"] == ["cannot start: password=********"]


def test_a_task_that_takes_too_long_is_stopped(stage: Stage) -> None:
    run = stage.run("echo busy; sleep 600", wait_timeout=3)
    assert run.answer["failed"]
    assert "not done after 3 s" in run.answer["msg"]
    assert run.answer["task"]["last_status"] == "STOPPED"
    assert run.answer["task"]["log"] == {"app": ["busy"]}


def test_a_repeated_run_joins_its_task(stage: Stage) -> None:
    tasks = [stage.run("exit 0", run_id="release-7").answer["task"]["arn"] for _ in range(2)]
    assert tasks[0] == tasks[1]
