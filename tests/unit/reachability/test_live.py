"""A network as AWS describes it: IPv6, prefix lists, endpoints, load balancers, and what only an account has."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.analyse import Analyser
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.intervals import addresses
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.live import Answers, Live
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.workloads import with_workloads

EVERYTHING = [
    {"RuleNumber": 100, "Egress": egress, "Protocol": "-1", "RuleAction": "allow", **peer}
    for egress in (False, True)
    for peer in ({"CidrBlock": "0.0.0.0/0"}, {"Ipv6CidrBlock": "::/0"})
]
FRONT_DOOR = "com.amazonaws.global.cloudfront.origin-facing"
S3 = "com.amazonaws.eu-central-1.s3"
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}
LOCAL6 = {"DestinationIpv6CidrBlock": "2001:db8::/56", "GatewayId": "local"}


def tags(name: str) -> list[dict[str, str]]:
    return [{"Key": "Name", "Value": name}]


def subnet(name: str, number: int) -> dict[str, Any]:
    ipv6 = {"Ipv6CidrBlock": f"2001:db8:0:{number}::/64"}
    return {
        "SubnetId": f"subnet-{name}",
        "CidrBlock": f"10.0.{number}.0/24",
        "Ipv6CidrBlockAssociationSet": [ipv6],
        "AvailabilityZone": "eu-central-1a",
        "Tags": tags(name),
    }


def table(name: str, *routes: dict[str, Any]) -> dict[str, Any]:
    return {
        "RouteTableId": f"rtb-{name}",
        "Tags": tags(name),
        "Routes": [LOCAL, LOCAL6, *routes],
        "Associations": [{"SubnetId": f"subnet-{name}"}],
    }


def rule(group: str, *, egress: bool, port: int, **peer: Any) -> dict[str, Any]:
    return {
        "SecurityGroupRuleId": f"sgr-{group}-{port}-{len(str(peer))}",
        "GroupId": f"sg-{group}",
        "IsEgress": egress,
        "IpProtocol": "tcp",
        "FromPort": port,
        "ToPort": port,
        **peer,
    }


def referring(group: str) -> dict[str, Any]:
    return {"ReferencedGroupInfo": {"GroupId": f"sg-{group}"}}


def interface(name: str, group: str, home: str, **fields: Any) -> dict[str, Any]:
    groups = [{"GroupId": f"sg-{group}"}]
    return {
        "NetworkInterfaceId": f"eni-{name}",
        "Groups": groups,
        "SubnetId": f"subnet-{home}",
        "Description": name,
        **fields,
    }


WORLD: dict[str, Any] = {
    "vpc": {
        "VpcId": "vpc-1",
        "CidrBlock": "10.0.0.0/16",
        "Ipv6CidrBlockAssociationSet": [{"Ipv6CidrBlock": "2001:db8::/56"}],
    },
    "subnets": [subnet("public", 0), subnet("private", 1)],
    "route_tables": [
        table("public", {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}),
        table(
            "private",
            {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"},
            {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"},
            {"DestinationPrefixListId": "pl-s3", "GatewayId": "vpce-s3"},
        ),
    ],
    "network_acls": [{"NetworkAclId": "acl-1", "IsDefault": True, "Entries": EVERYTHING}],
    "nat_gateways": [{"NatGatewayId": "nat-1", "SubnetId": "subnet-public", "State": "available"}],
    "endpoints": [
        {
            "VpcEndpointId": "vpce-s3",
            "VpcEndpointType": "Gateway",
            "ServiceName": S3,
            "State": "available",
            "RouteTableIds": ["rtb-private"],
        }
    ],
    "security_groups": [{"GroupId": f"sg-{name}", "GroupName": name} for name in ("front", "back")],
    "rules": [
        rule("front", egress=False, port=443, PrefixListId="pl-front"),
        rule("front", egress=True, port=8080, **referring("back")),
        rule("back", egress=False, port=8080, **referring("front")),
        rule("back", egress=True, port=443, PrefixListId="pl-s3"),
    ],
    "load_balancers": [
        {
            "LoadBalancerArn": "arn:balancer",
            "LoadBalancerName": "door",
            "SecurityGroups": ["sg-front"],
            "AvailabilityZones": [{"SubnetId": "subnet-public"}],
            "Scheme": "internet-facing",
        }
    ],
    "listeners": [{"LoadBalancerArn": "arn:balancer", "Port": 443}],
    "target_groups": [{"TargetGroupArn": "arn:targets", "LoadBalancerArns": ["arn:balancer"]}],
    "services": [
        {
            "serviceName": "service",
            "networkConfiguration": {
                "awsvpcConfiguration": {"subnets": ["subnet-private"], "securityGroups": ["sg-back"]}
            },
            "loadBalancers": [{"targetGroupArn": "arn:targets", "containerPort": 8080}],
        }
    ],
    "prefix_names": {"pl-front": FRONT_DOOR, "pl-s3": S3},
    "prefix_lists": {FRONT_DOOR: addresses("192.0.2.0/24"), S3: addresses("198.51.100.0/24")},
}


def analyser(**changed: Any) -> Analyser:
    answers = Answers(**{**copy.deepcopy(WORLD), **changed})
    return Analyser(with_workloads(Live(answers).configuration(), "net", [], planned=False))


def with_route(name: str, **route: Any) -> list[dict[str, Any]]:
    tables: list[dict[str, Any]] = copy.deepcopy(WORLD["route_tables"])
    next(one for one in tables if one["RouteTableId"] == f"rtb-{name}")["Routes"].append(route)
    return tables


def test_a_prefix_list_stands_for_its_addresses_and_for_no_others() -> None:
    seen = analyser()

    assert seen.can("192.0.2.0/25", "door", 443).allowed
    assert not seen.can("203.0.113.0/24", "door", 443).allowed
    assert seen.always("192.0.2.0/24", "door", 443).allowed
    assert not seen.always("internet", "door", 443).allowed


def test_a_prefix_list_that_cannot_be_read_may_hold_any_address() -> None:
    assert analyser(prefix_lists={}).can("203.0.113.0/24", "door", 443).allowed


def test_a_load_balancer_leads_to_what_is_registered_in_its_target_groups() -> None:
    seen = analyser()

    verdict = seen.through_balancer("192.0.2.0/24", "service", 8080)

    assert not seen.can("192.0.2.0/24", "service", 8080).allowed
    assert verdict is not None
    assert verdict.allowed
    assert "load balancer door, 443 to 8080" in verdict.path


def test_the_layers_of_images_come_by_the_endpoint_and_the_rule_for_it_opens_nothing_else() -> None:
    seen = analyser()

    assert "endpoint endpoint-s3" in str(seen.can("service", "aws:s3", 443))
    assert not seen.can("service", "internet", 443).allowed


@pytest.mark.parametrize(
    ("home", "gateway", "comes_in"),
    [
        ("public", {"GatewayId": "igw-1"}, True),
        ("private", {"EgressOnlyInternetGatewayId": "eigw-1"}, False),
    ],
)
def test_ipv6_addresses_are_public_and_only_an_egress_only_gateway_keeps_what_is_outside_out(
    home: str, gateway: dict[str, str], comes_in: bool
) -> None:
    rules = [*WORLD["rules"], rule("back", egress=False, port=22, CidrIpv6="::/0")]
    tables = with_route(home, DestinationIpv6CidrBlock="2000::/3", **gateway)
    seen = analyser(rules=rules, route_tables=tables, services=[], interfaces=[interface("host", "back", home)])

    assert seen.can("internet", "back", 22).allowed is comes_in
    assert not seen.can("internet", "back", 23).allowed


def test_an_interface_that_is_no_services_is_found_by_what_it_says_of_itself() -> None:
    held = interface("old", "back", "public", Association={"PublicIp": "192.0.2.1"})
    rules = [*WORLD["rules"], rule("back", egress=False, port=5432, CidrIpv4="0.0.0.0/0")]
    seen = analyser(interfaces=[held], rules=rules)

    assert seen.can("internet", "eni-old (old)", 5432).allowed
    assert not seen.can("internet", "service", 5432).allowed


def test_what_a_peering_leads_to_may_come_in() -> None:
    rules = [*WORLD["rules"], rule("back", egress=False, port=5432, CidrIpv4="10.9.0.0/16")]
    assert not analyser(rules=rules).can("elsewhere", "service", 5432).allowed

    tables = with_route("private", DestinationCidrBlock="10.9.0.0/16", VpcPeeringConnectionId="pcx-1")
    seen = analyser(rules=rules, route_tables=tables)

    assert seen.can("elsewhere", "service", 5432).allowed
    assert "pcx-1" in str(seen.can("10.9.0.0/16", "service", 5432))


def test_a_black_hole_leads_nowhere() -> None:
    rules = [*WORLD["rules"], rule("back", egress=True, port=25, CidrIpv4="203.0.113.0/24")]
    assert analyser(rules=rules).can("service", "203.0.113.0/24", 25).allowed

    tables = with_route("private", DestinationCidrBlock="203.0.113.0/24", TransitGatewayId="tgw-1", State="blackhole")

    assert not analyser(rules=rules, route_tables=tables).can("service", "203.0.113.0/24", 25).allowed


def test_a_group_that_nothing_carries_could_be_on_anything() -> None:
    seen = analyser(
        security_groups=[*WORLD["security_groups"], {"GroupId": "sg-spare", "GroupName": "spare"}],
        rules=[*WORLD["rules"], rule("spare", egress=False, port=22, CidrIpv4="0.0.0.0/0")],
    )

    assert seen.can("internet", "spare", 22).allowed
