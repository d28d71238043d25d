"""Mount targets follow their subnets and security groups, whose ids no case can know beforehand."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.case import Boto
from tests.contract.cases.efs_file_system import CASES
from tests.contract.harness import run_module
from tests.contract.test_contract import settled, succeeded

CASE = CASES[0]
TAGS = {"Project": "contract", "Environment": "efs-network"}
NAME = "contract-efs-network"


@pytest.fixture
def places(boto: Boto) -> dict[str, Any]:
    """Two subnets of one zone, one of another, and two security groups."""
    ec2 = boto("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.66.0.0/16")["Vpc"]["VpcId"]
    made: dict[str, Any] = {
        name: ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.66.{number}.0/24", AvailabilityZone=f"us-east-1{name[0]}")
        for number, name in enumerate(("a1", "a2", "b1"))
    }
    groups = [ec2.create_security_group(VpcId=vpc, GroupName=name, Description=name)["GroupId"] for name in "xy"]
    return {**{name: answer["Subnet"]["SubnetId"] for name, answer in made.items()}, "groups": groups}


def options(subnets: list[str], groups: list[str]) -> dict[str, Any]:
    return {"name": NAME, "subnet_ids": subnets, "security_group_ids": groups, "tags": TAGS}


def test_mount_targets_follow_their_subnets_and_security_groups(boto: Boto, places: dict[str, Any]) -> None:
    x, y = places["groups"]
    steps = [
        (options([places["a1"]], [x]), ["create file_system", "create mount_target"]),
        (options([places["a1"], places["b1"]], [x]), ["create mount_target"]),
        (options([places["a1"], places["b1"]], [y]), ["update mount_target", "update mount_target"]),
        # A zone has room for one: the old one goes first.
        (options([places["a2"], places["b1"]], [y]), ["delete mount_target", "create mount_target"]),
        (options([places["b1"]], [x, y]), ["delete mount_target", "update mount_target"]),
    ]
    for given, expected in steps:
        predicted = succeeded(run_module(CASE.module, given, check=True))
        applied = succeeded(run_module(CASE.module, given))
        assert [f"{change['op']} {change['kind']}" for change in applied.changes] == expected
        assert applied.changes == predicted.changes
        settled(CASE, given)
    efs = boto("efs")
    targets = efs.describe_mount_targets(FileSystemId=applied.answer["file_system"]["id"])["MountTargets"]
    assert [target["SubnetId"] for target in targets] == [places["b1"]]
    succeeded(run_module(CASE.module, {"name": NAME, "tags": TAGS, "state": "absent"}))


def test_two_subnets_of_one_zone_are_refused_by_name(places: dict[str, Any]) -> None:
    run = run_module(CASE.module, options([places["a1"], places["a2"]], places["groups"]))

    assert "has a mount target already: give one subnet a zone" in run.answer["msg"]
    succeeded(run_module(CASE.module, {"name": NAME, "tags": TAGS, "state": "absent"}))
