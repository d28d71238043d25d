"""Settings of an account as comparable states."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.account import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

CURRENT: dict[str, dict[str, Any]] = {
    **{name: {"value": True} for name in ("ebs_encryption_by_default", "serial_console_access")},
    "snapshot_block_public_access": {"value": "unblocked"},
    "image_block_public_access": {"value": "unblocked"},
    "instance_metadata_defaults": model.readable_metadata({"HttpTokens": "required"}),
    "s3_public_access_block": model.readable_flags({"BlockPublicAcls": True}),
}


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, []),
        ({"ebs_encryption_by_default": True}, []),
        ({"ebs_encryption_by_default": False}, [("ebs_encryption_by_default", ("value",))]),
        ({"serial_console_access": False}, [("serial_console_access", ("value",))]),
        (
            {"snapshot_block_public_access": "block-all-sharing"},
            [("snapshot_block_public_access", ("value",))],
        ),
        ({"image_block_public_access": "block-new-sharing"}, [("image_block_public_access", ("value",))]),
        ({"instance_metadata_defaults": {"http_tokens": "required", "http_endpoint": None}}, []),
        (
            {"instance_metadata_defaults": {"http_tokens": "optional", "http_put_response_hop_limit": 2}},
            [("instance_metadata_defaults", ("http_tokens", "http_put_response_hop_limit"))],
        ),
        ({"s3_public_access_block": {"block_public_acls": True}}, []),
        (
            {"s3_public_access_block": {"block_public_acls": True, "ignore_public_acls": True}},
            [("s3_public_access_block", ("ignore_public_acls",))],
        ),
    ],
)
def test_only_what_differs_is_a_change(options: dict[str, Any], expected: list[Any]) -> None:
    changes = model.plan(CURRENT, model.desired_states(options))
    assert [(change.key, change.fields) for change in changes] == expected


@pytest.mark.parametrize("hops", [0, 65, -2])
def test_a_number_of_hops_that_cannot_be_is_refused(hops: int) -> None:
    with pytest.raises(InvalidInput, match="is not from 1 to 64"):
        model.desired_states({"instance_metadata_defaults": {"http_put_response_hop_limit": hops}})


def test_flags_that_are_not_given_stay() -> None:
    written = model.written_flags(CURRENT["s3_public_access_block"], {"ignore_public_acls": True})
    assert written == {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
