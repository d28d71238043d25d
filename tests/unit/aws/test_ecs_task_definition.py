"""Task definitions: what compares equal, what is refused, what a plan says."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs import task_definition as model
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs.task_definition_check import (
    check,
    looks_secret,
)
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

ROLE = "arn:aws:iam::123456789012:role/execution"


def definition(**fields: Any) -> dict[str, Any]:
    base = {
        "cpu": "256",
        "memory": "512",
        "network_mode": "awsvpc",
        "requires_compatibilities": ["FARGATE"],
        "execution_role_arn": ROLE,
        "container_definitions": [{"name": "app", "image": "example/app:1"}],
    }
    return {**base, **fields}


def with_container(**fields: Any) -> dict[str, Any]:
    return definition(container_definitions=[{"name": "app", "image": "example/app:1", **fields}])


def answered(**fields: Any) -> dict[str, Any]:
    """As DescribeTaskDefinition answers the definition above, with its own defaults and empty lists."""
    container = {
        "name": "app",
        "image": "example/app:1",
        "cpu": 0,
        "essential": True,
        "portMappings": [],
        "environment": [],
        "mountPoints": [],
        "volumesFrom": [],
        "systemControls": [],
        **fields,
    }
    return {
        "taskDefinitionArn": "arn:aws:ecs:us-east-1:123456789012:task-definition/app:3",
        "family": "app",
        "revision": 3,
        "volumes": [],
        "placementConstraints": [],
        "compatibilities": ["EC2", "FARGATE"],
        "requiresCompatibilities": ["FARGATE"],
        "networkMode": "awsvpc",
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": ROLE,
        "runtimePlatform": {"cpuArchitecture": "X86_64", "operatingSystemFamily": "LINUX"},
        "containerDefinitions": [container],
    }


SAME = {
    "nothing but a container": ({}, {}),
    "protocol defaults to tcp and the host port to the container's": (
        {"port_mappings": [{"container_port": 80}]},
        {"portMappings": [{"containerPort": 80, "hostPort": 80, "protocol": "tcp"}]},
    ),
    "order of ports": (
        {"port_mappings": [{"container_port": 90}, {"container_port": 80}]},
        {
            "portMappings": [
                {"containerPort": 80, "hostPort": 80, "protocol": "tcp"},
                {"containerPort": 90, "hostPort": 90, "protocol": "tcp"},
            ]
        },
    ),
    "order and text of environment": (
        {"environment": {"B": 1, "A": True}},
        {"environment": [{"name": "A", "value": "true"}, {"name": "B", "value": "1"}]},
    ),
    "order of secrets": (
        {"secrets": {"B": "arn:b", "A": "arn:a"}},
        {"secrets": [{"name": "A", "valueFrom": "arn:a"}, {"name": "B", "valueFrom": "arn:b"}]},
    ),
    "health check defaults": (
        {"health_check": {"command": ["CMD", "true"]}},
        {"healthCheck": {"command": ["CMD", "true"], "interval": 30, "timeout": 5, "retries": 3}},
    ),
    "options left out arrive as None": (
        {"command": None, "essential": None, "health_check": None, "docker_labels": None},
        {},
    ),
    "explicit defaults": ({"essential": True, "cpu": 0, "readonly_root_filesystem": False}, {}),
    "log options are text, an empty list says nothing": (
        {"log_configuration": {"log_driver": "awslogs", "options": {"awslogs-group": "g", "max-buffer": 5}}},
        {
            "logConfiguration": {
                "logDriver": "awslogs",
                "options": {"awslogs-group": "g", "max-buffer": "5"},
                "secretOptions": [],
            }
        },
    ),
    "keys of labels are the user's": (
        {"docker_labels": {"com.example.some_name": "x"}},
        {"dockerLabels": {"com.example.some_name": "x"}},
    ),
}


@pytest.mark.parametrize(("given", "seen"), SAME.values(), ids=SAME.keys())
def test_what_runs_the_same_compares_equal(given: dict[str, Any], seen: dict[str, Any]) -> None:
    desired = model.state(model.canonical(with_container(**given)), None)
    current = model.state(model.canonical_answer(answered(**seen)), None)
    assert model.plan("app", current, desired) == []


@pytest.mark.parametrize(
    ("given", "stored"),
    [("256", "256"), (256, "256"), ("1 vCPU", "1024"), (".5 vcpu", "512"), ("2 GB", "2048"), ("2GB", "2048")],
)
def test_units_are_stored_as_numbers(given: Any, stored: str) -> None:
    assert model.units(given) == stored


DIFFERENT = {
    "cpu": (definition(cpu="512", memory="1024"), ("cpu", "memory")),
    "one variable": (with_container(environment={"A": "1"}), ("containers.app.environment.A",)),
    "task role": (definition(task_role_arn=ROLE), ("task_role_arn",)),
    "no execution role": (definition(execution_role_arn=None), ("execution_role_arn",)),
    "one container more": (
        definition(
            container_definitions=[{"name": "app", "image": "example/app:1"}, {"name": "b", "image": "example/b:1"}]
        ),
        ("containers", "containers.b.image"),
    ),
    "volume": (definition(volumes=[{"name": "data"}]), ("volumes.data",)),
}


@pytest.mark.parametrize(("given", "fields"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_a_real_difference_is_named(given: dict[str, Any], fields: tuple[str, ...]) -> None:
    current = model.state(model.canonical_answer(answered()), None)
    (change,) = model.plan("app", current, model.state(model.canonical(given), None))
    assert change.op == "update"
    assert change.fields == fields


def test_tags_alone_need_no_new_revision() -> None:
    document = model.canonical(definition())
    (change,) = model.plan("app", model.state(document, {"Owner": "a"}), model.state(document, {"Owner": "b"}))
    assert model.only_tags(change)


def test_a_request_says_what_the_document_says() -> None:
    document = model.canonical(with_container(environment={"A": 1}, port_mappings=[{"container_port": 80}]))
    request = model.request("app", document, {"Project": "x"})
    (container,) = request["containerDefinitions"]
    assert container["environment"] == [{"name": "A", "value": "1"}]
    assert container["portMappings"] == [{"containerPort": 80}]
    assert request["tags"] == [{"key": "Project", "value": "x"}]
    assert model.state(model.canonical_answer(request), None) == model.state(document, None)


def test_images_of_a_deployment_are_kept() -> None:
    document = model.canonical(definition())
    running = model.canonical_answer(answered(image="example/app:9"))
    assert model.images(model.with_images(document, running, ["app"])) == {"app": "example/app:9"}
    assert model.images(model.with_images(document, running, [])) == {"app": "example/app:1"}
    assert model.images(model.with_images(document, None, ["app"])) == {"app": "example/app:1"}


@pytest.mark.parametrize(
    ("keep", "registers", "used", "retired"),
    [
        (None, True, [], []),
        (3, False, [], ["b:1"]),
        (3, True, [], ["b:2", "b:1"]),
        (1, True, ["b:2"], ["b:4", "b:3", "b:1"]),
        (9, True, [], []),
    ],
)
def test_old_revisions_are_retired(keep: int | None, registers: bool, used: list[str], retired: list[str]) -> None:
    revisions = ["b:4", "b:3", "b:2", "b:1"]
    assert model.retired(revisions, keep=keep, registers=registers, used=used) == retired


REFUSED = {
    "Fargate pair": (definition(cpu="256", memory="4096"), "memory"),
    "Fargate step": (definition(cpu="256", memory="1536"), "memory"),
    "Fargate size": (definition(cpu="300"), "cpu"),
    "network mode": (definition(network_mode="bridge"), "network_mode"),
    "no tag": (with_container(image="example/app"), "container_definitions[app].image"),
    "port of a registry is no tag": (with_container(image="localhost:5000/app"), "container_definitions[app].image"),
    "latest": (with_container(image="example/app:latest"), "container_definitions[app].image"),
    "secret": (with_container(environment={"DB_PASSWORD": "x"}), "container_definitions[app].environment.DB_PASSWORD"),
    "URL": (with_container(environment={"DSN": "pg://u:p@h/d"}), "container_definitions[app].environment.DSN"),
    "secrets without role": (with_container(secrets={"A": "arn"}) | {"execution_role_arn": None}, "execution_role_arn"),
    "unknown volume": (
        with_container(mount_points=[{"source_volume": "x", "container_path": "/x"}]),
        "container_definitions[app].mount_points",
    ),
    "unknown dependency": (
        with_container(depends_on=[{"container_name": "x", "condition": "START"}]),
        "container_definitions[app].depends_on",
    ),
    "containers above the task": (with_container(cpu=512), "cpu"),
    "no essential container": (with_container(essential=False), "container_definitions"),
    "health check": (
        with_container(health_check={"command": ["x"], "interval": 1}),
        "container_definitions[app].health_check.interval",
    ),
    "stop timeout": (with_container(stop_timeout=300), "container_definitions[app].stop_timeout"),
}


@pytest.mark.parametrize(("given", "variable"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_refused_by_name(given: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check(model.canonical(given), allow_latest=False, allowed_names=())
    assert refusal.value.variable == variable


@pytest.mark.parametrize(
    "given",
    [
        definition(),
        with_container(image="example/app@sha256:0123"),
        with_container(image=KNOWN_AFTER_APPLY),
        with_container(environment={"KMS_KEY_ID": "x", "PASSWORD_RESET_RATE_LIMIT": "2", "PLAIN_TOKEN": "y"}),
        with_container(environment={"DB_PASSWORD": ""}),
    ],
)
def test_good_input_passes(given: dict[str, Any]) -> None:
    check(model.canonical(given), allow_latest=False, allowed_names=("PLAIN_TOKEN",))


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("DB_PASSWORD", True),
        ("jwt.secret", True),
        ("kongAdminToken", True),
        ("TRADEMASTER_SERVICE_API_KEY", True),
        ("SECRET_KEY_BASE", True),
        ("AWS_KMS_KEY_ID", False),
        ("JWT_EXPIRATION", False),
        ("MONKEY", False),
        ("KEYCLOAK_URL", False),
    ],
)
def test_names_tell_secrets(name: str, secret: bool) -> None:
    assert looks_secret(name) is secret
