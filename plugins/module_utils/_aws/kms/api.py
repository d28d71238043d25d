# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to KMS, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import policy
from ..session import Aws


def list_aliases(aws: Aws) -> list[dict[str, Any]]:
    """All aliases of the account in the region (ListAliases)."""
    return aws.pages("kms", "list_aliases", "Aliases")


def describe_key(aws: Aws, key_id: str) -> dict[str, Any]:
    """Metadata of a key (DescribeKey)."""
    return dict(aws.client("kms").describe_key(KeyId=key_id)["KeyMetadata"])


def get_key_policy(aws: Aws, key_id: str) -> str:
    """The key policy as JSON text (GetKeyPolicy)."""
    return str(aws.client("kms").get_key_policy(KeyId=key_id, PolicyName="default")["Policy"])


def get_key_rotation_status(aws: Aws, key_id: str) -> dict[str, Any]:
    """Whether the key rotates, and every how many days (GetKeyRotationStatus)."""
    return dict(aws.client("kms").get_key_rotation_status(KeyId=key_id))


def list_resource_tags(aws: Aws, key_id: str) -> dict[str, str]:
    """Tags of a key (ListResourceTags)."""
    tags = aws.pages("kms", "list_resource_tags", "Tags", KeyId=key_id)
    return {tag["TagKey"]: tag["TagValue"] for tag in tags}


def create_key(aws: Aws, document: Mapping[str, Any], description: str, tags: Mapping[str, str]) -> str:
    """Create a symmetric key and answer its id (CreateKey)."""
    answer = aws.client("kms").create_key(Policy=policy.text(document), Description=description, Tags=_tag_list(tags))
    return str(answer["KeyMetadata"]["KeyId"])


def find_key(aws: Aws, tags: Mapping[str, str]) -> str | None:
    """Id of a key that carries all of `tags` (GetResources of the tagging API)."""
    filters = [{"Key": key, "Values": [value]} for key, value in tags.items()]
    found = aws.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        TagFilters=filters,
        ResourceTypeFilters=["kms:key"],
    )
    return str(found[0]["ResourceARN"]).rpartition("/")[2] if found else None


def create_alias(aws: Aws, alias: str, key_id: str) -> None:
    """Point a new alias at a key (CreateAlias)."""
    aws.client("kms").create_alias(AliasName=alias, TargetKeyId=key_id)


def put_key_policy(aws: Aws, key_id: str, document: Mapping[str, Any]) -> None:
    """Replace the key policy (PutKeyPolicy)."""
    aws.client("kms").put_key_policy(KeyId=key_id, PolicyName="default", Policy=policy.text(document))


def update_key_description(aws: Aws, key_id: str, description: str) -> None:
    """Change the description (UpdateKeyDescription)."""
    aws.client("kms").update_key_description(KeyId=key_id, Description=description)


def enable_key(aws: Aws, key_id: str) -> None:
    """Make a disabled key usable (EnableKey)."""
    aws.client("kms").enable_key(KeyId=key_id)


def enable_key_rotation(aws: Aws, key_id: str, days: int) -> None:
    """Rotate the key every `days` days (EnableKeyRotation)."""
    aws.client("kms").enable_key_rotation(KeyId=key_id, RotationPeriodInDays=days)


def tag_resource(aws: Aws, key_id: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("kms").tag_resource(KeyId=key_id, Tags=_tag_list(tags))


def disable_key(aws: Aws, key_id: str) -> None:
    """Make a key unusable at once (DisableKey)."""
    aws.client("kms").disable_key(KeyId=key_id)


def schedule_key_deletion(aws: Aws, key_id: str, days: int) -> None:
    """Delete a key after `days` days, at least seven (ScheduleKeyDeletion)."""
    aws.client("kms").schedule_key_deletion(KeyId=key_id, PendingWindowInDays=days)


def cancel_key_deletion(aws: Aws, key_id: str) -> None:
    """Take a scheduled deletion back; the key is disabled afterwards (CancelKeyDeletion)."""
    aws.client("kms").cancel_key_deletion(KeyId=key_id)


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
