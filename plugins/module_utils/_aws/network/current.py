# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The current network, from EC2's answers. Pure.

A state's key is the resource's Name tag. Every state carries the resource's `id` beside its comparable fields;
references to other resources of the network read as their keys, so that current and desired states compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..policy import normalised, parsed
from ..session import boto3_tag_list_to_ansible_dict
from ..tagging import PART_OF

States = dict[str, dict[str, Any]]
DEFAULT_ROUTE = "0.0.0.0/0"
LIVE_NAT = ("pending", "available")
LIVE_ENDPOINT = ("pending", "available", "pendingacceptance")
# What EC2 puts into the default security group of every new VPC.
OPEN_DEFAULT_RULES = ["egress -1 0.0.0.0/0", "ingress -1 itself"]


@dataclass
class Current:
    """States by kind and key, and the subnets in the VPC that are not ours."""

    vpc_id: str | None = None
    default_security_group_id: str | None = None
    states: dict[str, States] = field(default_factory=dict)
    foreign_subnets: list[str] = field(default_factory=list)
    holders: list[str] = field(default_factory=list)

    def of(self, kind: str) -> States:
        return self.states.get(kind, {})


@dataclass(frozen=True)
class Ownership:
    """What counts as ours: the name, and tags of which none says otherwise and one at least is there.

    So a tag may be added to a network that exists, and what merely bears the same name is left alone. `adopting` a
    VPC by its id, the name alone decides, and the tags are set.
    """

    name: str
    tags: Mapping[str, str]
    adopting: bool = False

    def shares(self, tags: Mapping[str, str]) -> bool:
        return not self.tags or any(tags.get(key) == value for key, value in self.tags.items())

    def conflicts(self, tags: Mapping[str, str]) -> list[str]:
        return [key for key, value in self.tags.items() if key in tags and tags[key] != value]

    def owns(self, tags: Mapping[str, str]) -> bool:
        named = tags.get("Name", "")
        ours = named == self.name or named.startswith(f"{self.name}-")
        return ours and (self.adopting or (self.shares(tags) and not self.conflicts(tags)))

    def compared(self, tags: Mapping[str, str]) -> dict[str, str]:
        """The tags we compare; others on the resource are left alone."""
        return {key: value for key, value in tags.items() if key in self.tags or key in ("Name", PART_OF)}


def tags_of(item: Mapping[str, Any]) -> dict[str, str]:
    return dict(boto3_tag_list_to_ansible_dict(item.get("Tags") or []))


def owned(items: Iterable[Mapping[str, Any]], ownership: Ownership) -> list[tuple[str, Mapping[str, Any]]]:
    """Name and answer of each item that is ours.

    A second one of a name, which a lost answer can leave behind, gets a name nobody desires and so is removed.
    """
    pairs: dict[str, Mapping[str, Any]] = {}
    for item in items:
        if ownership.owns(tags_of(item)):
            name = tags_of(item)["Name"]
            pairs[name if name not in pairs else f"{name} (another, {len(pairs)})"] = item
    return list(pairs.items())


@dataclass(frozen=True)
class Answers:
    """What the list operations answered about one VPC."""

    vpc: Mapping[str, Any]
    attributes: Mapping[str, bool]
    subnets: Sequence[Mapping[str, Any]]
    route_tables: Sequence[Mapping[str, Any]]
    network_acls: Sequence[Mapping[str, Any]]
    nat_gateways: Sequence[Mapping[str, Any]]
    endpoints: Sequence[Mapping[str, Any]]
    flow_logs: Sequence[Mapping[str, Any]]
    security_groups: Sequence[Mapping[str, Any]]


def current(
    answers: Answers | None,
    internet_gateways: Sequence[Mapping[str, Any]],
    addresses: Sequence[Mapping[str, Any]],
    ownership: Ownership,
) -> Current:
    """The current states. Without a VPC there can still be gateways and addresses of an interrupted run."""
    vpc_id = answers.vpc["VpcId"] if answers else None
    network = Current(vpc_id)
    network.states["elastic_ip"] = elastic_ips(addresses, ownership)
    network.states["internet_gateway"] = _internet_gateways(internet_gateways, ownership, vpc_id)
    if answers:
        _add_vpc(network, answers, ownership)
    return network


def _add_vpc(network: Current, answers: Answers, ownership: Ownership) -> None:
    subnets, tables = owned(answers.subnets, ownership), owned(answers.route_tables, ownership)
    acls = owned(answers.network_acls, ownership)
    ours = {item["SubnetId"] for _name, item in subnets}
    network.foreign_subnets = [item["CidrBlock"] for item in answers.subnets if item["SubnetId"] not in ours]
    states = network.states
    states["vpc"] = {ownership.name: _vpc(answers, ownership)}
    states["subnet"] = _subnets(subnets, tables, acls, ownership)
    labels = {state["id"]: subnet_label(key, state) for key, state in states["subnet"].items()}
    states["route_table"] = _tagged(tables, "RouteTableId", ownership)
    states["network_acl"] = _network_acls(acls, ownership)
    states["nat_gateway"] = _nat_gateways(answers.nat_gateways, labels, ownership)
    targets = {state["id"]: key for key, state in states["nat_gateway"].items()}
    targets |= {state["id"]: key for key, state in states["internet_gateway"].items()}
    states["route"] = _routes(tables, targets)
    states["flow_log"] = _flow_logs(answers.flow_logs, ownership)
    _add_security_groups(network, answers.security_groups, ownership)
    labels |= {item["RouteTableId"]: name for name, item in tables}
    labels |= {state["id"]: key for key, state in network.of("security_group").items()}
    states["vpc_endpoint"] = _endpoints(answers.endpoints, labels, ownership)
    if network.foreign_subnets:
        network.holders += [f"subnet {cidr}" for cidr in network.foreign_subnets]


def subnet_label(key: str, state: Mapping[str, Any]) -> str:
    """How others refer to a subnet: a subnet of another range is another subnet, whatever its name."""
    return f"{key} {state['cidr_block']}"


def _vpc(answers: Answers, ownership: Ownership) -> dict[str, Any]:
    return {
        "id": answers.vpc["VpcId"],
        "cidr_block": answers.vpc["CidrBlock"],
        **answers.attributes,
        "tags": ownership.compared(tags_of(answers.vpc)),
    }


def _tagged(pairs: Iterable[tuple[str, Mapping[str, Any]]], id_field: str, ownership: Ownership) -> States:
    return {name: {"id": item[id_field], "tags": ownership.compared(tags_of(item))} for name, item in pairs}


def elastic_ips(addresses: Sequence[Mapping[str, Any]], ownership: Ownership) -> States:
    states = _tagged(owned(addresses, ownership), "AllocationId", ownership)
    public = {item["AllocationId"]: item["PublicIp"] for item in addresses}
    return {key: {**state, "public_ip": public[state["id"]]} for key, state in states.items()}


def _internet_gateways(gateways: Sequence[Mapping[str, Any]], ownership: Ownership, vpc_id: str | None) -> States:
    states: States = {}
    for name, item in owned(gateways, ownership):
        attached = [attachment["VpcId"] for attachment in item.get("Attachments", [])]
        if not attached or vpc_id in attached:
            tags = ownership.compared(tags_of(item))
            states[name] = {"id": item["InternetGatewayId"], "attached": bool(attached), "tags": tags}
    return states


def _subnets(
    subnets: Iterable[tuple[str, Mapping[str, Any]]],
    tables: Iterable[tuple[str, Mapping[str, Any]]],
    acls: Iterable[tuple[str, Mapping[str, Any]]],
    ownership: Ownership,
) -> States:
    routed = {
        association["SubnetId"]: (name, association["RouteTableAssociationId"])
        for name, table in tables
        for association in table.get("Associations", [])
        if "SubnetId" in association
    }
    guarded = {association["SubnetId"]: name for name, acl in acls for association in acl.get("Associations", [])}
    return {
        name: {
            "id": item["SubnetId"],
            "availability_zone": item["AvailabilityZone"],
            "cidr_block": item["CidrBlock"],
            "map_public_ip_on_launch": item["MapPublicIpOnLaunch"],
            "route_table": routed.get(item["SubnetId"], ("", ""))[0],
            "network_acl": guarded.get(item["SubnetId"], ""),
            "tags": ownership.compared(tags_of(item)),
        }
        for name, item in subnets
    }


def _network_acls(acls: Iterable[tuple[str, Mapping[str, Any]]], ownership: Ownership) -> States:
    return {
        name: {
            "id": item["NetworkAclId"],
            "rules": sorted(
                (acl_rule(entry) for entry in item["Entries"] if entry["RuleNumber"] < 32767),
                key=lambda rule: (rule["egress"], rule["rule_number"]),
            ),
            "tags": ownership.compared(tags_of(item)),
        }
        for name, item in acls
    }


def acl_rule(entry: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of DescribeNetworkAcls, with only the fields that its protocol has."""
    rule = {
        "egress": entry["Egress"],
        "rule_number": entry["RuleNumber"],
        "protocol": entry["Protocol"],
        "rule_action": entry["RuleAction"],
        "cidr_block": entry.get("CidrBlock") or entry.get("Ipv6CidrBlock"),
    }
    if entry.get("PortRange"):
        rule |= {"from_port": entry["PortRange"]["From"], "to_port": entry["PortRange"]["To"]}
    if entry.get("IcmpTypeCode"):
        rule |= {"icmp_type": entry["IcmpTypeCode"]["Type"], "icmp_code": entry["IcmpTypeCode"]["Code"]}
    return rule


def _nat_gateways(gateways: Sequence[Mapping[str, Any]], labels: Mapping[str, str], ownership: Ownership) -> States:
    live = [item for item in gateways if item["State"] in LIVE_NAT]
    return {
        name: {
            "id": item["NatGatewayId"],
            "state": item["State"],
            "subnet": labels.get(item["SubnetId"], item["SubnetId"]),
            "tags": ownership.compared(tags_of(item)),
        }
        for name, item in owned(live, ownership)
    }


def route_key(table: str) -> str:
    return f"{table} {DEFAULT_ROUTE}"


def _routes(tables: Iterable[tuple[str, Mapping[str, Any]]], targets: Mapping[str, str]) -> States:
    states: States = {}
    for name, table in tables:
        for route in table.get("Routes", []):
            if route.get("DestinationCidrBlock") == DEFAULT_ROUTE:
                target = route.get("NatGatewayId") or route.get("GatewayId") or _other_target(route)
                states[route_key(name)] = {"target": targets.get(target, target), "table": name}
    return states


def _other_target(route: Mapping[str, Any]) -> str:
    fields = ("TransitGatewayId", "VpcPeeringConnectionId", "NetworkInterfaceId", "InstanceId")
    return next((str(route[name]) for name in fields if route.get(name)), "unknown")


def _endpoints(endpoints: Sequence[Mapping[str, Any]], labels: Mapping[str, str], ownership: Ownership) -> States:
    live = [item for item in endpoints if item["State"].lower() in LIVE_ENDPOINT]
    return {
        name: {
            "id": item["VpcEndpointId"],
            "state": item["State"].lower(),
            "service_name": item["ServiceName"],
            "type": item["VpcEndpointType"],
            "subnets": sorted(labels.get(id_, id_) for id_ in item.get("SubnetIds") or []),
            "route_tables": sorted(labels.get(id_, id_) for id_ in item.get("RouteTableIds") or []),
            "security_groups": sorted(
                labels.get(id_, id_) for id_ in (group["GroupId"] for group in item.get("Groups") or [])
            ),
            "private_dns_enabled": bool(item.get("PrivateDnsEnabled")),
            "policy": normalised(parsed("policy", item.get("PolicyDocument"))),
            "tags": ownership.compared(tags_of(item)),
        }
        for name, item in owned(live, ownership)
    }


def _flow_logs(flow_logs: Sequence[Mapping[str, Any]], ownership: Ownership) -> States:
    return {
        name: {
            "id": item["FlowLogId"],
            "traffic_type": item["TrafficType"],
            "log_destination_type": item["LogDestinationType"],
            "log_group_name": item.get("LogGroupName"),
            "log_destination": item.get("LogDestination"),
            "deliver_logs_permission_arn": item.get("DeliverLogsPermissionArn"),
            "max_aggregation_interval": item["MaxAggregationInterval"],
            "log_format": item.get("LogFormat"),
            "tags": ownership.compared(tags_of(item)),
        }
        for name, item in owned(flow_logs, ownership)
    }


def _add_security_groups(network: Current, groups: Sequence[Mapping[str, Any]], ownership: Ownership) -> None:
    endpoints_group = endpoints_group_name(ownership.name)
    for group in groups:
        if group["GroupName"] == "default":
            network.default_security_group_id = group["GroupId"]
            state = {"id": group["GroupId"], "rules": group_rules(group)}
            network.states["default_security_group"] = {f"{ownership.name} default": state}
        elif group["GroupName"] == endpoints_group and ownership.owns(tags_of(group)):
            tags = ownership.compared(tags_of(group))
            state = {"id": group["GroupId"], "rules": group_rules(group), "tags": tags}
            network.states["security_group"] = {endpoints_group: state}
        else:
            network.holders.append(f"security group {group['GroupName']} ({group['GroupId']})")


def endpoints_group_name(name: str) -> str:
    """The security group of interface endpoints that are given none."""
    return f"{name}-endpoints"


def group_rules(group: Mapping[str, Any]) -> list[str]:
    """A group's rules, each as one line of text."""
    lines: list[str] = []
    for direction, permissions in (("ingress", "IpPermissions"), ("egress", "IpPermissionsEgress")):
        for permission in group.get(permissions, []):
            ports = (
                f" {permission['FromPort']}-{permission['ToPort']}" if permission.get("FromPort") is not None else ""
            )
            lines += [
                f"{direction} {permission['IpProtocol']}{ports} {peer}" for peer in _peers(permission, group["GroupId"])
            ]
    return sorted(lines)


def _peers(permission: Mapping[str, Any], own_id: str) -> list[str]:
    groups = [pair["GroupId"] for pair in permission.get("UserIdGroupPairs", [])]
    return [
        *(item["CidrIp"] for item in permission.get("IpRanges", [])),
        *(item["CidrIpv6"] for item in permission.get("Ipv6Ranges", [])),
        *(item["PrefixListId"] for item in permission.get("PrefixListIds", [])),
        *("itself" if group == own_id else group for group in groups),
    ]
