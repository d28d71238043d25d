"""Contract cases of vpc."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case, Options

TAGS = {"Project": "contract", "Environment": "network"}
PUBLIC = {"name": "public", "public": True}
PRIVATE = {"name": "private", "nat": True}
SQL = {"rule_number": 100, "cidr_block": "10.64.0.0/16", "from_port": 5432, "to_port": 5432}
BACK = {"rule_number": 100, "direction": "egress", "cidr_block": "10.64.0.0/16", "from_port": 1024, "to_port": 65535}
DATA = {"name": "data", "newbits": 8, "network_acl_rules": [SQL, BACK]}
S3 = {"service": "s3", "tiers": ["private", "data"]}
SECRETS = {"service": "secretsmanager", "tiers": ["private"]}
POLICY = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "*"}]}
LOGS = {
    "log_group_name": "/contract/flow-logs",
    "deliver_logs_permission_arn": "arn:aws:iam::123456789012:role/contract-flow-logs",
}
BUCKET = {"name": "archive", "log_destination_type": "s3", "log_destination": "arn:aws:s3:::contract-flow-logs"}


def destinations(boto: Boto) -> Options:
    """The log group and the role that flow logs go through, and the bucket of the other variant."""
    logs = boto("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=LOGS["log_group_name"])["logGroups"]:
        logs.create_log_group(logGroupName=LOGS["log_group_name"])
    boto("s3").create_bucket(Bucket="contract-flow-logs")
    return {}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A VPC of the same name and addresses that somebody else made, with a subnet, a gateway and an address."""
    ec2 = boto("ec2")
    name = [{"Key": "Name", "Value": "contract"}]
    vpc = ec2.create_vpc(CidrBlock="10.64.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": name}])["Vpc"]
    subnet = ec2.create_subnet(VpcId=vpc["VpcId"], CidrBlock="10.64.0.0/20")["Subnet"]
    gateway = ec2.create_internet_gateway(TagSpecifications=[{"ResourceType": "internet-gateway", "Tags": name}])
    address = ec2.allocate_address(Domain="vpc")
    return lambda: (
        ec2.describe_vpcs(VpcIds=[vpc["VpcId"]])["Vpcs"],
        ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"],
        ec2.describe_internet_gateways(InternetGatewayIds=[gateway["InternetGateway"]["InternetGatewayId"]])[
            "InternetGateways"
        ],
        ec2.describe_addresses(AllocationIds=[address["AllocationId"]])["Addresses"],
        ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["SecurityGroups"],
    )


CASES = [
    Case(
        name="vpc",
        module="vpc",
        present={
            "name": "contract",
            "cidr_block": "10.64.0.0/16",
            "nat": "one",
            "tiers": [PUBLIC, PRIVATE, DATA],
            "endpoints": [S3, SECRETS],
            "flow_logs": [LOGS],
            "tags": TAGS,
        },
        absent={"state": "absent"},
        prepare=destinations,
        foreign=lookalike,
        edits={
            "three zones": {"zones": 3},
            "three zones, a NAT gateway each": {"zones": 3, "nat": "per_zone"},
            "one zone": {"zones": 1},
            "other zones": {"zone_names": ["us-east-1c", "us-east-1b"]},
            "NAT gateway per zone": {"nat": "per_zone"},
            "no NAT gateway": {"nat": "none"},
            "a tier more": {"tiers": [PUBLIC, PRIVATE, DATA, {"name": "tools", "nat": True}]},
            "a tier fewer": {"tiers": [PUBLIC, PRIVATE], "endpoints": [SECRETS]},
            "no private tier": {"tiers": [PUBLIC, DATA], "nat": "none", "endpoints": []},
            "size of subnets": {"tiers": [PUBLIC, PRIVATE, {**DATA, "newbits": 6}]},
            "size of public subnets": {"tiers": [{**PUBLIC, "newbits": 8}, PRIVATE, DATA]},
            "explicit ranges": {
                "tiers": [PUBLIC, PRIVATE, {"name": "data", "cidrs": ["10.64.200.0/24", "10.64.201.0/24"]}]
            },
            "public addresses": {"tiers": [{**PUBLIC, "map_public_ip_on_launch": True}, PRIVATE, DATA]},
            "isolated tier behind NAT": {"tiers": [PUBLIC, PRIVATE, {**DATA, "nat": True}]},
            "ACL rule": {"tiers": [PUBLIC, PRIVATE, {**DATA, "network_acl_rules": [{**SQL, "to_port": 5433}, BACK]}]},
            "ACL rule fewer": {"tiers": [PUBLIC, PRIVATE, {**DATA, "network_acl_rules": [SQL]}]},
            "ACL without rules": {"tiers": [PUBLIC, PRIVATE, {**DATA, "network_acl_rules": []}]},
            "no ACL": {"tiers": [PUBLIC, PRIVATE, {"name": "data", "newbits": 8}]},
            "DNS host names": {"enable_dns_hostnames": False},
            "an endpoint more": {"endpoints": [S3, SECRETS, {"service": "logs", "tiers": ["private"]}]},
            "an endpoint fewer": {"endpoints": [S3]},
            "no endpoints": {"endpoints": []},
            "routes of an endpoint": {"endpoints": [{**S3, "tiers": ["private"]}, SECRETS]},
            "subnets of an endpoint": {"endpoints": [S3, {**SECRETS, "tiers": ["data"]}]},
            "policy of an endpoint": {"endpoints": [{**S3, "policy": POLICY}, SECRETS]},
            "flow log's traffic": {"flow_logs": [{**LOGS, "traffic_type": "REJECT"}]},
            "flow log's interval": {"flow_logs": [{**LOGS, "max_aggregation_interval": 60}]},
            "flow log to a bucket": {"flow_logs": [BUCKET]},
            "no flow log": {"flow_logs": []},
            "a tag more": {"tags": {**TAGS, "CostCenter": "4711"}},
        },
    ),
    Case(
        name="vpc, isolated",
        module="vpc",
        present={
            "name": "contract-isolated",
            "cidr_block": "10.65.0.0/24",
            "zones": 3,
            "tiers": [{"name": "data"}],
            "restrict_default_security_group": False,
            "tags": TAGS,
        },
        absent={"state": "absent"},
        edits={
            "closed default group": {"restrict_default_security_group": True},
            "public": {"tiers": [{"name": "data", "public": True}]},
        },
    ),
]
