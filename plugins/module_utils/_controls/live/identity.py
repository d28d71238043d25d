# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may do what, as it is: roles and policies that are ours, secrets, and documents of the account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._aws import policy as documents
from ..model import Resource
from .reading import Reading


def roles(reading: Reading) -> Iterator[Resource]:
    """Roles and customer-managed policies, all in one listing."""
    client = reading.aws.client("iam")
    pages = client.get_paginator("get_account_authorization_details").paginate(Filter=["Role", "LocalManagedPolicy"])
    for page in pages:
        for role in page.get("RoleDetailList", []):
            if reading.ours(role.get("Tags")):
                yield Resource("role", role["RoleName"], _role(role))
        for policy in page.get("Policies", []):
            if reading.name in _path_and_name(policy):
                yield from _policy(policy)


def _path_and_name(policy: Mapping[str, Any]) -> str:
    return str(policy["Arn"]).partition(":policy/")[2]


def _policy(policy: Mapping[str, Any]) -> Iterator[Resource]:
    """In the version that counts."""
    for version in policy["PolicyVersionList"]:
        if version["IsDefaultVersion"]:
            yield Resource(
                "policy", _path_and_name(policy).rpartition("/")[2], {"document": _document(version["Document"])}
            )


def _role(role: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "inline_policies": {
            one["PolicyName"]: _document(one["PolicyDocument"]) for one in role.get("RolePolicyList", [])
        },
        "managed_policies": [one["PolicyArn"] for one in role.get("AttachedManagedPolicies", [])],
    }


def _document(document: Any) -> dict[str, Any]:
    return documents.normalised(documents.parsed("policy", document))


def secrets(reading: Reading) -> Iterator[Resource]:
    aws = reading.aws
    listed = aws.pages("secretsmanager", "list_secrets", "SecretList")
    ours = [one for one in listed if reading.ours(one.get("Tags")) and "DeletedDate" not in one]
    client = aws.client("secretsmanager")

    def look(secret: Mapping[str, Any]) -> Resource:
        versions = client.list_secret_version_ids(SecretId=secret["ARN"])["Versions"]
        current = [one["CreatedDate"] for one in versions if "AWSCURRENT" in one.get("VersionStages", [])]
        due = secret.get("NextRotationDate")
        facts = {
            "rotation_enabled": bool(secret.get("RotationEnabled")),
            "rotation_overdue_days": reading.days_since(due) if due else 0,
            "unused_days": reading.days_since(secret.get("LastAccessedDate")),
            "age_days": reading.days_since(current[0]) if current else None,
        }
        return Resource("secret", secret["Name"], facts)

    yield from reading.many(look, ours)


def shared_documents(reading: Reading) -> Iterator[Resource]:
    client = reading.aws.client("ssm")
    owned = [{"Key": "Owner", "Values": ["Self"]}]
    for document in reading.aws.pages("ssm", "list_documents", "DocumentIdentifiers", Filters=owned):
        answer = client.describe_document_permission(Name=document["Name"], PermissionType="Share")
        yield Resource("document", document["Name"], {"account_ids": answer.get("AccountIds", [])})
