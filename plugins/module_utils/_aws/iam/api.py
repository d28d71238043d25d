# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to IAM, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list


def list_roles(aws: Aws) -> list[dict[str, Any]]:
    """All roles with path, description, trust policy and session limit (ListRoles)."""
    return aws.pages("iam", "list_roles", "Roles")


def role_details(aws: Aws) -> list[dict[str, Any]]:
    """All roles with policies, boundary, tags and instance profiles (GetAccountAuthorizationDetails)."""
    return aws.pages("iam", "get_account_authorization_details", "RoleDetailList", Filter=["Role"])


def get_policy(aws: Aws, arn: str) -> dict[str, Any]:
    """A managed policy (GetPolicy)."""
    answer: dict[str, Any] = aws.client("iam").get_policy(PolicyArn=arn)["Policy"]
    return answer


def create_role(aws: Aws, name: str, **arguments: Any) -> str:
    """Create a role and answer its ARN (CreateRole)."""
    return str(aws.client("iam").create_role(RoleName=name, **arguments)["Role"]["Arn"])


def update_role(aws: Aws, name: str, **arguments: Any) -> None:
    """Change description or session limit (UpdateRole)."""
    aws.client("iam").update_role(RoleName=name, **arguments)


def update_assume_role_policy(aws: Aws, name: str, document: str) -> None:
    """Change who may assume a role (UpdateAssumeRolePolicy)."""
    aws.client("iam").update_assume_role_policy(RoleName=name, PolicyDocument=document)


def put_role_policy(aws: Aws, name: str, policy: str, document: str) -> None:
    """Create or change an inline policy (PutRolePolicy)."""
    aws.client("iam").put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=document)


def delete_role_policy(aws: Aws, name: str, policy: str) -> None:
    """Remove an inline policy (DeleteRolePolicy)."""
    aws.client("iam").delete_role_policy(RoleName=name, PolicyName=policy)


def attach_role_policy(aws: Aws, name: str, arn: str) -> None:
    """Attach a managed policy (AttachRolePolicy)."""
    aws.client("iam").attach_role_policy(RoleName=name, PolicyArn=arn)


def detach_role_policy(aws: Aws, name: str, arn: str) -> None:
    """Detach a managed policy (DetachRolePolicy)."""
    aws.client("iam").detach_role_policy(RoleName=name, PolicyArn=arn)


def put_permissions_boundary(aws: Aws, name: str, arn: str) -> None:
    """Limit what the role may ever be allowed (PutRolePermissionsBoundary)."""
    aws.client("iam").put_role_permissions_boundary(RoleName=name, PermissionsBoundary=arn)


def delete_permissions_boundary(aws: Aws, name: str) -> None:
    """Lift the limit (DeleteRolePermissionsBoundary)."""
    aws.client("iam").delete_role_permissions_boundary(RoleName=name)


def tag_role(aws: Aws, name: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagRole)."""
    aws.client("iam").tag_role(RoleName=name, Tags=ansible_dict_to_boto3_tag_list(tags))


def remove_from_instance_profile(aws: Aws, name: str, profile: str) -> None:
    """Take the role out of an instance profile (RemoveRoleFromInstanceProfile)."""
    aws.client("iam").remove_role_from_instance_profile(RoleName=name, InstanceProfileName=profile)


def delete_role(aws: Aws, name: str) -> None:
    """Delete a role that nothing hangs on any more (DeleteRole)."""
    aws.client("iam").delete_role(RoleName=name)
