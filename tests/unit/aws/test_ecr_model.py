"""Planning of image repositories."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecr import lifecycle, model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "trademaster"}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/1"
KMS = {"encryptionType": "KMS", "kmsKey": KEY}


def rule(priority: Any, **selection: Any) -> dict[str, Any]:
    chosen = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 30, **selection}
    return {"rulePriority": priority, "selection": chosen, "action": {"type": "expire"}}


def listed(**fields: Any) -> dict[str, Any]:
    return {
        "repositoryName": "app/auth",
        "repositoryArn": "arn:aws:ecr:eu-central-1:123456789012:repository/app/auth",
        "repositoryUri": "123456789012.dkr.ecr.eu-central-1.amazonaws.com/app/auth",
        "imageTagMutability": "IMMUTABLE",
        "imageScanningConfiguration": {"scanOnPush": True},
        **fields,
    }


def planned(repositories: list[Any], items: list[Any], tags: dict[str, str] | None = None) -> list[Any]:
    current = {
        item["repositoryName"]: model.current_state(item, TAGS if tags is None else tags, TAGS) for item in items
    }
    changes = model.plan(current, model.desired_states(repositories, TAGS), [], purge=True)
    return [(change.op, change.fields) for change in changes]


AUTH = {"name": "app/auth", "image_tag_mutability": "IMMUTABLE", "scan_on_push": True}


@pytest.mark.parametrize(
    ("repositories", "items", "tags", "expected"),
    [
        pytest.param([{"name": "app/auth"}], [], None, [("create", ("tags",))], id="new"),
        pytest.param([AUTH], [listed()], None, [], id="as wanted"),
        pytest.param([{"name": "app/auth"}], [listed(encryptionConfiguration=KMS)], None, [], id="left alone"),
        pytest.param([{**AUTH, "scan_on_push": False}], [listed()], None, [("update", ("scan_on_push",))], id="scan"),
        pytest.param(
            [AUTH],
            [listed(imageTagMutability="MUTABLE")],
            None,
            [("update", ("image_tag_mutability",))],
            id="tags move",
        ),
        pytest.param(
            [AUTH],
            [listed(imageTagMutability="IMMUTABLE_WITH_EXCLUSION")],
            None,
            [("update", ("image_tag_mutability",))],
            id="some tags move",
        ),
        pytest.param([{**AUTH, "kms_key": KEY}], [listed(encryptionConfiguration=KMS)], None, [], id="same key"),
        pytest.param(
            [{**AUTH, "encryption_type": "AES256"}], [listed()], None, [], id="encryption when none is listed"
        ),
        pytest.param([AUTH], [listed()], {}, [("update", ("tags",))], id="tags"),
        pytest.param([], [listed()], None, [("delete", ())], id="purged"),
        pytest.param([], [listed()], {}, [], id="not ours"),
    ],
)
def test_plan(repositories: list[Any], items: list[Any], tags: Any, expected: Any) -> None:
    assert planned(repositories, items, tags) == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"encryption_type": "KMS"}, r"encryption_type of app/auth: 'KMS' is not what the repository has \(AES256\)"),
        ({"kms_key": KEY}, "encryption_type of app/auth"),
    ],
)
def test_another_encryption_is_refused(given: dict[str, str], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        planned([{**AUTH, **given}], [listed()])


def test_another_key_is_refused() -> None:
    with pytest.raises(InvalidInput, match=f"kms_key of app/auth: .* has \\({KEY}\\) and cannot be changed"):
        planned([{**AUTH, "kms_key": "arn:other"}], [listed(encryptionConfiguration=KMS)])


def test_images_are_not_removed_unasked() -> None:
    model.refuse_images([])
    with pytest.raises(InvalidInput, match="force_delete: False does not remove images, which app/auth holds"):
        model.refuse_images(["app/auth"])


@pytest.mark.parametrize(
    ("repositories", "variable"),
    [
        ([{"name": "App"}], "repositories[0].name"),
        ([{"name": "a"}], "repositories[0].name"),
        ([{"name": "app//auth"}], "repositories[0].name"),
        ([AUTH, AUTH], "repositories[1].name"),
        ([{**AUTH, "encryption_type": "AES256", "kms_key": KEY}], "repositories[0].kms_key"),
        ([{**AUTH, "repository_policy": "{"}], "repositories[0].repository_policy"),
        ([{**AUTH, "lifecycle_policy": "{"}], "repositories[0].lifecycle_policy"),
        ([{**AUTH, "lifecycle_policy": {"rules": []}}], "repositories[0].lifecycle_policy"),
        ([{**AUTH, "lifecycle_policy": {"rules": [{"rulePriority": 1}]}}], "repositories[0].lifecycle_policy.rules[0]"),
        (
            [{**AUTH, "lifecycle_policy": {"rules": [rule(1, countNumber="many")]}}],
            "repositories[0].lifecycle_policy.rules[0].selection.countNumber",
        ),
        (
            [{**AUTH, "lifecycle_policy": {"rules": [rule(1), rule("1")]}}],
            "repositories[0].lifecycle_policy: rulePriority",
        ),
    ],
)
def test_what_ecr_would_refuse(repositories: list[Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        model.desired_states(repositories, TAGS)
    assert error.value.variable == variable


@pytest.mark.parametrize(("prefix", "tags", "variable"), [(None, TAGS, "prefix"), ("app/", None, "tags")])
def test_purging_wants_a_scope(prefix: str | None, tags: Any, variable: str) -> None:
    with pytest.raises(InvalidInput) as error:
        model.validate_scope(prefix, tags, purge=True)
    assert error.value.variable == variable


def test_lifecycle_policies_are_compared_by_meaning() -> None:
    prefixes = {"tagStatus": "tagged", "tagPrefixList": ["v", "release"]}
    written = {"rules": [rule("2", countNumber="30"), rule(1, **prefixes)]}
    answered = json.dumps({"rules": [rule(1, **{**prefixes, "tagPrefixList": ["release", "v"]}), rule(2)]})
    assert lifecycle.parsed("x", written) == lifecycle.parsed("x", answered)
    assert lifecycle.parsed("x", written) != lifecycle.parsed("x", {"rules": [rule(2)]})
    assert lifecycle.parsed("x", "{}") == lifecycle.parsed("x", "") == {}
