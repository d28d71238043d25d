# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Task definitions in one canonical form, whether from options or from DescribeTaskDefinition. Pure.

A revision is a document as a whole: what is omitted is not in it. Canonical means: option names, defaults of AWS left
out, lists whose order means nothing sorted, `environment` and `secrets` as maps. Two documents that would run the
same have the same form, so a revision is registered only for a real change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.changes import Change
from .shape import compact, flat, from_api, ordered, pairs, text, to_api, without_defaults

FIELDS = (
    "cpu",
    "memory",
    "network_mode",
    "requires_compatibilities",
    "execution_role_arn",
    "task_role_arn",
    "runtime_platform",
    "ephemeral_storage",
    "volumes",
    "placement_constraints",
    "proxy_configuration",
    "ipc_mode",
    "pid_mode",
    "enable_fault_injection",
    "container_definitions",
)
CONTAINER_DEFAULTS = {
    "cpu": 0,
    "essential": True,
    "privileged": False,
    "readonly_root_filesystem": False,
    "interactive": False,
    "pseudo_terminal": False,
    "disable_networking": False,
    "version_consistency": "enabled",
}
HEALTH_CHECK_DEFAULTS = {"interval": 30, "timeout": 5, "retries": 3, "start_period": 0}
PLATFORM_DEFAULTS = {"cpu_architecture": "X86_64", "operating_system_family": "LINUX"}
EFS_DEFAULTS = {"root_directory": "/", "transit_encryption": "DISABLED"}
SORTED = {
    "mount_points": ("container_path",),
    "volumes_from": ("source_container",),
    "depends_on": ("container_name",),
    "ulimits": ("name",),
    "system_controls": ("namespace",),
    "resource_requirements": ("type",),
    "extra_hosts": ("hostname",),
}
UNITS = {"vcpu": 1024, "gb": 1024}
QUANTITY = re.compile(r"(?P<number>\d*\.?\d+) ?(?P<unit>vcpu|gb)", re.IGNORECASE)


def canonical(definition: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of a definition given in option names."""
    document = compact({name: definition.get(name) for name in FIELDS if name != "container_definitions"})
    document["cpu"] = units(definition.get("cpu"))
    document["memory"] = units(definition.get("memory"))
    document["requires_compatibilities"] = sorted(document.get("requires_compatibilities", []))
    document["runtime_platform"] = without_defaults(document.get("runtime_platform", {}), PLATFORM_DEFAULTS)
    document["volumes"] = [_volume(volume) for volume in ordered(document.get("volumes", []), "name")]
    document["enable_fault_injection"] = definition.get("enable_fault_injection") or None
    mode = str(definition.get("network_mode"))
    containers = ordered(definition.get("container_definitions") or [], "name")
    document["container_definitions"] = [_container(container, mode) for container in containers]
    return {name: value for name, value in document.items() if value not in (None, "", [], {})}


def canonical_answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of a definition that the API answered."""
    return canonical(from_api(answer))


def units(value: Any) -> str | None:
    """CPU units or MiB as AWS stores them: `1 vCPU` is `1024`, `2 GB` is `2048`."""
    if value is None:
        return None
    given = str(value).strip()
    match = QUANTITY.fullmatch(given)
    return str(int(float(match["number"]) * UNITS[match["unit"].lower()])) if match else given


def _container(container: Mapping[str, Any], network_mode: str) -> dict[str, Any]:
    environment = pairs(container.get("environment"))
    secrets = pairs(container.get("secrets"), "value_from")
    result = compact({key: item for key, item in container.items() if key not in ("environment", "secrets")})
    result = without_defaults(result, CONTAINER_DEFAULTS)
    for name, keys in SORTED.items():
        if name in result:
            items = [without_defaults(item, {"read_only": False}) for item in result[name]]
            result[name] = ordered(items, *keys)
    if "port_mappings" in result:
        ports = [_port(port, network_mode) for port in result["port_mappings"]]
        result["port_mappings"] = ordered(ports, "container_port", "protocol")
    if "health_check" in result:
        result["health_check"] = without_defaults(result["health_check"], HEALTH_CHECK_DEFAULTS)
    if "log_configuration" in result:
        result["log_configuration"] = _logging(result["log_configuration"])
    if "restart_policy" in result:
        result["restart_policy"] = without_defaults(result["restart_policy"], {"restart_attempt_period": 300})
    return {
        **result,
        **({"environment": environment} if environment else {}),
        **({"secrets": secrets} if secrets else {}),
    }


def _port(port: Mapping[str, Any], network_mode: str) -> dict[str, Any]:
    same = network_mode in ("awsvpc", "host")
    defaults = {"protocol": "tcp", "host_port": port.get("container_port") if same else 0}
    return without_defaults(port, defaults)


def _logging(configuration: Mapping[str, Any]) -> dict[str, Any]:
    options = {name: text(value) for name, value in (configuration.get("options") or {}).items()}
    result = {
        **configuration,
        "options": options,
        "secret_options": ordered(configuration.get("secret_options", []), "name"),
    }
    return {name: value for name, value in result.items() if value not in ([], {})}


def _volume(volume: Mapping[str, Any]) -> dict[str, Any]:
    result = without_defaults(volume, {"configured_at_launch": False})
    if "efs_volume_configuration" in result:
        efs = without_defaults(result["efs_volume_configuration"], EFS_DEFAULTS)
        access = without_defaults(efs.get("authorization_config", {}), {"iam": "DISABLED"})
        result["efs_volume_configuration"] = compact({**efs, "authorization_config": access})
    return dict(result)


def request(family: str, document: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """Arguments of RegisterTaskDefinition for a canonical document."""
    containers = [
        {
            **to_api({key: item for key, item in container.items() if key not in ("environment", "secrets")}),
            "environment": [{"name": name, "value": item} for name, item in container.get("environment", {}).items()],
            "secrets": [{"name": name, "valueFrom": item} for name, item in container.get("secrets", {}).items()],
        }
        for container in document["container_definitions"]
    ]
    arguments = {**to_api(document), "family": family, "containerDefinitions": containers}
    listed = [{"key": key, "value": value} for key, value in tags.items()]
    return {**arguments, "tags": listed} if listed else arguments


def state(document: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    """A canonical document as flat, comparable fields: `containers.auth.environment.LOG_LEVEL`."""
    containers = document["container_definitions"]
    fields: dict[str, Any] = {
        name: value for name, value in document.items() if name not in ("container_definitions", "volumes")
    }
    fields["containers"] = [container["name"] for container in containers]
    for container in containers:
        for name, value in container.items():
            if name != "name":
                fields.update(flat(f"containers.{container['name']}.{name}", value))
    for volume in document.get("volumes", []):
        fields[f"volumes.{volume['name']}"] = volume
    return fields if tags is None else {**fields, "tags": dict(tags)}


def plan(family: str, current: Mapping[str, Any] | None, desired: Mapping[str, Any], *, level: int = 0) -> list[Change]:
    """At most one change. What the current revision has and the desired document has not, reads None after."""
    if current is None:
        return [Change("create", "task_definition", family, after=desired, level=level)]
    dropped = {name: None for name in current if name not in desired and name != "tags"}
    wanted = {**desired, **dropped}
    change = Change("update", "task_definition", family, before=current, after=wanted, level=level)
    return [change] if change.fields else []


def only_tags(change: Change) -> bool:
    """Whether a change needs no new revision."""
    return change.op == "update" and change.fields == ("tags",)


def owned_tags(tags: Mapping[str, str], wanted: Mapping[str, str] | None) -> dict[str, str]:
    """Of a resource's tags those that are managed: others on it are somebody else's."""
    return {key: value for key, value in tags.items() if key in (wanted or {})}


def with_images(document: Mapping[str, Any], running: Mapping[str, Any] | None, keep: Sequence[str]) -> dict[str, Any]:
    """The document with the images of the containers in `keep` as they are in the `running` one."""
    deployed = images(running) if running else {}
    containers = [
        {**container, "image": deployed[container["name"]]}
        if container["name"] in keep and container["name"] in deployed
        else container
        for container in document["container_definitions"]
    ]
    return {**document, "container_definitions": containers}


def images(document: Mapping[str, Any]) -> dict[str, str]:
    """Image by container name."""
    return {container["name"]: container["image"] for container in document["container_definitions"]}


def retired(revisions: Sequence[str], *, keep: int | None, registers: bool, used: Sequence[str]) -> list[str]:
    """Of the ACTIVE revisions (latest first) those to deregister so that `keep` remain. Never one in use."""
    if keep is None:
        return []
    surplus = revisions[max(keep - 1, 0) if registers else keep :]
    return [arn for arn in surplus if arn not in used]


def short(arn: str) -> str:
    """`family:revision` of a revision's ARN."""
    return arn.rsplit("/", 1)[-1]
