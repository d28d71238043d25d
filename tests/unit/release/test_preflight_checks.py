"""What preflight makes of what it found: what no test on an API can bring about, and what is taken apart."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._release import preflight_checks as checks
from ansible_collections.trademaster.platform.plugins.module_utils._release.preflight import pinned
from ansible_collections.trademaster.platform.plugins.module_utils._release.preflight_facts import (
    Colour,
    EcrImage,
    Facts,
    FoundImage,
    parameter_name,
    wanted_secrets,
)
from ansible_collections.trademaster.platform.plugins.module_utils._release.preflight_read import platforms_of

REPOSITORY = "123456789012.dkr.ecr.us-east-1.amazonaws.com/team/auth"
DIGEST = f"sha256:{'a' * 64}"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:auth/database-AbCdEf"
COLOURS = {"blue": Colour("auth-blue", "blue.internal:8080"), "green": Colour("auth-green", "green.internal:8080")}


def definition(**container: Any) -> dict[str, Any]:
    return {"cpu": "1024", "containerDefinitions": [{"name": "auth", "image": f"{REPOSITORY}:1.0.0", **container}]}


def lines(problems: checks.Problems) -> list[str]:
    return [str(problem) for problem in problems]


@pytest.mark.parametrize(
    ("reference", "identifier"),
    [
        (f"{REPOSITORY}:1.0.0", {"imageTag": "1.0.0"}),
        (REPOSITORY, {"imageTag": "latest"}),
        (f"{REPOSITORY}@{DIGEST}", {"imageDigest": DIGEST}),
        (f"{REPOSITORY}:1.0.0@{DIGEST}", {"imageDigest": DIGEST}),
        (f"{REPOSITORY}:1.0.0".replace(".com", ".com.cn"), {"imageTag": "1.0.0"}),
        ("docker.io/library/kong:3.9.1", None),
    ],
)
def test_images_of_ecr_are_told_from_others(reference: str, identifier: dict[str, str] | None) -> None:
    image = EcrImage.parse(reference)

    assert (image and image.identifier) == identifier
    assert image is None or (image.account, image.region, image.repository) == (
        "123456789012",
        "us-east-1",
        "team/auth",
    )


@pytest.mark.parametrize(
    ("reference", "digest", "expected"),
    [
        (f"{REPOSITORY}:1.0.0", DIGEST, f"{REPOSITORY}@{DIGEST}"),
        (REPOSITORY, DIGEST, f"{REPOSITORY}@{DIGEST}"),
        (f"{REPOSITORY}:1.0.0@{DIGEST}", DIGEST, f"{REPOSITORY}@{DIGEST}"),
        ("registry.example.com:5000/auth", DIGEST, f"registry.example.com:5000/auth@{DIGEST}"),
        ("kong:3.9.1", "", "kong:3.9.1"),
    ],
)
def test_a_reference_by_digest(reference: str, digest: str, expected: str) -> None:
    assert pinned(reference, digest) == expected


def test_versions_of_a_secret_are_wanted_apart() -> None:
    values = {"A": SECRET, "B": f"{SECRET}:username::", "C": f"{SECRET}:password:AWSPREVIOUS:", "D": "/auth/level"}
    named = [{"name": name, "valueFrom": value} for name, value in values.items()]

    wanted = wanted_secrets(definition(secrets=named))

    assert [(one.reference, one.stage, one.users) for one in wanted] == [
        (SECRET, "", ("auth.A", "auth.B")),
        (SECRET, "AWSPREVIOUS", ("auth.C",)),
    ]


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("arn:aws:ssm:us-east-1:123456789012:parameter/auth/level", "/auth/level"),
        ("arn:aws:ssm:us-east-1:123456789012:parameter/level", "level"),
        ("/auth/level", "/auth/level"),
        ("level", "level"),
    ],
)
def test_a_parameter_goes_by_its_name(reference: str, name: str) -> None:
    assert parameter_name(reference) == name


def test_what_a_build_attests_of_itself_is_no_platform() -> None:
    index = (
        '{"manifests": [{"platform": {"os": "linux", "architecture": "amd64"}},'
        ' {"platform": {"os": "unknown", "architecture": "unknown"}}]}'
    )

    assert platforms_of(index) == ("linux/amd64",)


@pytest.mark.parametrize(
    ("severity", "findings", "told"),
    [
        ("", None, ""),
        ("HIGH", {"MEDIUM": 3}, ""),
        ("HIGH", {"HIGH": 2, "CRITICAL": 1, "LOW": 9}, "its scan has findings: 1 CRITICAL, 2 HIGH"),
        ("CRITICAL", None, "it was never scanned"),
    ],
)
def test_findings_forbid_an_image_from_a_severity(severity: str, findings: dict[str, int] | None, told: str) -> None:
    facts = Facts(definition=definition(), images={f"{REPOSITORY}:1.0.0": FoundImage(DIGEST, (), findings)})

    found = lines(checks.images(facts, {}, severity))

    assert [told in line for line in found] == ([True] if told else [])


@pytest.mark.parametrize(
    ("vcpus", "told"),
    [
        (None, []),
        ((8.0, 6.0), []),
        ((8.0, 6.5), ["quota of Fargate vCPUs: it is 8, tasks of the cluster use 6.5, and 2 more are needed: "]),
    ],
)
def test_a_quota_has_room_for_the_second_colour(vcpus: tuple[float, float] | None, told: list[str]) -> None:
    found = lines(checks.quotas(Facts(definition=definition(), vcpus=vcpus), 2))

    assert [line[: len(begin)] for line, begin in zip(found, told, strict=True)] == told


def test_a_target_group_takes_addresses_at_a_port_of_the_container() -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/auth/0123456789abcdef"
    registered = {"containerName": "auth", "containerPort": 9999, "targetGroupArn": arn}
    facts = Facts(
        definition=definition(portMappings=[{"containerPort": 8080}]),
        services={"auth-blue": {"loadBalancers": [registered]}},
        target_groups={arn: {"TargetType": "instance"}},
    )

    wrong, other = lines(checks.ports(facts, "auth", COLOURS))

    assert wrong.startswith("port of blue: the target group wants port 9999 of auth")
    assert other.startswith(f"target group {arn}: it takes targets of type instance")


def test_who_takes_customers_and_is_no_colour_is_told() -> None:
    weights = {"blue.internal:8080": 100, "green.internal:8080": 0, "old.internal:8080": 50}
    facts = Facts(upstreams={"auth-service": weights})

    found = lines(checks.traffic(facts, "auth-service", "", COLOURS, unfinished=False))

    assert found == [
        "target old.internal:8080 of auth-service: it takes customers and is no colour: remove it, or set it to 0"
    ]


@pytest.mark.parametrize(("blue", "green", "live"), [(100, 0, "blue"), (0, 100, "green"), (90, 10, "blue"), (0, 0, "")])
def test_the_live_colour_takes_the_most_customers(blue: int, green: int, live: str) -> None:
    assert checks.live_colour({"blue.internal:8080": blue, "green.internal:8080": green}, COLOURS) == live
