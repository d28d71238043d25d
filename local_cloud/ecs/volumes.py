"""Volumes of a task: folders of the machine, shared by its containers; EFS ones shared by all tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.efs.models import EFSBackend, FileSystem, efs_backends

from local_cloud.aws.efs import is_available
from local_cloud.ecs import roles
from local_cloud.ecs.errors import ResourceInitializationError
from local_cloud.runtime import Runtime

_DOING = "failed to invoke EFS utils commands to set up EFS volumes"


@dataclass(frozen=True)
class Client:
    """Who mounts file systems: a task in a zone, under its task role if it has one."""

    account: str
    region: str
    zone: str
    role: str | None


def mounts(
    volumes: Sequence[Mapping[str, Any]], container: Mapping[str, Any], folder: Path, client: Client, runtime: Runtime
) -> dict[str, Path]:
    """The folder behind each container path. Raises ResourceInitializationError."""
    by_name = {volume["name"]: volume for volume in volumes}
    places = {}
    for mount in container.get("mountPoints") or []:
        volume = by_name[mount["sourceVolume"]]
        efs = volume.get("efsVolumeConfiguration")
        place = _of_efs(efs, client, runtime, writes=not mount.get("readOnly")) if efs else folder / volume["name"]
        place.mkdir(parents=True, exist_ok=True)
        places[mount["containerPath"].rstrip("/")] = place
    return places


def _of_efs(efs: Mapping[str, Any], client: Client, runtime: Runtime, *, writes: bool) -> Path:
    backend = efs_backends[client.account][client.region]
    system = _reachable(backend, efs["fileSystemId"], client.zone)
    authorization = efs.get("authorizationConfig") or {}
    root = efs.get("rootDirectory", "/")
    if authorization.get("accessPointId"):
        root = _root_of(backend, authorization["accessPointId"], system)
    if authorization.get("iam") == "ENABLED":
        actions = ["elasticfilesystem:ClientMount", *(["elasticfilesystem:ClientWrite"] if writes else [])]
        for action in actions:
            roles.check_allowed(client.role or "", action, system.file_system_arn, f"{_DOING}: access denied")
    return runtime.settings.state / "efs" / system.file_system_id / root.strip("/")


def _reachable(backend: EFSBackend, system_id: str, zone: str) -> FileSystem:
    system = backend.file_systems_by_id.get(system_id)
    targets = system.iter_mount_targets() if system else ()
    if system is None or not any(t.availability_zone_name == zone and is_available(t) for t in targets):
        raise ResourceInitializationError(
            f"{_DOING}: Failed to resolve {system_id}: check that your file system ID is correct, and that it has a "
            f"mount target in {zone}"
        )
    return system


def _root_of(backend: EFSBackend, access_point_id: str, system: FileSystem) -> str:
    point = backend.access_points.get(access_point_id)
    if point is None or point.file_system_id != system.file_system_id or not is_available(point):
        raise ResourceInitializationError(
            f"{_DOING}: access point {access_point_id} does not exist in {system.file_system_id}"
        )
    return str(point.root_directory.get("Path", "/"))
