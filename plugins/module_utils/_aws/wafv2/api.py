# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to WAF, one function an operation. Everything is regional: web ACLs of CloudFront are not managed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict

SCOPE = {"Scope": "REGIONAL"}
MISSING = "WAFNonexistentItemException"


def shape(aws: Aws, name: str) -> Any:
    """How the API describes one of its structures, such as Statement."""
    return aws.client("wafv2").meta.service_model.shape_for(name)


def list_web_acls(aws: Aws) -> list[dict[str, Any]]:
    """Names, ids and ARNs of all web ACLs of the region (ListWebACLs)."""
    return _listed(aws, "list_web_acls", "WebACLs")


def list_ip_sets(aws: Aws) -> list[dict[str, Any]]:
    """Names, ids and ARNs of all IP sets of the region (ListIPSets)."""
    return _listed(aws, "list_ip_sets", "IPSets")


def _listed(aws: Aws, operation: str, key: str) -> list[dict[str, Any]]:
    """All items of an operation for which botocore has no paginator."""
    found: list[dict[str, Any]] = []
    marker: dict[str, str] = {}
    while True:
        answer = getattr(aws.client("wafv2"), operation)(**SCOPE, Limit=100, **marker)
        found += answer[key]
        if not answer.get("NextMarker") or not answer[key]:
            return found
        marker = {"NextMarker": answer["NextMarker"]}


def get_web_acl(aws: Aws, item: Mapping[str, str]) -> dict[str, Any]:
    """A web ACL and, as LockToken, the token of this state of it (GetWebACL)."""
    answer = aws.client("wafv2").get_web_acl(**SCOPE, Name=item["Name"], Id=item["Id"])
    return {**answer["WebACL"], "LockToken": answer["LockToken"]}


def get_ip_set(aws: Aws, item: Mapping[str, str]) -> dict[str, Any]:
    """An IP set and, as LockToken, the token of this state of it (GetIPSet)."""
    answer = aws.client("wafv2").get_ip_set(**SCOPE, Name=item["Name"], Id=item["Id"])
    return {**answer["IPSet"], "LockToken": answer["LockToken"]}


def get_logging_configuration(aws: Aws, arn: str) -> dict[str, Any] | None:
    """Where the log of a web ACL goes, None if nowhere (GetLoggingConfiguration)."""
    answer = aws.found(lambda: aws.client("wafv2").get_logging_configuration(ResourceArn=arn), MISSING)
    return dict(answer["LoggingConfiguration"]) if answer else None


def list_load_balancers(aws: Aws, arn: str) -> list[str]:
    """ARNs of the application load balancers that a web ACL protects (ListResourcesForWebACL)."""
    kind = {"ResourceType": "APPLICATION_LOAD_BALANCER"}
    return list(aws.client("wafv2").list_resources_for_web_acl(WebACLArn=arn, **kind)["ResourceArns"])


def list_tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of a web ACL or IP set (ListTagsForResource)."""
    info = aws.client("wafv2").list_tags_for_resource(ResourceARN=arn)["TagInfoForResource"]
    return dict(boto3_tag_list_to_ansible_dict(info["TagList"]))


def check_capacity(aws: Aws, rules: Sequence[Mapping[str, Any]]) -> int:
    """Capacity units that rules take; fails for rules that could not be (CheckCapacity)."""
    return int(aws.client("wafv2").check_capacity(**SCOPE, Rules=list(rules))["Capacity"])


def create_web_acl(aws: Aws, tags: Mapping[str, str], **arguments: Any) -> dict[str, Any]:
    """Create a web ACL (CreateWebACL)."""
    return dict(aws.client("wafv2").create_web_acl(**SCOPE, **arguments, **_tags(tags))["Summary"])


def update_web_acl(aws: Aws, **arguments: Any) -> None:
    """Replace a web ACL as a whole (UpdateWebACL)."""
    aws.client("wafv2").update_web_acl(**SCOPE, **arguments)


def delete_web_acl(aws: Aws, item: Mapping[str, str]) -> None:
    """Delete a web ACL that protects nothing (DeleteWebACL)."""
    aws.client("wafv2").delete_web_acl(**SCOPE, Name=item["Name"], Id=item["Id"], LockToken=item["LockToken"])


def create_ip_set(aws: Aws, tags: Mapping[str, str], **arguments: Any) -> dict[str, Any]:
    """Create an IP set (CreateIPSet)."""
    return dict(aws.client("wafv2").create_ip_set(**SCOPE, **arguments, **_tags(tags))["Summary"])


def update_ip_set(aws: Aws, **arguments: Any) -> None:
    """Replace the addresses of an IP set (UpdateIPSet)."""
    aws.client("wafv2").update_ip_set(**SCOPE, **arguments)


def delete_ip_set(aws: Aws, item: Mapping[str, str]) -> None:
    """Delete an IP set that no rule uses (DeleteIPSet)."""
    aws.client("wafv2").delete_ip_set(**SCOPE, Name=item["Name"], Id=item["Id"], LockToken=item["LockToken"])


def put_logging_configuration(aws: Aws, configuration: Mapping[str, Any]) -> None:
    """Send the log of a web ACL somewhere (PutLoggingConfiguration)."""
    aws.client("wafv2").put_logging_configuration(LoggingConfiguration=dict(configuration))


def delete_logging_configuration(aws: Aws, arn: str) -> None:
    """Stop logging; no error where nothing is logged (DeleteLoggingConfiguration)."""
    aws.found(lambda: aws.client("wafv2").delete_logging_configuration(ResourceArn=arn), MISSING)


def associate(aws: Aws, arn: str, resource: str) -> None:
    """Let a web ACL protect a resource, in place of the one that did (AssociateWebACL)."""
    aws.client("wafv2").associate_web_acl(WebACLArn=arn, ResourceArn=resource)


def disassociate(aws: Aws, resource: str) -> None:
    """Let no web ACL protect a resource; no error where it is gone (DisassociateWebACL)."""
    aws.found(lambda: aws.client("wafv2").disassociate_web_acl(ResourceArn=resource), MISSING)


def tag_resource(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("wafv2").tag_resource(ResourceARN=arn, Tags=ansible_dict_to_boto3_tag_list(dict(tags)))


def _tags(tags: Mapping[str, str]) -> dict[str, Any]:
    return {"Tags": ansible_dict_to_boto3_tag_list(dict(tags))} if tags else {}
