"""Two zones, one NAT gateway: who has a way out, who is closed, and what is recorded."""

import json
from typing import Any

import boto3
import pytest

NAME = "molecule-network"
ec2 = boto3.client("ec2")


def named(names: list[str]) -> list[dict[str, Any]]:
    return [{"Name": "tag:Name", "Values": names}]


@pytest.fixture(scope="module")
def network() -> dict[str, Any]:
    published = boto3.client("ssm").get_parameter(Name="/molecule/network/outputs/network")["Parameter"]
    result: dict[str, Any] = json.loads(published["Value"])
    return result


@pytest.fixture(scope="module")
def inside(network: dict[str, Any]) -> list[dict[str, Any]]:
    """Filters for what is in the VPC."""
    return [{"Name": "vpc-id", "Values": [network["vpc_id"]]}]


def default_route(subnet_id: str) -> dict[str, Any] | None:
    tables = ec2.describe_route_tables(Filters=[{"Name": "association.subnet-id", "Values": [subnet_id]}])
    routes = tables["RouteTables"][0]["Routes"]
    return next((route for route in routes if route.get("DestinationCidrBlock") == "0.0.0.0/0"), None)


def test_the_published_vpc_is_the_one_of_that_name(network: dict[str, Any]) -> None:
    (vpc,) = ec2.describe_vpcs(Filters=named([NAME]))["Vpcs"]

    assert vpc["VpcId"] == network["vpc_id"]
    assert vpc["CidrBlock"] == network["cidr"] == "10.62.0.0/16"


@pytest.mark.parametrize("tier", ["public", "private", "data"])
def test_a_tier_has_a_subnet_in_each_zone(network: dict[str, Any], tier: str) -> None:
    subnets = ec2.describe_subnets(SubnetIds=network["subnets"][tier])["Subnets"]

    assert sorted(subnet["AvailabilityZone"] for subnet in subnets) == network["zones"]
    assert sorted(subnet["CidrBlock"] for subnet in subnets) == sorted(network["subnet_cidrs"][tier])
    assert len(network["zones"]) == 2
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)


def test_public_subnets_lead_to_the_internet_gateway(network: dict[str, Any]) -> None:
    for subnet_id in network["subnets"]["public"]:
        route = default_route(subnet_id)
        assert route is not None
        assert route["GatewayId"].startswith("igw-")


def test_private_subnets_share_the_one_nat_gateway(network: dict[str, Any], inside: list[dict[str, Any]]) -> None:
    gateways = ec2.describe_nat_gateways(Filter=inside)["NatGateways"]
    (gateway,) = [gateway for gateway in gateways if gateway["State"] == "available"]
    routes = [default_route(subnet_id) for subnet_id in network["subnets"]["private"]]

    assert [route and route["NatGatewayId"] for route in routes] == [gateway["NatGatewayId"]] * 2
    assert [address["PublicIp"] for address in gateway["NatGatewayAddresses"]] == network["nat_addresses"]


def test_data_subnets_have_no_way_out(network: dict[str, Any]) -> None:
    assert [default_route(subnet_id) for subnet_id in network["subnets"]["data"]] == [None, None]


def test_no_network_acl_of_a_tier_lets_ssh_or_rdp_in_from_the_internet(inside: list[dict[str, Any]]) -> None:
    acls = ec2.describe_network_acls(Filters=[*inside, {"Name": "default", "Values": ["false"]}])["NetworkAcls"]
    opened = [
        entry
        for acl in acls
        for entry in acl["Entries"]
        if not entry["Egress"] and entry["RuleAction"] == "allow" and entry["CidrBlock"] == "0.0.0.0/0"
    ]

    assert len(acls) == 3
    for port in (22, 3389):
        assert not [e for e in opened if e["PortRange"]["From"] <= port <= e["PortRange"]["To"]]


def test_the_default_security_group_is_closed(inside: list[dict[str, Any]]) -> None:
    (group,) = ec2.describe_security_groups(Filters=[*inside, *group_named("default")])["SecurityGroups"]

    assert (group["IpPermissions"], group["IpPermissionsEgress"]) == ([], [])


def group_named(name: str) -> list[dict[str, Any]]:
    return [{"Name": "group-name", "Values": [name]}]


def test_security_groups_name_each_other(network: dict[str, Any]) -> None:
    groups = network["security_groups"]
    (front,) = ec2.describe_security_groups(GroupIds=[groups["front"]])["SecurityGroups"]
    (back,) = ec2.describe_security_groups(GroupIds=[groups["back"]])["SecurityGroups"]

    assert front["IpPermissionsEgress"][0]["UserIdGroupPairs"][0]["GroupId"] == groups["back"]
    assert back["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == groups["front"]
    assert back["IpPermissionsEgress"] == []


def test_traffic_is_recorded_in_an_encrypted_log_group(network: dict[str, Any]) -> None:
    (flow_log,) = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [network["vpc_id"]]}])["FlowLogs"]
    logs = boto3.client("logs").describe_log_groups(logGroupNamePrefix=flow_log["LogGroupName"])
    (group,) = logs["logGroups"]

    assert (flow_log["TrafficType"], flow_log["LogGroupName"]) == ("ALL", f"/{NAME}/flow-logs")
    assert group["retentionInDays"] == 90
    assert group["kmsKeyId"] == boto3.client("kms").describe_key(KeyId=f"alias/{NAME}-logs")["KeyMetadata"]["Arn"]


def test_the_role_may_write_to_that_log_group_alone() -> None:
    policy = boto3.client("iam").get_role_policy(RoleName=f"{NAME}-flow-logs", PolicyName="write-flow-logs")
    writing = next(s for s in policy["PolicyDocument"]["Statement"] if "logs:PutLogEvents" in s["Action"])

    (resource,) = writing["Resource"]
    assert resource.endswith(f":log-group:/{NAME}/flow-logs:*")
