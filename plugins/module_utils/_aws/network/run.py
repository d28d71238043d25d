# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a VPC and all that belongs to it to its desired state."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput, PlatformError
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..session import WORKERS, Aws, Outcome
from . import api
from .current import Answers, Current, Ownership, current, tags_of
from .desired import Desired
from .handlers import VISIBILITY_TIMEOUT, Handlers
from .options import check
from .plan import plan, plan_removal
from .waiting import visible

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,100}")


def run(aws: Aws) -> Outcome:
    """Read with one call a resource type, plan, apply, and wait until what was made is usable."""
    options = aws.params
    if not NAME.fullmatch(options["name"]):
        raise InvalidInput("name", options["name"], "is no name of a network: use letters, digits and dashes")
    if options["state"] == "absent":
        return _remove(aws)
    check(options)
    zones = api.describe_availability_zones(aws)
    names = [zone["ZoneName"] for zone in zones]
    now = _read(aws, names)
    available = [zone["ZoneName"] for zone in zones if zone["State"] == "available"]
    desired = Desired(options, now, available, _services(aws, now))
    changes = plan(now, desired.states, wait=options["wait"])
    handlers = Handlers(aws, now)
    aws.apply(changes, handlers.table())
    if not aws.check_mode:
        _await_visibility(aws, names, handlers, changes)
        if options["wait"]:
            _join(handlers, now, changes)
    return Outcome(changes, _result(desired, handlers))


def _remove(aws: Aws) -> Outcome:
    now = _read(aws, [zone["ZoneName"] for zone in api.describe_availability_zones(aws)])
    # In check mode what holds the VPC may go by a task before this one.
    if now.holders and not aws.check_mode:
        raise PlatformError(
            f"name: {aws.params['name']!r} ({now.vpc_id}) cannot be removed, it still holds {', '.join(now.holders)}; "
            "remove these first"
        )
    changes = plan_removal(now)
    aws.apply(changes, Handlers(aws, now).table())
    return Outcome(changes, {"vpc_id": None})


def _await_visibility(aws: Aws, zones: Sequence[str], handlers: Handlers, changes: Sequence[Change]) -> None:
    """Stay until EC2 lists what was made: a run right after this one would make it again."""
    made = [
        handlers.ids[change.kind][change.key]
        for change in changes
        if change.op in ("create", "replace") and change.kind != "route"
    ]
    if made:
        aws.wait(
            "new resources visible",
            lambda: _read(aws, zones),
            lambda seen: visible(seen, made),
            timeout=VISIBILITY_TIMEOUT,
        )


def _join(handlers: Handlers, now: Current, changes: Sequence[Change]) -> None:
    """Wait for what this run has started, or an earlier one that did not wait."""
    started = {change.kind for change in changes if change.op in ("create", "replace")}
    pending = {kind for kind in now.states for state in now.of(kind).values() if state.get("state") == "pending"}
    if "nat_gateway" in started | pending:
        handlers.join_nat_gateways()
    if "vpc_endpoint" in started | pending:
        handlers.join_endpoints()


# Reading


def _read(aws: Aws, zones: Sequence[str]) -> Current:
    name = aws.params["name"]
    ownership = Ownership(name, aws.params["tags"] or {}, adopting=bool(aws.params["vpc_id"]))
    addresses = [f"{name}-nat-{zone}" for zone in zones]
    first = _together(
        vpc=lambda: _find_vpc(aws, ownership),
        internet_gateways=lambda: api.describe_internet_gateways(aws, name),
        addresses=lambda: api.describe_addresses(aws, addresses),
    )
    answers = _answers(aws, first["vpc"]) if first["vpc"] else None
    return current(answers, first["internet_gateways"], first["addresses"], ownership)


def _find_vpc(aws: Aws, ownership: Ownership) -> Mapping[str, Any] | None:
    """The VPC given by id, or else the one of that name which is ours."""
    if aws.params["vpc_id"]:
        vpc = api.describe_vpc(aws, aws.params["vpc_id"])
        return {**vpc, "Tags": vpc.get("Tags", [])}
    named = api.describe_vpcs(aws, name=ownership.name)
    ours = [vpc for vpc in named if ownership.owns(tags_of(vpc))]
    if len(ours) > 1:
        ids = ", ".join(vpc["VpcId"] for vpc in ours)
        raise InvalidInput("name", ownership.name, f"is the name of {ids}: say which one in vpc_id")
    close = [vpc for vpc in named if ownership.shares(tags_of(vpc)) and ownership.conflicts(tags_of(vpc))]
    if close and not ours:
        key = ownership.conflicts(tags_of(close[0]))[0]
        raise InvalidInput(
            f"tags.{key}",
            ownership.tags[key],
            f"is {tags_of(close[0])[key]!r} on {close[0]['VpcId']} of the same name: take another name for another "
            "network, or give vpc_id once to change the tags of that one",
        )
    return ours[0] if ours else None


def _answers(aws: Aws, vpc: Mapping[str, Any]) -> Answers:
    vpc_id = vpc["VpcId"]
    found = _together(
        enable_dns_support=lambda: api.describe_vpc_attribute(aws, vpc_id, "enableDnsSupport"),
        enable_dns_hostnames=lambda: api.describe_vpc_attribute(aws, vpc_id, "enableDnsHostnames"),
        subnets=lambda: api.describe_subnets(aws, vpc_id),
        route_tables=lambda: api.describe_route_tables(aws, vpc_id),
        network_acls=lambda: api.describe_network_acls(aws, vpc_id),
        nat_gateways=lambda: api.describe_nat_gateways(aws, vpc_id),
        endpoints=lambda: api.describe_vpc_endpoints(aws, vpc_id),
        flow_logs=lambda: api.describe_flow_logs(aws, vpc_id),
        security_groups=lambda: api.describe_security_groups(aws, vpc_id),
    )
    attributes = {name: found.pop(name) for name in ("enable_dns_support", "enable_dns_hostnames")}
    return Answers(vpc=vpc, attributes=attributes, **found)


def _together(**calls: Callable[[], Any]) -> dict[str, Any]:
    """Make independent list calls at the same time."""
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        futures = {name: pool.submit(call) for name, call in calls.items()}
        return {name: future.result() for name, future in futures.items()}


def _services(aws: Aws, now: Current) -> dict[str, str]:
    """Full names of the endpoint services asked for: known from the endpoints there are, or else looked up."""
    wanted = [endpoint["service"] for endpoint in aws.params["endpoints"] or []]
    existing = {key: state["service_name"] for key, state in now.of("vpc_endpoint").items()}
    known = {service: existing.get(f"{aws.params['name']}-{service}") for service in wanted}
    if not all(known.values()):
        offered = api.describe_vpc_endpoint_services(aws)
        known = {service: _full_name(service, offered, aws.region) for service in wanted}
    return {service: name for service, name in known.items() if name}


def _full_name(service: str, offered: Sequence[str], region: str) -> str:
    suffix = f".{region}.{service}"
    for name in offered:
        if name == service or name.endswith(suffix):
            return name
    raise InvalidInput(
        "endpoints[].service", service, f"is offered by no endpoint of {region}: see DescribeVpcEndpointServices"
    )


# Result


def _result(desired: Desired, handlers: Handlers) -> dict[str, Any]:
    """Ids by name; what a run in check mode has not made yet is known after apply."""

    def id_of(kind: str, key: str) -> str:
        identifier: str = handlers.ids.get(kind, {}).get(key, KNOWN_AFTER_APPLY)
        return identifier

    name, states = desired.name, desired.states
    subnets = {
        tier["name"]: [_subnet(desired.subnet_key(tier, zone), states["subnet"], id_of) for zone in desired.zones]
        for tier in desired.tiers
    }
    endpoints = [endpoint["service"] for endpoint in desired.options["endpoints"] or []]
    group = list(states.get("security_group", {}))
    return {
        "vpc_id": id_of("vpc", name),
        "cidr_block": states["vpc"][name]["cidr_block"],
        "zones": desired.zones,
        "subnets": subnets,
        "subnet_ids": {tier: [subnet["id"] for subnet in group] for tier, group in subnets.items()},
        "internet_gateway_id": id_of("internet_gateway", name) if states["internet_gateway"] else None,
        "route_table_ids": _by_short_name(name, "route_table", states, id_of),
        "network_acl_ids": _by_short_name(name, "network_acl", states, id_of),
        "nat_gateway_ids": {zone: id_of("nat_gateway", desired.nat_key(zone)) for zone in desired.nat_zones},
        "nat_public_ips": [
            handlers.public_ips.get(desired.nat_key(zone), KNOWN_AFTER_APPLY) for zone in desired.nat_zones
        ],
        "endpoint_ids": {service: id_of("vpc_endpoint", f"{name}-{service}") for service in endpoints},
        "endpoints_security_group_id": id_of("security_group", group[0]) if group else None,
        "flow_log_ids": _by_short_name(name, "flow_log", states, id_of),
        "default_security_group_id": _default_group(desired.now, id_of("default_security_group", f"{name} default")),
    }


def _default_group(now: Current, closed: str) -> str:
    return now.default_security_group_id or closed


def _subnet(key: str, states: Mapping[str, Any], id_of: Callable[[str, str], str]) -> dict[str, str]:
    state = states[key]
    return {"id": id_of("subnet", key), "zone": state["availability_zone"], "cidr": state["cidr_block"]}


def _by_short_name(name: str, kind: str, states: Mapping[str, Any], id_of: Callable[[str, str], str]) -> dict[str, str]:
    return {key.removeprefix(f"{name}-"): id_of(kind, key) for key in states.get(kind, {})}
