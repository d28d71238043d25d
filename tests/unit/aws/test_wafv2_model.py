"""Planning of web ACLs, IP sets, logs and associations."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.wafv2 import model, shapes, statements
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

SERVICE = botocore.session.Session().get_service_model("wafv2")
ACL, RULE, LOGGING = (SERVICE.shape_for(name) for name in ("WebACL", "Rule", "LoggingConfiguration"))
TAGS = {"Project": "trademaster"}
SETS = {"arn:aws:wafv2:us-east-1:123456789012:regional/ipset/denied/1": "denied"}
BALANCER = "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/app/edge/50dc6c495c0c9188"
LOG = "arn:aws:logs:us-east-1:123456789012:log-group:aws-waf-logs-edge"
NONE = [{"priority": 0, "type": "NONE"}]
PATH = {
    "search_string": "/login",
    "positional_constraint": "EXACTLY",
    "field_to_match": {"uri_path": {}},
    "text_transformations": [{"priority": 1, "type": "LOWERCASE"}, {"priority": 0, "type": "URL_DECODE"}],
}
BODY = {
    "field_to_match": {"body": {}},
    "comparison_operator": "GT",
    "size": 8192,
    "text_transformations": NONE,
}
RATE = {"limit": 100, "aggregate_key_type": "IP"}
GROUP = {"vendor_name": "AWS", "name": "AWSManagedRulesCommonRuleSet"}
COUNTED = {"name": "SizeRestrictions_BODY", "action_to_use": {"count": {}}}


def rule(statement: dict[str, Any], **fields: Any) -> dict[str, Any]:
    verdict = {} if "managed_rule_group_statement" in statement else {"action": "block"}
    return {"name": "a", "priority": 1, "statement": statement, **verdict, **fields}


def desired(given: dict[str, Any]) -> dict[str, Any]:
    return statements.desired_rule(given, RULE, SETS, "rule")


def current(answer: dict[str, Any]) -> dict[str, Any]:
    """A rule as WAF answers it."""
    visible = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "a"}
    verdict = (
        {"OverrideAction": {"None": {}}}
        if "ManagedRuleGroupStatement" in answer["Statement"]
        else {"Action": {"Block": {}}}
    )
    whole = {"Name": "a", "Priority": 1, "VisibilityConfig": visible, **verdict, **answer}
    found: dict[str, Any] = statements.normalised(shapes.from_api(RULE, whole), SETS)
    return found


# What WAF answers although it was not asked for, and another order of what has none, is no difference.


@pytest.mark.parametrize(
    ("statement", "answered"),
    [
        (
            {"rate_based_statement": RATE},
            {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP", "EvaluationWindowSec": 300}},
        ),
        (
            {"rate_based_statement": {**RATE, "evaluation_window_sec": "300", "limit": "100"}},
            {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP", "EvaluationWindowSec": 300}},
        ),
        (
            {"size_constraint_statement": BODY},
            {
                "SizeConstraintStatement": {
                    "FieldToMatch": {"Body": {"OversizeHandling": "CONTINUE"}},
                    "ComparisonOperator": "GT",
                    "Size": 8192,
                    "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
                }
            },
        ),
        (
            {"byte_match_statement": PATH},
            {
                "ByteMatchStatement": {
                    "SearchString": b"/login",
                    "PositionalConstraint": "EXACTLY",
                    "FieldToMatch": {"UriPath": {}},
                    "TextTransformations": [
                        {"Priority": 0, "Type": "URL_DECODE"},
                        {"Priority": 1, "Type": "LOWERCASE"},
                    ],
                }
            },
        ),
        ({"ip_set_reference_statement": {"arn": "denied"}}, {"IPSetReferenceStatement": {"ARN": next(iter(SETS))}}),
        (
            {"ip_set_reference_statement": {"arn": next(iter(SETS))}},
            {"IPSetReferenceStatement": {"ARN": next(iter(SETS))}},
        ),
        (
            {"geo_match_statement": {"country_codes": ["DE", "AT"]}},
            {"GeoMatchStatement": {"CountryCodes": ["AT", "DE"]}},
        ),
        (
            {"managed_rule_group_statement": GROUP},
            {
                "ManagedRuleGroupStatement": {
                    "VendorName": "AWS",
                    "Name": "AWSManagedRulesCommonRuleSet",
                    "RuleActionOverrides": [],
                    "ManagedRuleGroupConfigs": [],
                }
            },
        ),
        (
            {"managed_rule_group_statement": {**GROUP, "excluded_rules": [{"name": "SizeRestrictions_BODY"}]}},
            {
                "ManagedRuleGroupStatement": {
                    "VendorName": "AWS",
                    "Name": "AWSManagedRulesCommonRuleSet",
                    "RuleActionOverrides": [{"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}}],
                }
            },
        ),
    ],
)
def test_what_waf_fills_in_is_no_change(statement: dict[str, Any], answered: dict[str, Any]) -> None:
    assert desired(rule(statement)) == current({"Statement": answered})


@pytest.mark.parametrize(
    "statement",
    [
        {"rate_based_statement": {**RATE, "limit": 200}},
        {"rate_based_statement": {**RATE, "evaluation_window_sec": 60}},
        {"rate_based_statement": {**RATE, "scope_down_statement": {"byte_match_statement": PATH}}},
        {"size_constraint_statement": {**BODY, "field_to_match": {"body": {"oversize_handling": "MATCH"}}}},
        {"size_constraint_statement": {**BODY, "size": 4096}},
        {"byte_match_statement": {**PATH, "search_string": "/other"}},
        {"byte_match_statement": {**PATH, "text_transformations": NONE}},
        {"not_statement": {"statement": {"byte_match_statement": PATH}}},
        {"ip_set_reference_statement": {"arn": "other"}},
        {"geo_match_statement": {"country_codes": ["DE"]}},
        {"managed_rule_group_statement": {**GROUP, "version": "Version_1.4"}},
        {"managed_rule_group_statement": {**GROUP, "rule_action_overrides": [COUNTED]}},
        {"managed_rule_group_statement": {**GROUP, "scope_down_statement": {"byte_match_statement": PATH}}},
    ],
)
def test_another_statement_is_a_change(statement: dict[str, Any]) -> None:
    answers = [
        {"rate_based_statement": RATE},
        {"size_constraint_statement": BODY},
        {"byte_match_statement": PATH},
        {"ip_set_reference_statement": {"arn": "denied"}},
        {"geo_match_statement": {"country_codes": ["DE", "AT"]}},
        {"managed_rule_group_statement": GROUP},
    ]
    assert desired(rule(statement)) not in [desired(rule(answer)) for answer in answers]


def test_what_is_compared_is_what_is_sent() -> None:
    """Nothing is lost on the way to the API and back."""
    given = rule({"rate_based_statement": {**RATE, "scope_down_statement": {"byte_match_statement": PATH}}})
    state = desired({**given, "rule_labels": ["flood"], "custom_response": {"response_code": 429}})
    assert statements.normalised(shapes.from_api(RULE, shapes.to_api(RULE, state)), SETS) == state


# Bad input fails in one line


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        (rule({"rate_based": RATE}), "rule.statement.rate_based"),
        (rule({"rate_based_statement": {"limit": 100}}), "rule.statement.rate_based_statement.aggregate_key_type"),
        (rule({"rate_based_statement": {**RATE, "limit": 9}}), "rule.statement.rate_based_statement.limit"),
        (rule({"rate_based_statement": {**RATE, "limit": "many"}}), "rule.statement.rate_based_statement.limit"),
        (
            rule({"rate_based_statement": {**RATE, "evaluation_window_sec": 90}}),
            "rule.statement.rate_based_statement.evaluation_window_sec",
        ),
        (
            rule({"rate_based_statement": {**RATE, "aggregate_key_type": "HOST"}}),
            "rule.statement.rate_based_statement.aggregate_key_type",
        ),
        (rule({}), "rule.statement"),
        (rule({"byte_match_statement": PATH, "rate_based_statement": RATE}), "rule.statement"),
        (rule({"and_statement": {"statements": "none"}}), "rule.statement.and_statement.statements"),
        (rule({"byte_match_statement": "/login"}), "rule.statement.byte_match_statement"),
        (rule({"byte_match_statement": PATH}, action=None), "rule.action"),
        (rule({"byte_match_statement": PATH}, override_action="none"), "rule.action"),
        (rule({"managed_rule_group_statement": GROUP}, action="block"), "rule.action"),
        (
            rule({"byte_match_statement": PATH}, action="count", custom_response={"response_code": 429}),
            "rule.custom_response",
        ),
    ],
)
def test_impossible_rules_are_named(given: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        desired(given)
    assert error.value.variable == variable
    assert "\n" not in str(error.value)


def options(*acls: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"web_acls": list(acls), "ip_sets": None, "tags": TAGS, "purge": False, "state": "present", **fields}


@pytest.mark.parametrize(
    ("given", "variable"),
    [
        (options({"name": "a b"}), "web_acls[0].name"),
        (options({"name": "a"}, {"name": "a"}), "web_acls[1].name"),
        (options(ip_sets=[{"name": ""}]), "ip_sets[0].name"),
        (
            options({"name": "a", "rules": [{"name": "x", "priority": 1}, {"name": "y", "priority": 1}]}),
            "web_acls[0].rules[1].priority",
        ),
        (
            options({"name": "a", "rules": [{"name": "x", "priority": 1}, {"name": "x", "priority": 2}]}),
            "web_acls[0].rules[1].name",
        ),
        (options({"name": "a", "associations": ["edge"]}), "web_acls[0].associations[0]"),
        (
            options({"name": "a", "logging": {"log_destination": LOG.replace("aws-waf-logs-", "")}}),
            "web_acls[0].logging.log_destination",
        ),
        (options(purge=True, tags={}), "tags"),
        (options(state="absent", tags=None), "tags"),
    ],
)
def test_impossible_options_are_named(given: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        model.validate(given)
    assert error.value.variable == variable


def test_what_is_known_after_apply_passes() -> None:
    logging = {"log_destination": KNOWN_AFTER_APPLY}
    model.validate(options({"name": "a", "associations": [KNOWN_AFTER_APPLY], "logging": logging}))


def test_an_ip_set_that_nobody_made_is_named() -> None:
    state = {"rule a": desired(rule({"ip_set_reference_statement": {"arn": "allowed"}}))}
    with pytest.raises(InvalidInput, match="allowed"):
        model.validate_references("web_acls[0]", state, ["denied"])


def test_too_much_capacity_is_named_with_the_limit() -> None:
    with pytest.raises(InvalidInput, match="1501 capacity units"):
        model.validate_capacity("edge", 1501, 1500)


def test_an_ip_set_that_is_not_there_yet_is_weighed_as_what_costs_the_same() -> None:
    given = {"not_statement": {"statement": {"ip_set_reference_statement": {"arn": "new"}}}}
    assert statements.without(given, ["new"]) == {
        "not_statement": {"statement": {"geo_match_statement": {"country_codes": ["US"]}}}
    }
    assert statements.without(given, []) == given


# Web ACLs


def acl_state(*rules: dict[str, Any]) -> dict[str, Any]:
    given = {"name": "edge", "default_action": "allow", "rules": list(rules)}
    return model.desired_acl("web_acls[0]", given, ACL, SETS, TAGS)


def test_rules_differ_one_by_one_and_unwanted_ones_go() -> None:
    first, second = rule({"byte_match_statement": PATH}), rule({"rate_based_statement": RATE}, name="b", priority=2)
    there = {**acl_state(first, second), "owned": True}
    (change,) = model.plan_acl("edge", there, acl_state({**first, "priority": 3}), rules_managed=True)
    assert change.fields == ("rule a", "rule b")
    assert [item["priority"] for item in model.rules_of(change.desired)] == [3]
    assert model.plan_acl("edge", there, acl_state(second, first), rules_managed=True) == []


def test_rules_that_are_not_given_are_left_alone() -> None:
    there = {**acl_state(rule({"byte_match_statement": PATH})), "owned": True}
    given = {"name": "edge", "default_action": "block", "rules": None}
    wanted = model.desired_acl("web_acls[0]", given, ACL, SETS, TAGS)
    (change,) = model.plan_acl("edge", there, wanted, rules_managed=False)
    assert change.fields == ("default_action",)


def test_an_update_keeps_what_is_not_managed() -> None:
    current_acl = {"Name": "edge", "Description": "old", "TokenDomains": ["example.com"], "Capacity": 3}
    assert model.replaced(current_acl, {"Description": ""}, ["Name", "Description", "TokenDomains"]) == {
        "Name": "edge",
        "TokenDomains": ["example.com"],
    }


def test_only_what_is_ours_is_removed() -> None:
    there = {name: {"owned": name != "foreign"} for name in ("edge", "old", "foreign")}
    assert [change.key for change in model.plan_unlisted(there, ["edge"])] == ["old"]
    sets = {name: {"addresses": [], "owned": name != "foreign"} for name in ("denied", "old", "foreign")}
    changes = model.plan_ip_sets(sets, {"denied": {"addresses": []}}, purge=True)
    assert [(change.op, change.key) for change in changes] == [("delete", "old")]


# IP sets


def test_addresses_are_networks_in_one_order() -> None:
    assert model.networks("addresses", ["198.51.100.7", "192.0.2.0/24", "192.0.2.0/24"], "IPV4") == [
        "192.0.2.0/24",
        "198.51.100.7/32",
    ]
    assert model.networks("addresses", ["2001:DB8:0::/32"], "IPV6") == ["2001:db8::/32"]


@pytest.mark.parametrize(
    ("address", "version"),
    [("192.0.2.1/24", "IPV4"), ("host", "IPV4"), ("2001:db8::1", "IPV4"), ("192.0.2.1", "IPV6"), ("0.0.0.0/0", "IPV4")],
)
def test_impossible_addresses_are_named(address: str, version: str) -> None:
    with pytest.raises(InvalidInput) as error:
        model.networks("addresses", [address], version)
    assert (error.value.variable, error.value.value) == ("addresses[0]", address)


def test_the_kind_of_addresses_cannot_be_changed() -> None:
    there = {"denied": {"ip_address_version": "IPV4", "owned": True}}
    with pytest.raises(InvalidInput, match="another name"):
        model.plan_ip_sets(there, {"denied": {"ip_address_version": "IPV6"}}, purge=False)


# Logs and associations


def log(**fields: Any) -> dict[str, Any] | None:
    return model.desired_logging("logging", {"log_destination": LOG, **fields}, LOGGING)


@pytest.mark.parametrize(
    ("given", "changes"),
    [
        ({"redacted_headers": ["Cookie", "authorization"], "redacted_fields": ["method"]}, []),
        ({"redacted_headers": ["cookie"], "redacted_fields": ["method"]}, ["update"]),
        ({"redacted_headers": ["cookie", "authorization"]}, ["update"]),
        ({"log_destination": ""}, ["delete"]),
    ],
)
def test_logs_are_compared(given: dict[str, Any], changes: list[str]) -> None:
    answered = {
        "LogDestinationConfigs": [f"{LOG}:*"],
        "RedactedFields": [
            {"SingleHeader": {"Name": "authorization"}},
            {"Method": {}},
            {"SingleHeader": {"Name": "cookie"}},
        ],
    }
    there = model.current_logging(answered, LOGGING)
    assert [change.op for change in model.plan_logging("edge", there, log(**given))] == changes


def test_a_log_that_is_sent_is_read_as_the_same() -> None:
    conditions = [{"action_condition": {"action": "BLOCK"}}]
    keep = {"behavior": "KEEP", "requirement": "MEETS_ANY", "conditions": conditions}
    state = log(redacted_headers=["cookie"], filter={"default_behavior": "DROP", "filters": [keep]})
    assert state is not None
    assert model.current_logging(model.logging_request("arn", state, LOGGING), LOGGING) == state


def test_a_load_balancer_is_let_go_before_it_is_taken() -> None:
    changes = [*model.plan_associations("old", [BALANCER], []), *model.plan_associations("new", [], [BALANCER])]
    ordered = sorted(changes, key=lambda change: change.level)
    assert [str(change) for change in ordered] == ["delete association old edge", "create association new edge"]
