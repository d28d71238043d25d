"""The service runs migrated, healthy and without a secret in clear, with its sessions in a cache that wants TLS."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

import boto3
import dns.resolver
import pytest

CLUSTER, SERVICE = "molecule-auth-service", "molecule-auth-service-auth"
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

    assert (published["address"], published["port"]) == ("auth-service.molecule-auth-service.internal", 8080)
    assert {record.address for record in resolver.resolve(published["address"], "A")} == set(addresses())
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    assert {task["healthStatus"] for task in ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]} == {"HEALTHY"}


def test_no_secret_stands_in_the_definition(definition: dict[str, Any]) -> None:
    store = boto3.client("secretsmanager")
    names = [secret["Name"] for secret in store.list_secrets()["SecretList"]]
    values = [
        store.get_secret_value(SecretId=n)["SecretString"] for n in names if n.startswith("molecule/auth-service/")
    ]
    text = json.dumps(definition, default=str)

    assert len(values) == 6
    assert not [value for value in values if value in text]
    assert {s["name"] for s in containers(definition)["auth"]["secrets"]} >= {"DB_PASSWORD", "JWT_SECRET"}


def test_the_proxy_verifies_the_cache_and_cannot_write(definition: dict[str, Any]) -> None:
    proxy = containers(definition)["redis-proxy"]
    cluster = json.loads(proxy["command"][1])["static_resources"]["clusters"][0]
    validation = cluster["transport_socket"]["typed_config"]["common_tls_context"]["validation_context"]

    assert validation["trusted_ca"]["filename"] == "/etc/ssl/certs/ca-certificates.crt"
    assert validation["match_typed_subject_alt_names"]
    assert proxy["readonlyRootFilesystem"] is True


def test_the_service_does_not_migrate_by_itself(definition: dict[str, Any]) -> None:
    environment = {pair["name"]: pair["value"] for pair in containers(definition)["auth"]["environment"]}

    assert environment["SPRING_FLYWAY_ENABLED"] == "false"
    assert environment["SPRING_CLOUD_CONSUL_ENABLED"] == "false"
    assert "sslmode=require" in environment["SPRING_DATASOURCE_URL"]


def test_the_migrated_revision_is_noted() -> None:
    noted = ssm.get_parameter(Name=f"{OUTPUTS}/{SERVICE}/schema")["Parameter"]["Value"]

    assert f"task-definition/{SERVICE}-migrate:1" in noted


def test_the_result_is_published(definition: dict[str, Any]) -> None:
    published = json.loads(ssm.get_parameter(Name=f"{OUTPUTS}/auth_service")["Parameter"]["Value"])

    assert published["task_definition_arn"] == definition["taskDefinitionArn"]
    assert published["image"].endswith("/trademaster-auth:1.0.0")
