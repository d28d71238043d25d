# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to Secrets Manager, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list

BATCH = 20  # secrets a BatchGetSecretValue may name


def list_secrets(aws: Aws, prefix: str) -> list[dict[str, Any]]:
    """Secrets whose name begins with `prefix`, those scheduled for deletion included (ListSecrets)."""
    name = {"Key": "name", "Values": [prefix]}
    return aws.pages("secretsmanager", "list_secrets", "SecretList", IncludePlannedDeletion=True, Filters=[name])


def describe_secret(aws: Aws, name: str) -> dict[str, Any]:
    """Everything about a secret but its value (DescribeSecret)."""
    answer: dict[str, Any] = aws.client("secretsmanager").describe_secret(SecretId=name)
    return answer


def batch_get_secret_value(aws: Aws, names: Sequence[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Values of secrets, and an error for each that cannot be read (BatchGetSecretValue)."""
    values: list[dict[str, Any]] = []
    errors: list[dict[str, Any]] = []
    for start in range(0, len(names), BATCH):
        answer = aws.client("secretsmanager").batch_get_secret_value(SecretIdList=list(names[start : start + BATCH]))
        values += answer.get("SecretValues", [])
        errors += answer.get("Errors") or []
    return values, errors


def get_resource_policy(aws: Aws, name: str) -> str:
    """The resource policy as text, empty without one (GetResourcePolicy)."""
    return str(aws.client("secretsmanager").get_resource_policy(SecretId=name).get("ResourcePolicy") or "")


def get_random_password(aws: Aws, **arguments: Any) -> str:
    """A random text (GetRandomPassword)."""
    return str(aws.client("secretsmanager").get_random_password(**arguments)["RandomPassword"])


def create_secret(aws: Aws, name: str, value: str, **arguments: Any) -> str:
    """Create a secret with its value and answer its ARN (CreateSecret)."""
    return str(aws.client("secretsmanager").create_secret(Name=name, SecretString=value, **arguments)["ARN"])


def update_secret(aws: Aws, name: str, **arguments: Any) -> None:
    """Change description or key (UpdateSecret)."""
    aws.client("secretsmanager").update_secret(SecretId=name, **arguments)


def put_secret_value(aws: Aws, name: str, value: str) -> None:
    """Write a new current version (PutSecretValue)."""
    aws.client("secretsmanager").put_secret_value(SecretId=name, SecretString=value)


def restore_secret(aws: Aws, name: str) -> None:
    """Call a scheduled deletion off (RestoreSecret)."""
    aws.client("secretsmanager").restore_secret(SecretId=name)


def put_resource_policy(aws: Aws, name: str, document: str) -> None:
    """Attach a resource policy, refusing one that opens the secret to everybody (PutResourcePolicy)."""
    aws.client("secretsmanager").put_resource_policy(SecretId=name, ResourcePolicy=document, BlockPublicPolicy=True)


def delete_resource_policy(aws: Aws, name: str) -> None:
    """Remove the resource policy (DeleteResourcePolicy)."""
    aws.client("secretsmanager").delete_resource_policy(SecretId=name)


def tag_resource(aws: Aws, name: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("secretsmanager").tag_resource(SecretId=name, Tags=ansible_dict_to_boto3_tag_list(tags))


def delete_secret(aws: Aws, name: str, recovery_days: int) -> None:
    """Schedule the deletion in `recovery_days`, or delete at once with 0 (DeleteSecret)."""
    window: dict[str, Any] = {"RecoveryWindowInDays": recovery_days}
    if not recovery_days:
        window = {"ForceDeleteWithoutRecovery": True}
    aws.client("secretsmanager").delete_secret(SecretId=name, **window)


def list_secret_version_ids(aws: Aws, name: str) -> list[dict[str, Any]]:
    """Versions of a secret that carry a label, with when each was written (ListSecretVersionIds)."""
    answer = aws.client("secretsmanager").list_secret_version_ids(SecretId=name, MaxResults=100)
    versions: list[dict[str, Any]] = answer["Versions"]
    return versions


def get_secret_value(aws: Aws, name: str, **version: str) -> str:
    """The text of one version, by `VersionId` or `VersionStage` (GetSecretValue)."""
    return str(aws.client("secretsmanager").get_secret_value(SecretId=name, **version).get("SecretString") or "")


def put_pending_value(aws: Aws, name: str, value: str) -> None:
    """Write a version that waits for being promoted (PutSecretValue)."""
    aws.client("secretsmanager").put_secret_value(SecretId=name, SecretString=value, VersionStages=["AWSPENDING"])


def move_label(aws: Aws, name: str, label: str, *, to: str = "", away_from: str = "") -> None:
    """Put a label on a version, or take it off one, or both at once (UpdateSecretVersionStage)."""
    versions = {"MoveToVersionId": to, "RemoveFromVersionId": away_from}
    given = {argument: version for argument, version in versions.items() if version}
    aws.client("secretsmanager").update_secret_version_stage(SecretId=name, VersionStage=label, **given)
