"""The proof of who reaches whom, on what is planned and on what there is in an account."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.case import Boto
from tests.contract.harness import Run, run_module

TIERS: list[dict[str, Any]] = [{"name": "public", "public": True}, {"name": "private", "nat": True}, {"name": "data"}]
WORKLOADS: list[dict[str, Any]] = [
    {"name": "front", "tier": "public", "public": True, "kind": "load balancer", "listens": [443]},
    {"name": "back", "tier": "private"},
    {"name": "store", "tier": "data"},
]
ASSERTIONS: list[dict[str, Any]] = [
    {"name": "The front is all there is", "source": "internet", "only_to": [{"target": "front", "ports": [443]}]},
    {"name": "The store is the back's", "target": "store", "only_from": [{"source": "back", "ports": [5432]}]},
    {"name": "The back has its store", "source": "back", "target": "store", "ports": [5432]},
]
WORLD = {"cidr_ipv4": "0.0.0.0/0"}


def groups() -> list[dict[str, Any]]:
    front = {"name": "front", "description": "Front", "ingress": [{"from_port": 443, **WORLD}]}
    back = {"name": "back", "description": "Back", "egress": [{"from_port": 5432, "group": "store"}]}
    store = {"name": "store", "description": "Store", "ingress": [{"from_port": 5432, "group": "back"}]}
    return [{"ingress": [], "egress": [], **group} for group in (front, back, store)]


class Network:
    """A network of its own name: what is planned for it, and what is asked about it."""

    def __init__(self) -> None:
        self.name = f"proof-{uuid4().hex[:8]}"
        self.tags = {"Project": self.name}
        self.vpc = {"cidr_block": "10.91.0.0/16", "tiers": TIERS, "nat": "one", "tags": self.tags}
        self.groups = groups()

    def planned(self) -> dict[str, Any]:
        marks = {**self.tags, "Role": "network-access"}
        return {**self.vpc, "security_groups": self.groups, "security_group_tags": marks}

    def prove(self, *, plan: bool, check: bool = True, **changed: Any) -> Run:
        options = {"name": self.name, "tags": self.tags, "workloads": WORKLOADS, "assertions": ASSERTIONS, **changed}
        return run_module("network_reachability", options | ({"planned": self.planned()} if plan else {}), check=check)

    def make(self) -> str:
        made = run_module("vpc", {"name": self.name, **self.vpc}).answer
        marks = {**self.tags, "Role": "network-access"}
        run_module("security_groups", {"vpc_id": made["vpc_id"], "groups": self.groups, "tags": marks, "purge": True})
        return str(made["vpc_id"])


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def made(network: Network, boto: Boto) -> Iterator[Network]:
    vpc = network.make()
    yield network
    run_module("security_groups", {"vpc_id": vpc, "groups": [], "purge": True, "tags": network.tags})
    run_module("vpc", {"name": network.name, "state": "absent", "tags": network.tags})


def broken(run: Run) -> dict[str, str]:
    assert run.calls.writes == [], "a proof writes nothing"
    return {one["assertion"]: one["finding"] for one in run.answer.get("broken", [])}


def test_what_is_planned_is_proven_where_nothing_exists(network: Network, boto: Boto) -> None:
    run = network.prove(plan=True, list_flows=True)

    assert not run.answer.get("failed"), run.answer
    assert run.answer["assertions"] == 3
    traffic = {(flow["source"], flow["target"]): flow["traffic"] for flow in run.answer["flows"]}
    assert traffic["internet", "front"] == "tcp 443"
    assert traffic["back", "store"] == "tcp 5432"
    assert ("back", "internet") not in traffic


def test_a_plan_that_opens_the_store_fails_in_an_empty_account_and_names_the_rule(network: Network, boto: Boto) -> None:
    network.groups[2]["ingress"].append({"from_port": 5432, **WORLD})

    run = network.prove(plan=True)

    assert run.answer["failed"]
    assert "The store is the back's: vpc reaches store on tcp 5432" in run.answer["msg"]
    assert "security group store ingress tcp 5432 from 0.0.0.0/0" in run.answer["msg"]
    assert list(broken(run)) == ["The store is the back's"]


def test_a_network_that_is_there_is_proven_without_a_plan(made: Network) -> None:
    run = made.prove(plan=False, check=False)

    assert not run.answer.get("failed"), run.answer
    assert run.calls.writes == []
    assert {"front", "back", "store"} <= set(run.answer["workloads"])


def test_a_rule_added_by_hand_is_found_and_a_plan_that_takes_it_away_is_not_blamed(made: Network, boto: Boto) -> None:
    ec2 = boto("ec2")
    found = ec2.describe_security_groups(Filters=[{"Name": "tag:Project", "Values": [made.name]}])["SecurityGroups"]
    store = next(group["GroupId"] for group in found if group["GroupName"] == "store")
    ec2.authorize_security_group_ingress(
        GroupId=store, IpProtocol="tcp", FromPort=0, ToPort=65535, CidrIp="10.91.0.0/16"
    )

    by_hand = broken(made.prove(plan=False))
    planned = made.prove(plan=True)

    assert store in by_hand["The store is the back's"]
    assert not planned.answer.get("failed"), planned.answer


def test_an_interface_that_nobody_thought_of_is_found(made: Network, boto: Boto) -> None:
    """It carries the group of the back, and one that lets the internet in, in a public subnet."""
    ec2 = boto("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [made.name]}])["Vpcs"][0]["VpcId"]
    group = ec2.create_security_group(GroupName="by-hand", Description="By hand", VpcId=vpc)["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    try:
        for plan in (False, True):
            found = broken(made.prove(plan=plan))
            assert "internet reaches by-hand on tcp 22" in found["The front is all there is"]
    finally:
        ec2.delete_security_group(GroupId=group)


def test_routes_and_acls_changed_by_hand_are_found(made: Network, boto: Boto) -> None:
    ec2 = boto("ec2")
    vpc = ec2.describe_vpcs(Filters=[{"Name": "tag:Name", "Values": [made.name]}])["Vpcs"][0]["VpcId"]
    inside = [{"Name": "vpc-id", "Values": [vpc]}]
    acl = ec2.describe_network_acls(Filters=[*inside, {"Name": "default", "Values": ["true"]}])["NetworkAcls"][0]
    ec2.create_network_acl_entry(
        NetworkAclId=acl["NetworkAclId"],
        RuleNumber=1,
        Protocol="6",
        RuleAction="deny",
        Egress=False,
        CidrBlock="10.91.0.0/16",
        PortRange={"From": 40000, "To": 40010},
    )

    found = broken(made.prove(plan=False))

    assert list(found) == ["The back has its store"]
    assert "return ingress" in found["The back has its store"]
    assert acl["NetworkAclId"] in found["The back has its store"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"assertions": [{"name": "Nothing said", "target": "store"}]}, "is no assertion"),
        ({"assertions": [{**ASSERTIONS[2], "ports": ["many"]}]}, "is no port"),
        ({"assertions": [{**ASSERTIONS[2], "source": "stranger"}]}, "is neither a workload nor an address range"),
        ({"workloads": [{"name": "front", "tier": "attic"}]}, "has no subnets"),
        ({"workloads": [{"name": "stranger", "tier": "data"}]}, "is no security group"),
    ],
)
def test_what_is_no_assertion_is_refused(network: Network, boto: Boto, changed: dict[str, Any], said: str) -> None:
    run = network.prove(plan=True, **copy.deepcopy(changed))

    assert run.answer["failed"]
    assert said in run.answer["msg"]


def test_without_a_plan_there_has_to_be_a_network(network: Network, boto: Boto) -> None:
    run = network.prove(plan=False)

    assert f"name: '{network.name}' is no VPC with these tags" in run.answer["msg"]
