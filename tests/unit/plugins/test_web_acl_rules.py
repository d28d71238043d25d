"""Rules of the firewall out of what an environment wants, and what the inventories want."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.trademaster.platform.plugins.filter.web_acl_rules import web_acl_rules

REPOSITORY = Path(__file__).resolve().parents[3]
COMMON = {"name": "AWSManagedRulesCommonRuleSet"}


def rules(wanted: dict[str, Any], mode: str = "block") -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in web_acl_rules(wanted, allowed="in", denied="out", mode=mode)}


def test_nothing_wanted_leaves_the_lists_of_addresses() -> None:
    found = rules({})
    assert {name: rule["action"] for name, rule in found.items()} == {
        "allowed-addresses": "allow",
        "denied-addresses": "block",
    }


def test_counting_refuses_nobody_but_by_address() -> None:
    found = rules({"body_size_bytes": 8192, "rate_limits": [{"name": "a", "limit": 10}], **groups(COMMON)}, "count")
    verdicts = {name: rule.get("action") or rule["override_action"] for name, rule in found.items()}
    assert verdicts.pop("allowed-addresses") == "allow"
    assert verdicts.pop("denied-addresses") == "block"
    assert set(verdicts.values()) == {"count"}
    assert not any("custom_response" in rule for rule in found.values())


def groups(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"managed_rule_groups": list(listed)}


@pytest.mark.parametrize(
    ("limit", "scope"),
    [
        ({}, None),
        ({"path": "/login"}, "byte_match_statement"),
        ({"methods": ["POST"]}, "byte_match_statement"),
        ({"methods": ["POST", "PUT"]}, "or_statement"),
        ({"path": "/login", "methods": ["POST"]}, "and_statement"),
    ],
)
def test_limits_are_for_paths_and_methods(limit: dict[str, Any], scope: str | None) -> None:
    statement = rules({"rate_limits": [{"name": "a", "limit": 10, **limit}]})["a-rate"]["statement"]
    found = statement["rate_based_statement"]
    assert (found["limit"], found["evaluation_window_sec"]) == (10, 300)
    assert list(found.get("scope_down_statement", {})) == ([scope] if scope else [])


@pytest.mark.parametrize("hosts", [["grafana.example.com"], ["grafana.example.com", "Other.example.com"]])
def test_hosts_are_left_alone_by_what_judges_contents(hosts: list[str]) -> None:
    addresses = {"name": "AWSManagedRulesAmazonIpReputationList", "all_hosts": True}
    found = rules({"body_size_bytes": 100, "exempt_hosts": hosts, **groups(addresses, COMMON)})
    scoped = {name for name, rule in found.items() if all(host.lower() in str(rule) for host in hosts)}
    assert scoped == {"body-size", COMMON["name"]}


def test_the_own_limit_of_bodies_stands_for_that_of_the_group() -> None:
    group = rules(groups({**COMMON, "counted_rules": ["NoUserAgent_HEADER"]}))[COMMON["name"]]
    overrides = group["statement"]["managed_rule_group_statement"]["rule_action_overrides"]
    assert [override["name"] for override in overrides] == ["NoUserAgent_HEADER", "SizeRestrictions_BODY"]


def test_priorities_are_unique_and_in_order() -> None:
    wanted = {"rate_limits": [{"name": n, "limit": 10} for n in "ab"], "body_size_bytes": 1, **groups(COMMON)}
    priorities = [rule["priority"] for rule in web_acl_rules(wanted, allowed="in", denied="out")]
    assert priorities == sorted(set(priorities))


@pytest.mark.parametrize("environment", ["local", "staging"])
def test_the_gateway_answers_before_the_firewall_does(environment: str) -> None:
    """A limit of the firewall is above what the gateway lets through in the same time."""

    def variables(topic: str) -> dict[str, Any]:
        path = REPOSITORY / "inventories" / environment / "group_vars" / "all" / f"{topic}.yml"
        found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
        return found

    routes = [route for service in variables("kong_config")["kong_config_services"] for route in service["routes"]]
    gateway = {path: route["limits"] for route in routes if "limits" in route for path in route["paths"]}
    limits = variables("edge")["edge_waf_rate_limits"]
    assert {"/api/v1/auth/login", "/api/v1/auth/register"} <= {limit["path"] for limit in limits}
    for limit in limits:
        minutes = limit.get("window_seconds", 300) / 60
        assert limit["limit"] > gateway[limit["path"]]["minute"] * minutes
