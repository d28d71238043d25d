# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to RDS, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list

NO_INSTANCE = ("DBInstanceNotFound", "DBInstanceNotFoundFault")
NO_SUBNET_GROUP = ("DBSubnetGroupNotFoundFault",)
NO_PARAMETER_GROUP = ("DBParameterGroupNotFound", "DBParameterGroupNotFoundFault")


def _first(items: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    return dict(items[0]) if items else None


def describe_db_instance(aws: Aws, identifier: str) -> dict[str, Any] | None:
    """One instance, None if there is none (DescribeDBInstances)."""
    client = aws.client("rds")
    answer = aws.found(lambda: client.describe_db_instances(DBInstanceIdentifier=identifier), *NO_INSTANCE)
    return _first((answer or {}).get("DBInstances", []))


def create_db_instance(aws: Aws, **arguments: Any) -> None:
    """Create an instance; one of that name may be there from a call whose answer was lost (CreateDBInstance)."""
    aws.found(lambda: aws.client("rds").create_db_instance(**arguments), "DBInstanceAlreadyExists")


def modify_db_instance(aws: Aws, identifier: str, **arguments: Any) -> None:
    """Change an instance (ModifyDBInstance)."""
    aws.client("rds").modify_db_instance(DBInstanceIdentifier=identifier, **arguments)


def reboot_db_instance(aws: Aws, identifier: str) -> None:
    """Restart the database process (RebootDBInstance)."""
    aws.client("rds").reboot_db_instance(DBInstanceIdentifier=identifier)


def delete_db_instance(aws: Aws, identifier: str, **arguments: Any) -> None:
    """Delete an instance (DeleteDBInstance)."""
    aws.found(
        lambda: aws.client("rds").delete_db_instance(DBInstanceIdentifier=identifier, **arguments),
        *NO_INSTANCE,
    )


def describe_db_subnet_group(aws: Aws, name: str) -> dict[str, Any] | None:
    """One subnet group, None if there is none (DescribeDBSubnetGroups)."""
    client = aws.client("rds")
    answer = aws.found(lambda: client.describe_db_subnet_groups(DBSubnetGroupName=name), *NO_SUBNET_GROUP)
    return _first((answer or {}).get("DBSubnetGroups", []))


def create_db_subnet_group(aws: Aws, name: str, **arguments: Any) -> None:
    """Create a subnet group (CreateDBSubnetGroup)."""
    client = aws.client("rds")
    aws.found(
        lambda: client.create_db_subnet_group(DBSubnetGroupName=name, **arguments),
        "DBSubnetGroupAlreadyExists",
    )


def modify_db_subnet_group(aws: Aws, name: str, **arguments: Any) -> None:
    """Change subnets and description of a subnet group (ModifyDBSubnetGroup)."""
    aws.client("rds").modify_db_subnet_group(DBSubnetGroupName=name, **arguments)


def delete_db_subnet_group(aws: Aws, name: str) -> None:
    """Delete a subnet group (DeleteDBSubnetGroup)."""
    aws.found(lambda: aws.client("rds").delete_db_subnet_group(DBSubnetGroupName=name), *NO_SUBNET_GROUP)


def describe_db_parameter_group(aws: Aws, name: str) -> dict[str, Any] | None:
    """One parameter group, None if there is none (DescribeDBParameterGroups)."""
    client = aws.client("rds")
    answer = aws.found(lambda: client.describe_db_parameter_groups(DBParameterGroupName=name), *NO_PARAMETER_GROUP)
    return _first((answer or {}).get("DBParameterGroups", []))


def describe_db_parameter_groups(aws: Aws) -> list[dict[str, Any]]:
    """All parameter groups (DescribeDBParameterGroups)."""
    return aws.pages("rds", "describe_db_parameter_groups", "DBParameterGroups")


def describe_changed_parameters(aws: Aws, name: str) -> list[dict[str, Any]]:
    """Parameters of a group that were set by a user (DescribeDBParameters)."""
    return aws.pages("rds", "describe_db_parameters", "Parameters", DBParameterGroupName=name, Source="user")


def describe_engine_default_parameters(aws: Aws, family: str) -> list[dict[str, Any]]:
    """All parameters of a family with type, allowed values and apply type (DescribeEngineDefaultParameters)."""
    paginator = aws.client("rds").get_paginator("describe_engine_default_parameters")
    pages = paginator.paginate(DBParameterGroupFamily=family)
    return [item for page in pages for item in page["EngineDefaults"].get("Parameters", [])]


def create_db_parameter_group(aws: Aws, name: str, **arguments: Any) -> None:
    """Create a parameter group (CreateDBParameterGroup)."""
    client = aws.client("rds")
    aws.found(
        lambda: client.create_db_parameter_group(DBParameterGroupName=name, **arguments),
        "DBParameterGroupAlreadyExists",
    )


def modify_db_parameter_group(aws: Aws, name: str, parameters: Sequence[Mapping[str, str]]) -> None:
    """Set at most twenty parameters (ModifyDBParameterGroup)."""
    aws.client("rds").modify_db_parameter_group(DBParameterGroupName=name, Parameters=list(parameters))


def reset_db_parameter_group(aws: Aws, name: str, parameters: Sequence[Mapping[str, str]]) -> None:
    """Set at most twenty parameters back to the engine's defaults (ResetDBParameterGroup)."""
    aws.client("rds").reset_db_parameter_group(
        DBParameterGroupName=name, ResetAllParameters=False, Parameters=list(parameters)
    )


def delete_db_parameter_group(aws: Aws, name: str) -> None:
    """Delete a parameter group (DeleteDBParameterGroup)."""
    aws.found(lambda: aws.client("rds").delete_db_parameter_group(DBParameterGroupName=name), *NO_PARAMETER_GROUP)


def describe_db_engine_versions(aws: Aws, engine: str) -> list[dict[str, Any]]:
    """All versions on offer of an engine (DescribeDBEngineVersions)."""
    return aws.pages("rds", "describe_db_engine_versions", "DBEngineVersions", Engine=engine)


def list_tags(aws: Aws, arn: str) -> list[dict[str, str]]:
    """Tags of a resource (ListTagsForResource)."""
    return list(aws.client("rds").list_tags_for_resource(ResourceName=arn)["TagList"])


def add_tags(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags of a resource (AddTagsToResource)."""
    aws.client("rds").add_tags_to_resource(ResourceName=arn, Tags=ansible_dict_to_boto3_tag_list(tags))


def describe_subnets(aws: Aws, subnet_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The subnets of these ids that exist (EC2 DescribeSubnets)."""
    filters = [{"Name": "subnet-id", "Values": list(subnet_ids)}]
    return aws.pages("ec2", "describe_subnets", "Subnets", Filters=filters)
