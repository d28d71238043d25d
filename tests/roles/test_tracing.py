"""Traces are off unless asked for, and then every container knows where to send them."""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.roles.playbooks import client, play

MAIN = {"kong_gateway": "kong", "auth_service": "auth"}

OWN = "exporters: {debug: {}}"
ELSEWHERE = "http://collector.example.internal:4318"
# Values of the variable; None leaves it alone, and therefore comes first. What the roles share is tried on one of them.
BOTH: dict[str, dict[str, Any] | None] = {"off": None, "sidecar": {"sampling_ratio": 0.25}}
VARIANTS: dict[str, dict[str, dict[str, Any] | None]] = {
    "auth_service": {**BOTH, "elsewhere": {"endpoint": ELSEWHERE}},
    "kong_gateway": {**BOTH, "own": {"configuration": OWN, "image": "docker.io/otel/collector:0.1.0"}},
}


@dataclass(frozen=True)
class Revision:
    containers: dict[str, dict[str, Any]]
    statements: list[dict[str, Any]]

    def environment(self, container: str) -> dict[str, str]:
        return {row["name"]: row["value"] for row in self.containers[container]["environment"]}

    def traces(self, container: str) -> dict[str, str]:
        names = ("KONG_TRACING", "MANAGEMENT_OTLP", "MANAGEMENT_TRACING", "OTEL_")
        return {name: value for name, value in self.environment(container).items() if name.startswith(names)}

    def actions(self) -> set[str]:
        return {action for row in self.statements for action in row["Action"] if action.startswith("xray:")}


@dataclass(frozen=True)
class Prepared:
    role: str
    revisions: dict[str, Revision]


@pytest.fixture(scope="module", params=MAIN)
def prepared(request: pytest.FixtureRequest, aws_endpoint: str) -> Prepared:
    """What a role hands to ECS with each of the variants."""
    prefix = f"tracing-{uuid.uuid4().hex[:8]}"
    given = {
        "role": request.param,
        "prefix": prefix,
        "variants": VARIANTS[request.param],
        "__kong_gateway_admin_config": {},
        # No secret of these names is there to be read.
        "__auth_service_checked_secrets": {},
    }
    ended = play("tracing", aws_endpoint, given, timeout=120)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return Prepared(request.param, {name: read(aws_endpoint, f"{prefix}-{name}") for name in VARIANTS[request.param]})


def read(endpoint: str, name: str) -> Revision:
    ecs, iam = (client(service, endpoint) for service in ("ecs", "iam"))
    definition = ecs.describe_task_definition(taskDefinition=name)["taskDefinition"]
    policies = iam.list_role_policies(RoleName=f"{name}-task")["PolicyNames"]
    statements = [
        row
        for policy in policies
        for row in iam.get_role_policy(RoleName=f"{name}-task", PolicyName=policy)["PolicyDocument"]["Statement"]
    ]
    return Revision({row["name"]: row for row in definition["containerDefinitions"]}, statements)


def test_without_it_nothing_of_it_is_there(prepared: Prepared) -> None:
    revision = prepared.revisions["off"]

    assert "otel-collector" not in revision.containers
    assert revision.traces(MAIN[prepared.role]) == {}
    assert revision.actions() == set()


def test_with_it_a_collector_beside_the_container_sends_to_xray(prepared: Prepared) -> None:
    revision = prepared.revisions["sidecar"]

    collector = revision.containers["otel-collector"]
    assert collector["image"].startswith("public.ecr.aws/aws-observability/aws-otel-collector:v")
    assert (collector["essential"], collector["readonlyRootFilesystem"]) == (False, True)
    configuration = yaml.safe_load(revision.environment("otel-collector")["AOT_CONFIG_CONTENT"])
    assert configuration["receivers"]["otlp"]["protocols"]["http"] == {"endpoint": "127.0.0.1:4318"}
    assert configuration["exporters"] == {"awsxray": {"region": "us-east-1"}}
    assert configuration["service"]["pipelines"]["traces"]["exporters"] == ["awsxray"]
    assert "xray:PutTraceSegments" in revision.actions()
    found = revision.traces(MAIN[prepared.role])
    assert expected("http://127.0.0.1:4318", "0.25")[prepared.role].items() <= found.items()


@pytest.mark.parametrize("prepared", ["auth_service"], indirect=True)
def test_a_collector_elsewhere_needs_none_beside_the_container(prepared: Prepared) -> None:
    revision = prepared.revisions["elsewhere"]

    assert "otel-collector" not in revision.containers
    assert revision.actions() == set()
    assert expected(ELSEWHERE, "0.05")["auth_service"].items() <= revision.traces("auth").items()


@pytest.mark.parametrize("prepared", ["kong_gateway"], indirect=True)
def test_a_configuration_of_ones_own_brings_its_own_permissions(prepared: Prepared) -> None:
    revision = prepared.revisions["own"]

    assert revision.environment("otel-collector") == {"AOT_CONFIG_CONTENT": OWN}
    assert revision.containers["otel-collector"]["image"] == "docker.io/otel/collector:0.1.0"
    assert revision.actions() == set()


def test_nothing_else_changes_with_it(prepared: Prepared) -> None:
    main = MAIN[prepared.role]

    def without_traces(revision: Revision) -> dict[str, Any]:
        traces = revision.traces(main)
        kept = [row for row in revision.containers[main]["environment"] if row["name"] not in traces]
        changed = {**revision.containers, main: {**revision.containers[main], "environment": kept}}
        changed.pop("otel-collector", None)
        text = json.dumps(changed, sort_keys=True, default=str)
        return dict(json.loads(re.sub(r"(tracing-[0-9a-f]{8})-\w+", r"\1", text)))

    off, *others = map(without_traces, prepared.revisions.values())
    assert others == [off, off]


def expected(endpoint: str, ratio: str) -> dict[str, dict[str, str]]:
    return {
        "kong_gateway": {
            "KONG_TRACING_INSTRUMENTATIONS": "request,router,balancer,plugin_access",
            "KONG_TRACING_SAMPLING_RATE": ratio,
        },
        "auth_service": {
            "MANAGEMENT_TRACING_ENABLED": "true",
            "MANAGEMENT_TRACING_SAMPLING_PROBABILITY": ratio,
            "MANAGEMENT_TRACING_PROPAGATION_TYPE": "W3C",
            "MANAGEMENT_OTLP_TRACING_ENDPOINT": f"{endpoint}/v1/traces",
            "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
            "OTEL_PROPAGATORS": "tracecontext,baggage",
            "OTEL_TRACES_SAMPLER_ARG": ratio,
        },
    }
