"""The networks of the inventories keep what is asserted of them, and each assertion notices when it does not hold."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.analyse import Analyser
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.assertions import prove

from scripts.topology import network, variables

Group = dict[str, Any]
WORLD = {"cidr_ipv4": "0.0.0.0/0"}


@cache
def given(inventory: str) -> dict[str, Any]:
    return variables(f"inventories/{inventory}")


def findings(values: dict[str, Any]) -> dict[str, str]:
    """Findings by the name of the assertion."""
    found = prove(Analyser(network(values)), values["network_reachability_assertions"])
    return {one.assertion: one.text for one in found}


def without_the_others(values: dict[str, Any], assertion: dict[str, Any]) -> dict[str, Any]:
    return {**values, "network_reachability_assertions": [assertion]}


@pytest.mark.parametrize("inventory", ["local", "staging"])
def test_what_is_asserted_holds(inventory: str) -> None:
    assert findings(given(inventory)) == {}


def group(values: dict[str, Any], name: str) -> Group:
    found: Group = next(one for one in values["network_security_groups"] if one["name"] == name)
    return found


def opened(values: dict[str, Any], source: str, target: str, port: int) -> None:
    """Let one group reach another, at both ends."""
    group(values, source).setdefault("egress", []).append({"from_port": port, "group": target})
    group(values, target).setdefault("ingress", []).append({"from_port": port, "group": source})


def closed(values: dict[str, Any], source: str, target: str, port: int) -> None:
    """Take from a group the rules for what it sends another, or the world, on a port."""
    rules = group(values, source)["egress"]
    rules[:] = [rule for rule in rules if not (rule.get("group", "") == target and rule["from_port"] == port)]


def breaking(assertion: dict[str, Any]) -> Callable[[dict[str, Any]], None]:
    """A change of the network after which the assertion cannot hold."""
    if assertion.get("only_from") is not None and assertion["target"] != "load-balancer":
        port = 5432 if assertion["target"] in ("database", "cache") else 8443
        return lambda values: opened(values, "stranger", assertion["target"], port)
    if assertion.get("only_from") is not None:
        return lambda values: group(values, "load-balancer")["ingress"].append({"from_port": 8443, **WORLD})
    if assertion["source"] == "internet" and assertion.get("only_to") is not None:
        return lambda values: group(values, "stranger").update(ingress=[{"from_port": 8443, **WORLD}])
    if assertion.get("only_to") is not None:
        return lambda values: opened(values, assertion["source"], "stranger", 8443)
    return lambda values: severed(values, assertion)


def severed(values: dict[str, Any], assertion: dict[str, Any]) -> None:
    source, target, port = assertion["source"], assertion["target"], int(assertion["ports"][0])
    if source == "internet":
        rules = group(values, "load-balancer")["ingress"]
        rules[:] = [rule for rule in rules if "cidr_ipv4" not in rule]
        return
    closed(values, source, "" if target in ("internet",) or target.startswith("aws:") else target, port)


ASSERTIONS = given("staging")["network_reachability_assertions"]


@pytest.mark.parametrize("assertion", ASSERTIONS, ids=[one["name"] for one in ASSERTIONS])
def test_each_assertion_notices_when_it_does_not_hold(assertion: dict[str, Any]) -> None:
    values = without_the_others(copy.deepcopy(given("staging")), assertion)
    stranger = {"name": "stranger", "description": "Not thought of", "ingress": [], "egress": []}
    values["network_security_groups"].append(stranger)
    assert findings(values) == {}

    breaking(assertion)(values)

    assert list(findings(values)) == [assertion["name"]]


def test_a_database_that_is_open_to_the_world_is_named_with_the_rule_that_opens_it() -> None:
    values = copy.deepcopy(given("staging"))
    group(values, "database")["ingress"].append({"from_port": 5432, **WORLD})

    found = findings(values)

    (text,) = found.values()
    assert "vpc reaches database on tcp 5432" in text
    assert "security group database ingress tcp 5432 from 0.0.0.0/0" in text


@pytest.mark.parametrize(
    ("assertion", "where"),
    [
        ("The service reaches the mail server", "network ACL"),
        ("Customers reach the gateway by way of the load balancer", "return ingress"),
    ],
)
def test_a_public_tier_that_refuses_what_the_vpc_sends_is_noticed(assertion: str, where: str) -> None:
    """A NAT gateway stands behind the network ACL of its subnet, and load balancers connect from any port."""
    values = copy.deepcopy(given("staging"))
    tier = next(one for one in values["network_tiers"] if one["name"] == "public")
    tier["network_acl_rules"] = [rule for rule in tier["network_acl_rules"] if rule["rule_number"] != 90]

    assert where in findings(values)[assertion]


def test_data_subnets_that_lead_to_the_internet_let_nothing_in_while_groups_hold() -> None:
    values = copy.deepcopy(given("staging"))
    tier = next(one for one in values["network_tiers"] if one["name"] == "data")
    tier.update(public=True, network_acl_rules=None)
    values["network_reachability_workloads"] = [
        {**one, "public": one["public"] if "public" in one else one["tier"] == "data"}
        for one in values["network_reachability_workloads"]
    ]
    assert findings(values) == {}

    group(values, "database")["ingress"].append({"from_port": 5432, **WORLD})

    assert (
        "internet reaches database on tcp 5432"
        in findings(values)["The internet reaches the load balancer and nothing else"]
    )
