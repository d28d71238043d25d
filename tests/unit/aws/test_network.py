"""Planning of networks: zones and ranges that stay, changes in order, input that cannot be."""

from __future__ import annotations

from ipaddress import IPv4Network
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.network.current import (
    Current,
    Ownership,
    owned,
    subnet_label,
)
from ansible_collections.trademaster.platform.plugins.module_utils._aws.network.desired import Desired
from ansible_collections.trademaster.platform.plugins.module_utils._aws.network.layout import choose_zones, place
from ansible_collections.trademaster.platform.plugins.module_utils._aws.network.options import check
from ansible_collections.trademaster.platform.plugins.module_utils._aws.network.plan import plan, plan_removal
from ansible_collections.trademaster.platform.plugins.module_utils._aws.network.waiting import (
    endpoints_ready,
    holders,
    nat_gateways_gone,
    nat_gateways_ready,
    visible,
)
from ansible_collections.trademaster.platform.plugins.module_utils._core.changes import Change
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

ZONES = ["aq-east-1c", "aq-east-1a", "aq-east-1b"]
A, B, C = sorted(ZONES)
BLOCK = IPv4Network("10.0.0.0/16")


def tier(name: str, **fields: Any) -> dict[str, Any]:
    unset = dict.fromkeys(("newbits", "cidrs", "map_public_ip_on_launch", "network_acl_rules"))
    return {"name": name, "public": name == "public", "nat": name == "private", **unset, **fields}


def rule(number: int, **fields: Any) -> dict[str, Any]:
    defaults = {"direction": "ingress", "rule_action": "allow", "protocol": "tcp", "cidr_block": "10.0.0.0/16"}
    return {
        **defaults,
        "from_port": 1,
        "to_port": 2,
        "icmp_type": None,
        "icmp_code": None,
        "rule_number": number,
    } | fields


def options(**fields: Any) -> dict[str, Any]:
    return {
        "name": "net",
        "cidr_block": "10.0.0.0/16",
        "enable_dns_support": True,
        "enable_dns_hostnames": True,
        "zones": 2,
        "zone_names": None,
        "tiers": [tier("public"), tier("private"), tier("data")],
        "nat": "one",
        "endpoints": None,
        "flow_logs": None,
        "restrict_default_security_group": True,
        "tags": {"Environment": "test"},
        **fields,
    }


def desired(now: Current | None = None, listed: list[str] | None = None, **fields: Any) -> Desired:
    return Desired(
        options(**fields), now or Current(), ZONES if listed is None else listed, {"s3": "aq.s3", "ecr": "aq.ecr"}
    )


def existing(**fields: Any) -> Current:
    """The network as it is after a run with these options, with an id for everything."""
    made = desired(**fields)
    states = {
        kind: {key: {"id": f"{kind}-{key}", **state} for key, state in group.items()}
        for kind, group in made.states.items()
    }
    for state in states["nat_gateway"].values():
        state["state"] = "available"
    for state in states["subnet"].values():
        state.setdefault("network_acl", "")
    return Current("vpc-1", states=states)


def changes(now: Current, **fields: Any) -> list[Change]:
    return plan(now, desired(now, **fields).states)


def level(planned: list[Change], op: str, kind: str, key: str = "") -> int:
    return next(change.level for change in planned if (change.op, change.kind) == (op, kind) and key in change.key)


# Zones and ranges


@pytest.mark.parametrize(
    ("count", "names", "used", "expected"),
    [
        (2, None, [], [A, B]),
        (2, None, [C, B], [C, B]),
        (3, None, [C, B], [C, B, A]),
        (1, None, [C, B], [C]),
        (2, None, ["aq-east-1x"], ["aq-east-1x", A]),
        (None, [C, A], [A, B], [C, A]),
    ],
)
def test_zones_in_use_stay(count: int | None, names: list[str] | None, used: list[str], expected: list[str]) -> None:
    assert choose_zones(count, names, ZONES, used) == expected


def test_subnets_keep_zone_and_range_when_the_listing_changes() -> None:
    now = existing()
    assert plan(now, desired(now, listed=["aq-east-1b", "aq-east-1d", "aq-east-1a"]).states) == []


@pytest.mark.parametrize("fields", [{"zones": 4}, {"zone_names": ["aq-east-1z"]}])
def test_zones_the_region_does_not_have(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"aq-east-1a, aq-east-1b, aq-east-1c"):
        desired(**fields)


def test_new_ranges_take_the_first_free_place_of_their_size() -> None:
    taken = [IPv4Network("10.0.0.0/20"), IPv4Network("10.0.32.0/24")]
    placed = place(BLOCK, {"small": 24, "large": 20, "next": 24}, taken=taken)
    assert [str(range_) for range_ in placed.values()] == ["10.0.16.0/24", "10.0.48.0/20", "10.0.17.0/24"]


def test_the_place_of_a_leaving_subnet_is_taken_last() -> None:
    block = IPv4Network("10.0.0.0/24")
    leaving = [IPv4Network("10.0.0.0/25")]
    assert str(place(block, {"a": 25}, taken=[], leaving=leaving)["a"]) == "10.0.0.128/25"
    assert str(place(block, {"a": 25}, taken=[IPv4Network("10.0.0.128/25")], leaving=leaving)["a"]) == "10.0.0.0/25"


def test_a_full_block_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"cidr_block: '10\.0\.0\.0/24' has no room left for b \(/25\)"):
        place(IPv4Network("10.0.0.0/24"), {"a": 25, "b": 25}, taken=[IPv4Network("10.0.0.0/25")])


# Order


def test_creation_follows_what_it_needs() -> None:
    planned = changes(Current())
    order = ["vpc", "internet_gateway", "subnet", "nat_gateway", "route"]
    levels = [level(planned, "create", kind) for kind in order]
    assert levels == sorted(set(levels))


def test_growing_adds_and_removes_nothing() -> None:
    planned = changes(existing(), zones=3, nat="per_zone")
    assert not [change for change in planned if change.op == "delete"]
    assert {change.key for change in planned if change.kind == "nat_gateway"} == {f"net-nat-{B}", f"net-nat-{C}"}


def test_routes_leave_a_nat_gateway_before_it_goes_and_its_address_last() -> None:
    planned = changes(existing(nat="per_zone"))
    order = [("update", "route"), ("delete", "nat_gateway"), ("delete", "elastic_ip")]
    levels = [level(planned, *step) for step in order]
    assert levels == sorted(set(levels))


def test_a_nat_gateway_stays_in_its_zone() -> None:
    now = existing(zone_names=[B, A])
    assert desired(now, zone_names=[A, B]).nat_zones == [B]


def test_a_resized_subnet_takes_its_nat_gateway_along() -> None:
    planned = changes(existing(), tiers=[tier("public", newbits=8), tier("private"), tier("data")])
    steps = [("delete", "nat_gateway"), ("delete", "subnet"), ("create", "subnet"), ("create", "nat_gateway")]
    levels = [level(planned, *step) for step in steps]
    assert levels == sorted(set(levels))
    assert {change.op for change in planned if change.kind == "route"} == {"update"}, "routes follow to the new one"


def test_a_zone_swap_with_fixed_ranges_frees_them_first() -> None:
    data = tier("data", cidrs=["10.0.200.0/24", "10.0.201.0/24"])
    now = existing(tiers=[data], nat="none")
    planned = changes(now, tiers=[data], nat="none", zone_names=[A, C])
    assert level(planned, "delete", "subnet", B) < level(planned, "create", "subnet", C)


def test_without_waiting_routes_to_new_nat_gateways_are_left() -> None:
    planned = plan(Current(), desired().states, wait=False)
    assert [change.desired["target"] for change in planned if change.kind == "route"] == ["net"]


def test_a_foreign_route_stays() -> None:
    now = existing(nat="none")
    now.states["route"]["net-data 0.0.0.0/0"] = {"target": "tgw-1", "table": "net-data"}
    assert changes(now, nat="none") == []


def test_an_acl_of_ours_is_left_before_it_goes() -> None:
    now = existing(tiers=[tier("data", network_acl_rules=[rule(1)])], nat="none")
    planned = changes(now, tiers=[tier("data")], nat="none")
    assert level(planned, "update", "subnet") < level(planned, "delete", "network_acl")


def test_removal_ends_with_the_vpc() -> None:
    planned = plan_removal(existing())
    assert max(planned, key=lambda change: change.level).kind == "vpc"
    assert level(planned, "delete", "nat_gateway") < level(planned, "delete", "elastic_ip")


def test_the_block_cannot_change() -> None:
    with pytest.raises(InvalidInput, match="cannot replace"):
        changes(existing(), cidr_block="10.1.0.0/16")


# Ownership


@pytest.mark.parametrize(
    ("tags", "ours"),
    [
        ({"Name": "net", "Environment": "test"}, True),
        ({"Name": "net-data", "Environment": "test", "Other": "x"}, True),
        ({"Name": "net"}, False),
        ({"Name": "net", "Environment": "production"}, False),
        ({"Name": "network", "Environment": "test"}, False),
    ],
)
def test_what_is_ours(tags: dict[str, str], ours: bool) -> None:
    assert Ownership("net", {"Environment": "test"}).owns(tags) is ours


def test_a_tag_may_be_added() -> None:
    assert Ownership("net", {"Environment": "test", "CostCenter": "1"}).owns({"Name": "net", "Environment": "test"})


def test_a_second_resource_of_a_name_is_seen() -> None:
    item = {"Tags": [{"Key": "Name", "Value": "net-data"}]}
    assert len(owned([item, item], Ownership("net", {}))) == 2


# Bad input

INTERFACE = {"service": "ecr", "type": None, "security_group_ids": None, "policy": None, "private_dns_enabled": True}
LOGS = {"name": "logs", "log_destination_type": "s3", "log_destination": None, "max_aggregation_interval": 60}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"cidr_block": "10.0.0.0/33"}, "cidr_block: '10.0.0.0/33' is no IPv4 range"),
        ({"cidr_block": "10.0.0.1/16"}, "does not start its range: write 10.0.0.0/16"),
        ({"cidr_block": "10.0.0.0/8"}, "is not between /16 and /28"),
        ({"zones": 0}, "zones: 0 is not a number of zones"),
        ({"zone_names": []}, "zone_names: .* is empty"),
        ({"zone_names": [A, A]}, r"zone_names\[1\]: 'aq-east-1a' is given twice"),
        ({"tiers": [tier("public"), tier("public")]}, r"tiers\[1\].name: 'public' is given twice"),
        ({"tiers": [tier("Public")]}, "is no tier name"),
        ({"tiers": [tier("public", nat=True)]}, "does not go with public"),
        ({"tiers": [tier("public", newbits=13)]}, r"tiers\[0\].newbits: 13 makes subnets of /29"),
        ({"tiers": [tier("data", cidrs=["10.1.0.0/24"])]}, "is not inside cidr_block"),
        ({"tiers": [tier("data", cidrs=["10.0.0.0/24", "10.0.0.0/25"])]}, "overlaps 10.0.0.0/24"),
        ({"tiers": [tier("data", network_acl_rules=[rule(0)])]}, "is not between 1 and 32766"),
        ({"tiers": [tier("data", network_acl_rules=[rule(1), rule(1)])]}, "is given twice for ingress"),
        ({"tiers": [tier("data", network_acl_rules=[rule(1, to_port=None)])]}, "is no port range"),
        ({"tiers": [tier("data", network_acl_rules=[rule(1, cidr_block="10/8")])]}, "cidr_block: '10/8'"),
        ({"tiers": [tier("private")]}, "needs a public tier"),
        ({"tiers": [tier("public")]}, "serves no tier"),
        ({"endpoints": [{**INTERFACE, "tiers": ["data", "private"]}]}, "must be one tier"),
        ({"endpoints": [{**INTERFACE, "tiers": ["none"]}]}, "is none of tiers"),
        ({"flow_logs": [LOGS]}, "must be the bucket's ARN"),
        ({"tags": {"Name": "x"}}, "tags.Name"),
    ],
)
def test_what_cannot_be_is_named(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        check(options(**fields))


def test_good_input_passes() -> None:
    check(options())


# Waiting


@pytest.mark.parametrize(
    ("states", "status"),
    [
        (["available", "available"], "done"),
        (["available", "pending"], "pending"),
        (["available"], "pending"),
        (["failed", "pending"], "failed"),
    ],
)
def test_nat_gateways_ready(states: list[str], status: str) -> None:
    seen = [{"NatGatewayId": f"nat-{index}", "State": state} for index, state in enumerate(states)]
    assert nat_gateways_ready(seen, ["nat-0", "nat-1"]).status == status


@pytest.mark.parametrize(("state", "status"), [("deleting", "pending"), ("deleted", "done")])
def test_nat_gateways_gone(state: str, status: str) -> None:
    assert nat_gateways_gone([{"NatGatewayId": "nat-0", "State": state}], ["nat-0"]).status == status


@pytest.mark.parametrize(("state", "status"), [("Available", "done"), ("pending", "pending"), ("rejected", "failed")])
def test_endpoints_ready(state: str, status: str) -> None:
    assert endpoints_ready([{"VpcEndpointId": "vpce-0", "State": state}], ["vpce-0"]).status == status


def test_holders_say_what_they_are_for() -> None:
    assert holders([{"NetworkInterfaceId": "eni-1", "Description": "ELB app/auth"}]) == ["eni-1 (ELB app/auth)"]


def test_a_subnet_of_another_range_is_another_subnet() -> None:
    assert subnet_label("net-data", {"cidr_block": "10.0.0.0/24"}) == "net-data 10.0.0.0/24"


def test_what_is_made_is_awaited_until_listed() -> None:
    seen = Current(states={"subnet": {"net-data": {"id": "subnet-1"}}})
    assert visible(seen, ["subnet-1"]).status == "done"
    assert visible(seen, ["subnet-1", "subnet-2"]).detail == "subnet-2 not listed yet"
