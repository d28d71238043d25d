"""Planning of security groups: identity of rules, names, order, input that cannot be."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.security_groups import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

NAMES = model.Names({"sg-1": "web", "sg-2": "edge"}, {"pl-1": "com.amazonaws.aq-east-1.s3"})
TAGS = {"Environment": "test"}


def rule(**fields: Any) -> dict[str, Any]:
    unset = dict.fromkeys(("from_port", "to_port", *model.PEERS, "description", "tags"))
    return {"protocol": "tcp", **unset, **fields}


def group(name: str, *ingress: dict[str, Any], egress: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    return {"name": name, "description": name, "ingress": list(ingress), "egress": list(egress), "tags": None}


def rules(*groups: dict[str, Any], tags: dict[str, str] | None = None) -> model.States:
    return model.desired_rules(groups, tags, NAMES, {"web", "edge"})


@pytest.mark.parametrize(
    ("given", "key"),
    [
        (rule(from_port=443, cidr_ipv4="0.0.0.0/0"), "web ingress tcp 443 from 0.0.0.0/0"),
        (rule(from_port=80, to_port=81, cidr_ipv6="::/0"), "web ingress tcp 80-81 from ::/0"),
        (rule(protocol="6", from_port=80, group="self"), "web ingress tcp 80 from web"),
        (rule(from_port=80, group="sg-2"), "web ingress tcp 80 from edge"),
        (rule(from_port=80, group=KNOWN_AFTER_APPLY), f"web ingress tcp 80 from {KNOWN_AFTER_APPLY}"),
        (rule(from_port=80, prefix_list="s3"), "web ingress tcp 80 from com.amazonaws.aq-east-1.s3"),
        (rule(from_port=80, prefix_list="pl-1"), "web ingress tcp 80 from com.amazonaws.aq-east-1.s3"),
        (rule(protocol="ALL", cidr_ipv4="10.0.0.0/8"), "web ingress all from 10.0.0.0/8"),
        (rule(protocol="icmp", cidr_ipv4="10.0.0.0/8"), "web ingress icmp from 10.0.0.0/8"),
        (rule(protocol="icmp", from_port=8, cidr_ipv4="10.0.0.0/8"), "web ingress icmp 8--1 from 10.0.0.0/8"),
    ],
)
def test_a_key_says_what_a_rule_is(given: dict[str, Any], key: str) -> None:
    assert list(rules(group("web", given))) == [key]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (rule(cidr_ipv4="0.0.0.0/0"), r"groups\[0\].ingress\[0\].from_port: None to None is no port range"),
        (rule(from_port=2, to_port=1, cidr_ipv4="0.0.0.0/0"), "is no port range"),
        (rule(protocol="all", from_port=2, cidr_ipv4="0.0.0.0/0"), "has no meaning"),
        (rule(from_port=1, cidr_ipv4="10.0.0.1/8"), "does not start its range: write 10.0.0.0/8"),
        (rule(from_port=1, cidr_ipv4="ten"), "is no address range"),
        (rule(from_port=1, group="nobody"), "is neither in groups nor in the VPC"),
        (rule(from_port=1, prefix_list="nothing"), "is no prefix list"),
        (rule(from_port=1, cidr_ipv4="0.0.0.0/0", description="a|b"), "plain characters"),
    ],
)
def test_a_rule_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        rules(group("web", given))


def test_a_rule_twice() -> None:
    same = rule(from_port=1, group="self")
    with pytest.raises(InvalidInput, match="is given twice"):
        rules(group("web", same, {**same, "group": "web"}))


@pytest.mark.parametrize("name", ["", "default", "sg-web", "café"])
def test_a_name_that_cannot_be(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"groups\[0\].name"):
        model.desired_groups([group(name)], TAGS)


def current(described: str, **fields: Any) -> model.States:
    item = {
        "SecurityGroupRuleId": "sgr-1",
        "GroupId": "sg-1",
        "IsEgress": False,
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 80,
        "Description": described,
        "Tags": [{"Key": "Environment", "Value": "test"}, {"Key": "Other", "Value": "x"}],
        **fields,
    }
    return model.current_rules([item], NAMES, rules(group("web", rule(from_port=80, group="edge")), tags=TAGS))


def planned(before: model.States, *after: dict[str, Any], **wanted: Any) -> list[str]:
    groups = {"web": {"id": "sg-1", "description": "web"}}
    changes = model.plan(
        (groups, {"web": {"description": "web"}}),
        (before, rules(group("web", *after), tags=wanted.get("tags"))),
        ours=(),
        purge=False,
    )
    return [f"{change.op} {','.join(change.fields) if change.op == 'update' else change.kind}" for change in changes]


FROM_EDGE = {"ReferencedGroupInfo": {"GroupId": "sg-2"}}


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        (rule(from_port=80, group="edge"), []),
        (rule(from_port=80, group="edge", description="edge"), []),
        (rule(from_port=80, group="edge", description="other"), ["update description"]),
        (rule(from_port=80, group="edge", description=""), ["update description"]),
        (rule(from_port=81, group="edge"), ["create security_group_rule", "delete security_group_rule"]),
    ],
)
def test_changes_of_a_rule(after: dict[str, Any], changes: list[str]) -> None:
    assert planned(current("edge", **FROM_EDGE), after) == changes


def test_tags_of_a_rule_that_are_not_ours_are_left() -> None:
    assert planned(current("", **FROM_EDGE), rule(from_port=80, group="edge"), tags=TAGS) == []


def test_a_description_of_a_group_cannot_change() -> None:
    with pytest.raises(InvalidInput, match="cannot replace 'old'"):
        model.plan(
            ({"web": {"id": "sg-1", "description": "old"}}, {"web": {"description": "new"}}),
            ({}, {}),
            ours=(),
            purge=False,
        )


def test_rules_of_a_group_go_before_the_group() -> None:
    groups = {"web": {"id": "sg-1", "description": "web"}}
    changes = model.plan((groups, {}), (current("", **FROM_EDGE), {}), ours={"web"}, purge=True)
    assert [change.kind for change in sorted(changes, key=lambda change: change.level)] == [
        "security_group_rule",
        "security_group",
    ]


@pytest.mark.parametrize(
    ("tags", "ours"),
    [
        ({"Environment": "test"}, {"web"}),
        ({}, set()),
        ({"Environment": "test", "trademaster.platform:part-of": "vpc"}, set()),
    ],
)
def test_what_may_be_purged(tags: dict[str, str], ours: set[str]) -> None:
    item = {"GroupName": "web", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
    assert model.owned([item], TAGS) == ours
