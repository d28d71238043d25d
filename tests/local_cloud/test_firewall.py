"""Web ACLs: what WAF refuses, and what load balancers enforce, over boto3 and real HTTP requests through Envoy."""

from __future__ import annotations

import http.client
import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import botocore.exceptions
import pytest
from local_cloud_support import DEFAULT_SUBNETS, LocalCloud, eventually

SCOPE = {"Scope": "REGIONAL"}
NONE = [{"Priority": 0, "Type": "NONE"}]
RATE = {"Limit": 10, "AggregateKeyType": "IP"}
COMMON = {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}
LOGS = "aws-waf-logs-enforced"


def visibility(name: str) -> dict[str, Any]:
    return {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": name}


def rule(name: str, priority: int, statement: dict[str, Any], **verdict: Any) -> dict[str, Any]:
    given = verdict or {"Action": {"Block": {}}}
    return {
        "Name": name,
        "Priority": priority,
        "Statement": statement,
        "VisibilityConfig": visibility(name),
        **given,
    }


def group(**fields: Any) -> dict[str, Any]:
    return rule("group", 1, {"ManagedRuleGroupStatement": {**COMMON, **fields}}, OverrideAction={"None": {}})


def path(text: str, constraint: str = "STARTS_WITH") -> dict[str, Any]:
    steps = [{"Priority": 0, "Type": "URL_DECODE"}, {"Priority": 1, "Type": "NORMALIZE_PATH"}]
    match = {"FieldToMatch": {"UriPath": {}}, "SearchString": text, "PositionalConstraint": constraint}
    return {"ByteMatchStatement": {**match, "TextTransformations": steps}}


def rate(limit: int, scope: dict[str, Any]) -> dict[str, Any]:
    return {"RateBasedStatement": {"Limit": limit, "AggregateKeyType": "IP", "ScopeDownStatement": scope}}


def larger(size: int) -> dict[str, Any]:
    field = {"Body": {"OversizeHandling": "MATCH"}}
    fields = {"FieldToMatch": field, "ComparisonOperator": "GT", "Size": size, "TextTransformations": NONE}
    return {"SizeConstraintStatement": fields}


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(botocore.exceptions.ClientError) as error:
        call(**SCOPE, **arguments)
    return str(error.value.response["Error"]["Code"])


# What WAF refuses


@pytest.mark.parametrize(
    ("rules", "code"),
    [
        ([group(VendorName="Other")], "WAFNonexistentItemException"),
        ([group(Name="AWSManagedRulesNoSuchSet")], "WAFNonexistentItemException"),
        ([group(Version="Version_99")], "WAFNonexistentItemException"),
        (
            [group(RuleActionOverrides=[{"Name": "NoSuchRule", "ActionToUse": {"Count": {}}}])],
            "WAFInvalidParameterException",
        ),
        ([rule("a", 1, path("/a")), rule("b", 1, path("/b"))], "WAFInvalidParameterException"),
        ([rule("a", 1, path("/a")), rule("a", 2, path("/b"))], "WAFInvalidParameterException"),
        ([rule("a", 1, {"RateBasedStatement": {**RATE, "EvaluationWindowSec": 90}})], "WAFInvalidParameterException"),
        (
            [rule("a", 1, {"RateBasedStatement": {**RATE, "AggregateKeyType": "CONSTANT"}})],
            "WAFInvalidParameterException",
        ),
        ([rule("a", 1, {"NotStatement": {"Statement": rate(10, path("/a"))}})], "WAFInvalidParameterException"),
        ([rule("a", 1, {"ManagedRuleGroupStatement": COMMON})], "WAFInvalidParameterException"),
        (
            [
                rule(
                    "a",
                    1,
                    {"IPSetReferenceStatement": {"ARN": "arn:aws:wafv2:us-east-1:123456789012:regional/ipset/a/b"}},
                )
            ],
            "WAFNonexistentItemException",
        ),
        ([{**group(), "Name": str(n), "Priority": n} for n in range(8)], "WAFLimitsExceededException"),
    ],
)
def test_impossible_rules_are_refused(local_cloud: LocalCloud, rules: list[Any], code: str) -> None:
    assert refusal(local_cloud.client("wafv2").check_capacity, Rules=rules) == code


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ([group()], 700),
        ([rule("a", 1, path("/a"))], 2 + 20),
        ([rule("a", 1, rate(10, path("/a", "CONTAINS")))], 2 + 10 + 20),
        ([rule("a", 1, larger(100)), rule("b", 2, {"GeoMatchStatement": {"CountryCodes": ["DE"]}})], 2),
    ],
)
def test_rules_are_weighed(local_cloud: LocalCloud, rules: list[Any], expected: int) -> None:
    assert local_cloud.client("wafv2").check_capacity(Rules=rules, **SCOPE)["Capacity"] == expected


def test_groups_of_aws_are_listed_and_described(local_cloud: LocalCloud) -> None:
    waf = local_cloud.client("wafv2")
    listed = {row["Name"] for row in waf.list_available_managed_rule_groups(**SCOPE)["ManagedRuleGroups"]}
    described = waf.describe_managed_rule_group(**COMMON, **SCOPE)
    assert COMMON["Name"] in listed
    assert described["Capacity"] == 700
    assert "SizeRestrictions_BODY" in {row["Name"] for row in described["Rules"]}


# What load balancers enforce


@dataclass
class Protected:
    """A load balancer that answers 200, and its web ACL."""

    cloud: LocalCloud
    acl: dict[str, str]
    address: str
    denied: dict[str, str]

    @property
    def waf(self) -> Any:
        return self.cloud.client("wafv2")

    def rules(self, *rules: dict[str, Any], **fields: Any) -> None:
        """Sets the rules, after one by which it shows that they are in force."""
        known = {"Name": self.acl["Name"], "Id": self.acl["Id"], **SCOPE}
        token = self.waf.get_web_acl(**known)["LockToken"]
        mark = f"/in-force-{token}"
        seen = rule("mark", 0, path(mark), Action={"Block": {"CustomResponse": {"ResponseCode": 418}}})
        listed = [seen, *({**given, "Priority": given["Priority"] + 1} for given in rules)]
        rest = {"DefaultAction": {"Allow": {}}, "VisibilityConfig": visibility("acl"), **fields}
        self.waf.update_web_acl(**known, **rest, LockToken=token, Rules=listed)
        self.answers(418, mark)

    def deny(self, *networks: str) -> None:
        known = {"Name": self.denied["Name"], "Id": self.denied["Id"], **SCOPE}
        token = self.waf.get_ip_set(**known)["LockToken"]
        self.waf.update_ip_set(**known, LockToken=token, Addresses=list(networks))

    def status(self, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str) -> int:
        connection = http.client.HTTPConnection(self.address, 8080, timeout=5)
        connection.request(method, path, body=body, headers=headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status

    def answers(self, status: int, path: str = "/", **options: Any) -> None:
        """Waits until it does, where nothing listens yet too."""

        def look() -> bool:
            with suppress(OSError):
                return self.status(path, **options) == status
            return False

        eventually(look, what=f"{status} for {path}")


@pytest.fixture(scope="module")
def protected(local_cloud: LocalCloud) -> Iterator[Protected]:
    waf, elbv2, logs = (local_cloud.client(name) for name in ("wafv2", "elbv2", "logs"))
    rows = local_cloud.client("ec2").describe_subnets(Filters=DEFAULT_SUBNETS)["Subnets"][:2]
    created = elbv2.create_load_balancer(Name="enforced", Subnets=[row["SubnetId"] for row in rows])
    balancer = created["LoadBalancers"][0]["LoadBalancerArn"]
    open_page = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "MessageBody": "open"}}
    elbv2.create_listener(LoadBalancerArn=balancer, Port=80, Protocol="HTTP", DefaultActions=[open_page])
    basics = {"DefaultAction": {"Allow": {}}, "VisibilityConfig": visibility("acl"), **SCOPE}
    acl = waf.create_web_acl(Name="enforced", **basics)["Summary"]
    denied = waf.create_ip_set(Name="enforced", IPAddressVersion="IPV4", Addresses=[], **SCOPE)["Summary"]
    logs.create_log_group(logGroupName=LOGS)
    group_arn = logs.describe_log_groups(logGroupNamePrefix=LOGS)["logGroups"][0]["arn"].removesuffix(":*")
    redacted = [{"SingleHeader": {"Name": "authorization"}}]
    waf.put_logging_configuration(
        LoggingConfiguration={
            "ResourceArn": acl["ARN"],
            "LogDestinationConfigs": [group_arn],
            "RedactedFields": redacted,
        }
    )
    eventually(lambda: not waf.associate_web_acl(WebACLArn=acl["ARN"], ResourceArn=balancer).get("Error"))

    def address() -> str | None:
        found = json.loads(local_cloud.settings.endpoints.read_text()).get("load_balancers", {})
        return found.get("enforced", {}).get("address")

    yield Protected(local_cloud, acl, str(eventually(address)), denied)
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)


def test_addresses_are_refused_and_let_in_again(protected: Protected) -> None:
    protected.rules(rule("denied", 0, {"IPSetReferenceStatement": {"ARN": protected.denied["ARN"]}}))
    assert protected.status() == 200
    protected.deny("127.0.0.0/8")
    protected.answers(403)
    protected.deny("192.0.2.0/24")
    protected.answers(200)


def test_an_address_that_is_allowed_meets_no_further_rule(protected: Protected) -> None:
    protected.deny("127.0.0.0/8")
    allow = rule("known", 0, {"IPSetReferenceStatement": {"ARN": protected.denied["ARN"]}}, Action={"Allow": {}})
    protected.rules(allow, rule("closed", 1, path("/closed")))
    protected.answers(200, "/closed")
    protected.rules(rule("closed", 1, path("/closed")))
    assert protected.status("/closed") == 403


def test_a_flood_is_refused_and_others_are_served(protected: Protected) -> None:
    protected.rules(rule("flood", 0, rate(10, path("/sign-in"))))
    spellings = ("/sign-in", "/%73ign-in", "/x/../sign-in", "//sign-in")
    counted = Counter(protected.status(spellings[n % 4]) for n in range(60))
    # Each of the two workers of Envoy counts for itself.
    assert 10 <= counted[200] <= 20
    assert counted[403] == 60 - counted[200]
    assert protected.status("/other") == 200


def test_a_flood_that_is_only_counted_passes(protected: Protected) -> None:
    protected.rules(rule("counted", 0, rate(10, path("/sign-in")), Action={"Count": {}}))
    assert Counter(protected.status("/sign-in") for _ in range(40)) == {200: 40}


@pytest.mark.parametrize("chunked", [False, True])
def test_large_bodies_are_refused_with_the_answer_of_the_rule(protected: Protected, chunked: bool) -> None:
    answer = {"CustomResponse": {"ResponseCode": 413}}
    protected.rules(rule("large", 0, larger(100), Action={"Block": answer}))

    def sent(size: int) -> Any:
        return iter([b"x" * size]) if chunked else b"x" * size

    assert protected.status(method="POST", body=sent(101)) == 413
    assert protected.status(method="POST", body=sent(100)) == 200
    assert protected.status(method="POST", body=sent(20_000)) == 413


def test_all_paths_but_one_are_refused_for_a_host(protected: Protected) -> None:
    host = {"FieldToMatch": {"SingleHeader": {"Name": "host"}}, "SearchString": "auth.example.com"}
    steps = [{"Priority": 0, "Type": "LOWERCASE"}]
    named = {"ByteMatchStatement": {**host, "PositionalConstraint": "EXACTLY", "TextTransformations": steps}}
    others = {"NotStatement": {"Statement": path("/open", "EXACTLY")}}
    protected.rules(rule("closed", 0, {"AndStatement": {"Statements": [others, named]}}))
    assert protected.status("/other", Host="Auth.example.com:8443") == 403
    assert protected.status("/open", Host="auth.example.com") == 200
    assert protected.status("/other", Host="api.example.com") == 200


def test_rules_that_cannot_be_judged_here_match_nothing(protected: Protected) -> None:
    protected.rules(
        rule("closed", 0, path("/closed")),
        rule("where", 1, {"NotStatement": {"Statement": {"GeoMatchStatement": {"CountryCodes": ["DE"]}}}}),
        {**group(), "Priority": 2},
    )
    assert protected.status("/closed") == 403
    assert protected.status("/?q=<script>") == 200


def test_a_default_that_refuses_lets_in_only_what_is_allowed(protected: Protected) -> None:
    allowed = rule("open", 0, path("/open"), Action={"Allow": {}})
    protected.rules(allowed, DefaultAction={"Block": {}})
    assert protected.status() == 403
    assert protected.status("/open") == 200


def test_what_is_decided_is_logged_without_what_is_redacted(protected: Protected) -> None:
    protected.rules(rule("closed", 0, path("/closed")))
    protected.status("/closed?a=1", authorization="Bearer secret-token", accept='te"xt')
    logs = protected.cloud.client("logs")

    def record() -> dict[str, Any] | None:
        for event in logs.filter_log_events(logGroupName=LOGS)["events"]:
            found: dict[str, Any] = json.loads(event["message"])
            if found["httpRequest"]["args"] == "a=1":
                return found
        return None

    logged = eventually(record, 30, "the log")
    headers = {row["name"]: row["value"] for row in logged["httpRequest"]["headers"]}
    assert (logged["action"], logged["terminatingRuleId"]) == ("BLOCK", "closed")
    assert (logged["httpRequest"]["uri"], logged["httpRequest"]["httpMethod"]) == ("/closed", "GET")
    assert (headers["authorization"], headers["accept"]) == ("REDACTED", 'te"xt')
    assert "secret-token" not in json.dumps(logs.filter_log_events(logGroupName=LOGS)["events"])


def test_what_is_used_is_not_deleted(protected: Protected) -> None:
    waf, acl, denied = protected.waf, protected.acl, protected.denied
    protected.rules(rule("denied", 0, {"IPSetReferenceStatement": {"ARN": denied["ARN"]}}))
    token = waf.get_web_acl(Name=acl["Name"], Id=acl["Id"], **SCOPE)["LockToken"]
    assert refusal(waf.delete_web_acl, Name=acl["Name"], Id=acl["Id"], LockToken=token) == "WAFAssociatedItemException"
    token = waf.get_ip_set(Name=denied["Name"], Id=denied["Id"], **SCOPE)["LockToken"]
    held = refusal(waf.delete_ip_set, Name=denied["Name"], Id=denied["Id"], LockToken=token)
    assert held == "WAFAssociatedItemException"
