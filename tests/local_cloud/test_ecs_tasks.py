"""One-off tasks: containers, what they are given, how they end."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ecs_support import World, address_of
from local_cloud_support import eventually


def answer(task: dict[str, Any], path: str = "/") -> dict[str, Any]:
    with urllib.request.urlopen(f"http://{address_of(task)}:8080{path}", timeout=5) as response:
        return dict(json.load(response))


def running(world: World, arn: str) -> dict[str, Any]:
    eventually(lambda: world.task(arn)["lastStatus"] == "RUNNING", what="the task to run")
    eventually(lambda: "listening" in world.lines("app", arn), what="the app to listen")
    return world.task(arn)


def test_a_task_ends_with_the_exit_code_and_the_log_of_its_container(world: World) -> None:
    task = world.run(world.define(world.shell("job", "echo one; echo two >&2; exit 7")), startedBy="tester")
    assert task["lastStatus"] == "PROVISIONING"
    ended = world.stopped(task["taskArn"])
    assert ended["stopCode"] == "EssentialContainerExited"
    assert ended["stoppedReason"] == "Essential container in task exited"
    assert ended["containers"][0]["exitCode"] == 7
    assert ended["startedBy"] == "tester"
    assert world.lines("job", task["taskArn"]) == ["one", "two"]


def test_a_task_has_its_own_address_environment_and_secrets(world: World) -> None:
    secrets = world.cloud.client("secretsmanager")
    secret = secrets.create_secret(Name=world.name, SecretString=json.dumps({"password": "s3cret"}))["ARN"]
    ssm = world.cloud.client("ssm")
    ssm.put_parameter(Name=f"/{world.name}/p", Value="from ssm", Type="SecureString")
    app = world.container(
        environment={"URL": "http://localhost:8080/", "OTHER": "db.localhost.example"},
        secrets=[
            {"name": "PASSWORD", "valueFrom": f"{secret}:password::"},
            {"name": "WHOLE", "valueFrom": secret},
            {"name": "CURRENT", "valueFrom": f"{secret}:password:AWSCURRENT:"},
            {"name": "PARAMETER", "valueFrom": f"/{world.name}/p"},
            {"name": "BY_ARN", "valueFrom": f"arn:aws:ssm:us-east-1:123456789012:parameter/{world.name}/p"},
        ],
        command=["--listen", "127.0.0.1:8080"],
    )
    arn = world.define(app)
    first, second = (running(world, world.run(arn)["taskArn"]) for _ in range(2))
    assert address_of(first) != address_of(second)
    seen = answer(first)
    environment = seen["environment"]
    assert environment["URL"] == f"http://{address_of(first)}:8080/"
    assert environment["OTHER"] == "db.localhost.example"
    assert environment["PASSWORD"] == environment["CURRENT"] == "s3cret"
    assert json.loads(environment["WHOLE"]) == {"password": "s3cret"}
    assert environment["PARAMETER"] == environment["BY_ARN"] == "from ssm"
    assert environment["AWS_ENDPOINT_URL"] == world.cloud.settings.aws_endpoint
    assert seen["arguments"] == ["--listen", f"{address_of(first)}:8080"]
    for task in (first, second):
        stopped = world.ecs.stop_task(cluster=world.name, task=task["taskArn"], reason="enough")["task"]
        assert stopped["desiredStatus"] == "STOPPED"
        ended = world.stopped(task["taskArn"])
        assert (ended["stopCode"], ended["stoppedReason"]) == ("UserInitiated", "enough")
        assert ended["containers"][0]["exitCode"] == 143
    interfaces = world.cloud.client("ec2").describe_network_interfaces()["NetworkInterfaces"]
    assert not any(entry["Description"] == "ECS task" for entry in interfaces if entry["VpcId"] == world.vpc)


def test_containers_share_volumes_and_start_in_order(world: World) -> None:
    mount = [{"sourceVolume": "config", "containerPath": "/etc/app"}]
    first = world.shell("first", "echo hello > /etc/app/greeting; exit 0", essential=False, mountPoints=mount)
    ready = world.shell(
        "ready",
        "sleep 0.5; touch /etc/app/ready; sleep 300",
        mountPoints=mount,
        dependsOn=[{"containerName": "first", "condition": "SUCCESS"}],
        healthCheck={"command": ["CMD-SHELL", "test -f /etc/app/ready"], "interval": 5, "retries": 1},
    )
    last = world.shell(
        "last",
        "cat /etc/app/greeting; test -f /etc/app/ready",
        mountPoints=mount,
        dependsOn=[
            {"containerName": "ready", "condition": "HEALTHY"},
            {"containerName": "first", "condition": "COMPLETE"},
        ],
    )
    arn = world.define(last, ready, first, volumes=[{"name": "config"}])
    ended = world.stopped(world.run(arn)["taskArn"])
    codes = {container["name"]: container["exitCode"] for container in ended["containers"]}
    assert codes == {"first": 0, "ready": 143, "last": 0}
    assert world.lines("last", ended["taskArn"]) == ["hello"]


def test_a_failed_dependency_stops_the_task(world: World) -> None:
    first = world.shell("first", "exit 1", essential=False)
    app = world.container(dependsOn=[{"containerName": "first", "condition": "SUCCESS"}])
    ended = world.stopped(world.run(world.define(app, first))["taskArn"])
    assert ended["stopCode"] == "TaskFailedToStart"
    assert "depends on first to be SUCCESS" in ended["stoppedReason"]


def test_a_container_that_ignores_sigterm_is_killed_after_its_stop_timeout(world: World) -> None:
    stubborn = world.shell("stubborn", "trap '' TERM; echo ready; while true; do sleep 0.1; done", stopTimeout=1)
    arn = world.run(world.define(stubborn))["taskArn"]
    eventually(lambda: world.task(arn)["lastStatus"] == "RUNNING")
    eventually(lambda: world.lines("stubborn", arn) == ["ready"])
    world.ecs.stop_task(cluster=world.name, task=arn)
    assert world.stopped(arn)["containers"][0]["exitCode"] == 137


def test_a_container_gets_the_stop_signal_of_its_image_first(world: World) -> None:
    script = "trap 'echo drained; exit 0' QUIT; echo ready; while true; do sleep 0.1; done"
    draining = world.container("draining", "test-draining:1", command=["-c", script])
    arn = world.run(world.define({**draining, "entryPoint": ["sh"]}))["taskArn"]
    eventually(lambda: world.lines("draining", arn) == ["ready"])
    world.ecs.stop_task(cluster=world.name, task=arn)
    assert world.stopped(arn)["containers"][0]["exitCode"] == 0
    assert world.lines("draining", arn) == ["ready", "drained"]


def test_health_of_a_container_is_reported(world: World) -> None:
    check = {"command": ["CMD-SHELL", "false"], "interval": 5, "timeout": 2, "retries": 1}
    arn = world.run(world.define(world.shell("sick", "sleep 300", healthCheck=check)))["taskArn"]
    assert world.task(arn)["healthStatus"] == "UNKNOWN"
    eventually(lambda: world.task(arn)["healthStatus"] == "UNHEALTHY", what="the task to be unhealthy")
    # A one-off task goes on all the same.
    assert world.task(arn)["desiredStatus"] == "RUNNING"
    world.ecs.stop_task(cluster=world.name, task=arn)


def test_overrides_tags_and_client_token(world: World) -> None:
    arn = world.define(world.shell("job", "echo $COLOUR"), tags=[{"key": "from", "value": "definition"}])
    overrides = {"containerOverrides": [{"name": "job", "environment": [{"name": "COLOUR", "value": "blue"}]}]}
    more: dict[str, Any] = {"overrides": overrides, "propagateTags": "TASK_DEFINITION", "clientToken": "once"}
    task = world.run(arn, **more)
    assert world.run(arn, **more)["taskArn"] == task["taskArn"]
    ended = world.stopped(task["taskArn"])
    assert ended["tags"] == [{"key": "from", "value": "definition"}]
    assert world.lines("job", task["taskArn"]) == ["blue"]


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("test-shell:9", "CannotPullContainerError: failed to resolve ref test-shell:9"),
        ("nowhere/unknown:1", "CannotPullContainerError"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/test-app:9", "CannotPullContainerError"),
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/nothing:1", "CannotPullContainerError"),
    ],
)
def test_an_unknown_image_cannot_be_pulled(world: World, image: str, reason: str) -> None:
    ended = world.stopped(world.run(world.define(world.container(image=image)))["taskArn"])
    assert ended["stopCode"] == "TaskFailedToStart"
    assert ended["stoppedReason"].startswith(reason)


def test_an_image_by_digest_runs(world: World) -> None:
    images = world.cloud.client("ecr").describe_images(repositoryName="test-app")["imageDetails"]
    assert len({image["imageDigest"] for image in images}) == 3
    digest = next(image["imageDigest"] for image in images if image["imageTags"] == ["2"])
    name = "123456789012.dkr.ecr.us-east-1.amazonaws.com/test-app"
    task = running(world, world.run(world.define(world.container(image=f"{name}@{digest}")))["taskArn"])
    assert task["containers"][0]["imageDigest"] == digest
    world.ecs.stop_task(cluster=world.name, task=task["taskArn"])


def test_what_cannot_be_read_is_named(world: World) -> None:
    missing = "arn:aws:secretsmanager:us-east-1:123456789012:secret:none-AAAAAA"
    other = world.container(secrets=[{"name": "X", "valueFrom": missing}])
    ended = world.stopped(world.run(world.define(other))["taskArn"])
    assert ended["stoppedReason"].startswith("ResourceInitializationError: unable to pull secrets")
    assert missing in ended["stoppedReason"]
    options = {"awslogs-group": "/none", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "t"}
    unlogged = world.container(logConfiguration={"logDriver": "awslogs", "options": options})
    ended = world.stopped(world.run(world.define(unlogged))["taskArn"])
    assert "The specified log group does not exist" in ended["stoppedReason"]


def test_a_role_without_permission_cannot_read_secrets(world: World) -> None:
    statement = {"Effect": "Allow", "Action": ["ecr:*", "logs:*"], "Resource": "*"}
    role = world.create_role(f"{world.name}-poor", {"Version": "2012-10-17", "Statement": [statement]})
    secret = world.cloud.client("secretsmanager").create_secret(Name=f"{world.name}-x", SecretString="x")["ARN"]
    definition = world.define(world.container(secrets=[{"name": "X", "valueFrom": secret}]), executionRoleArn=role)
    ended = world.stopped(world.run(definition)["taskArn"])
    assert "is not authorized to perform: secretsmanager:GetSecretValue" in ended["stoppedReason"]


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    error = raised.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_refused_task_definitions(world: World) -> None:
    app = world.container()
    assert "No Fargate configuration" in refusal(lambda: world.define(app, memory="4096"))
    assert "No Fargate configuration" in refusal(lambda: world.define(app, cpu="300"))
    assert "execution role ARN" in refusal(lambda: world.define(app, executionRoleArn=""))
    secret = world.shell(
        "job", "true", secrets=[{"name": "A", "valueFrom": "b"}], logConfiguration={"logDriver": "none"}
    )
    assert "executionRoleArn" in refusal(lambda: world.define(secret, executionRoleArn=""))
    late = world.container(dependsOn=[{"containerName": "none", "condition": "START"}])
    assert "container none does not exist" in refusal(lambda: world.define(late))


def test_refused_runs(world: World) -> None:
    definition = world.define(world.container())
    run = world.ecs.run_task
    given = {"cluster": world.name, "launchType": "FARGATE", "networkConfiguration": world.network}
    assert "TaskDefinition not found" in refusal(run, taskDefinition="none", **given)
    assert "ClusterNotFoundException" in refusal(run, taskDefinition=definition, **{**given, "cluster": "none"})
    without = {key: value for key, value in given.items() if key != "networkConfiguration"}
    assert "Network Configuration must be provided" in refusal(run, taskDefinition=definition, **without)
    wrong = {"awsvpcConfiguration": {"subnets": ["subnet-0000000000000000a"]}}
    assert "subnet" in refusal(run, taskDefinition=definition, **{**given, "networkConfiguration": wrong})
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    role = world.create_foreign_role(f"{world.name}-foreign", {"Version": "2012-10-17", "Statement": [statement]})
    other = world.define(world.container(), executionRoleArn=role)
    assert "ECS was unable to assume the role" in refusal(run, taskDefinition=other, **given)
    assert refusal(world.ecs.describe_tasks, cluster=world.name, tasks=["a"] * 101)
    assert refusal(world.ecs.execute_command, cluster=world.name, task="a", command="sh", interactive=True)
