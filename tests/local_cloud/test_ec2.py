"""EC2 refuses and takes along what it does on AWS."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_cloud_support import LocalCloud


@pytest.fixture
def ec2(local_cloud: LocalCloud) -> Any:
    return local_cloud.client("ec2")


@pytest.fixture
def vpc(ec2: Any) -> str:
    return str(ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"])


@pytest.fixture
def subnet(ec2: Any, vpc: str) -> str:
    return str(ec2.create_subnet(VpcId=vpc, CidrBlock="10.99.0.0/24")["Subnet"]["SubnetId"])


@pytest.fixture
def refused() -> Any:
    return pytest.raises(ClientError, match=r"DependencyViolation|InUse")


@pytest.fixture
def groups(ec2: Any, vpc: str) -> tuple[str, str]:
    def group(name: str) -> str:
        return str(ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"])

    return group("one"), group("other")


def test_an_address_is_held_until_its_nat_gateway_is_gone(ec2: Any, subnet: str, refused: Any) -> None:
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    with refused:
        ec2.release_address(AllocationId=address)
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]["State"] == "deleted"
    ec2.release_address(AllocationId=address)


def test_a_subnet_leaves_its_route_table(ec2: Any, vpc: str, subnet: str) -> None:
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_route_table(RouteTableId=table)


def test_a_vpc_is_held_by_its_groups(ec2: Any, vpc: str, groups: tuple[str, str], refused: Any) -> None:
    with refused:
        ec2.delete_vpc(VpcId=vpc)


def test_an_endpoint_follows_its_route_tables(ec2: Any, vpc: str) -> None:
    tables = [ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"] for _ in range(2)]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3", VpcEndpointType="Gateway", RouteTableIds=tables[:1]
    )["VpcEndpoint"]["VpcEndpointId"]
    ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddRouteTableIds=tables[1:], RemoveRouteTableIds=tables[:1])
    routed = ec2.describe_route_tables(RouteTableIds=tables)["RouteTables"]
    assert [any(route.get("GatewayId") == endpoint for route in table["Routes"]) for table in routed] == [False, True]
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    assert ec2.describe_vpc_endpoints(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["VpcEndpoints"] == []


def test_a_group_referred_to_cannot_go(ec2: Any, groups: tuple[str, str], refused: Any) -> None:
    one, other = groups
    permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": other}]}
    ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=[permission])
    with refused:
        ec2.delete_security_group(GroupId=other)


def test_groups_are_created_side_by_side(ec2: Any, vpc: str) -> None:
    def create(number: int) -> str:
        return str(ec2.create_security_group(GroupName=f"g{number}", Description="one of many", VpcId=vpc)["GroupId"])

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(create, range(120)))) == 120


def test_the_description_of_a_group_rule_changes(ec2: Any, groups: tuple[str, str]) -> None:
    one, other = groups

    def permission(description: str) -> dict[str, Any]:
        pair = {"GroupId": other, "Description": description}
        return {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [pair]}

    ec2.authorize_security_group_ingress(GroupId=one, IpPermissions=[permission("before")])
    ec2.update_security_group_rule_descriptions_ingress(GroupId=one, IpPermissions=[permission("after")])
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [one]}])["SecurityGroupRules"]
    assert [rule["Description"] for rule in rules if not rule["IsEgress"]] == ["after"]
