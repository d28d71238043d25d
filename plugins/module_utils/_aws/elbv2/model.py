# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A load balancer with its listeners and rules as comparable states. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_one, plan_set
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from ..._core.wait import DONE, Verdict, failed, pending
from ..tagging import of_interest, owns
from .attributes import LOAD_BALANCER, NAME, as_attributes
from .read import Snapshot
from .routing import (
    Names,
    current_action,
    current_conditions,
    desired_action,
    desired_conditions,
    validate_action,
    validate_condition,
    with_current_weights,
)

REMOVE_RULES, BALANCER, LISTENERS, RULES, REMOVE_GROUPS = range(5)  # levels of changes, in this order
PORTS = range(1, 65536)
PRIORITIES = range(1, 50001)


def validate(options: Mapping[str, Any]) -> None:
    """Raise InvalidInput for what AWS would refuse, as far as the options alone tell."""
    if not NAME.match(options["name"]):
        raise InvalidInput("name", options["name"], "is no name: up to 32 letters, digits and inner hyphens")
    if options["state"] == "absent":
        return
    subnets = options["subnets"] or []
    if not is_placeholder(subnets) and len(set(subnets)) < 2:
        raise InvalidInput("subnets", subnets, "are too few: a load balancer stands in two zones at least")
    logs = options["access_logs"] or {}
    if logs.get("enabled") and not logs.get("bucket"):
        raise InvalidInput("access_logs.bucket", logs.get("bucket"), "is missing: name the bucket to log to")
    groups = [group["name"] for group in options["target_groups"] or []]
    seen: set[int] = set()
    for index, listener in enumerate(options["listeners"] or []):
        _validate_listener(f"listeners[{index}]", listener, groups, seen)
        seen.add(listener["port"])


def _validate_listener(option: str, listener: Mapping[str, Any], groups: Sequence[str], seen: set[int]) -> None:
    port = listener["port"]
    if port not in PORTS:
        raise InvalidInput(f"{option}.port", port, "is out of range: 1 to 65535")
    if port in seen:
        raise InvalidInput(f"{option}.port", port, "is given twice: keep one of them")
    secure, certificates = listener["protocol"] == "HTTPS", listener.get("certificates")
    if secure and not certificates:
        raise InvalidInput(f"{option}.certificates", certificates, "is missing: HTTPS wants at least one certificate")
    if not secure and (certificates or listener.get("ssl_policy")):
        raise InvalidInput(f"{option}.protocol", "HTTP", "takes neither certificates nor ssl_policy: set it to HTTPS")
    validate_action(f"{option}.default_action", listener["default_action"], groups)
    priorities: set[int] = set()
    for index, rule in enumerate(listener.get("rules") or []):
        name, priority = f"{option}.rules[{index}]", rule["priority"]
        if priority not in PRIORITIES:
            raise InvalidInput(f"{name}.priority", priority, "is out of range: 1 to 50000")
        if priority in priorities:
            raise InvalidInput(f"{name}.priority", priority, "is given twice: give every rule its own")
        priorities.add(priority)
        validate_action(f"{name}.action", rule["action"], groups)
        if not rule["conditions"]:
            raise InvalidInput(f"{name}.conditions", [], "is empty: a rule wants at least one condition")
        for number, condition in enumerate(rule["conditions"]):
            validate_condition(f"{name}.conditions[{number}]", condition)


def validate_subnets(asked: Sequence[str], subnets: Iterable[Mapping[str, Any]], vpc_id: str | None) -> None:
    """Raise InvalidInput unless the subnets exist, in two zones at least, all in the VPC."""
    found = {subnet["SubnetId"]: subnet for subnet in subnets}
    for name in asked:
        if name not in found:
            raise InvalidInput("subnets", name, "does not exist: name a subnet of this account and region")
        if vpc_id and not is_placeholder(vpc_id) and found[name]["VpcId"] != vpc_id:
            raise InvalidInput("subnets", name, f"is in {found[name]['VpcId']}, not in the vpc_id {vpc_id}")
    zones = sorted({subnet["AvailabilityZone"] for subnet in found.values()})
    if len(zones) < 2:
        remedy = f"are all in {', '.join(zones)}: a load balancer stands in two zones at least"
        raise InvalidInput("subnets", list(asked), remedy)


def all_found(number: int, subnets: Sequence[Mapping[str, Any]]) -> Verdict:
    """Whether as many subnets are seen as were asked for."""
    return DONE if len(subnets) >= number else pending(f"{len(subnets)} of {number} seen")


def desired_balancer(options: Mapping[str, Any]) -> dict[str, Any]:
    """Desired state of the load balancer itself."""
    groups = options["security_groups"]
    return desired_fields(
        {
            "scheme": options["scheme"],
            "ip_address_type": options["ip_address_type"],
            "subnets": sorted(options["subnets"]),
            "security_groups": None if groups is None else sorted(groups),
            "attributes": as_attributes(options, LOAD_BALANCER),
            "tags": options["tags"],
        }
    )


def current_balancer(seen: Snapshot, desired: State) -> dict[str, Any] | None:
    """Current state of the load balancer, None without one."""
    if seen.balancer is None:
        return None
    return {
        "scheme": seen.balancer["Scheme"],
        "ip_address_type": seen.balancer.get("IpAddressType", "ipv4"),
        "subnets": sorted(zone["SubnetId"] for zone in seen.balancer["AvailabilityZones"]),
        "security_groups": sorted(seen.balancer.get("SecurityGroups", [])),
        "attributes": of_interest(seen.attributes, desired.get("attributes")),
        "tags": of_interest(seen.tags.get(seen.balancer_arn, {}), desired.get("tags")),
    }


def plan_balancer(name: str, current: State | None, desired: State) -> list[Change]:
    """At most one change. The scheme is for life, and a second load balancer of that name cannot stand beside it."""
    changes = plan_one("load_balancer", name, current, desired, level=BALANCER)
    if current is not None and any("scheme" in change.fields for change in changes):
        remedy = f"cannot be changed: {name} is {current['scheme']}; give the new load balancer another name"
        raise InvalidInput("scheme", desired["scheme"], remedy)
    return changes


def desired_listeners(options: Mapping[str, Any], names: Names) -> dict[str, dict[str, Any]]:
    """Desired states of listeners by port."""
    return {
        str(listener["port"]): desired_fields(
            {
                "protocol": listener["protocol"],
                "ssl_policy": listener.get("ssl_policy"),
                "certificate": (listener.get("certificates") or [None])[0],
                "additional_certificates": sorted((listener.get("certificates") or [])[1:])
                if listener["protocol"] == "HTTPS"
                else None,
                "default_action": desired_action(listener["default_action"], names),
                "attributes": as_attributes(listener, {}),
                "tags": options["tags"],
            }
        )
        for listener in options["listeners"] or []
    }


def current_listeners(
    seen: Snapshot, desired: Mapping[str, State], tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Current states of listeners by port."""
    return {
        str(item["Port"]): _listener(seen, item, desired.get(str(item["Port"]), {}), tags) for item in seen.listeners
    }


def _listener(
    seen: Snapshot, listener: Mapping[str, Any], desired: State, tags: Mapping[str, str] | None
) -> dict[str, Any]:
    arn = listener["ListenerArn"]
    default = next((item["CertificateArn"] for item in listener.get("Certificates") or []), None)
    return {
        "protocol": listener["Protocol"],
        "ssl_policy": listener.get("SslPolicy"),
        "certificate": default,
        "additional_certificates": sorted(set(seen.certificates.get(arn, [])) - {default}),
        "default_action": current_action(listener["DefaultActions"], seen.group_name),
        "attributes": of_interest(seen.listener_attributes.get(arn, {}), desired.get("attributes")),
        "tags": of_interest(seen.tags.get(arn, {}), tags),
    }


def rule_key(port: Any, priority: Any) -> str:
    return f"{port}/{priority}"


def desired_rules(options: Mapping[str, Any], names: Names) -> dict[str, dict[str, Any]]:
    """Desired states of rules by port and priority."""
    return {
        rule_key(listener["port"], rule["priority"]): desired_fields(
            {
                "conditions": desired_conditions(rule["conditions"]),
                "action": desired_action(rule["action"], names),
                "tags": options["tags"],
            }
        )
        for listener in options["listeners"] or []
        for rule in listener.get("rules") or []
    }


def current_rules(seen: Snapshot, tags: Mapping[str, str] | None) -> dict[str, dict[str, Any]]:
    """Current states of rules by port and priority, without the default ones, which are the listeners'."""
    return {
        rule_key(listener["Port"], rule["Priority"]): {
            "conditions": current_conditions(rule["Conditions"]),
            "action": current_action(rule["Actions"], seen.group_name),
            "tags": of_interest(seen.tags.get(rule["RuleArn"], {}), tags),
        }
        for listener in seen.listeners
        for rule in seen.rules[listener["ListenerArn"]]
        if not rule["IsDefault"]
    }


def keep_weights(
    desired: Mapping[str, State],
    current: Mapping[str, State],
    field: str,
    unmanaged: Iterable[str],
    predecessors: Mapping[str, str],
) -> dict[str, dict[str, Any]]:
    """`desired` with the current weights in the actions of the `unmanaged` ones, which somebody else moves."""
    states = {key: dict(state) for key, state in desired.items()}
    for key in unmanaged:
        if key in current:
            states[key][field] = with_current_weights(states[key][field], current[key][field], predecessors)
    return states


def unmanaged_weights(options: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Ports of listeners, and keys of rules, whose weights are left alone."""
    listeners = options["listeners"] or []
    ports = [str(listener["port"]) for listener in listeners if not listener["manage_weights"]]
    rules = [
        rule_key(listener["port"], rule["priority"])
        for listener in listeners
        for rule in listener.get("rules") or []
        if not rule["manage_weights"]
    ]
    return ports, rules


def plan_routing(
    kind: str,
    current: Mapping[str, State],
    desired: Mapping[str, State],
    *,
    purge: bool,
    tags: Mapping[str, str] | None,
) -> list[Change]:
    """Changes to listeners or rules; with `purge`, those that are not listed and carry our tags go first."""
    scope = {
        key: state for key, state in current.items() if key in desired or tags is None or owns(state["tags"], tags)
    }
    level = LISTENERS if kind == "listener" else RULES
    return plan_set(kind, scope, desired, purge=purge, level=level, delete_level=REMOVE_RULES)


def without_orphans(rules: Iterable[Change], listeners: Iterable[Change]) -> list[Change]:
    """Changes to rules less the removals that happen with their listener."""
    gone = {change.key for change in listeners if change.op == "delete"}
    return [change for change in rules if change.op != "delete" or change.key.split("/")[0] not in gone]


def provisioned(balancer: Mapping[str, Any] | None) -> Verdict:
    """Whether a load balancer answers requests."""
    state = (balancer or {}).get("State", {})
    code = state.get("Code", "not visible yet")
    if code in ("active", "active_impaired"):
        return DONE
    return failed(state.get("Reason") or code) if code == "failed" else pending(code)


def gone(balancer: Mapping[str, Any] | None) -> Verdict:
    """Whether a load balancer is deleted."""
    return DONE if balancer is None else pending("still there")
