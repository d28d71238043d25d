# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The network as it is: VPCs that are ours with all that is in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._aws.network.current import acl_rule, group_rules
from ..._aws.security_groups.model import Names, current_rules
from ..model import Resource
from .reading import Reading, tag_map

Items = list[dict[str, Any]]


def read(reading: Reading) -> Iterator[Resource]:
    aws = reading.aws
    vpcs = aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=reading.tag_filters())
    names = {vpc["VpcId"]: _name(vpc, vpc["VpcId"]) for vpc in vpcs}
    if not names:
        return
    inside = [{"Name": "vpc-id", "Values": list(names)}]
    asked = {
        "subnets": ("describe_subnets", "Subnets", inside),
        "acls": ("describe_network_acls", "NetworkAcls", inside),
        "endpoints": ("describe_vpc_endpoints", "VpcEndpoints", inside),
        "groups": ("describe_security_groups", "SecurityGroups", inside),
        "logs": ("describe_flow_logs", "FlowLogs", [{"Name": "resource-id", "Values": list(names)}]),
        "interfaces": ("describe_network_interfaces", "NetworkInterfaces", inside),
    }
    pages = reading.many(lambda one: aws.pages("ec2", one[0], one[1], Filters=one[2]), asked.values())
    found: dict[str, Items] = dict(zip(asked, pages, strict=True))
    yield from (
        Resource("vpc", name, {"cidr_block": vpc["CidrBlock"]}) for vpc, name in zip(vpcs, names.values(), strict=True)
    )
    yield from _inside(found, names)
    yield from _groups(reading, found, names)


def _name(item: Mapping[str, Any], otherwise: str) -> str:
    return tag_map(item.get("Tags")).get("Name", otherwise)


def _inside(found: Mapping[str, Items], names: Mapping[str, str]) -> Iterator[Resource]:
    used = {
        link["SubnetId"]: _name(acl, acl["NetworkAclId"])
        for acl in found["acls"]
        for link in acl.get("Associations", [])
    }
    for subnet in found["subnets"]:
        facts = {"map_public_ip_on_launch": subnet["MapPublicIpOnLaunch"], "network_acl": used.get(subnet["SubnetId"])}
        yield Resource("subnet", _name(subnet, subnet["SubnetId"]), facts)
    for acl in found["acls"]:
        rules = [acl_rule(entry) for entry in acl["Entries"] if entry["RuleNumber"] < 32767]
        yield Resource("network_acl", _name(acl, acl["NetworkAclId"]), {"rules": rules, "default": acl["IsDefault"]})
    for endpoint in found["endpoints"]:
        facts = {"vpc": names[endpoint["VpcId"]], "service_name": endpoint["ServiceName"]}
        yield Resource("vpc_endpoint", _name(endpoint, endpoint["VpcEndpointId"]), facts)
    for log in found["logs"]:
        if log.get("FlowLogStatus", "ACTIVE") == "ACTIVE":
            facts = {"vpc": names.get(log["ResourceId"]), "traffic_type": log["TrafficType"]}
            yield Resource("flow_log", _name(log, log["FlowLogId"]), facts)


def _groups(reading: Reading, found: Mapping[str, Items], names: Mapping[str, str]) -> Iterator[Resource]:
    used = {group["GroupId"] for interface in found["interfaces"] for group in interface.get("Groups", [])}
    used |= {group["GroupId"] for endpoint in found["endpoints"] for group in endpoint.get("Groups", [])}
    by_id = {group["GroupId"]: group["GroupName"] for group in found["groups"]}
    for group in found["groups"]:
        if group["GroupName"] == "default":
            name = f"{names[group['VpcId']]} default"
            yield Resource("default_security_group", name, {"rules": group_rules(group)})
        else:
            facts = {"id": group["GroupId"], "used": group["GroupId"] in used}
            yield Resource("security_group", group["GroupName"], facts)
    wanted = [{"Name": "group-id", "Values": list(by_id)}]
    rules = reading.aws.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=wanted)
    for key, facts in current_rules(rules, Names(by_id), {}).items():
        yield Resource("security_group_rule", key, facts)
