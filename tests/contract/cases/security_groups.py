"""Contract cases of security_groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case, Options

TAGS = {"Project": "contract", "Environment": "groups"}
HTTPS = {"from_port": 443, "cidr_ipv4": "0.0.0.0/0", "description": "HTTPS"}
TO_WEB = {"from_port": 8080, "group": "contract-web", "description": "Service"}
EDGE = {"name": "contract-edge", "description": "Edge", "ingress": [HTTPS], "egress": [TO_WEB]}
FROM_EDGE = {"from_port": 8080, "group": "contract-edge", "description": "From the edge", "tags": {"Flow": "sign-in"}}
GOSSIP = {"protocol": "udp", "from_port": 7000, "to_port": 7010, "group": "self"}
LAYERS = {"from_port": 443, "prefix_list": "s3", "description": "Image layers"}
WEB = {"name": "contract-web", "description": "Web", "ingress": [FROM_EDGE, GOSSIP], "egress": [LAYERS]}


def vpc_id(boto: Boto) -> str:
    ec2 = boto("ec2")
    named = {"Name": "tag:Name", "Values": ["contract-groups"]}
    found = ec2.describe_vpcs(Filters=[named])["Vpcs"]
    tags = [{"Key": "Name", "Value": "contract-groups"}]
    created = found or [
        ec2.create_vpc(CidrBlock="10.66.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])["Vpc"]
    ]
    return str(created[0]["VpcId"])


def vpc(boto: Boto) -> Options:
    return {"vpc_id": vpc_id(boto)}


def lookalikes(boto: Boto) -> Callable[[], Any]:
    """In the same VPC: one with half of our tags, and one with all of them that is a part of something else."""
    ec2 = boto("ec2")
    half = [{"Key": "Project", "Value": "contract"}]
    part = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    part.append({"Key": "trademaster.platform:part-of", "Value": "vpc"})
    ids = [
        ec2.create_security_group(
            GroupName=name,
            Description="Not ours",
            VpcId=vpc_id(boto),
            TagSpecifications=[{"ResourceType": "security-group", "Tags": tags}],
        )["GroupId"]
        for name, tags in (("contract-foreign", half), ("contract-endpoints", part))
    ]
    return lambda: ec2.describe_security_groups(GroupIds=ids)["SecurityGroups"]


def edge(**fields: Any) -> Options:
    return {"groups": [{**EDGE, **fields}, WEB]}


def web(**fields: Any) -> Options:
    return {"groups": [EDGE, {**WEB, **fields}]}


CASES = [
    Case(
        name="security_groups",
        module="security_groups",
        present={"groups": [EDGE, WEB], "tags": TAGS, "purge": True},
        absent={"groups": []},
        prepare=vpc,
        foreign=lookalikes,
        edits={
            "port": edge(ingress=[{**HTTPS, "from_port": 8443}]),
            "port range": edge(ingress=[{**HTTPS, "to_port": 444}]),
            "protocol": edge(ingress=[{**HTTPS, "protocol": "udp"}]),
            "all protocols": edge(ingress=[{"protocol": "all", "cidr_ipv4": "10.0.0.0/8"}]),
            "range": edge(ingress=[{**HTTPS, "cidr_ipv4": "192.0.2.0/24"}]),
            "IPv6 range": edge(ingress=[{"from_port": 443, "cidr_ipv6": "2001:db8::/32", "description": "HTTPS"}]),
            "description": edge(ingress=[{**HTTPS, "description": "Sign-in"}]),
            "description of a group's rule": web(ingress=[{**FROM_EDGE, "description": "Edge"}, GOSSIP]),
            "description of a prefix list's rule": web(egress=[{**LAYERS, "description": "Layers"}]),
            "cleared description": edge(ingress=[{**HTTPS, "description": ""}]),
            "tag of a rule": web(ingress=[{**FROM_EDGE, "tags": {"Flow": "refresh"}}, GOSSIP]),
            "tag of a group": web(tags={"Role": "web"}),
            "referred group": edge(egress=[{**TO_WEB, "group": "self"}]),
            "prefix list": web(egress=[{**LAYERS, "prefix_list": "dynamodb"}]),
            "everything out": web(egress=[{"protocol": "all", "cidr_ipv4": "0.0.0.0/0"}]),
            "no egress": web(egress=[]),
            "rule fewer": web(ingress=[FROM_EDGE]),
            "rule more": web(ingress=[FROM_EDGE, GOSSIP, {"protocol": "icmp", "cidr_ipv4": "10.66.0.0/16"}]),
            "group more": {"groups": [EDGE, WEB, {"name": "contract-data", "description": "Data"}]},
            "group fewer": {"groups": [{**EDGE, "egress": []}]},
            "a tag more": {"tags": {**TAGS, "CostCenter": "4711"}},
        },
    )
]
