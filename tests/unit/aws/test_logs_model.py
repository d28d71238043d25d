"""Planning of log groups."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.logs import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "trademaster"}
ARN = "arn:aws:logs:eu-central-1:123456789012:log-group:/app/auth"


def listed(**fields: Any) -> dict[str, Any]:
    return {"logGroupName": "/app/auth", "arn": f"{ARN}:*", "logGroupArn": ARN, "retentionInDays": 90, **fields}


def planned(groups: list[Any], items: list[Any], tags_of: dict[str, Any], *, purge: bool = True) -> list[Any]:
    current = model.current_states(items, tags_of, TAGS)
    changes = model.plan(current, model.desired_states(groups, TAGS), [], purge=purge)
    return [(change.op, change.fields) for change in changes]


AUTH = {"name": "/app/auth", "retention_in_days": 90}
OURS = {"/app/auth": {**TAGS, "Owner": "somebody"}}


@pytest.mark.parametrize(
    ("groups", "items", "tags_of", "expected"),
    [
        pytest.param([AUTH], [], {}, [("create", ("retention_in_days", "tags"))], id="new"),
        pytest.param([AUTH], [listed()], OURS, [], id="as wanted"),
        pytest.param([AUTH], [listed(retentionInDays=30)], OURS, [("update", ("retention_in_days",))], id="retention"),
        pytest.param(
            [{**AUTH, "retention_in_days": 0}], [listed()], OURS, [("update", ("retention_in_days",))], id="0"
        ),
        pytest.param([{"name": "/app/auth"}], [listed(kmsKeyId="arn:k")], OURS, [], id="left out, left alone"),
        pytest.param(
            [{**AUTH, "kms_key_id": ""}], [listed(kmsKeyId="arn:k")], OURS, [("update", ("kms_key_id",))], id="no key"
        ),
        pytest.param([{**AUTH, "log_group_class": "STANDARD"}], [listed()], OURS, [], id="class when none is listed"),
        pytest.param([AUTH], [listed()], {}, [("update", ("tags",))], id="untagged orphan is taken over"),
        pytest.param([], [listed()], OURS, [("delete", ())], id="purged"),
        pytest.param([], [listed()], {"/app/auth": {}}, [], id="not ours"),
    ],
)
def test_plan(groups: list[Any], items: list[Any], tags_of: dict[str, Any], expected: Any) -> None:
    assert planned(groups, items, tags_of) == expected


def test_what_is_named_goes_whoever_made_it() -> None:
    current = model.current_states([listed()], {}, TAGS)
    assert [change.op for change in model.plan(current, {}, ["/app/auth"], purge=False)] == ["delete"]


def test_another_class_is_refused() -> None:
    with pytest.raises(InvalidInput, match="log_group_class of /app/auth: 'INFREQUENT_ACCESS' is not what"):
        planned([{**AUTH, "log_group_class": "INFREQUENT_ACCESS"}], [listed()], OURS)


@pytest.mark.parametrize(
    ("groups", "variable", "remedy"),
    [
        ([{"name": "/app/auth log"}], "log_groups[0].name", "is no name"),
        ([AUTH, AUTH], "log_groups[1].name", "is given twice"),
        ([{"name": "/a", "retention_in_days": 100}], "log_groups[0].retention_in_days", "take 90, or another of 1, 3"),
        ([{"name": "/a", "retention_in_days": -1}], "log_groups[0].retention_in_days", "take 1"),
    ],
)
def test_what_cloudwatch_would_refuse(groups: list[Any], variable: str, remedy: str) -> None:
    with pytest.raises(InvalidInput) as error:
        model.desired_states(groups, TAGS)
    assert error.value.variable == variable
    assert remedy in str(error.value)


@pytest.mark.parametrize(("prefix", "tags", "variable"), [("", TAGS, "prefix"), ("/app/", {}, "tags")])
def test_purging_wants_a_scope(prefix: str, tags: dict[str, str], variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        model.validate_scope(prefix, tags, purge=True)
    assert error.value.variable == variable


@pytest.mark.parametrize(
    ("names", "prefix", "purge", "expected"),
    [
        (["/app/auth", "/app/audit"], None, False, "/app/au"),
        (["/app/auth"], "/app/", True, "/app/"),
        (["/app/auth"], "/app/", False, "/app/auth"),
        ([], "/app/", True, "/app/"),
        (["/app/auth", "other"], None, False, ""),
    ],
)
def test_listing_prefix(names: list[str], prefix: str | None, purge: bool, expected: str) -> None:
    assert model.listing_prefix(names, prefix, purge=purge) == expected


def test_a_group_that_only_begins_alike_is_out_of_scope() -> None:
    items = [listed(), listed(logGroupName="/app/auth-old"), listed(logGroupName="/app/other")]
    named = model.in_scope(items, ["/app/auth"], "/app/auth-", purge=True)
    assert [item["logGroupName"] for item in named] == ["/app/auth", "/app/auth-old"]
    assert len(model.in_scope(items, ["/app/auth"], "/app/auth-", purge=False)) == 1


def test_the_arn_is_without_its_streams() -> None:
    assert model.arn_of(listed()) == ARN
    assert model.arn_of({"arn": f"{ARN}:*"}) == ARN


def test_waiting_for_new_groups() -> None:
    assert model.judge_listed(["/app/auth"], [listed()]).status == "done"
    assert model.judge_listed(["/app/auth", "/b"], [listed()]).detail == "not listed yet: /b"
