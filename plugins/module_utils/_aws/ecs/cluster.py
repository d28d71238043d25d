# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS clusters as comparable states. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.changes import Change, desired_fields, plan_one
from ..._core.errors import InvalidInput
from ..._core.wait import DONE, Verdict, failed, pending
from .shape import compact, flat, from_api, nested, ordered, to_api, without_defaults
from .task_definition import owned_tags

EXECUTE = "execute_command_configuration"
STORAGE = "managed_storage_configuration"
LOG_DEFAULTS = {"cloud_watch_encryption_enabled": False, "s3_encryption_enabled": False}


def desired_state(options: Mapping[str, Any]) -> dict[str, Any]:
    """State from options."""
    state = {
        name: options.get(name)
        for name in ("container_insights", "capacity_providers", "default_capacity_provider_strategy", "tags")
    }
    state = desired_fields(state)
    if "capacity_providers" in state:
        state["capacity_providers"] = sorted(state["capacity_providers"])
    if "default_capacity_provider_strategy" in state:
        state["default_capacity_provider_strategy"] = _strategy(state["default_capacity_provider_strategy"])
    for group in (EXECUTE, STORAGE):
        state.update(_fields(group, options.get(group)))
    defaults = options.get("service_connect_defaults")
    if defaults is not None:
        state["service_connect_defaults.namespace"] = defaults["namespace"]
    return state


def current_state(cluster: Mapping[str, Any], desired: Mapping[str, Any]) -> dict[str, Any]:
    """State of a described cluster."""
    settings = {setting["name"]: setting["value"] for setting in cluster.get("settings", [])}
    configuration = from_api(cluster.get("configuration", {}))
    tags = {tag["key"]: tag["value"] for tag in cluster.get("tags", [])}
    state = {
        "container_insights": settings.get("containerInsights", "disabled"),
        "capacity_providers": sorted(cluster.get("capacityProviders", [])),
        "default_capacity_provider_strategy": _strategy(from_api(cluster.get("defaultCapacityProviderStrategy", []))),
        "service_connect_defaults.namespace": (cluster.get("serviceConnectDefaults") or {}).get("namespace", ""),
        "tags": owned_tags(tags, desired.get("tags")),
    }
    for name, default in LOG_DEFAULTS.items():
        state[f"{EXECUTE}.log_configuration.{name}"] = default
    for group in (EXECUTE, STORAGE):
        state.update(_fields(group, configuration.get(group)))
    return state


def _strategy(items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return ordered((without_defaults(compact(item), {"base": 0, "weight": 0}) for item in items), "capacity_provider")


def _fields(group: str, value: Mapping[str, Any] | None) -> dict[str, Any]:
    return {name: item for name, item in flat(group, value or {}).items() if item not in (None, {})}


def check(options: Mapping[str, Any]) -> None:
    """Raise InvalidInput for what ECS would refuse."""
    providers, strategy = options.get("capacity_providers"), options.get("default_capacity_provider_strategy")
    if providers is not None:
        for item in strategy or []:
            if item["capacity_provider"] not in providers:
                option = "default_capacity_provider_strategy"
                raise InvalidInput(option, item["capacity_provider"], f"is not one of capacity_providers {providers}")
    execute = options.get(EXECUTE) or {}
    logs = execute.get("log_configuration") or {}
    places = logs.get("cloud_watch_log_group_name") or logs.get("s3_bucket_name")
    if execute.get("logging") == "OVERRIDE" and not places:
        raise InvalidInput(
            f"{EXECUTE}.log_configuration", logs or None, "names no place: give a log group or a bucket with OVERRIDE"
        )
    if execute.get("logging") in ("DEFAULT", "NONE") and places:
        raise InvalidInput(f"{EXECUTE}.logging", execute["logging"], "ignores log_configuration: set it to OVERRIDE")


def plan(name: str, cluster: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> list[Change]:
    """At most one change."""
    return plan_one("cluster", name, current_state(cluster, desired) if cluster else None, desired)


def settings_arguments(fields: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """API arguments for the settings in `fields`; a group of which one field is given is taken from `whole`."""
    arguments: dict[str, Any] = {}
    if "container_insights" in fields:
        arguments["settings"] = [{"name": "containerInsights", "value": fields["container_insights"]}]
    if "service_connect_defaults.namespace" in fields:
        arguments["serviceConnectDefaults"] = {"namespace": fields["service_connect_defaults.namespace"]}
    if any(name.startswith((EXECUTE, STORAGE)) for name in fields):
        groups = {group: nested(whole, group) for group in (EXECUTE, STORAGE)}
        arguments["configuration"] = to_api({group: value for group, value in groups.items() if value})
    return arguments


def capacity(fields: Mapping[str, Any], whole: Mapping[str, Any]) -> tuple[list[str], list[dict[str, Any]]] | None:
    """Capacity providers and default strategy to set, which ECS wants together; None when neither is in `fields`."""
    strategy = "default_capacity_provider_strategy"
    if not {"capacity_providers", strategy} & set(fields):
        return None
    return list(whole.get("capacity_providers", [])), to_api(whole.get(strategy, []))


def judge_active(cluster: Mapping[str, Any] | None) -> Verdict:
    """Whether a cluster can be used."""
    if cluster is None:
        return pending("not visible yet")
    status = cluster["status"]
    if status == "FAILED":
        return failed(f"cluster is {status}")
    return DONE if status == "ACTIVE" else pending(status)


def check_empty(name: str, services: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to remove a cluster with services that are not being removed themselves."""
    held = sorted(service["serviceName"] for service in services if service["status"] == "ACTIVE")
    if held:
        raise InvalidInput("name", name, f"still has services: {', '.join(held)}; remove them with ecs_service first")
