# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of what runs in containers: ECS and ECR."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from .._aws.ecs.shape import nested
from .model import Check, Control, Resource, World, flag, some

TASK, SERVICE, CLUSTER, REPOSITORY = "task_definition", "service", "cluster", "repository"
# What AWS looks for, and names that say by themselves what is in them.
SECRET_NAME = re.compile(
    r"(^AWS_ACCESS_KEY_ID$|^ECS_ENGINE_AUTH_DATA$|(PASSWORD|SECRET|SECRET_ACCESS_KEY|TOKEN|API_KEY|PRIVATE_KEY)$)"
)
INSIGHTS = ("enabled", "enhanced")
SETS_IT = "the role ecs_service sets it: run site.yml"


def containers(definition: Resource) -> dict[str, Mapping[str, Any]]:
    """Containers by name, each as its fields."""
    found = nested(definition.facts, "containers")
    return {name: fields for name, fields in found.items() if isinstance(fields, Mapping)}


def each_container(problem: Callable[[Mapping[str, Any]], str]) -> Check:
    """A check that `problem` says nothing of any container."""

    def check(definition: Resource, _world: World) -> str:
        told = ((name, problem(container)) for name, container in sorted(containers(definition).items()))
        return some(f"{name} {text}" for name, text in told if text)

    return check


def host_network(definition: Resource, _world: World) -> str:
    if definition.get("network_mode") != "host":
        return ""
    return "uses the network of its host"


def public_address(service: Resource, _world: World) -> str:
    given = str(service.get("network_configuration.assign_public_ip", "DISABLED")).upper()
    return "its tasks get public addresses" if given in ("ENABLED", "TRUE") else ""


def host_processes(definition: Resource, _world: World) -> str:
    return "sees the processes of its host" if definition.get("pid_mode") == "host" else ""


def secret_names(container: Mapping[str, Any]) -> str:
    names = sorted(
        name for name, value in (container.get("environment") or {}).items() if value and SECRET_NAME.search(name)
    )
    return f"is given in plain text: {', '.join(names)}" if names else ""


def newest_platform(service: Resource, _world: World) -> str:
    version = str(service.get("platform_version", "LATEST"))
    return "" if version in ("LATEST", "1.4.0") else f"runs on the platform version {version}"


def insights(cluster: Resource, _world: World) -> str:
    return "" if cluster.get("container_insights") in INSIGHTS else "Container Insights are off"


def immutable(repository: Resource, _world: World) -> str:
    return "" if str(repository.get("image_tag_mutability")).startswith("IMMUTABLE") else "its tags can be moved"


CONTROLS = (
    Control(
        "ECS.1", "Tasks do not use the network of their host", TASK, host_network, "awsvpc as the mode of the network"
    ),
    Control("ECS.2", "Tasks get no public addresses", SERVICE, public_address, SETS_IT),
    Control("ECS.3", "Tasks do not see the processes of their host", TASK, host_processes, "leave out pid_mode"),
    Control(
        "ECS.4",
        "Containers are not privileged",
        TASK,
        each_container(lambda container: "is privileged" if container.get("privileged") else ""),
        "leave out privileged",
    ),
    Control(
        "ECS.5",
        "Containers cannot change their own files",
        TASK,
        each_container(lambda one: "" if one.get("readonly_root_filesystem") else "can write to its root file system"),
        "readonly_root_filesystem: true, with a volume for what it writes",
    ),
    Control(
        "ECS.8",
        "Secrets come from Secrets Manager, not in plain text",
        TASK,
        each_container(secret_names),
        "move them from environment to secrets",
    ),
    Control(
        "ECS.9",
        "Containers log",
        TASK,
        each_container(lambda one: "" if (one.get("log_configuration") or {}).get("log_driver") else "logs nowhere"),
        SETS_IT,
    ),
    Control("ECS.10", "Tasks run on the newest Fargate platform", SERVICE, newest_platform, "platform_version: LATEST"),
    Control(
        "ECS.12",
        "The cluster is watched",
        CLUSTER,
        insights,
        "container_platform_container_insights: enabled or enhanced",
    ),
    Control(
        "ECR.1",
        "Images are scanned when they are pushed",
        REPOSITORY,
        flag("scan_on_push", "does not scan images"),
        "container_platform_repositories: scan_on_push of the repository",
    ),
    Control(
        "ECR.2",
        "Tags of images cannot be moved",
        REPOSITORY,
        immutable,
        "container_platform_repositories: image_tag_mutability of the repository",
    ),
    Control(
        "ECR.3",
        "Old images go",
        REPOSITORY,
        flag("lifecycle_policy", "keeps images for ever"),
        "container_platform_repositories: keep_images of the repository",
    ),
)
