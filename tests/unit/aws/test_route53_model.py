"""Records of a hosted zone: which are ours to change, and what differs."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.route53 import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

ALIAS = {"dns_name": "LB-1.example.net", "hosted_zone_id": "Z1", "evaluate_target_health": True}
AUTH = {"name": "auth.example.com", "type": "A", "alias": ALIAS}
TEXT = {"name": "*.example.com", "type": "TXT", "values": ['"b"', '"a"'], "ttl": 60}
ALIAS_SET = {
    "Name": "auth.example.com.",
    "Type": "A",
    "AliasTarget": {"DNSName": "lb-1.example.net.", "HostedZoneId": "Z1", "EvaluateTargetHealth": True},
}
TEXT_SET = {
    "Name": "\\052.example.com.",
    "Type": "TXT",
    "TTL": 60,
    "ResourceRecords": [{"Value": '"a"'}, {"Value": '"b"'}],
}


@pytest.mark.parametrize(
    ("name", "zone", "inside"),
    [
        ("example.com", "example.com.", True),
        ("*.example.com", "example.com", True),
        ("auth.Example.com", "example.COM", True),
        ("auth.example.org", "example.com", False),
        ("notexample.com", "example.com", False),
    ],
)
def test_names_must_be_in_the_zone(name: str, zone: str, inside: bool) -> None:
    if inside:
        model.validate_zone("records[].name", [name], zone)
    else:
        with pytest.raises(InvalidInput, match=r"is outside the hosted zone example\.com"):
            model.validate_zone("records[].name", [name], zone)


@pytest.mark.parametrize(
    ("there", "wanted", "op"),
    [
        pytest.param([], AUTH, "create", id="missing"),
        pytest.param([ALIAS_SET], AUTH, None, id="alias as Route53 writes it"),
        pytest.param([TEXT_SET], TEXT, None, id="wildcard and order of values"),
        pytest.param([ALIAS_SET], {**AUTH, "alias": {**ALIAS, "hosted_zone_id": "Z2"}}, "update", id="other target"),
        pytest.param([TEXT_SET], {**TEXT, "ttl": 300}, "update", id="other TTL"),
        pytest.param(
            [{**ALIAS_SET, "SetIdentifier": "blue", "Weight": 1}], AUTH, "create", id="a weighted set is not ours"
        ),
    ],
)
def test_plan(there: list[dict[str, Any]], wanted: dict[str, Any], op: str | None) -> None:
    changes = model.plan(model.current_states(there), model.desired_states([wanted]), present=True)
    assert [change.op for change in changes] == ([op] if op else [])


def test_an_alias_takes_the_place_of_values() -> None:
    values = {"name": "auth.example.com", "type": "A", "values": ["192.0.2.1"], "ttl": 60}
    changes = model.plan(model.current_states([ALIAS_SET]), model.desired_states([values]), present=True)
    assert model.record_set(changes[0].key, changes[0].desired) == {
        "Name": "auth.example.com.",
        "Type": "A",
        "TTL": 60,
        "ResourceRecords": [{"Value": "192.0.2.1"}],
    }


def test_removal_takes_only_what_is_listed() -> None:
    changes = model.plan(model.current_states([ALIAS_SET, TEXT_SET]), model.desired_states([AUTH]), present=False)
    assert [(change.op, change.key) for change in changes] == [("delete", "auth.example.com. A")]


def test_a_record_given_twice_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"records\[1\].name"):
        model.desired_states([AUTH, {**AUTH, "name": "AUTH.example.com."}])
