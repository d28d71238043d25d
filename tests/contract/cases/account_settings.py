"""Contract cases of account_settings."""

from __future__ import annotations

from typing import Any

from tests.contract.case import Case

CLOSED = {
    "block_public_acls": True,
    "ignore_public_acls": True,
    "block_public_policy": True,
    "restrict_public_buckets": True,
}
METADATA = {"http_tokens": "required", "http_put_response_hop_limit": 2, "http_endpoint": "enabled"}


def metadata(**fields: Any) -> dict[str, Any]:
    return {"instance_metadata_defaults": {**METADATA, **fields}}


CASES = [
    Case(
        name="account_settings",
        module="account_settings",
        present={
            "ebs_encryption_by_default": True,
            "snapshot_block_public_access": "block-all-sharing",
            "image_block_public_access": "block-new-sharing",
            "serial_console_access": False,
            "instance_metadata_defaults": METADATA,
            "s3_public_access_block": CLOSED,
        },
        # Settings are never gone; these are those of an account that nobody has touched.
        absent={
            "ebs_encryption_by_default": False,
            "snapshot_block_public_access": "unblocked",
            "image_block_public_access": "unblocked",
            "instance_metadata_defaults": {
                "http_tokens": "no-preference",
                "http_put_response_hop_limit": -1,
                "http_endpoint": "no-preference",
            },
            "s3_public_access_block": dict.fromkeys(CLOSED, False),
        },
        edits={
            "volumes": {"ebs_encryption_by_default": False},
            "snapshots": {"snapshot_block_public_access": "block-new-sharing"},
            "open snapshots": {"snapshot_block_public_access": "unblocked"},
            "images": {"image_block_public_access": "unblocked"},
            "serial console": {"serial_console_access": True},
            "tokens": metadata(http_tokens="optional"),
            "hops": metadata(http_put_response_hop_limit=1),
            "no metadata": metadata(http_endpoint="disabled"),
            **{flag: {"s3_public_access_block": {**CLOSED, flag: False}} for flag in CLOSED},
        },
    )
]
