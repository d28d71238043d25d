"""Volumes of a task: folders of the machine, shared by its containers; EFS ones shared by all tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from moto.efs.models import efs_backends

from local_cloud.ecs.errors import ResourceInitializationError
from local_cloud.runtime import Runtime


def mounts(
    volumes: Sequence[Mapping[str, Any]], container: Mapping[str, Any], folder: Path, runtime: Runtime
) -> dict[str, Path]:
    """The folder behind each container path. Raises ResourceInitializationError."""
    by_name = {volume["name"]: volume for volume in volumes}
    places = {}
    for mount in container.get("mountPoints") or []:
        place = _place(by_name[mount["sourceVolume"]], folder, runtime)
        place.mkdir(parents=True, exist_ok=True)
        places[mount["containerPath"].rstrip("/")] = place
    return places


def _place(volume: Mapping[str, Any], folder: Path, runtime: Runtime) -> Path:
    efs = volume.get("efsVolumeConfiguration")
    if not efs:
        return folder / volume["name"]
    system = efs["fileSystemId"]
    backends = efs_backends.values()
    if not any(system in backend.file_systems_by_id for regions in backends for backend in regions.values()):
        raise ResourceInitializationError(
            f"failed to invoke EFS utils commands to set up EFS volumes: Failed to resolve {system}"
        )
    return runtime.settings.state / "efs" / system / efs.get("rootDirectory", "/").strip("/")
