"""The gateway was upgraded in order, is open only to who shows the token, and outlives the loss of a task."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
import urllib3

CLUSTER, SERVICE = "molecule-kong-gateway", "molecule-kong-gateway-kong"
OUTPUTS = "/molecule/kong-gateway/outputs"
SCENARIO = Path(__file__).resolve().parents[1]
STATE = Path(os.environ["LOCAL_CLOUD_STATE"])
ecs, logs, ssm, store = (boto3.client(name) for name in ("ecs", "logs", "ssm", "secretsmanager"))


def eventually(look: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.1)
    return found


def parameter(name: str) -> str:
    return str(ssm.get_parameter(Name=f"{OUTPUTS}/{name}")["Parameter"]["Value"])


def tasks() -> list[dict[str, Any]]:
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    described = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
    return [task for task in described if task["lastStatus"] == "RUNNING"]


def address(task: dict[str, Any]) -> str:
    details = task["attachments"][0]["details"]
    return str(next(detail["value"] for detail in details if detail["name"] == "privateIPv4Address"))


@pytest.fixture(scope="module")
def published() -> dict[str, Any]:
    return dict(json.loads(parameter("kong_gateway")))


@pytest.fixture(scope="module")
def definition(published: dict[str, Any]) -> dict[str, Any]:
    answer = ecs.describe_task_definition(taskDefinition=published["task_definition_arn"])
    return dict(answer["taskDefinition"])


def container(definition: dict[str, Any], name: str) -> dict[str, Any]:
    return next(dict(row) for row in definition["containerDefinitions"] if row["name"] == name)


class Admin:
    """The Admin API of one task, as a client sees it that was given address, certificate and token."""

    def __init__(self, published: dict[str, Any], task: dict[str, Any], *, token: str | None = None) -> None:
        admin = published["admin"]
        secret = store.get_secret_value(SecretId=admin["certificate_secret"])["SecretString"]
        context = ssl.create_default_context(cadata=json.loads(secret)["certificate"])
        own = store.get_secret_value(SecretId=admin["token_secret"])["SecretString"]
        self.headers = {"Kong-Admin-Token": own if token is None else token}
        self.pool = urllib3.HTTPSConnectionPool(
            address(task),
            admin["port"],
            ssl_context=context,
            server_hostname=admin["server_name"],
            retries=False,
            assert_hostname=admin["server_name"],
            timeout=10,
        )

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
        answer = self.pool.request(method, path, json=body, headers=self.headers)
        return answer.status, json.loads(answer.data or b"null")


def test_the_image_is_the_one_of_the_upgrade(published: dict[str, Any]) -> None:
    assert published["image"] == "docker.io/library/kong:3.9.1"
    assert len(tasks()) == 2
    assert {task["taskDefinitionArn"] for task in tasks()} == {published["task_definition_arn"]}


def test_targets_are_healthy_by_the_status_listener() -> None:
    elb = boto3.client("elbv2")
    group = elb.describe_target_groups(Names=[SERVICE])["TargetGroups"][0]
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]

    assert (group["HealthCheckPort"], group["HealthCheckPath"]) == ("8100", "/status")
    assert [target["TargetHealth"]["State"] for target in health] == ["healthy", "healthy"]


def migrations() -> list[tuple[float, list[str]]]:
    """Start and lines of each migration task, in order."""
    streams = logs.describe_log_streams(logGroupName=f"/ecs/{SERVICE}", logStreamNamePrefix="migrations/kong/")
    told = []
    for stream in streams["logStreams"]:
        events = logs.get_log_events(logGroupName=f"/ecs/{SERVICE}", logStreamName=stream["logStreamName"])["events"]
        told.append((events[0]["timestamp"] / 1000, [event["message"] for event in events]))
    return sorted(told)


def test_each_image_migrated_before_its_rollout_and_finished_after_it() -> None:
    started = [(when, command(lines)) for when, lines in migrations()]
    now_running = min(task["startedAt"].timestamp() for task in tasks())

    assert [what for _, what in started] == ["up", "finish", "up", "finish"]
    assert started[2][0] < now_running < started[3][0]
    noted = {parameter(f"{SERVICE}/{step}") for step in ("schema", "schema-finished")}
    assert len(noted) == 1
    assert noted.pop().startswith("docker.io/library/kong:3.9.1 db-")


def command(lines: list[str]) -> str:
    text = "\n".join(lines).lower()
    return "up" if "bootstrap" in text else "finish"


@pytest.mark.parametrize("token", ["", "0" * 64, "short", "with\tblank"], ids=["none", "wrong", "short", "odd"])
def test_the_admin_api_refuses_who_does_not_show_the_token(published: dict[str, Any], token: str) -> None:
    for task in tasks():
        assert Admin(published, task, token=token).call("GET", "/services") == (401, {"message": "Unauthorized"})


def test_nearly_the_token_is_not_the_token(published: dict[str, Any]) -> None:
    right = Admin(published, tasks()[0]).headers["Kong-Admin-Token"]

    for nearly in (right[:-1], f"{right}x", f"{right},{right}", right.swapcase()):
        assert Admin(published, tasks()[0], token=nearly).call("GET", "/services")[0] == 401


def test_the_certificate_is_trusted_by_itself_alone(published: dict[str, Any]) -> None:
    admin = published["admin"]
    for context in (ssl.create_default_context(), ssl.create_default_context(cafile=STATE / "ca.pem")):
        pool = urllib3.HTTPSConnectionPool(
            address(tasks()[0]), admin["port"], ssl_context=context, server_hostname=admin["server_name"], retries=False
        )
        with pytest.raises(urllib3.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            pool.request("GET", "/")


def test_tasks_share_one_configuration(published: dict[str, Any]) -> None:
    first, second = (Admin(published, task) for task in tasks())
    name = f"shared-{uuid.uuid4().hex[:8]}"
    status, made = first.call("POST", "/services", {"name": name, "host": "backend.example.com"})
    assert status == 201

    assert eventually(lambda: second.call("GET", f"/services/{name}") == (200, made), "the other task knows it")
    assert second.call("DELETE", f"/services/{name}")[0] == 204


def test_a_lost_task_is_replaced_and_knows_what_was_configured(published: dict[str, Any]) -> None:
    victim, survivor = tasks()
    name = f"lasting-{uuid.uuid4().hex[:8]}"
    assert Admin(published, survivor).call("POST", "/services", {"name": name, "host": "backend.example.com"})[0] == 201
    for pid in processes_of(victim["taskArn"].rpartition("/")[2]):
        os.kill(pid, 9)

    def replacement() -> dict[str, Any] | None:
        known = (victim["taskArn"], survivor["taskArn"])
        return next((task for task in tasks() if task["taskArn"] not in known), None)

    task = eventually(replacement, "a task in place of the lost one")
    assert eventually(lambda: reachable(published, task, f"/services/{name}"), "the new task answers")
    assert Admin(published, survivor).call("DELETE", f"/services/{name}")[0] == 204
    eventually(lambda: len(tasks()) == 2, "two tasks")


def reachable(published: dict[str, Any], task: dict[str, Any], path: str) -> bool:
    try:
        admin = Admin(published, task)
        return admin.pool.request("GET", path, headers=admin.headers).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def processes_of(task: str) -> list[int]:
    """Those of a task, by the folder they run in."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if task in str((folder / "cwd").readlink()):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def through_the_load_balancer(**headers: str) -> urllib3.BaseHTTPResponse:
    endpoints = json.loads((STATE / "endpoints.json").read_text())
    url = endpoints["load_balancers"][CLUSTER]["listeners"]["80"]
    return urllib3.PoolManager().request("GET", f"{url}/nowhere?token=secret", headers=headers)


def access_log() -> list[dict[str, Any]]:
    events = logs.filter_log_events(logGroupName=f"/ecs/{SERVICE}", logStreamNamePrefix=f"{SERVICE}/kong/")["events"]
    lines = [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
    return [line for line in lines if line.get("kind") != "admin"]


def test_requests_are_logged_as_json_with_their_ids_and_the_true_client() -> None:
    correlation = uuid.uuid4().hex
    answer = through_the_load_balancer(**{"X-Correlation-ID": correlation, "X-Forwarded-For": "203.0.113.9"})

    def logged() -> list[dict[str, Any]]:
        return [line for line in access_log() if line["correlation_id"] == correlation]

    (line,) = eventually(logged, "the request is logged")
    assert answer.status == line["status"] == 404
    assert line["request_id"] == answer.headers["X-Kong-Request-Id"]
    assert (line["method"], line["path"]) == ("GET", "/nowhere")
    assert line["client"] == "127.0.0.1", "what a client says of itself is not believed"


def test_answers_do_not_tell_product_and_version() -> None:
    headers = through_the_load_balancer().headers

    assert "3.9" not in json.dumps(dict(headers))
    assert "via" not in headers


def test_no_secret_is_anywhere_it_can_be_read(definition: dict[str, Any]) -> None:
    arns = json.loads(parameter("configuration"))["secret_arns"].values()
    values = [store.get_secret_value(SecretId=arn)["SecretString"] for arn in arns]
    fields = [json.loads(value) for value in values if value.startswith("{")]
    secrets = [value for value in values if not value.startswith("{")]
    secrets += [row[key] for row in fields for key in ("password", "private_key") if key in row]
    migration = ecs.describe_task_definition(taskDefinition=f"{SERVICE}-migrations")["taskDefinition"]
    events = logs.filter_log_events(logGroupName=f"/ecs/{SERVICE}")["events"]
    arguments = [word for one in psutil.process_iter(["cmdline"]) for word in one.info["cmdline"] or []]
    places = {
        "task definitions": json.dumps([definition, migration], default=str),
        "process arguments": "\n".join(arguments),
        "CloudWatch logs": "\n".join(event["message"] for event in events),
        "published outputs": json.dumps(
            ssm.get_parameters_by_path(Path=OUTPUTS, Recursive=True)["Parameters"], default=str
        ),
    }

    assert len(secrets) == 4
    assert [place for place, text in places.items() if any(secret in text for secret in secrets)] == []


def test_containers_are_as_closed_as_they_can_be(definition: dict[str, Any]) -> None:
    kong, proxy = (container(definition, name) for name in ("kong", "admin-proxy"))
    environment = {pair["name"]: pair["value"] for pair in kong["environment"]}

    assert kong["readonlyRootFilesystem"] is True
    assert {mount["containerPath"] for mount in kong["mountPoints"]} == {"/kong_prefix", "/tmp"}  # noqa: S108 - a volume
    assert environment["KONG_ADMIN_LISTEN"] == "127.0.0.1:8001"
    assert environment["KONG_PG_SSL_VERIFY"] == "on"
    assert [port["containerPort"] for port in proxy["portMappings"]] == [8444]
    assert {secret["name"] for secret in proxy["secrets"]} == {
        "KONG_ADMIN_TOKEN",
        "ADMIN_CERTIFICATE",
        "ADMIN_PRIVATE_KEY",
    }


def test_tasks_can_be_reached_through_ecs_exec(definition: dict[str, Any], published: dict[str, Any]) -> None:
    role = published["task_role_arn"].rpartition("/")[2]
    document = boto3.client("iam").get_role_policy(RoleName=role, PolicyName="task")["PolicyDocument"]
    service = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]

    assert service["enableExecuteCommand"] is True
    assert "ssmmessages:OpenDataChannel" in document["Statement"][0]["Action"]
    # The agent of ECS Exec writes to the container that a port is forwarded through.
    assert not container(definition, published["admin"]["container"]).get("readonlyRootFilesystem")


def test_a_migration_that_fails_leaves_the_gateway_as_it_is(published: dict[str, Any]) -> None:
    before = {task["taskArn"] for task in tasks()}
    other = {"kong_gateway_image": "docker.io/library/kong:3.9.0", "kong_gateway_database": "nowhere"}
    ended = subprocess.run(
        ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", json.dumps(other), SCENARIO / "converge.yml"],
        cwd=SCENARIO.parents[1],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == 2
    assert '"nowhere" does not exist' in ended.stdout.replace("\\", "") + ended.stderr.replace("\\", "")
    assert {task["taskArn"] for task in tasks()} == before
    assert json.loads(parameter("kong_gateway")) == published
    assert parameter(f"{SERVICE}/schema").startswith("docker.io/library/kong:3.9.1 ")
