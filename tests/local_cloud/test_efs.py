"""Tasks mount EFS file systems through access points, and keep their files there; what AWS refuses is refused."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from ecs_support import World
from local_cloud_support import eventually


@pytest.fixture
def file_system(world: World) -> str:
    """A file system with a mount target in both zones."""
    efs = world.cloud.client("efs")
    made = str(efs.create_file_system(CreationToken=world.name, Encrypted=True)["FileSystemId"])
    eventually(lambda: state(world, made) == "available", what="the file system")
    for subnet in world.subnets:
        efs.create_mount_target(FileSystemId=made, SubnetId=subnet, SecurityGroups=[world.group])
    return made


def state(world: World, file_system: str) -> str:
    found = world.cloud.client("efs").describe_file_systems(FileSystemId=file_system)["FileSystems"]
    return str(found[0]["LifeCycleState"])


def access_point(world: World, file_system: str, path: str) -> str:
    efs = world.cloud.client("efs")
    root = {"Path": path, "CreationInfo": {"OwnerUid": 1, "OwnerGid": 1, "Permissions": "0750"}}
    return str(efs.create_access_point(FileSystemId=file_system, RootDirectory=root)["AccessPointId"])


def volume(file_system: str, point: str | None = None, **more: Any) -> list[dict[str, Any]]:
    authorization = {"authorizationConfig": {"accessPointId": point, "iam": "ENABLED"}} if point else {}
    efs = {"fileSystemId": file_system, "transitEncryption": "ENABLED", **authorization, **more}
    return [{"name": "data", "efsVolumeConfiguration": efs}]


def job(world: World, script: str, *, read_only: bool = False) -> dict[str, Any]:
    return world.shell(
        "job", script, mountPoints=[{"sourceVolume": "data", "containerPath": "/data", "readOnly": read_only}]
    )


def run(world: World, volumes: list[dict[str, Any]], script: str, **more: Any) -> dict[str, Any]:
    definition = world.define(job(world, script, **more), volumes=volumes, taskRoleArn=world.role)
    return world.stopped(world.run(definition)["taskArn"])


def test_files_outlive_their_task_and_belong_to_their_access_point(world: World, file_system: str) -> None:
    first, second = (access_point(world, file_system, path) for path in ("/first", "/second"))
    run(world, volume(file_system, first), "echo kept > /data/file")

    again = run(world, volume(file_system, first), "cat /data/file")
    other = run(world, volume(file_system, second), "ls /data; test ! -e /data/file")
    whole = run(world, volume(file_system), "cat /data/first/file")

    assert world.lines("job", again["taskArn"]) == world.lines("job", whole["taskArn"]) == ["kept"]
    assert (other["containers"][0]["exitCode"], world.lines("job", other["taskArn"])) == (0, [])


def test_an_access_point_of_nobody_or_of_another_file_system_cannot_be_mounted(world: World, file_system: str) -> None:
    efs = world.cloud.client("efs")
    foreign = efs.create_file_system(CreationToken=f"{world.name}-other")["FileSystemId"]
    for point in ("fsap-0123456789abcdef0", access_point(world, foreign, "/")):
        ended = run(world, volume(file_system, point), "true")
        assert ended["stopCode"] == "TaskFailedToStart"
        assert f"access point {point} does not exist" in ended["stoppedReason"]


def test_a_file_system_without_mount_target_in_the_zone_cannot_be_mounted(world: World) -> None:
    made = world.cloud.client("efs").create_file_system(CreationToken=world.name)["FileSystemId"]
    ended = run(world, volume(made), "true")
    assert ended["stoppedReason"].startswith("ResourceInitializationError: failed to invoke EFS utils")


@pytest.mark.parametrize(
    ("allowed", "read_only", "starts"),
    [
        (["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"], False, True),
        (["elasticfilesystem:ClientMount"], True, True),
        (["elasticfilesystem:ClientMount"], False, False),
        (["s3:GetObject"], True, False),
    ],
)
def test_with_iam_the_task_role_decides(
    world: World, file_system: str, allowed: list[str], *, read_only: bool, starts: bool
) -> None:
    statement = {"Effect": "Allow", "Action": allowed, "Resource": "*"}
    role = world.create_role(f"{world.name}-task", {"Version": "2012-10-17", "Statement": [statement]})
    volumes = volume(file_system, access_point(world, file_system, "/data"))
    definition = world.define(job(world, "true", read_only=read_only), volumes=volumes, taskRoleArn=role)

    ended = world.stopped(world.run(definition)["taskArn"])

    assert (ended["stopCode"] == "EssentialContainerExited") is starts
    assert ("access denied" in ended["stoppedReason"]) is not starts


@pytest.mark.parametrize(
    ("more", "reason"),
    [({"rootDirectory": "/data"}, "root directory"), ({"transitEncryption": "DISABLED"}, "transit encryption")],
)
def test_volumes_that_ecs_refuses(world: World, more: dict[str, str], reason: str) -> None:
    with pytest.raises(ClientError, match=reason):
        world.define(job(world, "true"), volumes=volume("fs-1", "fsap-1", **more))


def test_settings_are_kept_and_files_go_with_their_file_system(world: World, file_system: str) -> None:
    efs = world.cloud.client("efs")
    run(world, volume(file_system), "echo kept > /data/file")
    folder = world.cloud.settings.state / "efs" / file_system
    assert (folder / "file").read_text() == "kept\n"
    efs.put_backup_policy(FileSystemId=file_system, BackupPolicy={"Status": "ENABLED"})
    efs.update_file_system(FileSystemId=file_system, ThroughputMode="elastic")

    found = efs.describe_file_systems(FileSystemId=file_system)["FileSystems"][0]
    assert found["ThroughputMode"] == "elastic"
    assert efs.describe_backup_policy(FileSystemId=file_system)["BackupPolicy"]["Status"] == "ENABLED"

    for target in efs.describe_mount_targets(FileSystemId=file_system)["MountTargets"]:
        efs.delete_mount_target(MountTargetId=target["MountTargetId"])
    efs.delete_file_system(FileSystemId=file_system)
    assert not folder.exists()
