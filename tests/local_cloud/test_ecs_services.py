"""Services: their tasks, deployments, events, and what is refused."""

from __future__ import annotations

import os
import signal
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ecs_support import World
from local_cloud_support import eventually

from local_cloud.processes import read_records

FAST = {"minimumHealthyPercent": 100, "maximumPercent": 200}
BREAKER = {**FAST, "deploymentCircuitBreaker": {"enable": True, "rollback": True}}


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    error = raised.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def deployment_of(world: World, arn: str) -> dict[str, Any]:
    found = world.ecs.describe_service_deployments(serviceDeploymentArns=[arn])
    return dict(found["serviceDeployments"][0])


def test_a_new_service_becomes_steady(world: World) -> None:
    created = world.serve(world.define(world.container()), count=2, deploymentConfiguration=FAST)
    first = created["deployments"][0]
    assert (first["status"], first["rolloutState"]) == ("PRIMARY", "IN_PROGRESS")
    assert first["rolloutStateReason"] == f"ECS deployment {first['id']} in progress."
    service = world.steady()
    assert service["deployments"][0]["rolloutStateReason"] == f"ECS deployment {first['id']} completed."
    assert (service["platformFamily"], service["deployments"][0]["platformVersion"]) == ("Linux", "1.4.0")
    started, completed, steady = world.messages()
    assert started.startswith("has started 2 tasks: (task ")
    assert completed == f"(deployment {first['id']}) deployment completed."
    assert steady == "has reached a steady state."
    zones = {task["availabilityZone"] for task in world.tasks()}
    assert zones == {"us-east-1a", "us-east-1b"}


def test_a_killed_task_is_replaced(world: World) -> None:
    world.serve(world.define(world.container()))
    world.steady()
    task = world.tasks()[0]["taskArn"].rpartition("/")[2]
    records = read_records(world.cloud.settings.records)
    os.kill(next(record.pid for record in records if task in record.name), signal.SIGKILL)
    eventually(lambda: [t for t in world.tasks() if task not in t["taskArn"]], what="a new task")
    world.steady()
    stopped = world.ecs.list_tasks(cluster=world.name, serviceName="app", desiredStatus="STOPPED")["taskArns"]
    ended = world.stopped(stopped[0])
    assert ended["stopCode"] == "EssentialContainerExited"
    assert ended["containers"][0]["exitCode"] == 137


def test_a_new_revision_replaces_the_old_one_without_a_gap(world: World) -> None:
    first = world.serve(world.define(world.container()), count=2, deploymentConfiguration=FAST)
    world.steady()
    new = world.define(world.container(environment={"START_SECONDS": "0.5"}))
    updated = world.ecs.update_service(cluster=world.name, service="app", taskDefinition=new)["service"]
    primary, active = updated["deployments"]
    assert (primary["taskDefinition"], active["id"]) == (new, first["deployments"][0]["id"])
    assert active["status"] == "ACTIVE"
    seen: list[int] = []

    def done() -> bool:
        service = world.service()
        seen.append(service["runningCount"])
        return len(service["deployments"]) == 1 and service["deployments"][0]["rolloutState"] == "COMPLETED"

    eventually(done, what="the new deployment to complete")
    assert min(seen) >= 2
    assert world.service()["taskDefinition"] == new
    history = world.ecs.list_service_deployments(cluster=world.name, service="app")["serviceDeployments"]
    assert [item["status"] for item in history] == ["SUCCESSFUL", "SUCCESSFUL"]
    target = deployment_of(world, history[0]["serviceDeploymentArn"])["targetServiceRevision"]
    assert (target["requestedTaskCount"], target["runningTaskCount"]) == (2, 2)
    revision = world.ecs.describe_service_revisions(serviceRevisionArns=[target["arn"]])["serviceRevisions"][0]
    assert revision["taskDefinition"] == new


def test_force_new_deployment_and_the_same_again(world: World) -> None:
    world.serve(world.define(world.container()))
    before = world.steady()
    update = {"cluster": world.name, "service": "app"}
    same = world.ecs.update_service(**update, taskDefinition=before["taskDefinition"])["service"]
    assert [d["id"] for d in same["deployments"]] == [before["deployments"][0]["id"]]
    forced = world.ecs.update_service(**update, forceNewDeployment=True)["service"]
    assert len(forced["deployments"]) == 2
    tasks = {task["taskArn"] for task in world.tasks()}
    assert world.steady()["deployments"][0]["id"] == forced["deployments"][0]["id"]
    assert not tasks & {
        task["taskArn"] for task in world.tasks() if task["startedBy"] != forced["deployments"][0]["id"]
    }


def test_desired_count_changes_without_a_deployment(world: World) -> None:
    world.serve(world.define(world.container()))
    before = world.steady()
    world.ecs.update_service(cluster=world.name, service="app", desiredCount=3)
    after = world.steady()
    assert after["deployments"][0]["id"] == before["deployments"][0]["id"]
    assert len(world.tasks()) == 3
    world.ecs.update_service(cluster=world.name, service="app", desiredCount=0)
    eventually(lambda: not world.tasks(), what="no tasks")
    assert world.steady()["runningCount"] == 0


def test_room_is_made_when_there_may_not_be_more_tasks(world: World) -> None:
    rules = {"minimumHealthyPercent": 50, "maximumPercent": 100}
    world.serve(world.define(world.container()), count=2, deploymentConfiguration=rules)
    world.steady()
    world.ecs.update_service(cluster=world.name, service="app", forceNewDeployment=True)
    seen: list[int] = []

    def done() -> bool:
        service = world.service()
        seen.append(service["runningCount"] + service["pendingCount"])
        return len(service["deployments"]) == 1 and service["deployments"][0]["rolloutState"] == "COMPLETED"

    eventually(done)
    assert max(seen) <= 2
    assert min(seen) >= 1


def test_the_circuit_breaker_rolls_back(world: World) -> None:
    good = world.define(world.container())
    first = world.serve(good, deploymentConfiguration=BREAKER)["deployments"][0]
    world.steady()
    bad = world.define(world.container(environment={"FAIL_AT_START": "1"}))
    failed = world.ecs.update_service(cluster=world.name, service="app", taskDefinition=bad)["service"]["deployments"][
        0
    ]
    eventually(lambda: world.service()["deployments"][0]["id"] == first["id"], what="the rollback")
    service = world.steady()
    assert service["taskDefinition"] == good
    messages = world.messages()
    assert f"(deployment {failed['id']}) deployment failed: tasks failed to start." in messages
    assert f"rolling back to (deployment {first['id']})." in messages
    history = world.ecs.list_service_deployments(cluster=world.name, service="app")["serviceDeployments"]
    assert history[0]["status"] == "ROLLBACK_SUCCESSFUL"
    told = deployment_of(world, history[0]["serviceDeploymentArn"])
    assert told["deploymentCircuitBreaker"] == {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert told["rollback"]["reason"] == "ECS deployment circuit breaker: tasks failed to start."


def test_the_circuit_breaker_without_rollback_leaves_what_runs(world: World) -> None:
    rules = {**FAST, "deploymentCircuitBreaker": {"enable": True, "rollback": False}}
    world.serve(world.define(world.container()), deploymentConfiguration=rules)
    world.steady()
    old = world.tasks()[0]["taskArn"]
    bad = world.define(world.container(environment={"FAIL_AT_START": "1"}))
    world.ecs.update_service(cluster=world.name, service="app", taskDefinition=bad)
    eventually(lambda: world.service()["deployments"][0]["rolloutState"] == "FAILED", what="failure")
    primary, active = world.service()["deployments"]
    assert primary["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert (primary["failedTasks"], active["status"], active["runningCount"]) == (3, "ACTIVE", 1)
    assert world.task(old)["lastStatus"] == "RUNNING"


def test_a_first_deployment_that_fails_has_nothing_to_roll_back_to(world: World) -> None:
    bad = world.define(world.container(image="test-app:none"))
    world.serve(bad, deploymentConfiguration=BREAKER)
    eventually(lambda: world.service()["deployments"][0]["rolloutState"] == "FAILED", what="failure")
    service = world.service()
    assert (len(service["deployments"]), service["runningCount"]) == (1, 0)


def test_an_alarm_rolls_back(world: World) -> None:
    rules = {**FAST, "alarms": {"enable": True, "rollback": True, "alarmNames": [world.name]}}
    cloudwatch = world.cloud.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=world.name,
        MetricName="errors",
        Namespace="test",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
    )
    first = world.serve(world.define(world.container()), deploymentConfiguration=rules)["deployments"][0]
    world.steady()
    slow = world.define(world.shell("app", "sleep 300", healthCheck={"command": ["CMD-SHELL", "false"]}))
    world.ecs.update_service(cluster=world.name, service="app", taskDefinition=slow)
    cloudwatch.set_alarm_state(AlarmName=world.name, StateValue="ALARM", StateReason="test")
    eventually(lambda: world.service()["deployments"][0]["id"] == first["id"], what="the rollback")
    history = world.ecs.list_service_deployments(cluster=world.name, service="app")["serviceDeployments"]
    assert deployment_of(world, history[0]["serviceDeploymentArn"])["alarms"]["triggeredAlarmNames"] == [world.name]
    world.steady()


def test_stopping_a_rolling_deployment_returns_to_the_one_before(world: World) -> None:
    first = world.serve(world.define(world.container()), deploymentConfiguration=FAST)["deployments"][0]
    world.steady()
    slow = world.define(world.shell("app", "sleep 300", healthCheck={"command": ["CMD-SHELL", "false"]}))
    world.ecs.update_service(cluster=world.name, service="app", taskDefinition=slow)
    history = world.ecs.list_service_deployments(cluster=world.name, service="app")["serviceDeployments"]
    world.ecs.stop_service_deployment(serviceDeploymentArn=history[0]["serviceDeploymentArn"])
    eventually(lambda: world.service()["deployments"][0]["id"] == first["id"], what="the rollback")
    world.steady()
    stopped = deployment_of(world, history[0]["serviceDeploymentArn"])
    assert stopped["status"] == "ROLLBACK_SUCCESSFUL"
    assert stopped["rollback"]["reason"] == "Service deployment stopped by user request."


def test_a_deployment_waits_for_the_health_of_its_tasks(world: World) -> None:
    passed = world.cloud.settings.state / f"{world.name}-passes"
    check = {"command": ["CMD-SHELL", f"test -e {passed}"], "startPeriod": 60}
    world.serve(world.define(world.shell("app", "sleep 300", healthCheck=check)))
    eventually(lambda: world.service()["runningCount"] == 1, what="a task that runs")
    seen = world.service()["deployments"][0]["rolloutState"], world.tasks()[0]["healthStatus"]
    assert seen == ("IN_PROGRESS", "UNKNOWN")
    passed.touch()
    world.steady()
    assert [task["healthStatus"] for task in world.tasks()] == ["HEALTHY"]


def test_an_unhealthy_container_is_replaced(world: World) -> None:
    check = {"command": ["CMD-SHELL", "test ! -e sick"], "interval": 5, "timeout": 2, "retries": 1}
    script = "sleep 1; test -e {0} || {{ touch {0}; touch sick; }}; sleep 300"
    once = world.cloud.settings.state / f"{world.name}-was-sick"
    world.serve(world.define(world.shell("app", script.format(once), healthCheck=check)))
    eventually(lambda: any("failed container health checks" in m for m in world.messages()), what="an unhealthy task")
    eventually(lambda: [task["healthStatus"] for task in world.tasks()] == ["HEALTHY"], what="a healthy task")


def test_settings_are_kept_and_tags_propagated(world: World) -> None:
    connect = {"enabled": False}
    world.serve(
        world.define(world.container()),
        enableExecuteCommand=True,
        propagateTags="SERVICE",
        enableECSManagedTags=True,
        serviceConnectConfiguration=connect,
        deploymentConfiguration=BREAKER,
        tags=[{"key": "team", "value": "platform"}],
    )
    service = world.steady()
    assert service["enableExecuteCommand"] is True
    assert service["propagateTags"] == "SERVICE"
    assert service["deployments"][0]["serviceConnectConfiguration"] == connect
    assert service["deploymentConfiguration"]["deploymentCircuitBreaker"] == {"enable": True, "rollback": True}
    assert service["tags"] == [{"key": "team", "value": "platform"}]
    tags = {tag["key"]: tag["value"] for tag in world.task(world.tasks()[0]["taskArn"])["tags"]}
    assert tags == {"team": "platform", "aws:ecs:clusterName": world.name, "aws:ecs:serviceName": "app"}
    world.ecs.tag_resource(resourceArn=service["serviceArn"], tags=[{"key": "team", "value": "other"}])
    assert world.service()["tags"] == [{"key": "team", "value": "other"}]


def test_deletion_drains_and_the_cluster_waits_for_it(world: World) -> None:
    tags = [{"key": "test", "value": world.name}]
    world.serve(world.define(world.container()), tags=tags, propagateTags="SERVICE")
    world.steady()
    assert "while it is scaled above 0" in refusal(world.ecs.delete_service, cluster=world.name, service="app")
    assert "ClusterContainsServices" in refusal(world.ecs.delete_cluster, cluster=world.name)
    gone = world.ecs.delete_service(cluster=world.name, service="app", force=True)["service"]
    assert gone["status"] == "DRAINING"
    tagging = world.cloud.client("resourcegroupstaggingapi")
    eventually(lambda: world.service()["status"] == "INACTIVE", what="the service to be inactive")
    assert world.ecs.list_services(cluster=world.name)["serviceArns"] == []
    found = tagging.get_resources(TagFilters=[{"Key": "test", "Values": [world.name]}])["ResourceTagMappingList"]
    assert found == []
    assert "ServiceNotActive" in refusal(world.ecs.update_service, cluster=world.name, service="app", desiredCount=1)
    assert "ServiceNotFound" in refusal(world.ecs.delete_service, cluster=world.name, service="app")
    world.serve(world.define(world.container()))
    world.steady()


def test_autoscaling_bounds_the_desired_count(world: World) -> None:
    world.serve(world.define(world.container()))
    world.cloud.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{world.name}/app",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=2,
        MaxCapacity=3,
    )
    eventually(lambda: world.service()["desiredCount"] == 2)
    assert world.steady()["runningCount"] == 2


def test_autoscaling_that_is_suspended_lets_a_service_be_stopped(world: World) -> None:
    world.serve(world.define(world.container()))
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": f"service/{world.name}/app",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    suspended = {"DynamicScalingInSuspended": True, "DynamicScalingOutSuspended": True}
    scaling = world.cloud.client("application-autoscaling")
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=3, SuspendedState=suspended)
    world.ecs.update_service(cluster=world.name, service="app", desiredCount=0)
    eventually(lambda: world.service()["runningCount"] == 0)
    scaling.register_scalable_target(**target, SuspendedState=dict.fromkeys(suspended, False))
    eventually(lambda: world.service()["desiredCount"] == 1)


def test_refused_services(world: World) -> None:
    definition = world.define(world.container())
    serve = world.serve
    assert "TaskDefinition not found" in refusal(serve, definition="none")
    assert "Network Configuration must be provided" in refusal(serve, definition=definition, networkConfiguration={})
    group = {"awsvpcConfiguration": {"subnets": world.subnets, "securityGroups": ["sg-0000000000000000a"]}}
    assert "security group" in refusal(serve, definition=definition, networkConfiguration=group)
    both = {"minimumHealthyPercent": 100, "maximumPercent": 100}
    assert "cannot be 100" in refusal(serve, definition=definition, deploymentConfiguration=both)
    assert "No Container Instances" in refusal(serve, definition=definition, launchType="EC2")
    grace = refusal(serve, definition=definition, healthCheckGracePeriodSeconds=60)
    assert "Health check grace period" in grace
    serve(definition, clientToken="token")
    assert serve(definition, clientToken="token")["serviceName"] == "app"
    assert "not idempotent" in refusal(serve, definition=definition)
    assert refusal(world.ecs.describe_services, cluster=world.name, services=["a"] * 11)
    found = world.ecs.describe_services(cluster=world.name, services=["none"])
    assert found["failures"][0]["reason"] == "MISSING"


def test_a_role_that_cannot_be_assumed_is_said_in_an_event(world: World) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = world.create_foreign_role(f"{world.name}-x", {"Version": "2012-10-17", "Statement": [statement]})
    world.serve(world.define(world.container(), executionRoleArn=role))
    eventually(lambda: any("ECS was unable to assume the role" in m for m in world.messages()))
    assert world.service()["runningCount"] == 0
