# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A private DNS namespace and its services as comparable states. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, desired_fields, differing, plan_one, plan_set
from ..._core.errors import InvalidInput
from ..._core.wait import DONE, Verdict, failed, pending

NAMESPACE_LEVEL, SERVICE_LEVEL = 1, 2
# Services go before anything else, their namespace after them.
SERVICE_REMOVAL_LEVEL, NAMESPACE_REMOVAL_LEVEL = 0, 3
TTL_LIMIT = 2**31 - 1
FIXED = ("record_types", "routing_policy", "custom_health_check")


def desired_namespace(options: Mapping[str, Any]) -> dict[str, Any]:
    """State of the namespace."""
    return desired_fields({name: options.get(name) for name in ("description", "tags")})


def current_namespace(namespace: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """State of a listed namespace with its managed `tags`."""
    return {
        "id": namespace["Id"],
        "arn": namespace["Arn"],
        "description": namespace.get("Description") or "",
        "tags": tags,
    }


def desired_services(options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """States of the services by name. Raises InvalidInput for what Cloud Map would refuse."""
    states: dict[str, dict[str, Any]] = {}
    for index, service in enumerate(options.get("services") or []):
        option, name = f"services[{index}]", service["name"]
        if name in states:
            raise InvalidInput(f"{option}.name", name, "is given twice: keep one of them")
        states[name] = desired_fields({**_dns(option, service), "description": service.get("description")})
        if options.get("tags") is not None:
            states[name]["tags"] = dict(options["tags"])
    return states


def _dns(option: str, service: Mapping[str, Any]) -> dict[str, Any]:
    records = service["dns_records"]
    types = [record["type"] for record in records]
    if not records or len(set(types)) != len(types):
        raise InvalidInput(f"{option}.dns_records", types, "has to name each record type once, and at least one")
    if "CNAME" in types and (len(types) > 1 or service["routing_policy"] != "WEIGHTED"):
        raise InvalidInput(f"{option}.dns_records", types, "a CNAME stands alone and needs routing_policy WEIGHTED")
    for record in records:
        if not 0 <= record["ttl"] <= TTL_LIMIT:
            raise InvalidInput(f"{option}.dns_records.ttl", record["ttl"], f"is not between 0 and {TTL_LIMIT} seconds")
    return {
        "record_types": sorted(types),
        "ttls": {record["type"]: record["ttl"] for record in records},
        "routing_policy": service["routing_policy"],
        "custom_health_check": service["custom_health_check"],
    }


def current_service(service: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """State of a listed service with its managed `tags`."""
    dns = service.get("DnsConfig") or {}
    ttls = {record["Type"]: int(record["TTL"]) for record in dns.get("DnsRecords", [])}
    return {
        "id": service["Id"],
        "arn": service["Arn"],
        "description": service.get("Description") or "",
        "record_types": sorted(ttls),
        "ttls": ttls,
        "routing_policy": dns.get("RoutingPolicy", "MULTIVALUE"),
        "custom_health_check": service.get("HealthCheckCustomConfig") is not None,
        "instances": service.get("InstanceCount", 0),
        "tags": tags,
    }


def plan(
    name: str,
    namespace: tuple[Mapping[str, Any] | None, Mapping[str, Any]],
    services: tuple[Mapping[str, Mapping[str, Any]], Mapping[str, Mapping[str, Any]]],
    *,
    owned: Collection[str],
    purge: bool,
) -> list[Change]:
    """Changes; `namespace` and `services` pair current and desired, `owned` names services that may be removed."""
    changes = plan_one("namespace", name, *namespace, level=NAMESPACE_LEVEL)
    current, desired = services
    for key in desired:
        _check_fixed(key, current.get(key), desired[key])
    scope = {key: state for key, state in current.items() if key in desired or key in owned}
    return changes + plan_set(
        "cloud_map_service",
        scope,
        desired,
        purge=purge,
        level=SERVICE_LEVEL,
        delete_level=SERVICE_REMOVAL_LEVEL,
        replace_on=FIXED,
    )


def _check_fixed(name: str, current: Mapping[str, Any] | None, desired: Mapping[str, Any]) -> None:
    """Refuse a replacement that Cloud Map cannot do: what has instances cannot be deleted."""
    changed = set(differing(current, desired)) & set(FIXED) if current else set()
    if current and changed and current["instances"]:
        field = min(changed)
        remedy = f"cannot replace {current[field]!r} while {current['instances']} instances are registered: stop them"
        raise InvalidInput(f"services[{name}].{field}", desired[field], remedy)


def plan_removal(
    name: str, namespace: Mapping[str, Any] | None, services: Mapping[str, Mapping[str, Any]]
) -> list[Change]:
    """Changes that remove a namespace with all its services."""
    changes = [
        Change("delete", "cloud_map_service", key, before=state, level=SERVICE_REMOVAL_LEVEL)
        for key, state in services.items()
    ]
    return changes + plan_one("namespace", name, namespace, None, level=NAMESPACE_REMOVAL_LEVEL)


def service_arguments(namespace: str, change: Change) -> dict[str, Any]:
    """Arguments of CreateService."""
    state = change.desired
    arguments: dict[str, Any] = {
        "Name": change.key,
        "NamespaceId": namespace,
        "DnsConfig": {"RoutingPolicy": state["routing_policy"], "DnsRecords": _records(state)},
        "Description": state.get("description"),
        "Tags": [{"Key": key, "Value": value} for key, value in state.get("tags", {}).items()] or None,
    }
    if state["custom_health_check"]:
        arguments["HealthCheckCustomConfig"] = {"FailureThreshold": 1}
    return desired_fields(arguments)


def service_changes(state: Mapping[str, Any], current: Mapping[str, Any]) -> dict[str, Any]:
    """The `Service` argument of UpdateService, which drops the records that it does not repeat."""
    return {
        "Description": state.get("description", current["description"]),
        "DnsConfig": {"DnsRecords": _records(state)},
    }


def _records(state: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"Type": kind, "TTL": ttl} for kind, ttl in sorted(state["ttls"].items())]


def chosen(namespaces: Sequence[Mapping[str, Any]], vpcs: Mapping[str, Collection[str]], vpc_id: str | None) -> Any:
    """Of the namespaces of a name the one of the VPC; `vpcs` are those of each namespace's hosted zone, by its id.

    Raises InvalidInput when only the VPC could tell which.
    """
    if vpc_id is None:
        if len(namespaces) > 1:
            raise InvalidInput("vpc_id", None, f"is needed: {len(namespaces)} namespaces have this name")
        return namespaces[0] if namespaces else None
    return next((item for item in namespaces if vpc_id in vpcs.get(zone_of(item), ())), None)


def zone_of(namespace: Mapping[str, Any]) -> str:
    """Id of a namespace's hosted zone."""
    return str(namespace.get("Properties", {}).get("DnsProperties", {}).get("HostedZoneId", ""))


def judge(operation: Mapping[str, Any]) -> Verdict:
    """What an operation's status says."""
    status = operation["Status"]
    if status == "FAIL":
        return failed(f"{operation.get('ErrorCode', '')} {operation.get('ErrorMessage', '')}".strip())
    return DONE if status == "SUCCESS" else pending(str(status))


def judge_visible(namespace: Mapping[str, Any] | None) -> Verdict:
    """Whether a namespace that was created is listed."""
    return DONE if namespace else pending("not visible yet")


def check(options: Mapping[str, Any]) -> None:
    """Raise InvalidInput for an ambiguous or impossible namespace."""
    name = options["name"]
    if not name or name.startswith(".") or any(len(label) > 63 for label in name.split(".")):
        raise InvalidInput("name", name, "is no DNS name: give one such as staging.example.internal")
    if options["state"] == "present" and not options.get("vpc_id"):
        raise InvalidInput("vpc_id", options.get("vpc_id"), "is missing: a private namespace belongs to a VPC")
