# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of an account as comparable states, each a change of its own. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_set
from ..._core.errors import InvalidInput

KIND = "account_setting"
NO_PREFERENCE = "no-preference"
NO_LIMIT = -1  # how the API says that there is no preference in hops
MOST_HOPS = 64
METADATA = {
    "http_tokens": "HttpTokens",
    "http_put_response_hop_limit": "HttpPutResponseHopLimit",
    "http_endpoint": "HttpEndpoint",
    "instance_metadata_tags": "InstanceMetadataTags",
}
FLAGS = {
    "block_public_acls": "BlockPublicAcls",
    "ignore_public_acls": "IgnorePublicAcls",
    "block_public_policy": "BlockPublicPolicy",
    "restrict_public_buckets": "RestrictPublicBuckets",
}
PLAIN = (
    "ebs_encryption_by_default",
    "snapshot_block_public_access",
    "image_block_public_access",
    "serial_console_access",
)


def desired_states(options: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Desired states by setting; what is left out is not managed. Raises InvalidInput for what EC2 would refuse."""
    states = {name: {"value": options[name]} for name in PLAIN if options.get(name) is not None}
    metadata = desired_fields(options.get("instance_metadata_defaults") or {})
    hops = metadata.get("http_put_response_hop_limit", NO_LIMIT)
    if hops != NO_LIMIT and not 1 <= hops <= MOST_HOPS:
        remedy = f"is not from 1 to {MOST_HOPS}, nor {NO_LIMIT} for no preference"
        raise InvalidInput("instance_metadata_defaults.http_put_response_hop_limit", hops, remedy)
    flags = desired_fields(options.get("s3_public_access_block") or {})
    grouped = {"instance_metadata_defaults": metadata, "s3_public_access_block": flags}
    return states | {name: state for name, state in grouped.items() if state}


def readable_metadata(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults of instance metadata; what is not set is no preference."""
    unset = {name: NO_LIMIT if name.endswith("limit") else NO_PREFERENCE for name in METADATA}
    return {name: answer.get(member) or unset[name] for name, member in METADATA.items()}


def readable_flags(answer: Mapping[str, Any]) -> dict[str, bool]:
    """What of the public is kept out, flag by flag."""
    return {name: bool(answer.get(member)) for name, member in FLAGS.items()}


def written_flags(current: State, desired: State) -> dict[str, bool]:
    """All flags, since S3 takes them together: those not desired stay what they are."""
    return {member: {**current, **desired}[name] for name, member in FLAGS.items()}


def plan(current: Mapping[str, State], desired: Mapping[str, State]) -> list[Change]:
    """A change for each setting that differs. Settings are always there, so they are never made nor removed."""
    return plan_set(KIND, current, desired, purge=False)
