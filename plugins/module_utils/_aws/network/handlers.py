# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making the planned changes of a network."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, Op
from ..._core.errors import PlatformError
from ..._core.wait import DONE, Verdict, pending, wait_until
from ..policy import text
from ..session import Aws, ansible_dict_to_boto3_tag_list
from . import api
from .current import Current, subnet_label
from .desired import FLOW_LOG_FIELDS
from .waiting import endpoints_gone, endpoints_ready, holders, nat_gateways_gone, nat_gateways_ready

CREATE_TAGGED = {  # kinds that are created from a VPC and tags alone: operation, tag resource type, answer's path
    "route_table": ("create_route_table", "route-table", "RouteTable", "RouteTableId"),
    "network_acl": ("create_network_acl", "network-acl", "NetworkAcl", "NetworkAclId"),
}
VISIBILITY_TIMEOUT = 60.0


class Handlers:
    """Handlers by kind and operation. `ids` collects the ids by kind and key, the new ones as they come."""

    def __init__(self, aws: Aws, now: Current) -> None:
        self.aws = aws
        self.now = now
        self.name: str = aws.params["name"]
        self.teardown_timeout: float = aws.params["teardown_timeout"]
        self.ids = {
            kind: {key: state["id"] for key, state in states.items() if "id" in state}
            for kind, states in now.states.items()
        }
        self.public_ips = {key: state["public_ip"] for key, state in now.of("elastic_ip").items()}
        self.subnets = {subnet_label(key, state): state["id"] for key, state in now.of("subnet").items()}
        self._released: set[str] = set()
        self._joined = threading.Lock()
        self._nat_ready = False

    def table(self) -> dict[tuple[str, Op], Callable[[Change], None]]:
        tagged: dict[tuple[str, Op], Callable[[Change], None]] = {
            (kind, "update"): self.update_tags for kind in ("route_table", "elastic_ip", "nat_gateway", "flow_log")
        }
        return tagged | {
            ("vpc", "create"): self.create_vpc,
            ("vpc", "update"): self.update_vpc,
            ("vpc", "delete"): self.delete_vpc,
            ("internet_gateway", "create"): self.create_internet_gateway,
            ("internet_gateway", "update"): self.update_internet_gateway,
            ("internet_gateway", "delete"): self.delete_internet_gateway,
            ("subnet", "create"): self.create_subnet,
            ("subnet", "update"): self.update_subnet,
            ("subnet", "delete"): self.delete_subnet,
            ("route_table", "create"): self.create_tagged,
            ("route_table", "delete"): self.delete_route_table,
            ("route", "create"): self.create_route,
            ("route", "update"): self.update_route,
            ("route", "delete"): self.delete_route,
            ("network_acl", "create"): self.create_network_acl,
            ("network_acl", "update"): self.update_network_acl,
            ("network_acl", "delete"): self.delete_network_acl,
            ("elastic_ip", "create"): self.create_elastic_ip,
            ("elastic_ip", "delete"): self.delete_elastic_ip,
            ("nat_gateway", "create"): self.create_nat_gateway,
            ("nat_gateway", "delete"): self.delete_nat_gateway,
            ("default_security_group", "update"): self.close_default_group,
            ("security_group", "create"): self.create_group,
            ("security_group", "update"): self.update_group,
            ("security_group", "delete"): self.delete_group,
            ("vpc_endpoint", "create"): self.create_endpoint,
            ("vpc_endpoint", "update"): self.update_endpoint,
            ("vpc_endpoint", "replace"): self.replace_endpoint,
            ("vpc_endpoint", "delete"): self.delete_endpoint,
            ("flow_log", "create"): self.create_flow_log,
            ("flow_log", "replace"): self.replace_flow_log,
            ("flow_log", "delete"): self.delete_flow_log,
        }

    def write(self, operation: str, **arguments: Any) -> dict[str, Any]:
        return api.write(self.aws, operation, **arguments)

    def created(self, kind: str, key: str, identifier: str) -> str:
        self.ids.setdefault(kind, {})[key] = identifier
        return identifier

    def id(self, kind: str, key: str) -> str:
        identifier: str = self.ids[kind][key]
        return identifier

    @property
    def vpc_id(self) -> str:
        return self.id("vpc", self.name)

    def update_tags(self, change: Change) -> None:
        if "tags" in change.fields:
            tags = ansible_dict_to_boto3_tag_list(change.desired["tags"])
            self.write("create_tags", Resources=[change.current["id"]], Tags=tags)

    def create_tagged(self, change: Change) -> None:
        operation, resource_type, outer, inner = CREATE_TAGGED[change.kind]
        tags = api.tag_specifications(resource_type, change.desired["tags"])
        answer = self.write(operation, VpcId=self.vpc_id, TagSpecifications=tags)
        self.created(change.kind, change.key, answer[outer][inner])

    def remove(self, name: str, operation: str, held_by: Mapping[str, str], **arguments: str) -> None:
        """Delete what network interfaces may still hold; `held_by` is the filter that finds them."""
        self.aws.remove(
            f"{name} removed",
            lambda: self.write(operation, **arguments),
            lambda: holders(api.describe_network_interfaces(self.aws, **held_by)),
            "DependencyViolation",
            timeout=self.teardown_timeout,
        )

    # VPC

    def create_vpc(self, change: Change) -> None:
        tags = api.tag_specifications("vpc", change.desired["tags"])
        answer = self.write("create_vpc", CidrBlock=change.desired["cidr_block"], TagSpecifications=tags)
        self.created("vpc", change.key, answer["Vpc"]["VpcId"])
        self._set_attributes(change, change.desired)

    def update_vpc(self, change: Change) -> None:
        self.update_tags(change)
        self._set_attributes(change, change.fields)

    def _set_attributes(self, change: Change, fields: Any) -> None:
        # In this order, because host names need DNS support; one attribute a call is all EC2 takes.
        names = {"enable_dns_support": "EnableDnsSupport", "enable_dns_hostnames": "EnableDnsHostnames"}
        order = list(names) if change.desired.get("enable_dns_support", True) else list(reversed(names))
        for field in order:
            if field in fields:
                value = {names[field]: {"Value": change.desired[field]}}
                self.write("modify_vpc_attribute", VpcId=self.vpc_id, **value)

    def delete_vpc(self, change: Change) -> None:
        self.remove(f"VPC {change.key}", "delete_vpc", {"vpc_id": self.vpc_id}, VpcId=self.vpc_id)

    def create_internet_gateway(self, change: Change) -> None:
        tags = api.tag_specifications("internet-gateway", change.desired["tags"])
        answer = self.write("create_internet_gateway", TagSpecifications=tags)
        gateway = self.created("internet_gateway", change.key, answer["InternetGateway"]["InternetGatewayId"])
        self.write("attach_internet_gateway", InternetGatewayId=gateway, VpcId=self.vpc_id)

    def update_internet_gateway(self, change: Change) -> None:
        self.update_tags(change)
        if "attached" in change.fields:
            gateway = change.current["id"]
            self.write("attach_internet_gateway", InternetGatewayId=gateway, VpcId=self.vpc_id)

    def delete_internet_gateway(self, change: Change) -> None:
        gateway = change.current["id"]
        if change.current["attached"]:
            vpc = {"vpc_id": self.vpc_id}
            name = f"internet gateway {change.key}"
            self.remove(name, "detach_internet_gateway", vpc, InternetGatewayId=gateway, VpcId=self.vpc_id)
        self.write("delete_internet_gateway", InternetGatewayId=gateway)

    # Subnets, route tables, routes

    def create_subnet(self, change: Change) -> None:
        state = change.desired
        answer = self.write(
            "create_subnet",
            VpcId=self.vpc_id,
            AvailabilityZone=state["availability_zone"],
            CidrBlock=state["cidr_block"],
            TagSpecifications=api.tag_specifications("subnet", state["tags"]),
        )
        subnet = self.created("subnet", change.key, answer["Subnet"]["SubnetId"])
        self.subnets[subnet_label(change.key, state)] = subnet
        if state.get("map_public_ip_on_launch"):
            self._map_public_ip(subnet, value=True)
        self.write("associate_route_table", SubnetId=subnet, RouteTableId=self.id("route_table", state["route_table"]))
        if state.get("network_acl"):
            self._associate_acl(subnet, state["network_acl"])

    def update_subnet(self, change: Change) -> None:
        self.update_tags(change)
        subnet, state = change.current["id"], change.desired
        if "map_public_ip_on_launch" in change.fields:
            self._map_public_ip(subnet, value=state["map_public_ip_on_launch"])
        if "route_table" in change.fields:
            self._associate_table(subnet, self.id("route_table", state["route_table"]))
        if "network_acl" in change.fields:
            self._associate_acl(subnet, state["network_acl"])

    def _map_public_ip(self, subnet: str, *, value: bool) -> None:
        self.write("modify_subnet_attribute", SubnetId=subnet, MapPublicIpOnLaunch={"Value": value})

    def _associate_table(self, subnet: str, table: str) -> None:
        associations = [
            association["RouteTableAssociationId"]
            for item in api.describe_route_tables(self.aws, self.vpc_id)
            for association in item.get("Associations", [])
            if association.get("SubnetId") == subnet
        ]
        if associations:
            self.write("replace_route_table_association", AssociationId=associations[0], RouteTableId=table)
        else:
            self.write("associate_route_table", SubnetId=subnet, RouteTableId=table)

    def _associate_acl(self, subnet: str, acl: str) -> None:
        """Give a subnet an ACL of ours by key, or the VPC's default one for an empty key."""

        def look() -> tuple[list[str], list[str]]:
            acls = api.describe_network_acls(self.aws, self.vpc_id)
            associations = [association for item in acls for association in item["Associations"]]
            found = [item["NetworkAclAssociationId"] for item in associations if item["SubnetId"] == subnet]
            return found, [item["NetworkAclId"] for item in acls if item["IsDefault"]]

        def judge(seen: tuple[list[str], list[str]]) -> Verdict:
            return DONE if all(seen) else pending("not visible yet")

        name = f"network ACL of {subnet}"
        (found, default), _seconds = wait_until(name, look, judge, timeout=VISIBILITY_TIMEOUT, clock=self.aws.clock)
        target = self.id("network_acl", acl) if acl else default[0]
        self.write("replace_network_acl_association", AssociationId=found[0], NetworkAclId=target)

    def delete_subnet(self, change: Change) -> None:
        subnet = change.current["id"]
        label = subnet_label(change.key, change.current)
        for state in self.now.of("vpc_endpoint").values():
            if label in state["subnets"] and self.ids["vpc_endpoint"].get(state["tags"]["Name"]) == state["id"]:
                self._release(state["id"], [subnet])
        self.remove(f"subnet {change.key}", "delete_subnet", {"subnet_id": subnet}, SubnetId=subnet)

    def _release(self, endpoint: str, subnets: Sequence[str]) -> None:
        """Take subnets from an interface endpoint, each once."""
        leaving = [subnet for subnet in subnets if f"{endpoint} {subnet}" not in self._released]
        if leaving:
            self.write("modify_vpc_endpoint", VpcEndpointId=endpoint, RemoveSubnetIds=leaving)
            self._released.update(f"{endpoint} {subnet}" for subnet in leaving)

    def delete_route_table(self, change: Change) -> None:
        vpc = {"vpc_id": self.vpc_id}
        self.remove(f"route table {change.key}", "delete_route_table", vpc, RouteTableId=change.current["id"])

    def create_route(self, change: Change) -> None:
        self.write("create_route", **self._route(change))

    def update_route(self, change: Change) -> None:
        self.write("replace_route", **self._route(change))

    def delete_route(self, change: Change) -> None:
        table = self.id("route_table", change.current["table"])
        self.write("delete_route", RouteTableId=table, DestinationCidrBlock=change.key.split()[-1])

    def _route(self, change: Change) -> dict[str, str]:
        target = change.desired["target"]
        gateways = self.ids.get("internet_gateway", {})
        if target not in gateways:
            self.join_nat_gateways()
        via = (
            {"GatewayId": gateways[target]} if target in gateways else {"NatGatewayId": self.id("nat_gateway", target)}
        )
        table = self.id("route_table", change.desired["table"])
        return {"RouteTableId": table, "DestinationCidrBlock": change.key.split()[-1], **via}

    # Network ACLs

    def create_network_acl(self, change: Change) -> None:
        self.create_tagged(change)
        self._set_rules(self.id("network_acl", change.key), [], change.desired["rules"])

    def update_network_acl(self, change: Change) -> None:
        self.update_tags(change)
        if "rules" in change.fields:
            self._set_rules(change.current["id"], change.current["rules"], change.desired["rules"])

    def _set_rules(self, acl: str, current: Sequence[Mapping[str, Any]], desired: Sequence[Mapping[str, Any]]) -> None:
        before = {(rule["egress"], rule["rule_number"]): rule for rule in current}
        after = {(rule["egress"], rule["rule_number"]): rule for rule in desired}
        for place, rule in after.items():
            if before.get(place) != rule:
                operation = "replace_network_acl_entry" if place in before else "create_network_acl_entry"
                self.write(operation, NetworkAclId=acl, **_entry(rule))
        for egress, number in before.keys() - after.keys():
            self.write("delete_network_acl_entry", NetworkAclId=acl, Egress=egress, RuleNumber=number)

    def delete_network_acl(self, change: Change) -> None:
        vpc = {"vpc_id": self.vpc_id}
        self.remove(f"network ACL {change.key}", "delete_network_acl", vpc, NetworkAclId=change.current["id"])

    # NAT gateways and their addresses

    def create_elastic_ip(self, change: Change) -> None:
        tags = api.tag_specifications("elastic-ip", change.desired["tags"])
        answer = self.write("allocate_address", Domain="vpc", TagSpecifications=tags)
        self.created("elastic_ip", change.key, answer["AllocationId"])
        self.public_ips[change.key] = answer["PublicIp"]

    def delete_elastic_ip(self, change: Change) -> None:
        """An address stays associated for a while after its NAT gateway; EC2 words that as a lack of permission."""
        self.aws.remove(
            f"address {change.key} released",
            lambda: self.write("release_address", AllocationId=change.current["id"]),
            list,
            "InvalidIPAddress.InUse",
            "AuthFailure",
            timeout=self.teardown_timeout,
        )

    def create_nat_gateway(self, change: Change) -> None:
        subnet = self.subnets[change.desired["subnet"]]
        address = self.id("elastic_ip", change.key)
        answer = self.write(
            "create_nat_gateway",
            SubnetId=subnet,
            AllocationId=address,
            ClientToken=f"{subnet}-{address}"[:64],
            TagSpecifications=api.tag_specifications("natgateway", change.desired["tags"]),
        )
        self.created("nat_gateway", change.key, answer["NatGateway"]["NatGatewayId"])

    def delete_nat_gateway(self, change: Change) -> None:
        gateway = change.current["id"]
        self.write("delete_nat_gateway", NatGatewayId=gateway)
        self.aws.wait(
            f"NAT gateway {change.key} removed",
            lambda: api.describe_nat_gateways(self.aws, self.vpc_id),
            lambda seen: nat_gateways_gone(seen, [gateway]),
            timeout=self.teardown_timeout,
        )

    def join_nat_gateways(self) -> None:
        """Wait, once for all, until the NAT gateways carry traffic; a route to one that does not is refused."""
        with self._joined:
            gateways = list(self.ids.get("nat_gateway", {}).values())
            if gateways and not self._nat_ready:
                self.aws.wait(
                    "NAT gateways available",
                    lambda: api.describe_nat_gateways(self.aws, self.vpc_id),
                    lambda seen: nat_gateways_ready(seen, gateways),
                    timeout=self.aws.params["nat_timeout"],
                )
            self._nat_ready = True

    # Security groups

    def close_default_group(self, change: Change) -> None:
        group, _seconds = wait_until(
            "default security group",
            lambda: [
                item["GroupId"]
                for item in api.describe_security_groups(self.aws, self.vpc_id)
                if item["GroupName"] == "default"
            ],
            lambda seen: DONE if seen else pending("not visible yet"),
            timeout=VISIBILITY_TIMEOUT,
            clock=self.aws.clock,
        )
        self.created("default_security_group", change.key, group[0])
        self._revoke_all(group[0])

    def _revoke_all(self, group: str) -> None:
        rules = api.describe_security_group_rules(self.aws, group)
        for egress, operation in ((False, "revoke_security_group_ingress"), (True, "revoke_security_group_egress")):
            ids = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"] is egress]
            if ids:
                self.write(operation, GroupId=group, SecurityGroupRuleIds=ids)

    def create_group(self, change: Change) -> None:
        answer = self.write(
            "create_security_group",
            GroupName=change.key,
            Description="Interface endpoints: HTTPS from within the VPC",
            VpcId=self.vpc_id,
            TagSpecifications=api.tag_specifications("security-group", change.desired["tags"]),
        )
        self._set_group_rules(self.created("security_group", change.key, answer["GroupId"]), change.desired["rules"])

    def update_group(self, change: Change) -> None:
        self.update_tags(change)
        if "rules" in change.fields:
            self._set_group_rules(change.current["id"], change.desired["rules"])

    def _set_group_rules(self, group: str, rules: Sequence[str]) -> None:
        """Only HTTPS from a range, as desired.py words it."""
        self._revoke_all(group)
        ranges = [{"CidrIp": rule.split()[-1]} for rule in rules]
        permission = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": ranges}
        self.write("authorize_security_group_ingress", GroupId=group, IpPermissions=[permission])

    def delete_group(self, change: Change) -> None:
        group = change.current["id"]
        self.remove(f"security group {change.key}", "delete_security_group", {"group_id": group}, GroupId=group)

    # Endpoints

    def create_endpoint(self, change: Change) -> None:
        state = change.desired
        arguments: dict[str, Any] = {
            "RouteTableIds": [self.id("route_table", key) for key in state["route_tables"]],
            "SubnetIds": [self.subnets[label] for label in state["subnets"]],
            "SecurityGroupIds": self._group_ids(state["security_groups"]),
        }
        if "private_dns_enabled" in state:
            arguments["PrivateDnsEnabled"] = state["private_dns_enabled"]
        if "policy" in state:
            arguments["PolicyDocument"] = text(state["policy"])
        answer = self.write(
            "create_vpc_endpoint",
            VpcId=self.vpc_id,
            ServiceName=state["service_name"],
            VpcEndpointType=state["type"],
            TagSpecifications=api.tag_specifications("vpc-endpoint", state["tags"]),
            **{name: value for name, value in arguments.items() if value != []},
        )
        self.created("vpc_endpoint", change.key, answer["VpcEndpoint"]["VpcEndpointId"])

    def _group_ids(self, groups: Sequence[str]) -> list[str]:
        known = self.ids.get("security_group", {})
        return [known.get(group, group) for group in groups]

    def update_endpoint(self, change: Change) -> None:
        """Subnets leave before others come: an endpoint takes one a zone."""
        self.update_tags(change)
        endpoint, before, after = change.current["id"], change.current, change.desired
        self._release(endpoint, [self.subnets.get(label, label) for label in _gone(before, after, "subnets")])
        tables = self.ids.get("route_table", {})
        arguments: dict[str, Any] = {
            "AddSubnetIds": [self.subnets[label] for label in _gone(after, before, "subnets")],
            "AddRouteTableIds": [tables[key] for key in _gone(after, before, "route_tables")],
            "RemoveRouteTableIds": [tables.get(key, key) for key in _gone(before, after, "route_tables")],
            "AddSecurityGroupIds": self._group_ids(_gone(after, before, "security_groups")),
            "RemoveSecurityGroupIds": self._group_ids(_gone(before, after, "security_groups")),
        }
        if "policy" in change.fields:
            arguments["PolicyDocument"] = text(after["policy"])
        if "private_dns_enabled" in change.fields:
            arguments["PrivateDnsEnabled"] = after["private_dns_enabled"]
        given = {name: value for name, value in arguments.items() if value != []}
        if given:
            self.write("modify_vpc_endpoint", VpcEndpointId=endpoint, **given)

    def replace_endpoint(self, change: Change) -> None:
        self.delete_endpoint(change)
        self.create_endpoint(change)

    def delete_endpoint(self, change: Change) -> None:
        endpoint = change.current["id"]
        self.ids["vpc_endpoint"].pop(change.key, None)
        answer = self.write("delete_vpc_endpoints", VpcEndpointIds=[endpoint])
        _raise_unsuccessful(answer)
        self.aws.wait(
            f"endpoint {change.key} removed",
            lambda: api.describe_vpc_endpoints(self.aws, self.vpc_id),
            lambda seen: endpoints_gone(seen, [endpoint]),
            timeout=self.teardown_timeout,
        )

    def join_endpoints(self) -> None:
        endpoints = list(self.ids.get("vpc_endpoint", {}).values())
        self.aws.wait(
            "endpoints available",
            lambda: api.describe_vpc_endpoints(self.aws, self.vpc_id),
            lambda seen: endpoints_ready(seen, endpoints),
            timeout=self.aws.params["endpoint_timeout"],
        )

    # Flow logs

    def create_flow_log(self, change: Change) -> None:
        names = {field: "".join(word.title() for word in field.split("_")) for field in FLOW_LOG_FIELDS}
        arguments = {names[field]: value for field, value in change.desired.items() if field in names}
        answer = self.write(
            "create_flow_logs",
            ResourceIds=[self.vpc_id],
            ResourceType="VPC",
            TagSpecifications=api.tag_specifications("vpc-flow-log", change.desired["tags"]),
            **arguments,
        )
        _raise_unsuccessful(answer)
        self.created("flow_log", change.key, answer["FlowLogIds"][0])

    def replace_flow_log(self, change: Change) -> None:
        # EC2 refuses two flow logs of one VPC with the same destination.
        self.delete_flow_log(change)
        self.create_flow_log(change)

    def delete_flow_log(self, change: Change) -> None:
        _raise_unsuccessful(self.write("delete_flow_logs", FlowLogIds=[change.current["id"]]))


def _gone(before: Mapping[str, Any], after: Mapping[str, Any], field: str) -> list[str]:
    return sorted(set(before[field]) - set(after[field]))


def _raise_unsuccessful(answer: Mapping[str, Any]) -> None:
    """Some operations report a failure inside a successful answer."""
    for item in answer.get("Unsuccessful", []):
        error = item.get("Error", {})
        raise PlatformError(f"{error.get('Code', 'error')}: {error.get('Message', '')}")


def _entry(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of CreateNetworkAclEntry."""
    entry: dict[str, Any] = {
        "Egress": rule["egress"],
        "RuleNumber": rule["rule_number"],
        "Protocol": rule["protocol"],
        "RuleAction": rule["rule_action"],
        "CidrBlock": rule["cidr_block"],
    }
    if "from_port" in rule:
        entry["PortRange"] = {"From": rule["from_port"], "To": rule["to_port"]}
    if "icmp_type" in rule:
        entry["IcmpTypeCode"] = {"Type": rule["icmp_type"], "Code": rule.get("icmp_code", -1)}
    return entry
