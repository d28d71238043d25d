# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder of AWS Config in a region, with its delivery channel, as one comparable state. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_one
from ..._core.errors import InvalidInput
from ..tagging import of_interest, owns

RECORDER, ROLE = "config_recorder", "service_linked_role"
SERVICE_LINKED_ROLE = "AWSServiceRoleForConfig"
LONGEST_NAME = 256
# Fields of the delivery channel, and the members of the API that hold them.
CHANNEL = {
    "s3_bucket_name": "s3BucketName",
    "s3_key_prefix": "s3KeyPrefix",
    "s3_kms_key_arn": "s3KmsKeyArn",
    "sns_topic_arn": "snsTopicARN",
}
OF_RECORDER = ("role_arn", "all_supported", "include_global_resource_types", "resource_types", "recording_frequency")
OF_CHANNEL = (*CHANNEL, "delivery_frequency")


def service_linked_role_arn(partition: str, account_id: str) -> str:
    """ARN of the role that AWS Config makes for itself, which is known before it is there."""
    return f"arn:{partition}:iam::{account_id}:role/aws-service-role/config.amazonaws.com/{SERVICE_LINKED_ROLE}"


def desired_state(options: Mapping[str, Any], role_arn: str) -> dict[str, Any]:
    """The desired state. Raises InvalidInput for what AWS Config would refuse."""
    if not 1 <= len(options["name"]) <= LONGEST_NAME:
        raise InvalidInput("name", options["name"], f"is no name of a recorder: 1 to {LONGEST_NAME} characters")
    if not options.get("s3_bucket_name"):
        raise InvalidInput("s3_bucket_name", None, "is missing: a recorder delivers into a bucket")
    types = sorted(options.get("resource_types") or [])
    everywhere = options.get("include_global_resource_types")
    if types and everywhere:
        remedy = "goes with all types of resources: name the global ones in resource_types"
        raise InvalidInput("include_global_resource_types", everywhere, remedy)
    state = {name: options.get(name) for name in (*OF_CHANNEL, "recording_frequency", "recording", "tags")}
    return desired_fields(
        {
            **state,
            "role_arn": role_arn,
            "all_supported": not types,
            "include_global_resource_types": bool(everywhere) if everywhere is not None else not types,
            "resource_types": types,
        }
    )


def current_state(
    recorder: Mapping[str, Any],
    channel: Mapping[str, Any],
    all_tags: Mapping[str, str],
    tags: Mapping[str, str] | None,
    *,
    recording: bool,
) -> dict[str, Any]:
    """A described recorder and channel."""
    group = recorder.get("recordingGroup") or {}
    properties = channel.get("configSnapshotDeliveryProperties") or {}
    return {
        "role_arn": recorder.get("roleARN", ""),
        "all_supported": bool(group.get("allSupported")),
        "include_global_resource_types": bool(group.get("includeGlobalResourceTypes")),
        "resource_types": sorted(group.get("resourceTypes") or []),
        "recording_frequency": (recorder.get("recordingMode") or {}).get("recordingFrequency", "CONTINUOUS"),
        **{name: channel.get(member) or "" for name, member in CHANNEL.items()},
        "delivery_frequency": properties.get("deliveryFrequency", ""),
        "recording": recording,
        "tags": of_interest(all_tags, tags),
        "owned": owns(all_tags, tags),
        "arn": recorder.get("arn", ""),
        "channel_name": channel.get("name", ""),
    }


def plan(name: str, current: State | None, desired: State | None, *, role_is_missing: bool) -> list[Change]:
    """The change of the recorder, before it that of a role that it needs."""
    if desired is None:
        return plan_one(RECORDER, name, current, None) if current is not None and current["owned"] else []
    role = Change("create", ROLE, SERVICE_LINKED_ROLE, after={"service": "config.amazonaws.com"})
    return [*([role] if role_is_missing else []), *plan_one(RECORDER, name, current, desired, level=1)]


def recorder_arguments(name: str, state: State) -> dict[str, Any]:
    """A recorder as PutConfigurationRecorder takes it, all of it."""
    group = (
        {"allSupported": True, "includeGlobalResourceTypes": state["include_global_resource_types"]}
        if state["all_supported"]
        else {"allSupported": False, "resourceTypes": state["resource_types"]}
    )
    frequency = state.get("recording_frequency")
    mode = {"recordingMode": {"recordingFrequency": frequency}} if frequency else {}
    return {"name": name, "roleARN": state["role_arn"], "recordingGroup": group, **mode}


def channel_arguments(name: str, state: State) -> dict[str, Any]:
    """A delivery channel as PutDeliveryChannel takes it, all of it; what is empty is left out."""
    given = {member: state[field] for field, member in CHANNEL.items() if state.get(field)}
    frequency = state.get("delivery_frequency")
    properties = {"configSnapshotDeliveryProperties": {"deliveryFrequency": frequency}} if frequency else {}
    return {"name": name, **given, **properties}


def touches(fields: Iterable[str], part: Iterable[str]) -> bool:
    """Whether any of the fields that differ is one of a part."""
    return bool(set(fields) & set(part))
