# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ECS services as flat, comparable states. Pure.

Fields are options, nested ones dotted: `deployment_configuration.maximum_percent`. Only what is given is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.changes import Change, desired_fields, plan_one
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from . import strategy
from .shape import camel, compact, flat, from_api, nested, ordered, to_api, without_defaults
from .task_definition import owned_tags, short

# Remembers the trigger of the last forced deployment where everybody sees it.
TRIGGER_TAG = "trademaster:deployment-trigger"
SCALARS: dict[str, Any] = {
    "desired_count": None,
    "launch_type": None,
    "platform_version": None,
    "scheduling_strategy": "REPLICA",
    "health_check_grace_period_seconds": 0,
    "enable_execute_command": False,
    "enable_ecs_managed_tags": False,
    "propagate_tags": "NONE",
    "availability_zone_rebalancing": "DISABLED",
}
LISTS = {
    "load_balancers": ("target_group_arn", "container_name"),
    "service_registries": ("registry_arn",),
    "capacity_provider_strategy": ("capacity_provider",),
    "placement_constraints": ("type", "expression"),
    "placement_strategy": (),  # AWS applies them in the order given
    "volume_configurations": ("name",),
}
BAKE_TIME = "deployment_configuration.bake_time_in_minutes"
DEPLOYMENT_DEFAULTS: dict[str, Any] = {
    "deployment_configuration.deployment_circuit_breaker.enable": False,
    "deployment_configuration.deployment_circuit_breaker.rollback": False,
    "deployment_configuration.alarms.alarm_names": [],
    "deployment_configuration.alarms.enable": False,
    "deployment_configuration.alarms.rollback": False,
    "deployment_configuration.strategy": "ROLLING",
    BAKE_TIME: 0,
    "deployment_configuration.lifecycle_hooks": [],
}
FIXED = ("launch_type", "scheduling_strategy")


def primary(service: Mapping[str, Any]) -> Mapping[str, Any]:
    """The deployment that ECS works towards; empty when there is none."""
    deployments: Sequence[Mapping[str, Any]] = service.get("deployments", [])
    return next((deployment for deployment in deployments if deployment["status"] == "PRIMARY"), {})


def exists(service: Mapping[str, Any] | None) -> bool:
    """Whether a described service can be worked on: DRAINING and INACTIVE ones are remains of a deleted one."""
    return service is not None and service["status"] == "ACTIVE"


def desired_state(options: Mapping[str, Any], service: Mapping[str, Any] | None) -> dict[str, Any]:
    """What the options ask of `service`, the existing one as described, if any."""
    state = desired_fields({name: options.get(name) for name in SCALARS})
    state["desired_count"] = _desired_count(options, service)
    if service is not None and state.get("platform_version") == "LATEST":
        del state["platform_version"]  # resolved anew at each deployment, never a difference by itself
    for name in LISTS:
        if options.get(name) is not None:
            state[name] = _list(name, options[name])
    if options.get("service_connect_configuration") is not None:
        state["service_connect_configuration"] = _connect(options["service_connect_configuration"])
    state.update(_deployment_fields(options.get("deployment_configuration") or {}))
    state.update(_network_fields(options.get("network_configuration") or {}))
    owned_elsewhere = options.get("task_definition_on_create") is not None
    if service is not None and primary(service).get("rolloutState") == "FAILED" and not owned_elsewhere:
        state["rollout_state"] = "COMPLETED"  # a failed deployment is tried again
    state |= {name: options.get(name) for name in ("task_definition", "deployment_trigger", "tags")}
    if service is None and state["task_definition"] is None:
        state["task_definition"] = options.get("task_definition_on_create")
    return desired_fields(state)


def _desired_count(options: Mapping[str, Any], service: Mapping[str, Any] | None) -> int | None:
    """The count to set: the managed one, or where autoscaling owns it only that of a service that never ran."""
    if options.get("scheduling_strategy") == "DAEMON":
        return None
    if options.get("desired_count") is not None:
        return int(options["desired_count"])
    never_ran = service is None or (primary(service).get("rolloutState") == "FAILED" and service["desiredCount"] == 0)
    first = options.get("desired_count_on_create")
    return (1 if first is None else int(first)) if never_ran else None


def current_state(service: Mapping[str, Any], desired: Mapping[str, Any]) -> dict[str, Any]:
    """A described service as state; `desired` says how it names the task definition and which tags are managed."""
    state = {name: service.get(camel(name), default) for name, default in SCALARS.items()}
    deployment = primary(service)
    for name in LISTS:
        state[name] = _list(name, from_api(service.get(camel(name)) or deployment.get(camel(name)) or []))
    state["service_connect_configuration"] = _connect(from_api(deployment.get("serviceConnectConfiguration", {})))
    state.update(DEPLOYMENT_DEFAULTS)
    state.update(_deployment_fields(compact(from_api(service.get("deploymentConfiguration", {})))))
    network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
    state.update(_network_fields(from_api(network)))
    arn, tags = service["taskDefinition"], {tag["key"]: tag["value"] for tag in service.get("tags", [])}
    state["task_definition"] = arn if desired.get("task_definition", "").startswith("arn:") else short(arn)
    state["rollout_state"] = deployment.get("rolloutState")
    state["deployment_trigger"] = tags.get(TRIGGER_TAG)
    return {**state, "tags": owned_tags(tags, desired.get("tags"))}


def _list(name: str, items: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    cleaned = [compact(item) for item in items]
    if name == "capacity_provider_strategy":
        cleaned = [without_defaults(item, {"base": 0, "weight": 0}) for item in cleaned]
    return ordered(cleaned, *LISTS[name])


def _connect(configuration: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = compact(configuration)
    if "services" in result:
        result["services"] = ordered(result["services"], "port_name")
    return {"enabled": False, **result}


def _deployment_fields(configuration: Mapping[str, Any]) -> dict[str, Any]:
    given = _without_none(configuration)
    if given.get("alarms", {}).get("alarm_names"):
        given["alarms"] = {**given["alarms"], "alarm_names": sorted(given["alarms"]["alarm_names"])}
    if "lifecycle_hooks" in given:
        given["lifecycle_hooks"] = strategy.hooks(given["lifecycle_hooks"])
    return {name: value for name, value in flat("deployment_configuration", given).items() if value != {}}


def _without_none(value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _without_none(item) if isinstance(item, Mapping) else item
        for name, item in value.items()
        if item is not None
    }


def _network_fields(configuration: Mapping[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for name in ("subnets", "security_groups"):
        if configuration.get(name) is not None:
            fields[f"network_configuration.{name}"] = sorted(configuration[name])
    public = configuration.get("assign_public_ip")
    if public is not None:
        fields["network_configuration.assign_public_ip"] = public in (True, "ENABLED")
    return fields


def plan(name: str, service: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> list[Change]:
    """At most one change. Raises InvalidInput for what an existing service cannot become."""
    current = current_state(service, desired) if service else None
    for field in FIXED:
        before, after = (current or {}).get(field), desired.get(field)
        if before is not None and after is not None and before != after:
            raise InvalidInput(field, after, f"cannot be set on service {name}, which has {before}: remove it first")
    return plan_one("service", name, current, {**_ended_grace(current or {}, desired), **desired})


def _ended_grace(current: Mapping[str, Any], desired: Mapping[str, Any]) -> dict[str, int]:
    """ECS lets the last load balancer go only together with the grace period for its health checks."""
    field = "health_check_grace_period_seconds"
    return {field: 0} if desired.get("load_balancers") == [] and current.get(field) else {}


def create_arguments(cluster: str, name: str, desired: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of CreateService."""
    tags = dict(desired.get("tags", {}))
    if desired.get("deployment_trigger"):
        tags[TRIGGER_TAG] = desired["deployment_trigger"]
    arguments = {"cluster": cluster, "serviceName": name, **_arguments(desired, desired)}
    return {**arguments, "tags": [{"key": key, "value": value} for key, value in tags.items()]} if tags else arguments


def update_arguments(change: Change) -> dict[str, Any]:
    """Arguments of UpdateService; empty when only tags change.

    Where ECS wants a group as a whole, such as the deployment configuration, what is not managed keeps its value.
    """
    changed = {name: change.desired[name] for name in change.fields}
    whole = {**change.current, **change.desired}
    shifts = whole.get("deployment_configuration.strategy", strategy.ROLLING) != strategy.ROLLING
    said = {BAKE_TIME} if shifts else set()  # which has no default there
    current = {
        name: value for name, value in change.current.items() if name in said or DEPLOYMENT_DEFAULTS.get(name) != value
    }
    arguments = _arguments(changed, {**current, **change.desired})
    moved = {"capacity_provider_strategy", "rollout_state", "deployment_trigger"} & set(changed)
    return {**arguments, "forceNewDeployment": True} if moved else arguments


def _arguments(fields: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """API arguments for `fields`; groups of which one field is given are taken from `whole`."""
    plain = {*SCALARS, *LISTS, "service_connect_configuration", "task_definition"}
    arguments = {camel(name): to_api(value) for name, value in fields.items() if name in plain}
    if any(name.startswith("deployment_configuration.") for name in fields):
        configuration = to_api(strategy.fitting(nested(whole, "deployment_configuration")))
        if "alarms" in configuration:
            empty = {"alarmNames": [], "enable": False, "rollback": False}
            configuration["alarms"] = {**empty, **configuration["alarms"]}
        if "deploymentCircuitBreaker" in configuration:
            off = {"enable": False, "rollback": False}
            configuration["deploymentCircuitBreaker"] = {**off, **configuration["deploymentCircuitBreaker"]}
        arguments["deploymentConfiguration"] = configuration
    if any(name.startswith("network_configuration.") for name in fields):
        network = to_api(nested(whole, "network_configuration"))
        network["assignPublicIp"] = "ENABLED" if network.get("assignPublicIp") else "DISABLED"
        arguments["networkConfiguration"] = {"awsvpcConfiguration": network}
    return arguments


def check(options: Mapping[str, Any]) -> None:
    """Raise InvalidInput for options that ECS would refuse, or with which no deployment could ever finish."""
    for name in ("task_definition", "task_definition_on_create"):
        reference = options.get(name)
        if reference and not is_placeholder(reference) and ":" not in short(reference):
            raise InvalidInput(name, reference, "does not say which revision: give family:revision, or the ARN of one")
    for name in ("desired_count", "desired_count_on_create"):
        if (options.get(name) or 0) < 0:
            raise InvalidInput(name, options[name], "is negative")
    configuration = options.get("deployment_configuration") or {}
    _check_percents(configuration)
    strategy.check(options)
    alarms = configuration.get("alarms") or {}
    if alarms.get("enable") and not alarms.get("alarm_names"):
        raise InvalidInput("deployment_configuration.alarms.alarm_names", [], "is empty: name the alarms to watch")
    if options.get("health_check_grace_period_seconds") and options.get("load_balancers") == []:
        grace = options["health_check_grace_period_seconds"]
        raise InvalidInput("health_check_grace_period_seconds", grace, "needs load_balancers")
    network = options.get("network_configuration") or {}
    if network and not network.get("subnets"):
        raise InvalidInput("network_configuration.subnets", network.get("subnets"), "is empty: give at least one")


def shifts_traffic(service: Mapping[str, Any]) -> bool:
    """Whether the service's deployments go through the lifecycle stages of ECS."""
    configuration: Mapping[str, Any] = service.get("deploymentConfiguration", {})
    return bool(configuration.get("strategy", strategy.ROLLING) != strategy.ROLLING)


def _check_percents(configuration: Mapping[str, Any]) -> None:
    least, most = configuration.get("minimum_healthy_percent"), configuration.get("maximum_percent")
    if least is None or most is None:
        return
    option = "deployment_configuration.minimum_healthy_percent"
    if least > most:
        raise InvalidInput(option, least, f"is above maximum_percent ({most})")
    if least == most == 100:
        raise InvalidInput(option, least, "equals maximum_percent: no task could be replaced; lower it, or raise that")


def result(cluster: str, name: str, service: Mapping[str, Any] | None, unknown: str) -> dict[str, Any]:
    """The service as a module answers it; `unknown` stands for what only apply can tell."""
    seen = service or {}
    deployment = primary(seen)
    return {
        "name": name,
        "cluster": cluster,
        "arn": seen.get("serviceArn", unknown),
        "task_definition": seen.get("taskDefinition", unknown),
        "desired_count": seen.get("desiredCount", unknown),
        "running_count": seen.get("runningCount", unknown),
        "deployment_id": deployment.get("id", unknown),
        "rollout_state": deployment.get("rolloutState", unknown),
    }
