"""The service runs migrated, healthy and without a secret in clear, with its sessions in a cache that wants TLS."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import boto3
import dns.resolver
import pytest

CLUSTER, FAMILY = "molecule-auth-service", "molecule-auth-service-auth"
SERVICE, IDLE = f"{FAMILY}-blue", f"{FAMILY}-green"
SCENARIO = Path(__file__).resolve().parents[1]
COPIED = (
    *("family", "taskRoleArn", "executionRoleArn", "networkMode", "containerDefinitions", "volumes"),
    *("requiresCompatibilities", "cpu", "memory", "runtimePlatform"),
)
ENDPOINTS = Path(os.environ["LOCAL_CLOUD_STATE"]) / "endpoints.json"
OUTPUTS = "/molecule/auth-service/outputs"
ecs, ssm = boto3.client("ecs"), boto3.client("ssm")


@pytest.fixture(scope="module")
def definition() -> dict[str, Any]:
    service = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][0]
    answer = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
    return dict(answer["taskDefinition"])


def containers(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {container["name"]: container for container in definition["containerDefinitions"]}


def addresses() -> list[str]:
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    tasks = ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]
    details = [detail for task in tasks for detail in task["attachments"][0]["details"]]
    return [detail["value"] for detail in details if detail["name"] == "privateIPv4Address"]


def test_every_task_reaches_database_and_cache() -> None:
    assert len(addresses()) == 2
    for address in addresses():
        with urllib.request.urlopen(f"http://{address}:8080/actuator/health", timeout=10) as answer:
            health = json.load(answer)
        assert {name: health["components"][name]["status"] for name in ("db", "redis")} == {"db": "UP", "redis": "UP"}


def test_its_name_answers_with_the_healthy_tasks() -> None:
    published = json.loads(ssm.get_parameter(Name=f"{OUTPUTS}/auth_service")["Parameter"]["Value"])
    server, _, port = json.loads(ENDPOINTS.read_text())["dns"].partition(":")
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = [server], int(port)

    name, _, port = published["colours"]["blue"]["target"].partition(":")
    assert (name, port) == ("auth-service-blue.molecule-auth-service.internal", "8080")
    assert {record.address for record in resolver.resolve(name, "A")} == set(addresses())
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    assert {task["healthStatus"] for task in ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]} == {"HEALTHY"}


def test_no_secret_stands_in_the_definition(definition: dict[str, Any]) -> None:
    store = boto3.client("secretsmanager")
    names = [secret["Name"] for secret in store.list_secrets()["SecretList"]]
    values = [
        store.get_secret_value(SecretId=n)["SecretString"] for n in names if n.startswith("molecule/auth-service/")
    ]
    text = json.dumps(definition, default=str)

    assert len(values) == 7
    assert not [value for value in values if value in text]
    assert {s["name"] for s in containers(definition)["auth"]["secrets"]} >= {"DB_PASSWORD", "JWT_SECRET"}


def test_the_proxy_verifies_the_cache_and_cannot_write(definition: dict[str, Any]) -> None:
    proxy = containers(definition)["redis-proxy"]
    cluster = json.loads(proxy["command"][1])["static_resources"]["clusters"][0]
    validation = cluster["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"]

    assert validation["trusted_ca"]["filename"] == "/etc/ssl/certs/ca-certificates.crt"
    assert validation["match_typed_subject_alt_names"]
    assert proxy["readonlyRootFilesystem"] is True


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/actuator/prometheus", 401),
        ("GET", "/actuator/prometheus?target=1", 401),
        ("POST", "/api/v1/auth/login", 401),
        ("POST", "/api/v1/auth/refresh", 401),
        ("POST", "/api/v1/auth/logout", 404),
        ("GET", "/actuator/health", 404),
        ("POST", "/actuator/prometheus", 404),
        ("POST", "/api/v1/auth/register", 404),
        ("GET", "/api/internal/v1/auth/status", 404),
        ("GET", "/actuator/prometheus/../../api/internal/v1/auth/status", 404),
        ("GET", "/actuator%2Fprometheus", 400),
    ],
)
def test_prometheus_reaches_metrics_and_sign_in_alone(method: str, path: str, status: int) -> None:
    trusted = {"X-Consumer-ID": "1", "X-Consumer-Username": "trusted", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection(addresses()[0], 9080, timeout=10)
    connection.request(method, path, b'{"email": "nobody@example.com", "password": "wrong"}', trusted)

    assert connection.getresponse().status == status


def test_a_header_that_passes_for_another_is_refused() -> None:
    connection = http.client.HTTPConnection(addresses()[0], 9080, timeout=10)
    connection.request("GET", "/actuator/prometheus", headers={"X_Consumer_ID": "1"})

    assert connection.getresponse().status == 400


def test_the_service_does_not_migrate_by_itself(definition: dict[str, Any]) -> None:
    environment = {pair["name"]: pair["value"] for pair in containers(definition)["auth"]["environment"]}

    assert environment["SPRING_FLYWAY_ENABLED"] == "false"
    assert environment["SPRING_CLOUD_CONSUL_ENABLED"] == "false"
    assert "?sslmode=verify-full&" in environment["SPRING_DATASOURCE_URL"]


def test_the_migrated_database_is_noted() -> None:
    database = boto3.client("rds").describe_db_instances(DBInstanceIdentifier=CLUSTER)["DBInstances"][0]
    noted = ssm.get_parameter(Name=f"{OUTPUTS}/{FAMILY}/schema")["Parameter"]["Value"]

    assert noted == f"{database['DbiResourceId']}/trademaster_auth"


def test_the_result_is_published_but_for_what_releases_change(definition: dict[str, Any]) -> None:
    published = json.loads(ssm.get_parameter(Name=f"{OUTPUTS}/auth_service")["Parameter"]["Value"])

    assert definition["family"] == published["task_definition_family"]
    assert published["image"].endswith("/trademaster-auth:1.0.0")
    assert not published.keys() & {"service_arn", "task_definition_arn", "images"}


def test_the_other_colour_is_there_and_idle(definition: dict[str, Any]) -> None:
    published = json.loads(ssm.get_parameter(Name=f"{OUTPUTS}/auth_service")["Parameter"]["Value"])
    idle = described(IDLE)

    assert (idle["desiredCount"], idle["taskDefinition"]) == (0, definition["taskDefinitionArn"])
    assert published["colours"]["green"]["service_arn"] == idle["serviceArn"]
    assert (bounds(SERVICE), bounds(IDLE)) == ((2, 10), (0, 10))


# What follows changes the environment, in this order.


def described(service: str) -> dict[str, Any]:
    return dict(ecs.describe_services(cluster=CLUSTER, services=[service])["services"][0])


def bounds(service: str) -> tuple[int, int]:
    found = boto3.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace="ecs", ResourceIds=[f"service/{CLUSTER}/{service}"]
    )["ScalableTargets"]
    return found[0]["MinCapacity"], found[0]["MaxCapacity"]


def image(revision: str) -> str:
    answer = ecs.describe_task_definition(taskDefinition=revision)["taskDefinition"]
    return str(containers(answer)["auth"]["image"])


def note_release(**state: Any) -> None:
    """What a release writes down."""
    name = f"{OUTPUTS.rpartition('/')[0]}/releases/auth-service"
    ssm.put_parameter(Name=name, Value=json.dumps({"rollout": None, **state}), Type="String", Overwrite=True)


def converge(**variables: Any) -> subprocess.CompletedProcess[str]:
    python = ["-e", f"ansible_python_interpreter={sys.executable}", "-e", json.dumps(variables)]
    command = [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "-c", "local", *python]
    return subprocess.run(
        [*command, SCENARIO / "converge.yml"],
        env={**os.environ, "ANSIBLE_FORCE_COLOR": "0"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


@contextmanager
def lock(owner: str) -> Iterator[None]:
    """The lock of the service, held by `owner`."""
    table, dynamodb = f"{CLUSTER}-locks", boto3.client("dynamodb")
    dynamodb.create_table(
        TableName=table,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
    )
    dynamodb.get_waiter("table_exists").wait(TableName=table, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    said = {"owner": owner, "reason": "deploy 1.1.0", "host": "", "machine": "", "processes": "", "note": ""}
    texts = {"name": "auth-service", "holder": "1", "acquired_at": "2026-01-15T09:30:00Z", **said}
    numbers = {"pid": 0, "expires_at": int(time.time()) + 600, "lease_seconds": 600}
    item = {key: {"S": text} for key, text in texts.items()} | {key: {"N": str(n)} for key, n in numbers.items()}
    dynamodb.put_item(TableName=table, Item=item)
    published = {"Name": f"{OUTPUTS}/release", "Value": json.dumps({"locks_table": table}), "Type": "String"}
    ssm.put_parameter(**published)
    try:
        yield
    finally:
        ssm.delete_parameter(Name=published["Name"])
        dynamodb.delete_table(TableName=table)


@pytest.fixture(scope="module")
def released(definition: dict[str, Any]) -> str:
    """The revision of a release that made green live, with blue kept warm, as autoscaling had left it."""
    copied = {name: definition[name] for name in COPIED if name in definition}
    for container in copied["containerDefinitions"]:
        container["image"] = container["image"].replace("trademaster-auth:1.0.0", "trademaster-auth:1.1.0")
    revision = str(ecs.register_task_definition(**copied)["taskDefinition"]["taskDefinitionArn"])
    for service, most in ((IDLE, 8), (SERVICE, 5)):
        boto3.client("application-autoscaling").register_scalable_target(
            ServiceNamespace="ecs",
            ResourceId=f"service/{CLUSTER}/{service}",
            ScalableDimension="ecs:service:DesiredCount",
            MinCapacity=1,
            MaxCapacity=most,
        )
    ecs.update_service(cluster=CLUSTER, service=IDLE, taskDefinition=revision, desiredCount=2)
    ecs.update_service(cluster=CLUSTER, service=SERVICE, desiredCount=1)
    note_release(live="green")
    return revision


def test_a_change_goes_to_the_live_colour_with_the_image_of_its_release(
    definition: dict[str, Any], released: str
) -> None:
    run = converge(auth_service_memory=3072)

    assert run.returncode == 0, run.stdout + run.stderr
    live, idle = described(IDLE), described(SERVICE)
    assert live["taskDefinition"] not in (released, definition["taskDefinitionArn"])
    assert image(live["taskDefinition"]).endswith("trademaster-auth:1.1.0")
    assert ecs.describe_task_definition(taskDefinition=live["taskDefinition"])["taskDefinition"]["memory"] == "3072"
    assert {one["rolloutState"] for one in live["deployments"]} == {"COMPLETED"}
    # What a rollback would return to.
    assert idle["taskDefinition"] == definition["taskDefinitionArn"]
    assert (live["desiredCount"], idle["desiredCount"]) == (2, 1)
    assert (bounds(IDLE), bounds(SERVICE)) == ((2, 10), (1, 5))


@pytest.mark.parametrize(
    ("rollout", "holder", "message"),
    [
        (
            {"id": "r-7", "phase": "shift", "started_at": "2026-01-15T09:30:00Z"},
            "",
            "release r-7, begun 2026-01-15T09:30:00Z, has not got beyond the phase shift",
        ),
        (None, "alice", "lock auth-service: held by alice"),
    ],
)
@pytest.mark.usefixtures("released")
def test_nothing_is_written_while_somebody_releases(rollout: dict[str, Any] | None, holder: str, message: str) -> None:
    before = described(IDLE)["taskDefinition"]
    note_release(live="green", rollout=rollout)
    with lock(holder) if holder else nullcontext():
        run = converge(auth_service_memory=4096)
    note_release(live="green")

    assert run.returncode != 0
    assert message in " ".join(run.stderr.split())
    assert "changed=0" in run.stdout
    assert described(IDLE)["taskDefinition"] == before
