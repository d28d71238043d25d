# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to IAM about customer managed policies, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict


def list_policies(aws: Aws) -> list[dict[str, Any]]:
    """All policies of the account itself, without documents and tags (ListPolicies)."""
    return aws.pages("iam", "list_policies", "Policies", Scope="Local")


def get_document(aws: Aws, arn: str, version: str) -> dict[str, Any]:
    """The document of a version (GetPolicyVersion)."""
    answer = aws.client("iam").get_policy_version(PolicyArn=arn, VersionId=version)
    return dict(answer["PolicyVersion"]["Document"])


def list_tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of a policy (ListPolicyTags)."""
    return dict(boto3_tag_list_to_ansible_dict(aws.pages("iam", "list_policy_tags", "Tags", PolicyArn=arn)))


def create_policy(aws: Aws, name: str, path: str, document: str, tags: Mapping[str, str]) -> None:
    """Create a policy (CreatePolicy)."""
    listed = ansible_dict_to_boto3_tag_list(dict(tags))
    aws.client("iam").create_policy(PolicyName=name, Path=path, PolicyDocument=document, Tags=listed)


def list_versions(aws: Aws, arn: str) -> list[dict[str, Any]]:
    """Versions of a policy (ListPolicyVersions)."""
    return aws.pages("iam", "list_policy_versions", "Versions", PolicyArn=arn)


def create_version(aws: Aws, arn: str, document: str) -> None:
    """Make another document hold (CreatePolicyVersion)."""
    aws.client("iam").create_policy_version(PolicyArn=arn, PolicyDocument=document, SetAsDefault=True)


def delete_version(aws: Aws, arn: str, version: str) -> None:
    """Delete a version that does not hold (DeletePolicyVersion)."""
    aws.client("iam").delete_policy_version(PolicyArn=arn, VersionId=version)


def tag_policy(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagPolicy)."""
    aws.client("iam").tag_policy(PolicyArn=arn, Tags=ansible_dict_to_boto3_tag_list(dict(tags)))


def list_roles_with(aws: Aws, arn: str) -> list[str]:
    """Names of the roles to which a policy is attached (ListEntitiesForPolicy)."""
    roles = aws.pages("iam", "list_entities_for_policy", "PolicyRoles", PolicyArn=arn, EntityFilter="Role")
    return [role["RoleName"] for role in roles]


def detach_role_policy(aws: Aws, name: str, arn: str) -> None:
    """Detach a policy from a role (DetachRolePolicy)."""
    aws.client("iam").detach_role_policy(RoleName=name, PolicyArn=arn)


def delete_policy(aws: Aws, arn: str) -> None:
    """Delete a policy that nothing has and of which one version is left (DeletePolicy)."""
    aws.client("iam").delete_policy(PolicyArn=arn)
