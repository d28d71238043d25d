"""Planning of load balancers: routing, target groups, and what AWS would refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.elbv2 import model, routing, target_groups
from ansible_collections.trademaster.platform.plugins.module_utils._aws.elbv2.attributes import (
    LOAD_BALANCER,
    as_attributes,
)
from ansible_collections.trademaster.platform.plugins.module_utils._aws.elbv2.read import Snapshot
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

NAMES = {"arn:blue": "blue", "arn:green": "green"}


def name(group: str) -> str:
    return NAMES.get(group, group)


def forward(**weights: int) -> dict[str, Any]:
    return {"type": "forward", "target_groups": [{"name": key, "weight": value} for key, value in weights.items()]}


def answered(**weights: int) -> list[dict[str, Any]]:
    groups = [{"TargetGroupArn": f"arn:{key}", "Weight": value} for key, value in weights.items()]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


@pytest.mark.parametrize(
    ("wanted", "has"),
    [
        pytest.param(forward(blue=9, green=1), answered(green=1, blue=9), id="order of target groups"),
        pytest.param(forward(blue=100), answered(blue=1), id="weight of a lone target group"),
        pytest.param(forward(blue=1), [{"Type": "forward", "TargetGroupArn": "arn:blue"}], id="short form"),
        pytest.param(
            {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443"}},
            [
                {
                    "Type": "redirect",
                    "RedirectConfig": {
                        "Protocol": "HTTPS",
                        "Port": "443",
                        "Host": "#{host}",
                        "Path": "/#{path}",
                        "Query": "#{query}",
                        "StatusCode": "HTTP_301",
                    },
                }
            ],
            id="defaults of a redirect",
        ),
        pytest.param(
            {"type": "fixed-response", "fixed_response": {"status_code": "404"}},
            [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}],
            id="defaults of a fixed response",
        ),
    ],
)
def test_actions_that_do_the_same_compare_equal(wanted: Any, has: Any) -> None:
    assert routing.desired_action(wanted, name) == routing.current_action(has, name)


@pytest.mark.parametrize(
    "has",
    [
        pytest.param(answered(blue=5, green=5), id="weights"),
        pytest.param(answered(blue=9), id="one target group"),
        pytest.param([{"Type": "authenticate-oidc"}, *answered(blue=9, green=1)], id="sign-in before it"),
        pytest.param([], id="nothing"),
    ],
)
def test_actions_that_do_something_else_differ(has: Any) -> None:
    assert routing.desired_action(forward(blue=9, green=1), name) != routing.current_action(has, name)


@pytest.mark.parametrize(
    ("wanted", "has", "predecessors", "expected"),
    [
        pytest.param({"blue": 1, "green": 0}, {"blue": 0, "green": 100}, {}, {"blue": 0, "green": 100}, id="kept"),
        pytest.param({"blue": 1, "red": 7}, {"blue": 40, "green": 60}, {}, {"blue": 40, "red": 7}, id="new group"),
        pytest.param(
            {"blue-1f2e": 1, "green": 0},
            {"blue": 30, "green": 70},
            {"blue-1f2e": "blue"},
            {"blue-1f2e": 30, "green": 70},
            id="replaced group",
        ),
    ],
)
def test_weights_that_a_deployment_moves_are_kept(
    wanted: dict[str, int], has: dict[str, int], predecessors: Mapping[str, str], expected: dict[str, int]
) -> None:
    desired = {"80/1": {"action": routing.desired_action(forward(**wanted), name)}}
    current = {"80/1": {"action": routing.desired_action(forward(**has), name)}}
    kept = model.keep_weights(desired, current, "action", ["80/1"], predecessors)
    assert kept["80/1"]["action"]["target_groups"] == expected
    assert model.keep_weights(desired, current, "action", [], predecessors) == desired


def test_conditions_compare_without_order_and_survive_the_api() -> None:
    wanted = [
        {"field": "query-string", "values": ["beta", "release=green"]},
        {"field": "http-header", "values": ["b", "a"], "http_header_name": "X-Release"},
    ]
    canonical = routing.desired_conditions(wanted)
    assert routing.current_conditions(routing.condition_arguments(canonical)) == canonical
    assert routing.desired_conditions(wanted[::-1]) == canonical


GROUP = {"Protocol": "HTTP", "Port": 80, "TargetType": "ip", "VpcId": "vpc-1"}
DESIRED = {"web": {"protocol": "HTTP", "port": 80, "target_type": "ip", "vpc_id": "vpc-1", "tags": {}}}


def group(name: str, **fields: Any) -> dict[str, Any]:
    return {"TargetGroupName": name, "TargetGroupArn": f"arn:{name}", **GROUP, **fields}


def marks(*names: str, balancer: str = "edge") -> dict[str, dict[str, str]]:
    tags = {target_groups.LOAD_BALANCER_TAG: balancer, target_groups.NAME_TAG: "web"}
    return {f"arn:{name}": tags for name in names}


def planned(groups: list[dict[str, Any]], tags: dict[str, dict[str, str]]) -> list[tuple[str, str]]:
    placed = target_groups.places("edge", DESIRED, groups, tags)
    current = {item["TargetGroupName"]: target_groups.current_state(item, {}, {}, DESIRED["web"]) for item in groups}
    changes = target_groups.plan(current, DESIRED, placed, [], level=1, delete_level=4)
    return [(change.op, change.key) for change in changes]


@pytest.mark.parametrize(
    ("groups", "tags", "expected"),
    [
        pytest.param([], {}, [("create", "web")], id="new"),
        pytest.param([group("web")], marks("web"), [], id="there"),
        pytest.param([group("web")], {}, [], id="adopted by name"),
        pytest.param(
            [group("web", Port=81)],
            marks("web"),
            [("replace", "web"), ("delete", "web (replaced)")],
            id="other port",
        ),
        pytest.param([group("web-1a2b")], marks("web-1a2b"), [], id="stands under another name"),
        pytest.param(
            [group("web", Port=81), group("web-1a2b")],
            marks("web", "web-1a2b"),
            [("delete", "web (replaced)")],
            id="replacement was interrupted",
        ),
        pytest.param([group("web")], marks("web", balancer="other"), [("create", "web")], id="another's"),
    ],
)
def test_target_groups(groups: list[dict[str, Any]], tags: dict[str, dict[str, str]], expected: Any) -> None:
    assert planned(groups, tags) == expected


def test_a_replacement_has_a_valid_name_of_its_own() -> None:
    long = "a" * 32
    desired = {long: {**DESIRED["web"], "port": 81}}
    place = target_groups.places("edge", desired, [group(long)], {})[long]
    assert place.name != long
    assert len(place.name) <= 32
    assert place == target_groups.places("edge", desired, [group(long)], {})[long]


def test_named_options_become_attributes() -> None:
    options = {"http2": False, "access_logs": {"enabled": True, "bucket": "logs"}, "attributes": {"a.b": 5}}
    assert as_attributes(options, LOAD_BALANCER) == {
        "a.b": "5",
        "routing.http2.enabled": "false",
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "logs",
    }
    assert as_attributes({}, LOAD_BALANCER) is None


ACTION = {"type": "fixed-response", "fixed_response": {"status_code": "404"}}
LISTENER = {"port": 80, "protocol": "HTTP", "default_action": ACTION}
RULE = {"priority": 1, "conditions": [{"field": "path-pattern", "values": ["/x"]}], "action": ACTION}
OPTIONS = {
    "name": "edge",
    "state": "present",
    "subnets": ["subnet-1", "subnet-2"],
    "access_logs": None,
    "target_groups": [{"name": "web"}],
    "listeners": [LISTENER],
}


def listener(**fields: Any) -> dict[str, Any]:
    return {"listeners": [{**LISTENER, **fields}]}


def rule(**fields: Any) -> dict[str, Any]:
    return listener(rules=[{**RULE, **fields}])


@pytest.mark.parametrize(
    ("options", "variable"),
    [
        ({"name": "a" * 33}, "name"),
        ({"name": "-edge"}, "name"),
        ({"subnets": ["subnet-1"]}, "subnets"),
        ({"subnets": ["subnet-1", "subnet-1"]}, "subnets"),
        ({"access_logs": {"enabled": True}}, "access_logs.bucket"),
        (listener(port=0), "listeners[0].port"),
        ({"listeners": [LISTENER, LISTENER]}, "listeners[1].port"),
        (listener(protocol="HTTPS"), "listeners[0].certificates"),
        (listener(certificates=["arn:c"]), "listeners[0].protocol"),
        (listener(default_action={"type": "redirect"}), "listeners[0].default_action.redirect"),
        (
            listener(default_action={**ACTION, **forward(web=1), "type": "forward"}),
            "listeners[0].default_action.fixed_response",
        ),
        (listener(default_action=forward(other=1)), "listeners[0].default_action.target_groups[0].name"),
        (listener(default_action=forward(web=1000)), "listeners[0].default_action.target_groups[0].weight"),
        (rule(priority=0), "listeners[0].rules[0].priority"),
        (listener(rules=[RULE, RULE]), "listeners[0].rules[1].priority"),
        (rule(conditions=[]), "listeners[0].rules[0].conditions"),
        (rule(conditions=[{"field": "path-pattern", "values": []}]), "listeners[0].rules[0].conditions[0].values"),
        (
            rule(conditions=[{"field": "http-header", "values": ["x"]}]),
            "listeners[0].rules[0].conditions[0].http_header_name",
        ),
    ],
)
def test_what_aws_would_refuse(options: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        model.validate({**OPTIONS, **options})
    assert error.value.variable == variable


def test_subnets_not_known_yet_are_accepted() -> None:
    model.validate({**OPTIONS, "subnets": [KNOWN_AFTER_APPLY]})


@pytest.mark.parametrize(
    "subnets",
    [
        pytest.param({"subnet-1": ("vpc-1", "a")}, id="one missing"),
        pytest.param({"subnet-1": ("vpc-1", "a"), "subnet-2": ("vpc-1", "a")}, id="one zone"),
        pytest.param({"subnet-1": ("vpc-1", "a"), "subnet-2": ("vpc-2", "b")}, id="another VPC"),
    ],
)
def test_unfit_subnets_are_refused(subnets: dict[str, tuple[str, str]]) -> None:
    found = [{"SubnetId": key, "VpcId": vpc, "AvailabilityZone": zone} for key, (vpc, zone) in subnets.items()]
    with pytest.raises(InvalidInput, match=r"^subnets: "):
        model.validate_subnets(["subnet-1", "subnet-2"], found, "vpc-1")


def test_scheme_is_for_life() -> None:
    with pytest.raises(InvalidInput, match=r"^scheme: 'internal' cannot be changed"):
        model.plan_balancer("edge", {"scheme": "internet-facing"}, {"scheme": "internal"})


def test_health_check_must_end_before_the_next() -> None:
    check = {"interval_seconds": 5, "timeout_seconds": 5}
    with pytest.raises(InvalidInput, match=r"health_check\.timeout_seconds: 5 is not below"):
        target_groups.desired_states("edge", [{"name": "web", "port": 80, "health_check": check}], "vpc-1", None)


def test_only_our_rules_are_purged_and_none_twice() -> None:
    tags = {"Project": "trademaster"}
    current = {"80/1": {"tags": tags}, "80/2": {"tags": {}}, "443/1": {"tags": tags}}
    rules = model.plan_routing("rule", current, {}, purge=True, tags=tags)
    assert sorted(change.key for change in rules) == ["443/1", "80/1"]
    listeners = model.plan_routing("listener", {"443": {"tags": tags}}, {}, purge=True, tags=tags)
    assert [change.key for change in model.without_orphans(rules, listeners)] == ["80/1"]


@pytest.mark.parametrize(
    ("balancer", "status"),
    [
        ({"State": {"Code": "active"}}, "done"),
        ({"State": {"Code": "active_impaired"}}, "done"),
        ({"State": {"Code": "provisioning"}}, "pending"),
        ({"State": {"Code": "failed", "Reason": "no addresses"}}, "failed"),
        ({}, "pending"),
    ],
)
def test_when_a_load_balancer_answers(balancer: dict[str, Any], status: str) -> None:
    assert model.provisioned(balancer).status == status


def test_an_unknown_target_group_keeps_its_arn() -> None:
    assert Snapshot(groups=[group("web")]).group_name("arn:web") == "web"
    assert Snapshot().group_name("arn:web") == "arn:web"
