# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to EFS, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list


def describe_file_system(aws: Aws, token: str) -> dict[str, Any] | None:
    """The file system that was created with a token, which only one can be (DescribeFileSystems)."""
    found = aws.client("efs").describe_file_systems(CreationToken=token)["FileSystems"]
    return dict(found[0]) if found else None


def describe_lifecycle_configuration(aws: Aws, file_system_id: str) -> list[dict[str, str]]:
    """When files move between storage classes (DescribeLifecycleConfiguration)."""
    return list(aws.client("efs").describe_lifecycle_configuration(FileSystemId=file_system_id)["LifecyclePolicies"])


def describe_backup_policy(aws: Aws, file_system_id: str) -> str:
    """Whether AWS Backup makes backups: ENABLED, DISABLED, or on the way to either (DescribeBackupPolicy)."""
    call = aws.client("efs").describe_backup_policy
    answer = aws.found(lambda: call(FileSystemId=file_system_id), "PolicyNotFound")
    return str(answer["BackupPolicy"]["Status"]) if answer else "DISABLED"


def describe_file_system_policy(aws: Aws, file_system_id: str) -> str:
    """The file system policy as text, empty without one (DescribeFileSystemPolicy)."""
    call = aws.client("efs").describe_file_system_policy
    answer = aws.found(lambda: call(FileSystemId=file_system_id), "PolicyNotFound")
    return str(answer["Policy"]) if answer else ""


def describe_mount_targets(aws: Aws, file_system_id: str) -> list[dict[str, Any]]:
    """Mount targets of a file system (DescribeMountTargets)."""
    return aws.pages("efs", "describe_mount_targets", "MountTargets", FileSystemId=file_system_id)


def describe_mount_target_security_groups(aws: Aws, mount_target_id: str) -> list[str]:
    """Ids of the security groups of a mount target (DescribeMountTargetSecurityGroups)."""
    answer = aws.client("efs").describe_mount_target_security_groups(MountTargetId=mount_target_id)
    return list(answer["SecurityGroups"])


def describe_access_points(aws: Aws, file_system_id: str) -> list[dict[str, Any]]:
    """Access points of a file system (DescribeAccessPoints)."""
    return aws.pages("efs", "describe_access_points", "AccessPoints", FileSystemId=file_system_id)


def create_file_system(aws: Aws, token: str, tags: Mapping[str, str], **arguments: Any) -> dict[str, Any]:
    """Create an encrypted file system (CreateFileSystem)."""
    listed = ansible_dict_to_boto3_tag_list(dict(tags))
    create = aws.client("efs").create_file_system
    return dict(create(CreationToken=token, Encrypted=True, Tags=listed, **arguments))


def update_file_system(aws: Aws, file_system_id: str, **arguments: Any) -> None:
    """Change the throughput (UpdateFileSystem)."""
    aws.client("efs").update_file_system(FileSystemId=file_system_id, **arguments)


def put_lifecycle_configuration(aws: Aws, file_system_id: str, policies: Sequence[Mapping[str, str]]) -> None:
    """Replace the rules by which files move between storage classes (PutLifecycleConfiguration)."""
    aws.client("efs").put_lifecycle_configuration(FileSystemId=file_system_id, LifecyclePolicies=list(policies))


def put_backup_policy(aws: Aws, file_system_id: str, *, enabled: bool) -> None:
    """Turn backups by AWS Backup on or off (PutBackupPolicy)."""
    policy = {"Status": "ENABLED" if enabled else "DISABLED"}
    aws.client("efs").put_backup_policy(FileSystemId=file_system_id, BackupPolicy=policy)


def put_file_system_policy(aws: Aws, file_system_id: str, document: str) -> None:
    """Replace the file system policy (PutFileSystemPolicy)."""
    aws.client("efs").put_file_system_policy(FileSystemId=file_system_id, Policy=document)


def delete_file_system_policy(aws: Aws, file_system_id: str) -> None:
    """Go back to the policy that lets every client in (DeleteFileSystemPolicy)."""
    aws.client("efs").delete_file_system_policy(FileSystemId=file_system_id)


def create_mount_target(aws: Aws, file_system_id: str, subnet_id: str, groups: Sequence[str]) -> str:
    """Create a mount target and answer its id (CreateMountTarget)."""
    given = {"SecurityGroups": list(groups)} if groups else {}
    answer = aws.client("efs").create_mount_target(FileSystemId=file_system_id, SubnetId=subnet_id, **given)
    return str(answer["MountTargetId"])


def modify_mount_target_security_groups(aws: Aws, mount_target_id: str, groups: Sequence[str]) -> None:
    """Replace the security groups of a mount target (ModifyMountTargetSecurityGroups)."""
    modify = aws.client("efs").modify_mount_target_security_groups
    modify(MountTargetId=mount_target_id, SecurityGroups=list(groups))


def delete_mount_target(aws: Aws, mount_target_id: str) -> None:
    """Delete a mount target (DeleteMountTarget)."""
    aws.client("efs").delete_mount_target(MountTargetId=mount_target_id)


def create_access_point(aws: Aws, file_system_id: str, tags: Mapping[str, str], **arguments: Any) -> None:
    """Create an access point (CreateAccessPoint)."""
    listed = ansible_dict_to_boto3_tag_list(dict(tags))
    aws.client("efs").create_access_point(FileSystemId=file_system_id, Tags=listed, **arguments)


def delete_access_point(aws: Aws, access_point_id: str) -> None:
    """Delete an access point; the files below it stay (DeleteAccessPoint)."""
    aws.client("efs").delete_access_point(AccessPointId=access_point_id)


def tag_resource(aws: Aws, resource_id: str, tags: Mapping[str, str]) -> None:
    """Add or change tags of a file system or access point (TagResource)."""
    aws.client("efs").tag_resource(ResourceId=resource_id, Tags=ansible_dict_to_boto3_tag_list(dict(tags)))


def delete_file_system(aws: Aws, file_system_id: str) -> None:
    """Delete a file system that has no mount targets (DeleteFileSystem)."""
    aws.client("efs").delete_file_system(FileSystemId=file_system_id)
