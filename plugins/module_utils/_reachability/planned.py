# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration that a network will have, from the options of the modules that make it. Pure.

`vpc` and `security_groups` compute their desired states from these options; here the same states become what the
analyser takes. So what is proven is what they are going to apply.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from .._aws.network.current import Current, States
from .._aws.network.desired import Desired
from .._aws.network.options import endpoint_type
from .._aws.security_groups import model as security_groups
from .intervals import EVERY_PORT, Intervals, addresses
from .model import (
    ANY,
    WITH_PORTS,
    Acl,
    AclRule,
    Configuration,
    GroupRule,
    Nat,
    Route,
    RouteTable,
    SecurityGroup,
    ServiceEndpoint,
    Subnet,
    Workload,
    number,
    open_acl,
    word,
)

DEFAULT_ACL = "default"
DEFAULT_ROUTE = "0.0.0.0/0"
PrefixLists = Mapping[str, dict[int, Intervals]]


def planned(
    options: Mapping[str, Any],
    groups: Sequence[Mapping[str, Any]],
    *,
    zones: Sequence[str],
    region: str,
    now: Current | None = None,
    prefix_lists: PrefixLists | None = None,
) -> Configuration:
    """The network of the options of `vpc`, with the groups of `security_groups`; `now` is what exists of it."""
    services = {one["service"]: service_name(one["service"], region) for one in options["endpoints"] or []}
    desired = Desired(options, now or Current(), zones, services)
    states, lists = desired.states, prefix_lists or {}
    members = {group.name: group for group in [*_groups(groups, lists, region), *_network_groups(states)]}
    endpoints = tuple(_endpoint(desired, one) for one in options["endpoints"] or [])
    return Configuration(
        addresses=addresses(options["cidr_block"]),
        subnets={key: _subnet(key, state) for key, state in states["subnet"].items()},
        tables={key: _table(desired, key, lists) for key in states["route_table"]},
        acls={DEFAULT_ACL: open_acl(DEFAULT_ACL)} | {key: _acl(key, one) for key, one in states["network_acl"].items()},
        groups=members,
        nats={key: Nat(key, _subnet_of(state["subnet"])) for key, state in states["nat_gateway"].items()},
        workloads=_interfaces(desired, endpoints),
        endpoints=endpoints,
        prefix_lists=dict(lists),
    )


def service_name(service: str, region: str) -> str:
    return service if service.startswith(("com.", "aws.")) else f"com.amazonaws.{region}.{service}"


def short_name(service: str) -> str:
    """`ecr.api` of `com.amazonaws.eu-central-1.ecr.api`."""
    parts = service.split(".")
    return ".".join(parts[3:]) if service.startswith("com.amazonaws.") and len(parts) > 3 else service


def endpoint_name(service: str) -> str:
    return f"endpoint-{service}"


def _subnet(key: str, state: Mapping[str, Any]) -> Subnet:
    return Subnet(
        name=key,
        addresses=addresses(state["cidr_block"]),
        acl=state.get("network_acl") or DEFAULT_ACL,
        table=state["route_table"],
        zone=state["availability_zone"],
        cidr=state["cidr_block"],
        maps_public=bool(state.get("map_public_ip_on_launch")),
    )


def _subnet_of(label: str) -> str:
    return label.rsplit(" ", 1)[0]


# Routes


def _table(desired: Desired, key: str, lists: PrefixLists) -> RouteTable:
    block = str(desired.block)
    routes = [Route("local", "local", f"{block} local", addresses(block), desired.block.prefixlen)]
    for state in desired.states["route"].values():
        if state["table"] == key:
            kind = "nat" if state["target"] in desired.states["nat_gateway"] else "internet"
            text = f"{DEFAULT_ROUTE} to {state['target']}"
            routes.append(Route(kind, state["target"], text, addresses(DEFAULT_ROUTE), 0))
    for state in desired.states.get("vpc_endpoint", {}).values():
        if state["type"] == "Gateway" and key in state["route_tables"]:
            routes.append(to_endpoint(state["service_name"], lists))
    return RouteTable(key, tuple(routes))


def to_endpoint(service: str, lists: PrefixLists) -> Route:
    """The route to a gateway endpoint, more specific than any to the internet."""
    name = endpoint_name(short_name(service))
    return Route("endpoint", name, f"{service} to {name}", dict(lists.get(service, {})), 32, service)


# Network ACLs


def _acl(key: str, state: Mapping[str, Any]) -> Acl:
    return Acl(key, tuple(acl_rule(rule) for rule in state["rules"]))


def acl_rule(rule: Mapping[str, Any]) -> AclRule:
    """From the fields that the states of `vpc` have, planned and current."""
    protocol = number(rule["protocol"])
    first, last = rule.get("from_port"), rule.get("to_port")
    ports = EVERY_PORT
    if protocol in WITH_PORTS and first is not None and last is not None:
        ports = Intervals.of((first, last))
    elif rule.get("icmp_type") not in (None, -1):
        ports = Intervals.of((rule["icmp_type"], rule["icmp_type"]))
    said = word(protocol) if ports == EVERY_PORT else f"{word(protocol)} {_span(ports)}"
    peer = "to" if rule["egress"] else "from"
    return AclRule(
        number=rule["rule_number"],
        egress=rule["egress"],
        allow=rule["rule_action"] == "allow",
        protocol=protocol,
        addresses=addresses(rule["cidr_block"]),
        ports=ports,
        text=f"rule {rule['rule_number']} ({said} {peer} {rule['cidr_block']})",
    )


def _span(ports: Intervals) -> str:
    first, last = ports.parts[0]
    return str(first) if first == last else f"{first}-{last}"


# Security groups


def _groups(groups: Sequence[Mapping[str, Any]], lists: PrefixLists, region: str) -> list[SecurityGroup]:
    names = security_groups.Names(prefix_lists=_list_names(groups, lists, region))
    known = [group["name"] for group in groups]
    rules = security_groups.desired_rules(groups, None, names, known).values()
    return [SecurityGroup(name, _rules(rules, name, "ingress"), _rules(rules, name, "egress")) for name in known]


def _list_names(groups: Sequence[Mapping[str, Any]], lists: PrefixLists, region: str) -> dict[str, str]:
    """Prefix lists that are known, and those that rules name without their being known."""
    named = {rule["prefix_list"] for group in groups for rule in (*group["ingress"], *group["egress"])} - {None}
    found = {name: name for name in lists}
    for name in named - set(found):
        if not any(known.endswith(f".{name}") for known in lists):
            full = name if name.startswith("pl-") else service_name(name, region)
            found[full] = full
    return found


def _rules(states: Any, name: str, direction: str) -> tuple[GroupRule, ...]:
    return tuple(group_rule(one) for one in states if one["group"] == name and one["direction"] == direction)


def group_rule(state: Mapping[str, Any]) -> GroupRule:
    """From a state of `security_groups`, planned or current."""
    protocol = number(state["protocol"])
    first, last = state["from_port"], state["to_port"]
    known = protocol != ANY and first >= 0
    ports = Intervals.of((first, last if last >= 0 and protocol in WITH_PORTS else first)) if known else EVERY_PORT
    kind, peer = state["peer_kind"], state["peer"]
    return GroupRule(
        protocol=protocol,
        ports=ports,
        text=security_groups.rule_key(dict(state)).removeprefix(f"{state['group']} "),
        addresses=addresses(peer) if kind.startswith("cidr") else {},
        group=peer if kind == "group" else "",
        prefix_list=peer if kind == "prefix_list" else "",
        id=state.get("id", ""),
    )


def _network_groups(states: Mapping[str, States]) -> list[SecurityGroup]:
    """The groups that `vpc` makes: that of endpoints, whose rules are lines, and the closed default one."""
    found = []
    for name, state in states.get("security_group", {}).items():
        found.append(SecurityGroup(name, tuple(_line(line) for line in state["rules"])))
    closed = [SecurityGroup("default")] if states.get("default_security_group") else []
    return found + closed


def _line(line: str) -> GroupRule:
    direction, protocol, ports, cidr = line.split()
    first, _dash, last = ports.partition("-")
    span = Intervals.of((int(first), int(last)))
    text = f"{direction} {protocol} {_span(span)} from {cidr}"
    return GroupRule(number(protocol), span, text, addresses(cidr))


# Endpoints


def _endpoint(desired: Desired, one: Mapping[str, Any]) -> ServiceEndpoint:
    service = short_name(desired.services[one["service"]])
    gateway = endpoint_type(one) == "Gateway"
    return ServiceEndpoint(service, endpoint_name(service), gateway, private_dns=bool(one["private_dns_enabled"]))


def _interfaces(desired: Desired, endpoints: Sequence[ServiceEndpoint]) -> dict[str, Workload]:
    found = {}
    for endpoint, state in zip(endpoints, desired.states.get("vpc_endpoint", {}).values(), strict=True):
        if not endpoint.gateway:
            subnets = tuple(_subnet_of(label) for label in state["subnets"])
            found[endpoint.name] = Workload(endpoint.name, tuple(state["security_groups"]), subnets, kind="endpoint")
    return found


# Both


def overlaid(live: Configuration, plan: Configuration, *, leaving: Sequence[str] = ()) -> Configuration:
    """What will be: what is, with the plan over it. Groups that are `leaving` go with it."""
    kept = {name: group for name, group in live.groups.items() if name not in leaving}
    endpoints = {one.name: one for one in live.endpoints} | {one.name: one for one in plan.endpoints}
    return live.with_(
        subnets=live.subnets | _with_ids(plan.subnets, live.subnets),
        tables=live.tables | {name: _merged(table, live.tables.get(name)) for name, table in plan.tables.items()},
        acls=plan.acls | live.acls | _own(plan, live),
        groups=kept | _with_ids(plan.groups, live.groups),
        nats=live.nats | _with_ids(plan.nats, live.nats),
        workloads=live.workloads | plan.workloads,
        endpoints=tuple(endpoints.values()),
        prefix_lists=plan.prefix_lists | live.prefix_lists,
    )


def _own(plan: Configuration, live: Configuration) -> dict[str, Acl]:
    """The planned ACLs but the default one, which nobody manages: what it says is what is there."""
    return _with_ids({name: acl for name, acl in plan.acls.items() if name != DEFAULT_ACL}, live.acls)


def _with_ids(plan: Mapping[str, Any], live: Mapping[str, Any]) -> dict[str, Any]:
    return {name: replace(one, id=live[name].id) if name in live else one for name, one in plan.items()}


def _merged(table: RouteTable, live: RouteTable | None) -> RouteTable:
    """A planned table has the routes of the plan, and what else there is: only default routes are managed."""
    if live is None:
        return table
    targets = {route.target for route in table.routes}
    others = [route for route in live.routes if route.target not in targets and not _managed(route)]
    return RouteTable(table.name, (*table.routes, *others), live.id)


def _managed(route: Route) -> bool:
    return route.text.startswith(DEFAULT_ROUTE)
