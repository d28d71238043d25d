"""Contract cases of efs_file_system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "efs"}
NAME = "contract-efs"
KEY = "alias/contract-efs"
FOREIGN = "contract-efs-foreign"
PROMETHEUS = {
    "name": "prometheus",
    "posix_user": {"uid": 65534, "gid": 65534, "secondary_gids": [100]},
    "root_directory": {
        "path": "/prometheus",
        "creation_info": {"owner_uid": 65534, "owner_gid": 65534, "permissions": "0750"},
    },
}
GRAFANA = {"name": "grafana", "posix_user": {"uid": 472, "gid": 0}, "root_directory": {"path": "/grafana"}}


def policy(action: str) -> dict[str, Any]:
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": action,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def network(boto: Boto) -> Mapping[str, Any]:
    """Subnets in two zones, a security group, and a key known by its alias."""
    ec2, kms = boto("ec2"), boto("kms")
    vpc = ec2.create_vpc(CidrBlock="10.62.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.62.{number}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for number, zone in enumerate(("us-east-1a", "us-east-1b"))
    ]
    group = ec2.create_security_group(VpcId=vpc, GroupName="contract-efs", Description="efs")["GroupId"]
    if KEY not in {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}:
        kms.create_alias(AliasName=KEY, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return {"subnet_ids": subnets, "security_group_ids": [group]}


def foreign(boto: Boto) -> Callable[[], Any]:
    """A file system with our tags and another token."""
    efs = boto("efs")
    if not efs.describe_file_systems(CreationToken=FOREIGN)["FileSystems"]:
        efs.create_file_system(CreationToken=FOREIGN, Tags=[{"Key": k, "Value": v} for k, v in TAGS.items()])
    return lambda: [
        (found["FileSystemId"], found["ThroughputMode"], found["Tags"])
        for found in efs.describe_file_systems(CreationToken=FOREIGN)["FileSystems"]
    ]


CASES = [
    Case(
        name="efs_file_system",
        module="efs_file_system",
        present={
            "name": NAME,
            "kms_key_id": KEY,
            "throughput_mode": "bursting",
            "lifecycle_policies": {"transition_to_ia": "AFTER_30_DAYS"},
            "backup": True,
            "policy": policy("elasticfilesystem:Client*"),
            "access_points": [PROMETHEUS, GRAFANA],
            "tags": TAGS,
        },
        absent={"state": "absent"},
        prepare=network,
        edits={
            "throughput": {"throughput_mode": "provisioned", "provisioned_throughput_in_mibps": 8.0},
            "elastic": {"throughput_mode": "elastic"},
            "lifecycle": {"lifecycle_policies": {"transition_to_ia": "AFTER_7_DAYS"}},
            "archive": {
                "lifecycle_policies": {
                    "transition_to_ia": "AFTER_30_DAYS",
                    "transition_to_archive": "AFTER_90_DAYS",
                    "transition_to_primary_storage_class": "AFTER_1_ACCESS",
                }
            },
            "no lifecycle": {"lifecycle_policies": {}},
            "no backup": {"backup": False},
            "policy": {"policy": policy("elasticfilesystem:ClientWrite")},
            "no policy": {"policy": {}},
            "user": {"access_points": [PROMETHEUS, {**GRAFANA, "posix_user": {"uid": 472, "gid": 472}}]},
            "folder": {"access_points": [PROMETHEUS, {**GRAFANA, "root_directory": {"path": "/other"}}]},
            "one access point fewer": {"access_points": [PROMETHEUS]},
            "one access point more": {"access_points": [PROMETHEUS, GRAFANA, {"name": "alertmanager"}]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        foreign=foreign,
    ),
]
