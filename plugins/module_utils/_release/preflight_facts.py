# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight knows: what a release will use, as it was found. Shapes, and references taken apart. Pure.

In every map of what was found, None is for what does not exist, and what could not be read is missing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Described = Mapping[str, Any]

ECR = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[\w-]+)\.amazonaws\.com(\.cn)?/"
    r"(?P<repository>[^:@]+)(:(?P<tag>[^@]+))?(@(?P<digest>sha256:\w+))?"
)
SECRET = re.compile(
    r"(?P<arn>arn:[\w-]+:secretsmanager:[\w-]+:\d+:secret:[^:]+)(:(?P<key>[^:]*):(?P<stage>[^:]*):(?P<version>[^:]*))?"
)
PARAMETER = re.compile(r"arn:[\w-]+:ssm:[\w-]+:\d+:parameter(?P<name>/.+)")
CURRENT = "AWSCURRENT"


@dataclass(frozen=True)
class Problem:
    """One thing that would make a release fail, as one line."""

    name: str
    what: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}: {self.what}: {self.remedy}"


@dataclass(frozen=True)
class Colour:
    """One of the two services that a release moves between: its name in ECS, and its target at the gateway."""

    service: str
    target: str


@dataclass(frozen=True)
class EcrImage:
    """An image of ECR that containers use."""

    reference: str
    account: str
    region: str
    repository: str
    identifier: Mapping[str, str]
    """`imageTag` or `imageDigest`, as ECR takes it."""

    @classmethod
    def parse(cls, reference: str) -> EcrImage | None:
        """None for images of other registries."""
        match = ECR.fullmatch(reference)
        if match is None:
            return None
        by_digest = {"imageDigest": match["digest"]} if match["digest"] else None
        identifier = by_digest or {"imageTag": match["tag"] or "latest"}
        return cls(reference, match["account"], match["region"], match["repository"], identifier)


@dataclass(frozen=True)
class FoundImage:
    """What ECR says of an image. `platforms` are those of an index, as `linux/amd64`; `findings` are by severity."""

    digest: str
    platforms: tuple[str, ...] = ()
    findings: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Wanted:
    """A value that containers are given: where it comes from, and for which variables."""

    reference: str
    users: tuple[str, ...]
    version: str = ""
    stage: str = ""


@dataclass(frozen=True)
class FoundRole:
    """A role's trust policy, and the documents of its other policies."""

    trust: Described
    documents: Sequence[Described] = ()


@dataclass
class Facts:
    """All that was found."""

    cluster: Described | None = None
    definition: Described | None = None
    services: dict[str, Described | None] = field(default_factory=dict)
    images: dict[str, FoundImage | None] = field(default_factory=dict)
    roles: dict[str, FoundRole | None] = field(default_factory=dict)
    secrets: dict[str, Described | None] = field(default_factory=dict)
    parameters: dict[str, Described | None] = field(default_factory=dict)
    log_groups: dict[str, Described | None] = field(default_factory=dict)
    keys: dict[str, Described | None] = field(default_factory=dict)
    resource_policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Policies of secrets and keys."""
    target_groups: dict[str, Described | None] = field(default_factory=dict)
    subnets: dict[str, Described | None] = field(default_factory=dict)
    upstreams: dict[str, Mapping[str, int] | None] = field(default_factory=dict)
    """Weights by target."""
    migration: Described | None = None
    database: Described | None = None
    vcpus: tuple[float, float] | None = None
    """What Fargate lets the account use at a time, and what tasks of the cluster use."""


def images_of(definition: Described, given: Mapping[str, str]) -> dict[str, str]:
    """The image of each container of the revision that a release makes."""
    return {one["name"]: given.get(one["name"], one["image"]) for one in definition.get("containerDefinitions", [])}


def wanted_secrets(definition: Described) -> list[Wanted]:
    """Secrets of Secrets Manager that containers are given, one item for each version that is asked for."""
    users: dict[tuple[str, str, str], list[str]] = {}
    for user, reference in _values(definition):
        if match := SECRET.fullmatch(reference):
            users.setdefault((match["arn"], match["version"] or "", match["stage"] or ""), []).append(user)
    return [Wanted(arn, tuple(used), version, stage) for (arn, version, stage), used in users.items()]


def wanted_parameters(definition: Described) -> list[Wanted]:
    """Parameters of Parameter Store that containers are given, by name."""
    users: dict[str, list[str]] = {}
    for user, reference in _values(definition):
        if not SECRET.fullmatch(reference):
            users.setdefault(parameter_name(reference), []).append(user)
    return [Wanted(name, tuple(used)) for name, used in users.items()]


def parameter_name(reference: str) -> str:
    """The name behind an ARN; a name stays. A parameter without a path has a slash in its ARN only."""
    match = PARAMETER.fullmatch(reference)
    if match is None:
        return reference
    name = match["name"]
    return name if name.count("/") > 1 else name.removeprefix("/")


def log_groups_of(*definitions: Described | None) -> dict[str, bool]:
    """Log groups that containers write to, and whether they are made where they are missing."""
    groups: dict[str, bool] = {}
    for definition in definitions:
        for container in (definition or {}).get("containerDefinitions", []):
            logging = container.get("logConfiguration", {})
            if logging.get("logDriver") == "awslogs":
                options = logging.get("options", {})
                groups[options["awslogs-group"]] = options.get("awslogs-create-group") == "true"
    return groups


def subnets_of(service: Described | None) -> list[str]:
    """Subnets that the tasks of a service are started in."""
    network = (service or {}).get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    return list(network.get("subnets", []))


def _values(definition: Described) -> list[tuple[str, str]]:
    return [
        (f"{container['name']}.{secret['name']}", secret["valueFrom"])
        for container in definition.get("containerDefinitions", [])
        for secret in container.get("secrets", [])
    ]
