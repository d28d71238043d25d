"""Planning of topics and subscriptions."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.sns import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

ARN = "arn:aws:sns:us-east-1:123456789012:pager"
TAGS = {"Project": "trademaster"}
ALLOW = {"Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "sns:Publish"}
ATTRIBUTES = {"Policy": json.dumps({"Statement": [{**ALLOW, "Resource": ARN}]}), "DisplayName": "Pager"}
URL = "https://user:word@events.example.com/integration/KEY/enqueue"


@pytest.mark.parametrize(
    ("wanted", "attributes", "fields"),
    [
        ({}, {}, ()),
        ({"display_name": "Pager"}, {}, ()),
        ({"display_name": ""}, {}, ("display_name",)),
        ({"policy": {"Statement": ALLOW}}, {}, ()),
        ({"policy": {"Statement": [{**ALLOW, "Action": "sns:Subscribe"}]}}, {}, ("policy",)),
        ({"policy": {"Statement": [{**ALLOW, "Resource": "*"}]}}, {}, ("policy",)),
        ({"kms_master_key_id": "arn:key"}, {"KmsMasterKeyId": "arn:key"}, ()),
        ({"kms_master_key_id": ""}, {"KmsMasterKeyId": "arn:key"}, ("kms_master_key_id",)),
        ({"kms_master_key_id": ""}, {}, ()),
    ],
)
def test_only_another_meaning_is_a_change(
    wanted: dict[str, Any], attributes: dict[str, str], fields: tuple[str, ...]
) -> None:
    current = model.current_topic({**ATTRIBUTES, **attributes}, TAGS, TAGS)
    changes = model.plan_topic("pager", current, model.desired_topic({"name": "pager", **wanted}, ARN, TAGS))
    assert [change.fields for change in changes] == ([fields] if fields else [])


def test_of_a_url_only_the_host_shows() -> None:
    key = model.readable("pager", "https", URL)
    assert key.startswith("pager https events.example.com ")
    assert not any(secret in key for secret in ("KEY", "word", "integration"))
    assert key != model.readable("pager", "https", f"{URL}-rotated")
    assert model.readable("pager", "email", "a@example.com") == "pager email a@example.com"


@pytest.mark.parametrize(
    ("current", "desired", "expected"),
    [
        ({"a": ARN}, ["a"], []),
        ({"a": model.PENDING}, ["a"], []),
        ({"a": ARN}, ["b"], [("create", "b"), ("delete", "a")]),
        ({"a": model.PENDING}, ["b"], [("create", "b")]),
        ({"a": ARN}, [], [("delete", "a")]),
    ],
)
def test_who_waits_to_be_confirmed_is_neither_asked_again_nor_removed(
    current: dict[str, str], desired: list[str], expected: list[Any]
) -> None:
    changes = model.plan_subscriptions({key: {"arn": arn} for key, arn in current.items()}, desired)
    assert [(change.op, change.key) for change in changes] == expected


def test_what_was_ended_and_is_still_listed_is_not_there() -> None:
    listed = [
        {"Protocol": "email", "Endpoint": "a@b", "SubscriptionArn": ARN},
        {"Protocol": "email", "Endpoint": "c@d", "SubscriptionArn": "Deleted"},
        {"Protocol": "email", "Endpoint": "e@f", "SubscriptionArn": model.PENDING},
    ]
    assert [item["Endpoint"] for item in model.living(listed)] == ["a@b", "e@f"]


@pytest.mark.parametrize(("tags", "expected"), [(TAGS, ["delete"]), ({}, [])])
def test_only_what_is_ours_is_removed(tags: dict[str, str], expected: list[str]) -> None:
    current = {"pager": model.current_topic(ATTRIBUTES, tags, TAGS)}
    assert [change.op for change in model.plan_removal(current)] == expected


@pytest.mark.parametrize(
    ("topics", "option"),
    [
        ([{"name": "a b"}], "topics[0].name"),
        ([{"name": "a"}, {"name": "a"}], "topics[1].name"),
        ([{"name": "a", "policy": {}}], "topics[0].policy"),
        ([{"name": "a", "subscriptions": [{"protocol": "https", "endpoint": "http://a"}]}],
         "topics[0].subscriptions[0].endpoint"),
        ([{"name": "a", "subscriptions": [{"protocol": "https", "endpoint": "https://a/{secret}"}]}],
         "topics[0].subscriptions[0].endpoint_secret"),
        ([{"name": "a", "subscriptions": [{"protocol": "email", "endpoint": "a@b", "endpoint_secret": "c"}]}],
         "topics[0].subscriptions[0].endpoint_secret"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(topics: list[Any], option: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        model.validate(topics)
    assert refused.value.variable == option
