# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to ElastiCache, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list

NO_GROUP = ("ReplicationGroupNotFoundFault",)
NO_MEMBER = ("CacheClusterNotFound",)
NO_SUBNET_GROUP = ("CacheSubnetGroupNotFoundFault", "CacheSubnetGroupNotFound")
NO_PARAMETER_GROUP = ("CacheParameterGroupNotFound",)
NO_USER = ("UserNotFound",)
NO_USER_GROUP = ("UserGroupNotFound",)


def _first(items: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    return dict(items[0]) if items else None


def describe_replication_group(aws: Aws, group_id: str) -> dict[str, Any] | None:
    """One replication group, None if there is none (DescribeReplicationGroups)."""
    client = aws.client("elasticache")
    answer = aws.found(lambda: client.describe_replication_groups(ReplicationGroupId=group_id), *NO_GROUP)
    return _first((answer or {}).get("ReplicationGroups", []))


def describe_cache_cluster(aws: Aws, cluster_id: str) -> dict[str, Any]:
    """One member of a replication group, empty if there is none (DescribeCacheClusters)."""
    client = aws.client("elasticache")
    answer = aws.found(lambda: client.describe_cache_clusters(CacheClusterId=cluster_id), *NO_MEMBER)
    return _first((answer or {}).get("CacheClusters", [])) or {}


def create_replication_group(aws: Aws, group_id: str, **arguments: Any) -> None:
    """Create a group; one of that id may be there from a call whose answer was lost (CreateReplicationGroup)."""
    client = aws.client("elasticache")
    codes = ("ReplicationGroupAlreadyExists", "ReplicationGroupAlreadyExistsFault")
    aws.found(lambda: client.create_replication_group(ReplicationGroupId=group_id, **arguments), *codes)


def modify_replication_group(aws: Aws, group_id: str, **arguments: Any) -> None:
    """Change a group (ModifyReplicationGroup)."""
    aws.client("elasticache").modify_replication_group(ReplicationGroupId=group_id, **arguments)


def increase_replica_count(aws: Aws, group_id: str, **arguments: Any) -> None:
    """Add replicas (IncreaseReplicaCount)."""
    aws.client("elasticache").increase_replica_count(ReplicationGroupId=group_id, ApplyImmediately=True, **arguments)


def decrease_replica_count(aws: Aws, group_id: str, **arguments: Any) -> None:
    """Remove replicas (DecreaseReplicaCount)."""
    aws.client("elasticache").decrease_replica_count(ReplicationGroupId=group_id, ApplyImmediately=True, **arguments)


def modify_shards(aws: Aws, group_id: str, **arguments: Any) -> None:
    """Add or remove shards and move their slots (ModifyReplicationGroupShardConfiguration)."""
    aws.client("elasticache").modify_replication_group_shard_configuration(
        ReplicationGroupId=group_id, ApplyImmediately=True, **arguments
    )


def delete_replication_group(aws: Aws, group_id: str, **arguments: Any) -> None:
    """Delete a group with its members (DeleteReplicationGroup)."""
    client = aws.client("elasticache")
    aws.found(lambda: client.delete_replication_group(ReplicationGroupId=group_id, **arguments), *NO_GROUP)


def describe_cache_subnet_group(aws: Aws, name: str) -> dict[str, Any] | None:
    """One subnet group, None if there is none (DescribeCacheSubnetGroups)."""
    client = aws.client("elasticache")
    answer = aws.found(lambda: client.describe_cache_subnet_groups(CacheSubnetGroupName=name), *NO_SUBNET_GROUP)
    return _first((answer or {}).get("CacheSubnetGroups", []))


def create_cache_subnet_group(aws: Aws, name: str, **arguments: Any) -> None:
    """Create a subnet group (CreateCacheSubnetGroup)."""
    client = aws.client("elasticache")
    aws.found(
        lambda: client.create_cache_subnet_group(CacheSubnetGroupName=name, **arguments),
        "CacheSubnetGroupAlreadyExists",
    )


def modify_cache_subnet_group(aws: Aws, name: str, **arguments: Any) -> None:
    """Change subnets and description of a subnet group (ModifyCacheSubnetGroup)."""
    aws.client("elasticache").modify_cache_subnet_group(CacheSubnetGroupName=name, **arguments)


def delete_cache_subnet_group(aws: Aws, name: str) -> None:
    """Delete a subnet group (DeleteCacheSubnetGroup)."""
    client = aws.client("elasticache")
    aws.found(lambda: client.delete_cache_subnet_group(CacheSubnetGroupName=name), *NO_SUBNET_GROUP)


def describe_cache_parameter_group(aws: Aws, name: str) -> dict[str, Any] | None:
    """One parameter group, None if there is none (DescribeCacheParameterGroups)."""
    client = aws.client("elasticache")
    answer = aws.found(
        lambda: client.describe_cache_parameter_groups(CacheParameterGroupName=name), *NO_PARAMETER_GROUP
    )
    return _first((answer or {}).get("CacheParameterGroups", []))


def describe_cache_parameter_groups(aws: Aws) -> list[dict[str, Any]]:
    """All parameter groups (DescribeCacheParameterGroups)."""
    return aws.pages("elasticache", "describe_cache_parameter_groups", "CacheParameterGroups")


def describe_changed_parameters(aws: Aws, name: str) -> list[dict[str, Any]]:
    """Parameters of a group that were set by a user (DescribeCacheParameters)."""
    return aws.pages(
        "elasticache", "describe_cache_parameters", "Parameters", CacheParameterGroupName=name, Source="user"
    )


def describe_engine_default_parameters(aws: Aws, family: str) -> list[dict[str, Any]]:
    """All parameters of a family with type and allowed values (DescribeEngineDefaultParameters)."""
    paginator = aws.client("elasticache").get_paginator("describe_engine_default_parameters")
    pages = paginator.paginate(CacheParameterGroupFamily=family)
    return [item for page in pages for item in page["EngineDefaults"].get("Parameters", [])]


def create_cache_parameter_group(aws: Aws, name: str, **arguments: Any) -> None:
    """Create a parameter group (CreateCacheParameterGroup)."""
    client = aws.client("elasticache")
    aws.found(
        lambda: client.create_cache_parameter_group(CacheParameterGroupName=name, **arguments),
        "CacheParameterGroupAlreadyExists",
    )


def modify_cache_parameter_group(aws: Aws, name: str, parameters: Sequence[Mapping[str, str]]) -> None:
    """Set at most twenty parameters (ModifyCacheParameterGroup)."""
    aws.client("elasticache").modify_cache_parameter_group(
        CacheParameterGroupName=name, ParameterNameValues=list(parameters)
    )


def reset_cache_parameter_group(aws: Aws, name: str, parameters: Sequence[Mapping[str, str]]) -> None:
    """Set at most twenty parameters back to the engine's defaults (ResetCacheParameterGroup)."""
    aws.client("elasticache").reset_cache_parameter_group(
        CacheParameterGroupName=name, ResetAllParameters=False, ParameterNameValues=list(parameters)
    )


def delete_cache_parameter_group(aws: Aws, name: str) -> None:
    """Delete a parameter group (DeleteCacheParameterGroup)."""
    client = aws.client("elasticache")
    aws.found(lambda: client.delete_cache_parameter_group(CacheParameterGroupName=name), *NO_PARAMETER_GROUP)


def describe_users(aws: Aws) -> list[dict[str, Any]]:
    """All users (DescribeUsers)."""
    return aws.pages("elasticache", "describe_users", "Users")


def create_user(aws: Aws, user_id: str, **arguments: Any) -> None:
    """Create a user (CreateUser)."""
    client = aws.client("elasticache")
    aws.found(lambda: client.create_user(UserId=user_id, **arguments), "UserAlreadyExists")


def modify_user(aws: Aws, user_id: str, **arguments: Any) -> None:
    """Change access string or passwords of a user (ModifyUser)."""
    aws.client("elasticache").modify_user(UserId=user_id, **arguments)


def delete_user(aws: Aws, user_id: str) -> None:
    """Delete a user (DeleteUser)."""
    aws.found(lambda: aws.client("elasticache").delete_user(UserId=user_id), *NO_USER)


def describe_user_group(aws: Aws, group_id: str) -> dict[str, Any] | None:
    """One user group, None if there is none (DescribeUserGroups)."""
    client = aws.client("elasticache")
    answer = aws.found(lambda: client.describe_user_groups(UserGroupId=group_id), *NO_USER_GROUP)
    return _first((answer or {}).get("UserGroups", []))


def create_user_group(aws: Aws, group_id: str, **arguments: Any) -> None:
    """Create a user group (CreateUserGroup)."""
    client = aws.client("elasticache")
    aws.found(lambda: client.create_user_group(UserGroupId=group_id, **arguments), "UserGroupAlreadyExists")


def modify_user_group(aws: Aws, group_id: str, **arguments: Any) -> None:
    """Add users to a user group or take them out (ModifyUserGroup)."""
    aws.client("elasticache").modify_user_group(UserGroupId=group_id, **arguments)


def delete_user_group(aws: Aws, group_id: str) -> None:
    """Delete a user group (DeleteUserGroup)."""
    aws.found(lambda: aws.client("elasticache").delete_user_group(UserGroupId=group_id), *NO_USER_GROUP)


def describe_cache_engine_versions(aws: Aws, engine: str) -> list[dict[str, Any]]:
    """All versions on offer of an engine (DescribeCacheEngineVersions)."""
    return aws.pages("elasticache", "describe_cache_engine_versions", "CacheEngineVersions", Engine=engine)


def list_tags(aws: Aws, arn: str) -> list[dict[str, str]]:
    """Tags of a resource (ListTagsForResource)."""
    return list(aws.client("elasticache").list_tags_for_resource(ResourceName=arn)["TagList"])


def add_tags(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags of a resource (AddTagsToResource)."""
    aws.client("elasticache").add_tags_to_resource(ResourceName=arn, Tags=ansible_dict_to_boto3_tag_list(tags))


def describe_subnets(aws: Aws, subnet_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The subnets of these ids that exist (EC2 DescribeSubnets)."""
    filters = [{"Name": "subnet-id", "Values": list(subnet_ids)}]
    return aws.pages("ec2", "describe_subnets", "Subnets", Filters=filters)
