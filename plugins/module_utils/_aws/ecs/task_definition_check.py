# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ECS would refuse, or a reader would regret, found before anything is registered. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder

# MiB that Fargate offers by CPU units.
FARGATE_MEMORY: dict[str, Sequence[int]] = {
    "256": (512, 1024, 2048),
    "512": range(1024, 4096 + 1, 1024),
    "1024": range(2048, 8192 + 1, 1024),
    "2048": range(4096, 16384 + 1, 1024),
    "4096": range(8192, 30720 + 1, 1024),
    "8192": range(16384, 61440 + 1, 4096),
    "16384": range(32768, 122880 + 1, 8192),
}
SECRET_WORDS = frozenset(
    (
        "PASSWORD",
        "PASSWORDS",
        "PASSWD",
        "PASSPHRASE",
        "PWD",
        "SECRET",
        "SECRETS",
        "TOKEN",
        "TOKENS",
        "KEY",
        "KEYS",
        "APIKEY",
        "CREDENTIAL",
        "CREDENTIALS",
    )
)
# A last word that says the variable is about a secret, not the secret itself: PASSWORD_RESET_RATE_LIMIT, KMS_KEY_ID.
HARMLESS_ENDINGS = frozenset(
    (
        "ID",
        "IDS",
        "ARN",
        "NAME",
        "URL",
        "URI",
        "HOST",
        "PORT",
        "FILE",
        "PATH",
        "DIR",
        "LIMIT",
        "WINDOW",
        "RATE",
        "EXPIRATION",
        "EXPIRY",
        "TTL",
        "TIMEOUT",
        "ALGORITHM",
        "ALG",
        "ISSUER",
        "ENABLED",
        "REQUIRED",
        "LENGTH",
        "MIN",
        "MAX",
        "COUNT",
        "SECONDS",
        "MINUTES",
        "HOURS",
        "DAYS",
        "MS",
        "AGE",
        "TYPE",
        "HEADER",
        "PREFIX",
        "ALIAS",
        "PERIOD",
        "INTERVAL",
        "VERSION",
        "SIZE",
        "POLICY",
        "STRENGTH",
        "MODE",
        "CLAIM",
    )
)
URL_WITH_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
HEALTH_CHECK_LIMITS = {"interval": (5, 300), "timeout": (2, 120), "retries": (1, 10), "start_period": (0, 300)}


def check(document: Mapping[str, Any], *, allow_latest: bool, allowed_names: Collection[str]) -> None:
    """Raise InvalidInput for the first thing wrong with a canonical document."""
    containers = document.get("container_definitions", [])
    names = [container["name"] for container in containers]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput("container_definitions", name, "is given twice: container names are unique in a task")
    if not any(container.get("essential", True) for container in containers):
        raise InvalidInput("container_definitions", names, "has no essential container: ECS wants at least one")
    fargate = "FARGATE" in document.get("requires_compatibilities", [])
    if fargate:
        _check_fargate(document)
    _check_sizes(document)
    volumes = {volume["name"] for volume in document.get("volumes", [])}
    for container in containers:
        option = f"container_definitions[{container['name']}]"
        check_image(f"{option}.image", container["image"], allow_latest=allow_latest)
        check_environment(f"{option}.environment", container.get("environment", {}), allowed_names)
        _check_health(option, container)
        _check_references(option, container, containers, volumes)
        if fargate and container.get("stop_timeout", 0) > 120:
            raise InvalidInput(f"{option}.stop_timeout", container["stop_timeout"], "is above Fargate's 120 seconds")


def _check_fargate(document: Mapping[str, Any]) -> None:
    cpu, memory = document.get("cpu"), document.get("memory")
    if document.get("network_mode") != "awsvpc":
        raise InvalidInput("network_mode", document.get("network_mode"), "is not possible on Fargate: set it to awsvpc")
    if cpu not in FARGATE_MEMORY:
        raise InvalidInput("cpu", cpu, f"is not offered by Fargate: take one of {', '.join(FARGATE_MEMORY)}")
    if not str(memory).isdigit() or int(str(memory)) not in FARGATE_MEMORY[cpu]:
        offered = ", ".join(str(size) for size in FARGATE_MEMORY[cpu])
        raise InvalidInput("memory", memory, f"does not go with cpu {cpu} on Fargate: take one of {offered} (MiB)")
    if not document.get("execution_role_arn"):
        for container in document["container_definitions"]:
            driver = container.get("log_configuration", {}).get("log_driver")
            if container.get("secrets") or driver == "awslogs" or ".dkr.ecr." in container["image"]:
                remedy = f"is needed: container {container['name']} reads secrets, writes awslogs or comes from ECR"
                raise InvalidInput("execution_role_arn", None, remedy)


def _check_sizes(document: Mapping[str, Any]) -> None:
    containers = document["container_definitions"]
    sums = {
        "cpu": sum(container.get("cpu", 0) for container in containers),
        "memory": sum(container.get("memory_reservation", container.get("memory", 0)) for container in containers),
    }
    for name, total in sums.items():
        limit = document.get(name)
        if limit is not None and str(limit).isdigit() and total > int(limit):
            raise InvalidInput(name, limit, f"is less than the {total} that the containers ask for together")
    for container in containers:
        memory, reservation = container.get("memory"), container.get("memory_reservation")
        if memory and reservation and reservation > memory:
            option = f"container_definitions[{container['name']}].memory_reservation"
            raise InvalidInput(option, reservation, f"is above the container's memory of {memory} MiB")


def check_image(option: str, image: str, *, allow_latest: bool) -> None:
    """An image must say which: by digest, or by a tag that is not the moving `latest`."""
    if is_placeholder(image) or "@" in image:
        return
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    if not tag:
        raise InvalidInput(option, image, "has neither tag nor digest: add one, as in example/auth:1.4.2")
    if tag == "latest" and not allow_latest:
        raise InvalidInput(
            option, image, "moves under the service's feet: give a version or a digest, or set allow_latest"
        )


def check_environment(option: str, environment: Mapping[str, str], allowed_names: Collection[str]) -> None:
    """Refuse secrets in clear: everybody who may describe the task definition reads `environment`."""
    for name, value in environment.items():
        if name in allowed_names or is_placeholder(value):
            continue
        if looks_secret(name) and value:
            raise InvalidInput(
                f"{option}.{name}",
                "********",
                "looks like a secret in clear: move it to secrets, or list the name in plain_names",
            )
        if URL_WITH_PASSWORD.search(value):
            raise InvalidInput(
                f"{option}.{name}",
                "********",
                "holds a password in its URL: move it to secrets, or list the name in plain_names",
            )


def looks_secret(name: str) -> bool:
    """Whether a variable's name says that its value is a secret: `DB_PASSWORD`, `kong.adminToken`."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    parts = [part for part in re.split(r"[^A-Z0-9]+", words.upper()) if part]
    return bool(SECRET_WORDS & set(parts)) and parts[-1] not in HARMLESS_ENDINGS


def _check_health(option: str, container: Mapping[str, Any]) -> None:
    health = container.get("health_check", {})
    for name, (least, most) in HEALTH_CHECK_LIMITS.items():
        value = health.get(name)
        if value is not None and not least <= value <= most:
            raise InvalidInput(f"{option}.health_check.{name}", value, f"is not between {least} and {most}")


def _check_references(
    option: str, container: Mapping[str, Any], containers: Sequence[Mapping[str, Any]], volumes: Collection[str]
) -> None:
    others = {other["name"]: other for other in containers}
    for dependency in container.get("depends_on", []):
        other = others.get(dependency["container_name"])
        if other is None:
            raise InvalidInput(f"{option}.depends_on", dependency["container_name"], f"is not one of {sorted(others)}")
        ends = dependency["condition"] in ("COMPLETE", "SUCCESS")
        if ends and other.get("essential", True):
            remedy = f"must not be essential: {container['name']} waits for it to end"
            raise InvalidInput(f"{option}.depends_on", other["name"], remedy)
        if dependency["condition"] == "HEALTHY" and "health_check" not in other:
            raise InvalidInput(f"{option}.depends_on", other["name"], "can never be HEALTHY: it has no health_check")
    for mount in container.get("mount_points", []):
        if mount.get("source_volume") not in volumes:
            raise InvalidInput(
                f"{option}.mount_points", mount.get("source_volume"), f"is not one of the volumes {sorted(volumes)}"
            )
