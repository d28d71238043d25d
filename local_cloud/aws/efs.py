"""EFS: life cycles, settings and refusals that moto lacks; the files are folders of the machine."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from typing import Any

from moto.efs import urls
from moto.efs.exceptions import BadRequest, EFSError, FileSystemNotFound
from moto.efs.models import AccessPoint, EFSBackend, FileSystem, MountTarget
from moto.efs.responses import EFSResponse

from local_cloud import strict
from local_cloud.extensions import around, operation
from local_cloud.latency import scaled
from local_cloud.runtime import Runtime

FILE_SYSTEM_SECONDS = 5.0
MOUNT_TARGET_SECONDS = 90.0
ACCESS_POINT_SECONDS = 5.0

Original = Callable[..., Any]
_ANSWER = {"Content-Type": "application/json"}


class IncorrectFileSystemLifeCycleState(EFSError):
    code = 409

    def __init__(self, file_system_id: str):
        super().__init__("IncorrectFileSystemLifeCycleState", f"{file_system_id} is not available")


class InvalidPolicyException(EFSError):
    code = 400

    def __init__(self, reason: str):
        super().__init__("InvalidPolicyException", f"The policy is not valid: {reason}")


# -- life cycles --------------------------------------------------------------------------------------


def _lives(owner: type, seconds: float) -> None:
    """Let resources of a class be `creating` for a while."""

    @around(owner, "__init__")
    def initialise(original: Original, self: Any, *args: Any, **options: Any) -> None:
        original(self, *args, **options)
        self.__dict__["_born"] = time.time()

    @around(owner, "info_json")
    def info_json(original: Original, self: Any) -> dict[str, Any]:
        state = "available" if is_available(self) else "creating"
        shown = {name: value for name, value in original(self).items() if not name.startswith("_")}
        return {**shown, "LifeCycleState": state}

    _SECONDS[owner] = seconds


_SECONDS: dict[type, float] = {}


def is_available(resource: Any) -> bool:
    """Whether a file system, mount target or access point is no longer being created."""
    seconds = _SECONDS[type(resource)]
    return time.time() >= resource.__dict__["_born"] + max(scaled(seconds), strict.delay(seconds))


def _available_file_system(backend: EFSBackend, file_system_id: str) -> FileSystem:
    if file_system_id not in backend.file_systems_by_id:
        raise FileSystemNotFound(file_system_id)
    file_system = backend.file_systems_by_id[file_system_id]
    if not is_available(file_system):
        raise IncorrectFileSystemLifeCycleState(file_system_id)
    return file_system


# -- operations ---------------------------------------------------------------------------------------


def describe_tags(self: EFSResponse) -> Any:
    self.uri_match["ResourceId"] = self.uri_match["FileSystemId"]
    return self.list_tags_for_resource()


def update_file_system(self: EFSResponse) -> Any:
    file_system = _available_file_system(self.efs_backend, self._get_param("FileSystemId"))
    mode = self._get_param("ThroughputMode") or file_system.throughput_mode
    provisioned = self._get_param("ProvisionedThroughputInMibps")
    if mode == "provisioned" and not (provisioned or file_system.provisioned_throughput_in_mibps):
        raise BadRequest("Must specify ProvisionedThroughputInMibps with ThroughputMode provisioned.")
    file_system.throughput_mode = mode
    file_system.provisioned_throughput_in_mibps = provisioned if mode == "provisioned" else None
    return json.dumps(file_system.info_json()), {"status": 202, **_ANSWER}


def put_backup_policy(self: EFSResponse) -> Any:
    file_system = _available_file_system(self.efs_backend, self._get_param("FileSystemId"))
    policy = self._get_param("BackupPolicy")
    file_system.__dict__["_backup"] = policy["Status"] == "ENABLED"
    return json.dumps({"BackupPolicy": policy}), _ANSWER


def delete_file_system_policy(self: EFSResponse) -> Any:
    _available_file_system(self.efs_backend, self._get_param("FileSystemId")).file_system_policy = None
    return "{}", _ANSWER


def put_file_system_policy(
    original: Original, self: EFSBackend, file_system_id: str, policy: str, *args: Any, **options: Any
) -> None:
    """A statement without a resource is for this file system, and answered with its ARN."""
    file_system = _available_file_system(self, file_system_id)
    try:
        document = json.loads(policy)
        statements = document["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidPolicyException(f"no statements: {error!r}") from error
    listed = statements if isinstance(statements, list) else [statements]
    for statement in listed:
        if "Principal" not in statement:
            raise InvalidPolicyException("a statement has no principal")
        statement.setdefault("Resource", file_system.file_system_arn)
    original(self, file_system_id, json.dumps({**document, "Statement": listed}), *args, **options)


def create_mount_target(original: Original, self: EFSBackend, file_system_id: str, *args: Any, **options: Any) -> Any:
    _available_file_system(self, file_system_id)
    return original(self, file_system_id, *args, **options)


def create_access_point(original: Original, self: EFSBackend, *args: Any, **options: Any) -> AccessPoint:
    _available_file_system(self, options["file_system_id"])
    root = options.get("root_directory") or {}
    if not str(root.get("Path", "/")).startswith("/"):
        raise BadRequest("The path of the root directory does not begin with a slash.")
    return original(self, *args, **options)


def _delete_files(runtime: Runtime) -> None:
    @around(EFSBackend, "delete_file_system")
    def delete_file_system(original: Original, self: EFSBackend, file_system_id: str) -> None:
        original(self, file_system_id)
        for point in [p for p in self.access_points.values() if p.file_system_id == file_system_id]:
            del self.access_points[point.access_point_id]
        shutil.rmtree(runtime.settings.state / "efs" / file_system_id, ignore_errors=True)


def install(runtime: Runtime) -> None:
    _lives(FileSystem, FILE_SYSTEM_SECONDS)
    _lives(MountTarget, MOUNT_TARGET_SECONDS)
    _lives(AccessPoint, ACCESS_POINT_SECONDS)
    for function in (describe_tags, update_file_system, put_backup_policy, delete_file_system_policy):
        operation(EFSResponse)(function)
    around(EFSBackend, "put_file_system_policy")(put_file_system_policy)
    around(EFSBackend, "create_mount_target")(create_mount_target)
    around(EFSBackend, "create_access_point")(create_access_point)
    _delete_files(runtime)
    urls.url_paths["/2015-02-01/tags/<file_system_id>/"] = EFSResponse.dispatch
