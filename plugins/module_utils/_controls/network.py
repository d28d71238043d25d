# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of the network: EC2, and their numbers in the CIS benchmark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .model import LATER, Control, Resource, World, also, flag, some

ANYWHERE = ("0.0.0.0/0", "::/0")
ADMINISTRATION = (22, 3389)
AUTHORISED = (80, 443)
# Ports of administration, file sharing and data stores, which have no business on the internet.
HIGH_RISK = (
    20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500, 5601, 8080, 8088,
    8888, 9200, 9300,
)  # fmt: skip
GROUPS = "network_security_groups"


def rules_of(group: Resource, world: World) -> list[Resource]:
    """Ingress rules of a security group."""
    return [
        rule
        for rule in world.of("security_group_rule")
        if rule.get("group") == group.name and rule.get("direction") == "ingress"
    ]


def lets_in(rule: Mapping[str, Any], port: int) -> bool:
    """Whether a rule of a security group or of a network ACL covers a TCP port."""
    if str(rule.get("protocol")) in ("-1", "all"):
        return True
    first, last = rule.get("from_port"), rule.get("to_port")
    return str(rule.get("protocol")) in ("tcp", "6") and first is not None and first <= port <= int(last or first)


def open_ports(group: Resource, world: World, ports: Iterable[int], ranges: Iterable[str] = ANYWHERE) -> str:
    """Which of `ports` a group opens to the whole internet."""
    rules = [rule for rule in rules_of(group, world) if rule.get("peer") in ranges]
    found = sorted({port for port in ports for rule in rules if lets_in(rule.facts, port)})
    return f"open to the internet: {', '.join(map(str, found))}" if found else ""


def opens(ports: Iterable[int], ranges: Iterable[str] = ANYWHERE) -> Any:
    wanted, sources = tuple(ports), tuple(ranges)
    return lambda group, world: open_ports(group, world, wanted, sources)


def only_authorised(group: Resource, world: World) -> str:
    """Everything a group opens to the internet is a port for customers."""
    return some(
        f"open to the internet: {rule.name}"
        for rule in rules_of(group, world)
        if rule.get("peer") in ANYWHERE
        and not (rule.get("from_port") == rule.get("to_port") and rule.get("from_port") in AUTHORISED)
    )


def default_group_closed(group: Resource, _world: World) -> str:
    rules = group.get("rules", [])
    return f"the default security group has rules: {', '.join(map(str, rules))}" if rules else ""


def has_flow_log(vpc: Resource, world: World) -> str:
    logs = [log for log in world.of("flow_log") if log.get("vpc", vpc.name) == vpc.name]
    recorded = {str(log.get("traffic_type", "ALL")) for log in logs}
    return "" if recorded & {"ALL", "REJECT"} else "no flow log records what is rejected"


def has_ec2_endpoint(vpc: Resource, world: World) -> str:
    found = [
        endpoint
        for endpoint in world.of("vpc_endpoint")
        if endpoint.get("vpc", vpc.name) == vpc.name and str(endpoint.get("service_name", "")).endswith(".ec2")
    ]
    return "" if found else "calls of the EC2 API leave the VPC: there is no endpoint for them"


def acl_in_use(acl: Resource, world: World) -> str:
    used = {subnet.get("network_acl") for subnet in world.of("subnet")}
    return "" if acl.name in used or acl.get("default") else "no subnet uses this network ACL"


def acl_closed(acl: Resource, _world: World) -> str:
    """Rules count in their order: what is denied first is not open."""
    inbound = sorted(
        (rule for rule in acl.get("rules", []) if not rule["egress"] and rule["cidr_block"] in ANYWHERE),
        key=lambda rule: int(rule["rule_number"]),
    )
    found = []
    for port in ADMINISTRATION:
        first = next((rule for rule in inbound if lets_in(rule, port)), None)
        if first is not None and first["rule_action"] == "allow":
            found.append(f"rule {first['rule_number']} lets everybody reach port {port}")
    return some(found)


def acl_guards(acl: Resource, world: World) -> bool:
    """The default ACL of a VPC matters only where a subnet uses it."""
    return not acl.get("default") or any(subnet.get("network_acl") == acl.name for subnet in world.of("subnet"))


def group_in_use(group: Resource, _world: World) -> str:
    if group.planned or group.get("used") is None:
        return LATER
    return "" if group.facts["used"] else "nothing uses this security group"


_NO_AUTO_ADDRESS = flag("map_public_ip_on_launch", "what is started here gets a public address", wanted=False)
_RULES = ("security_group_rule",)
DEFAULT_GROUP = Control(
    "EC2.2",
    "The default security group of a VPC lets nothing in or out",
    "default_security_group",
    default_group_closed,
    "the role network closes it: run site.yml --tags network",
)
FLOW_LOGS = Control(
    "EC2.6",
    "Flow logs record what the VPC rejects",
    "vpc",
    has_flow_log,
    "set network_flow_logs_retention_days and run site.yml --tags network",
    reads=("flow_log",),
)
ACLS = Control(
    "EC2.21",
    "Network ACLs let nobody from the internet reach SSH or RDP",
    "network_acl",
    acl_closed,
    "network_tiers: take the port out of the rules of the tier",
    applies=acl_guards,
)

CONTROLS = (
    DEFAULT_GROUP,
    FLOW_LOGS,
    Control(
        "EC2.10",
        "Calls of the EC2 API stay inside the VPC",
        "vpc",
        has_ec2_endpoint,
        "network_endpoints: add {service: ec2, tiers: [private]}",
        reads=("vpc_endpoint",),
    ),
    Control("EC2.13", "SSH is not open to the internet", "security_group", opens((22,)), GROUPS, reads=_RULES),
    Control("EC2.14", "RDP is not open to the internet", "security_group", opens((3389,)), GROUPS, reads=_RULES),
    Control(
        "EC2.15",
        "Subnets give no public address by themselves",
        "subnet",
        _NO_AUTO_ADDRESS,
        "network_tiers: leave out map_public_ip_on_launch",
    ),
    Control(
        "EC2.16",
        "No network ACL is left over",
        "network_acl",
        acl_in_use,
        "remove it, or name its tier in network_tiers",
        reads=("subnet",),
    ),
    Control(
        "EC2.18",
        "The internet reaches HTTP and HTTPS and nothing else",
        "security_group",
        only_authorised,
        f"{GROUPS}: name a group or a range of yours instead of everybody",
        reads=_RULES,
    ),
    Control(
        "EC2.19",
        "No port of administration or of a data store is open to the internet",
        "security_group",
        opens(HIGH_RISK),
        f"{GROUPS}: name a group or a range of yours instead of everybody",
        reads=_RULES,
    ),
    ACLS,
    Control(
        "EC2.22",
        "No security group is left over",
        "security_group",
        group_in_use,
        f"{GROUPS}: take the group out of the list",
    ),
    also(FLOW_LOGS, "CIS v3 3.7"),
    also(ACLS, "CIS v3 5.1"),
    Control(
        "CIS v3 5.2",
        "No administration from the internet over IPv4",
        "security_group",
        opens(ADMINISTRATION, ANYWHERE[:1]),
        GROUPS,
        reads=_RULES,
    ),
    Control(
        "CIS v3 5.3",
        "No administration from the internet over IPv6",
        "security_group",
        opens(ADMINISTRATION, ANYWHERE[1:]),
        GROUPS,
        reads=_RULES,
    ),
    also(DEFAULT_GROUP, "CIS v3 5.4"),
)
