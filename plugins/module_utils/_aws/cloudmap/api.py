# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to Cloud Map, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict

SERVICE = "servicediscovery"


def list_namespaces(aws: Aws, name: str) -> list[dict[str, Any]]:
    """Private namespaces of a name, one a VPC at most (ListNamespaces)."""
    filters = [{"Name": "TYPE", "Values": ["DNS_PRIVATE"]}, {"Name": "NAME", "Values": [name]}]
    found = aws.pages(SERVICE, "list_namespaces", "Namespaces", Filters=filters)
    # Not every implementation knows both filters.
    return [item for item in found if item["Name"] == name and item["Type"] == "DNS_PRIVATE"]


def hosted_zone_vpcs(aws: Aws, zone: str) -> set[str]:
    """VPCs that a hosted zone answers in (Route53 GetHostedZone)."""
    answer = aws.found(lambda: aws.client("route53").get_hosted_zone(Id=zone), "NoSuchHostedZone")
    return {vpc["VPCId"] for vpc in (answer or {}).get("VPCs", [])}


def create_namespace(aws: Aws, arguments: Mapping[str, Any]) -> str:
    """Start creating a private namespace (CreatePrivateDnsNamespace); answers the operation's id."""
    return str(aws.client(SERVICE).create_private_dns_namespace(**arguments)["OperationId"])


def update_namespace(aws: Aws, identifier: str, changes: Mapping[str, Any]) -> str:
    """Start changing a private namespace (UpdatePrivateDnsNamespace); answers the operation's id."""
    answer = aws.client(SERVICE).update_private_dns_namespace(Id=identifier, Namespace=changes)
    return str(answer["OperationId"])


def delete_namespace(aws: Aws, identifier: str) -> str:
    """Start deleting a namespace (DeleteNamespace), waiting for services that are going away."""
    client = aws.client(SERVICE)
    answer = aws.eventually(lambda: client.delete_namespace(Id=identifier), "ResourceInUse")
    return str(answer["OperationId"])


def get_operation(aws: Aws, identifier: str) -> dict[str, Any]:
    """An operation with `Status` and `ErrorMessage` (GetOperation)."""
    return dict(aws.client(SERVICE).get_operation(OperationId=identifier)["Operation"])


def list_services(aws: Aws, namespace: str) -> list[dict[str, Any]]:
    """Services of a namespace with DNS and health settings (ListServices)."""
    filters = [{"Name": "NAMESPACE_ID", "Values": [namespace], "Condition": "EQ"}]
    found = aws.pages(SERVICE, "list_services", "Services", Filters=filters)
    return [item for item in found if item.get("NamespaceId", namespace) == namespace]


def create_service(aws: Aws, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Create a service (CreateService)."""
    return dict(aws.client(SERVICE).create_service(**arguments)["Service"])


def update_service(aws: Aws, identifier: str, changes: Mapping[str, Any]) -> str:
    """Start changing a service (UpdateService); answers the operation's id."""
    return str(aws.client(SERVICE).update_service(Id=identifier, Service=changes)["OperationId"])


def delete_service(aws: Aws, identifier: str, *, timeout: float) -> None:
    """Delete a service, waiting for instances that are being deregistered (DeleteService)."""
    client = aws.client(SERVICE)
    aws.eventually(lambda: client.delete_service(Id=identifier), "ResourceInUse", timeout=timeout)


def tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of a namespace or service (ListTagsForResource)."""
    return dict(boto3_tag_list_to_ansible_dict(aws.client(SERVICE).list_tags_for_resource(ResourceARN=arn)["Tags"]))


def add_tags(aws: Aws, arn: str, added: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client(SERVICE).tag_resource(ResourceARN=arn, Tags=ansible_dict_to_boto3_tag_list(dict(added)))
