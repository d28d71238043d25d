"""Three zones, no NAT gateway: AWS is reached through endpoints, the internet not at all."""

import json
from typing import Any

import boto3
import pytest

INTERFACES = ["ecr.api", "ecr.dkr", "logs", "secretsmanager"]
ec2 = boto3.client("ec2")


@pytest.fixture(scope="module")
def network() -> dict[str, Any]:
    published = boto3.client("ssm").get_parameter(Name="/molecule/network_three_zones/outputs/network")["Parameter"]
    result: dict[str, Any] = json.loads(published["Value"])
    return result


@pytest.mark.parametrize("tier", ["public", "private", "data"])
def test_a_tier_has_a_subnet_in_each_of_three_zones(network: dict[str, Any], tier: str) -> None:
    subnets = ec2.describe_subnets(SubnetIds=network["subnets"][tier])["Subnets"]

    assert sorted(subnet["AvailabilityZone"] for subnet in subnets) == network["zones"]
    assert len(network["zones"]) == 3


def test_there_is_no_nat_gateway_and_no_address(network: dict[str, Any]) -> None:
    gateways = ec2.describe_nat_gateways(Filter=[{"Name": "vpc-id", "Values": [network["vpc_id"]]}])["NatGateways"]

    assert gateways == []
    assert network["nat_addresses"] == []


def test_private_subnets_have_no_default_route(network: dict[str, Any]) -> None:
    private = [{"Name": "association.subnet-id", "Values": network["subnets"]["private"]}]
    tables = ec2.describe_route_tables(Filters=private)["RouteTables"]
    routes = [route for table in tables for route in table["Routes"]]

    assert "0.0.0.0/0" not in [route.get("DestinationCidrBlock") for route in routes]


@pytest.mark.parametrize("service", INTERFACES)
def test_an_interface_endpoint_stands_in_every_private_subnet(network: dict[str, Any], service: str) -> None:
    (endpoint,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[network["endpoints"][service]])["VpcEndpoints"]

    assert endpoint["ServiceName"].endswith(f".{service}")
    assert sorted(endpoint["SubnetIds"]) == sorted(network["subnets"]["private"])
    assert endpoint["PrivateDnsEnabled"]


def test_endpoints_take_https_from_inside_the_vpc_alone(network: dict[str, Any]) -> None:
    endpoints = [network["endpoints"][service] for service in INTERFACES]
    found = ec2.describe_vpc_endpoints(VpcEndpointIds=endpoints)["VpcEndpoints"]
    (group_id,) = {group["GroupId"] for endpoint in found for group in endpoint["Groups"]}
    (group,) = ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
    (rule,) = group["IpPermissions"]

    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert [range_["CidrIp"] for range_ in rule["IpRanges"]] == ["10.63.0.0/16"]


def test_the_s3_gateway_serves_the_private_subnets(network: dict[str, Any]) -> None:
    (endpoint,) = ec2.describe_vpc_endpoints(VpcEndpointIds=[network["endpoints"]["s3"]])["VpcEndpoints"]
    tables = ec2.describe_route_tables(RouteTableIds=endpoint["RouteTableIds"])["RouteTables"]
    served = [link["SubnetId"] for table in tables for link in table["Associations"] if "SubnetId" in link]

    assert sorted(served) == sorted(network["subnets"]["private"])
