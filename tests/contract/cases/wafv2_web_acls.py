"""Contract cases of wafv2_web_acls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "waf"}
NAME, DENIED, FOREIGN = "contract-waf", "contract-waf-denied", "contract-waf-foreign"
BALANCERS = ("contract-waf", "contract-waf-other")
LOGS = ("aws-waf-logs-contract", "aws-waf-logs-contract-other")
LOG_ARN = "arn:aws:logs:us-east-1:123456789012:log-group:{}"
NONE = [{"priority": 0, "type": "NONE"}]

DENY = {
    "name": "denied",
    "priority": 0,
    "action": "block",
    "statement": {"ip_set_reference_statement": {"arn": DENIED}},
}
COMMON = {"vendor_name": "AWS", "name": "AWSManagedRulesCommonRuleSet"}
GROUP = {
    "name": "common",
    "priority": 10,
    "override_action": "none",
    "statement": {"managed_rule_group_statement": COMMON},
}
LOGIN = {
    "byte_match_statement": {
        "search_string": "/api/v1/auth/login",
        "positional_constraint": "EXACTLY",
        "field_to_match": {"uri_path": {}},
        "text_transformations": [{"priority": 1, "type": "LOWERCASE"}, {"priority": 0, "type": "NORMALIZE_PATH"}],
    }
}
POST = {
    "byte_match_statement": {
        "search_string": "POST",
        "positional_constraint": "EXACTLY",
        "field_to_match": {"method": {}},
        "text_transformations": NONE,
    }
}
RATE = {
    "limit": 100,
    "aggregate_key_type": "IP",
    "scope_down_statement": {"and_statement": {"statements": [LOGIN, POST]}},
}
FLOOD = {"name": "login-flood", "priority": 20, "action": "block", "statement": {"rate_based_statement": RATE}}
BODY = {
    "name": "body-size",
    "priority": 30,
    "action": "block",
    "custom_response": {
        "response_code": 413,
        "custom_response_body_key": "large",
        "response_headers": {"x-why": "size"},
    },
    "statement": {
        "size_constraint_statement": {
            "comparison_operator": "GT",
            "size": 8192,
            "field_to_match": {"body": {"oversize_handling": "MATCH"}},
            "text_transformations": NONE,
        }
    },
}
LOGGING = {"log_destination": LOG_ARN.format(LOGS[0]), "redacted_headers": ["Authorization", "cookie"]}
ACL = {
    "name": NAME,
    "description": "What reaches the contract",
    "rules": [FLOOD, DENY, GROUP, BODY],
    "custom_response_bodies": {"large": {"content_type": "TEXT_PLAIN", "content": "too large"}},
    "logging": LOGGING,
}
SETS = [{"name": DENIED, "addresses": ["192.0.2.0/24", "198.51.100.7"]}]


def acl(**fields: Any) -> dict[str, Any]:
    return {"web_acls": [{**ACL, **fields}]}


def rule(changed: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    """The web ACL with one rule that has other fields."""
    return acl(rules=[{**item, **fields} if item is changed else item for item in ACL["rules"]])


def rate(**fields: Any) -> dict[str, Any]:
    return rule(FLOOD, statement={"rate_based_statement": {**RATE, **fields}})


def group(**fields: Any) -> dict[str, Any]:
    return rule(GROUP, statement={"managed_rule_group_statement": {**COMMON, **fields}})


def size(**fields: Any) -> dict[str, Any]:
    return rule(
        BODY, statement={"size_constraint_statement": {**BODY["statement"]["size_constraint_statement"], **fields}}
    )


def log(**fields: Any) -> dict[str, Any]:
    return acl(logging={**LOGGING, **fields})


def sets(*listed: Mapping[str, Any]) -> dict[str, Any]:
    return {"ip_sets": listed}


BLOCKED = {"behavior": "KEEP", "requirement": "MEETS_ANY", "conditions": [{"action_condition": {"action": "BLOCK"}}]}
EDITS = {
    "description": acl(description="Other"),
    "no description": acl(description=""),
    "default action": acl(default_action="block"),
    "metric": acl(visibility_config={"metric_name": "other", "sampled_requests_enabled": False}),
    "body of answers": acl(custom_response_bodies={"large": {"content_type": "TEXT_PLAIN", "content": "much"}}),
    "no rules": acl(rules=[]),
    "one rule fewer": acl(rules=[FLOOD, DENY, GROUP]),
    "one rule more": acl(rules=[*ACL["rules"], {**DENY, "name": "denied-too", "priority": 1}]),
    "priorities": acl(rules=[{**DENY, "priority": 40}, FLOOD, GROUP, BODY]),
    "rule counts": rule(FLOOD, action="count"),
    "group counts": rule(GROUP, override_action="count"),
    "labels": rule(FLOOD, rule_labels=["flood"]),
    "rule metric": rule(DENY, visibility_config={"cloud_watch_metrics_enabled": False}),
    "response": rule(BODY, custom_response={"response_code": 400}),
    "limit": rate(limit=200),
    "window": rate(evaluation_window_sec=60),
    "scope": rate(scope_down_statement=LOGIN),
    "version": group(version="Version_1.4"),
    "override": group(rule_action_overrides=[{"name": "SizeRestrictions_BODY", "action_to_use": {"count": {}}}]),
    "group scope": group(scope_down_statement={"not_statement": {"statement": LOGIN}}),
    "size": size(size=4096),
    "oversize": size(field_to_match={"body": {}}),
    "destination": log(log_destination=LOG_ARN.format(LOGS[1])),
    "no log": log(log_destination=""),
    "redacted": log(redacted_headers=["authorization"], redacted_fields=["query_string"]),
    "filter": log(filter={"default_behavior": "DROP", "filters": [BLOCKED]}),
    "addresses": sets({**SETS[0], "addresses": ["192.0.2.0/24"]}),
    "no addresses": sets({**SETS[0], "addresses": []}),
    "description of an IP set": sets({**SETS[0], "description": "Denied"}),
    "one IP set more": sets(
        *SETS, {"name": f"{DENIED}-6", "addresses": ["2001:db8::/32"], "ip_address_version": "IPV6"}
    ),
    "another IP set": {
        **rule(DENY, statement={"ip_set_reference_statement": {"arn": f"{DENIED}-other"}}),
        **sets({"name": f"{DENIED}-other", "addresses": []}),
        "purge": True,
    },
    "one more": {"web_acls": [ACL, {"name": f"{NAME}-more"}]},
    "another, all others removed": {"web_acls": [{"name": f"{NAME}-more"}], "ip_sets": [], "purge": True},
    "tags": {"tags": {**TAGS, "Owner": "platform"}},
}


def surroundings(boto: Boto) -> Mapping[str, Any]:
    """Two load balancers to protect, and two log groups."""
    ec2, elbv2, logs = boto("ec2"), boto("elbv2"), boto("logs")
    defaults = [{"Name": "default-for-az", "Values": ["true"]}]
    subnets = [row["SubnetId"] for row in ec2.describe_subnets(Filters=defaults)["Subnets"]][:2]
    found = elbv2.describe_load_balancers()["LoadBalancers"]
    there = {row["LoadBalancerName"]: row["LoadBalancerArn"] for row in found}
    for name in set(BALANCERS) - set(there):
        made = elbv2.create_load_balancer(Name=name, Subnets=subnets)["LoadBalancers"][0]
        there[name] = made["LoadBalancerArn"]
    groups = {row["logGroupName"] for row in logs.describe_log_groups()["logGroups"]}
    for name in set(LOGS) - groups:
        logs.create_log_group(logGroupName=name)
    first, second = (there[name] for name in BALANCERS)
    # Edits that need what is only known by now.
    EDITS["one load balancer more"] = acl(associations=[first, second])
    EDITS["another load balancer"] = acl(associations=[second])
    EDITS["no load balancer"] = acl(associations=[])
    EDITS["a load balancer moves"] = {
        "web_acls": [{**ACL, "associations": []}, {"name": f"{NAME}-more", "associations": [first]}]
    }
    return acl(associations=[first])


def foreign(boto: Boto) -> Callable[[], Any]:
    """A web ACL and an IP set that are named for removal and not ours, and a web ACL without tags."""
    waf = boto("wafv2")
    scope = {"Scope": "REGIONAL"}
    visibility = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "foreign"}
    basics = {**scope, "DefaultAction": {"Allow": {}}, "VisibilityConfig": visibility}
    for name in (FOREIGN, f"{FOREIGN}-too"):
        waf.create_web_acl(Name=name, **basics)
    waf.create_ip_set(Name=FOREIGN, IPAddressVersion="IPV4", Addresses=["203.0.113.0/24"], **scope)
    acls = [item for item in waf.list_web_acls(**scope)["WebACLs"] if item["Name"].startswith(FOREIGN)]
    (ip_set,) = (item for item in waf.list_ip_sets(**scope)["IPSets"] if item["Name"] == FOREIGN)
    return lambda: [
        *(waf.get_web_acl(Name=item["Name"], Id=item["Id"], **scope)["WebACL"] for item in acls),
        waf.get_ip_set(Name=FOREIGN, Id=ip_set["Id"], **scope)["IPSet"],
    ]


CASES = [
    Case(
        name="wafv2_web_acls",
        module="wafv2_web_acls",
        present={**acl(), **sets(*SETS), "tags": TAGS},
        absent={
            "web_acls": [{"name": name} for name in (NAME, f"{NAME}-more", FOREIGN)],
            "ip_sets": [{"name": name, "addresses": []} for name in (DENIED, f"{DENIED}-6", FOREIGN)],
            "state": "absent",
        },
        prepare=surroundings,
        edits=EDITS,
        foreign=foreign,
    ),
]
