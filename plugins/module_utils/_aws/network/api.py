# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to EC2 about networks: one function a list operation, and one door for all writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list

# EC2 may not know yet what it has just created, whichever of its servers answers.
NOT_VISIBLE_YET = (
    "InvalidVpcID.NotFound",
    "InvalidSubnetID.NotFound",
    "InvalidSubnetId.NotFound",
    "InvalidRouteTableID.NotFound",
    "InvalidRouteTableId.NotFound",
    "InvalidInternetGatewayID.NotFound",
    "InvalidInternetGatewayId.NotFound",
    "InvalidNetworkAclID.NotFound",
    "InvalidNetworkAclId.NotFound",
    "InvalidAllocationID.NotFound",
    "InvalidGroup.NotFound",
    "InvalidGroupId.NotFound",
    "InvalidNatGatewayID.NotFound",
    "NatGatewayNotFound",
    "InvalidVpcEndpointId.NotFound",
)


def write(aws: Aws, operation: str, **arguments: Any) -> dict[str, Any]:
    """Make a writing call, repeated while EC2 does not see yet what the call refers to."""
    call = getattr(aws.client("ec2"), operation)
    answer: dict[str, Any] = aws.eventually(lambda: call(**arguments), *NOT_VISIBLE_YET)
    return answer


def tag_specifications(resource_type: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """The TagSpecifications of a creating call."""
    return [{"ResourceType": resource_type, "Tags": ansible_dict_to_boto3_tag_list(dict(tags))}]


def filters(**values: Sequence[str] | str) -> list[dict[str, Any]]:
    """EC2 filters, underscores standing for dashes: `filters(vpc_id="vpc-1")`."""
    return [
        {"Name": name.replace("_", "-"), "Values": [value] if isinstance(value, str) else list(value)}
        for name, value in values.items()
    ]


def describe_availability_zones(aws: Aws) -> list[dict[str, Any]]:
    """Zones of the region that are no local or wavelength zones (DescribeAvailabilityZones)."""
    answer = aws.client("ec2").describe_availability_zones(Filters=filters(zone_type="availability-zone"))
    return list(answer["AvailabilityZones"])


def describe_vpcs(aws: Aws, *, name: str) -> list[dict[str, Any]]:
    """VPCs of that name (DescribeVpcs)."""
    return aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=[{"Name": "tag:Name", "Values": [name]}])


def describe_vpc(aws: Aws, vpc_id: str) -> dict[str, Any]:
    """One VPC (DescribeVpcs)."""
    vpcs = aws.client("ec2").describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
    return dict(vpcs[0])


def describe_vpc_attribute(aws: Aws, vpc_id: str, attribute: str) -> bool:
    """`enableDnsSupport` or `enableDnsHostnames` of a VPC (DescribeVpcAttribute)."""
    answer = aws.client("ec2").describe_vpc_attribute(VpcId=vpc_id, Attribute=attribute)
    return bool(answer[attribute[0].upper() + attribute[1:]]["Value"])


def describe_subnets(aws: Aws, vpc_id: str) -> list[dict[str, Any]]:
    """Subnets of a VPC (DescribeSubnets)."""
    return aws.pages("ec2", "describe_subnets", "Subnets", Filters=filters(vpc_id=vpc_id))


def describe_route_tables(aws: Aws, vpc_id: str) -> list[dict[str, Any]]:
    """Route tables of a VPC with routes and associations (DescribeRouteTables)."""
    return aws.pages("ec2", "describe_route_tables", "RouteTables", Filters=filters(vpc_id=vpc_id))


def describe_network_acls(aws: Aws, vpc_id: str) -> list[dict[str, Any]]:
    """Network ACLs of a VPC with entries and associations (DescribeNetworkAcls)."""
    return aws.pages("ec2", "describe_network_acls", "NetworkAcls", Filters=filters(vpc_id=vpc_id))


def describe_internet_gateways(aws: Aws, name: str) -> list[dict[str, Any]]:
    """Internet gateways of that name, attached or not (DescribeInternetGateways)."""
    named = [{"Name": "tag:Name", "Values": [name]}]
    return aws.pages("ec2", "describe_internet_gateways", "InternetGateways", Filters=named)


def describe_nat_gateways(aws: Aws, vpc_id: str) -> list[dict[str, Any]]:
    """NAT gateways of a VPC in any state (DescribeNatGateways)."""
    return aws.pages("ec2", "describe_nat_gateways", "NatGateways", Filter=filters(vpc_id=vpc_id))


def describe_addresses(aws: Aws, names: Sequence[str]) -> list[dict[str, Any]]:
    """Elastic IP addresses of those names (DescribeAddresses)."""
    named = [{"Name": "tag:Name", "Values": list(names)}]
    return list(aws.client("ec2").describe_addresses(Filters=named)["Addresses"])


def describe_vpc_endpoints(aws: Aws, vpc_id: str) -> list[dict[str, Any]]:
    """Endpoints of a VPC (DescribeVpcEndpoints)."""
    return aws.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=filters(vpc_id=vpc_id))


def describe_vpc_endpoint_services(aws: Aws) -> list[str]:
    """Names of all endpoint services of the region (DescribeVpcEndpointServices)."""
    return aws.pages("ec2", "describe_vpc_endpoint_services", "ServiceNames")


def describe_flow_logs(aws: Aws, vpc_id: str) -> list[dict[str, Any]]:
    """Flow logs of a VPC (DescribeFlowLogs)."""
    return aws.pages("ec2", "describe_flow_logs", "FlowLogs", Filter=filters(resource_id=vpc_id))


def describe_security_groups(aws: Aws, vpc_id: str) -> list[dict[str, Any]]:
    """Security groups of a VPC (DescribeSecurityGroups)."""
    return aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters(vpc_id=vpc_id))


def describe_security_group_rules(aws: Aws, group_id: str) -> list[dict[str, Any]]:
    """Rules of a security group, each with its id (DescribeSecurityGroupRules)."""
    return aws.pages("ec2", "describe_security_group_rules", "SecurityGroupRules", Filters=filters(group_id=group_id))


def describe_network_interfaces(aws: Aws, **wanted: str) -> list[dict[str, Any]]:
    """Network interfaces by `subnet_id`, `group_id` or `vpc_id` (DescribeNetworkInterfaces)."""
    return aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters(**wanted))
