"""ElastiCache: users and user groups (RBAC)."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache import exceptions
from moto.elasticache.models import ElastiCacheBackend, User
from moto.elasticache.responses import ElastiCacheResponse

from local_cloud.aws import elasticache
from local_cloud.data_stores.replication_group import ReplicationGroup
from local_cloud.extensions import operation
from local_cloud.runtime import Runtime


class UserGroupNotFound(exceptions.ElastiCacheException):
    code = "UserGroupNotFound"


class UserGroupAlreadyExists(exceptions.ElastiCacheException):
    code = "UserGroupAlreadyExists"


class InvalidUserGroupState(exceptions.ElastiCacheException):
    code = "InvalidUserGroupState"


class InvalidUserState(exceptions.ElastiCacheException):
    code = "InvalidUserState"


class DefaultUserRequired(exceptions.ElastiCacheException):
    code = "DefaultUserRequired"


class DuplicateUserName(exceptions.ElastiCacheException):
    code = "DuplicateUserName"


def groups(backend: ElastiCacheBackend) -> dict[str, dict[str, Any]]:
    """By id, in the shape the API answers with; kept on moto's backend, so that its reset clears them."""
    found: dict[str, dict[str, Any]] = backend.__dict__.setdefault("user_groups", {})
    return found


def find(backend: ElastiCacheBackend, group_id: str) -> dict[str, Any]:
    if group_id not in groups(backend):
        raise UserGroupNotFound(f"User group {group_id} not found.")
    return groups(backend)[group_id]


def _describe(backend: ElastiCacheBackend, group: dict[str, Any]) -> dict[str, Any]:
    attached = [row.replication_group_id for row in _attached(backend, group["UserGroupId"])]
    return {**group, "Status": "active", "ReplicationGroups": attached, "PendingChanges": {}}


def _attached(backend: ElastiCacheBackend, group_id: str) -> list[ReplicationGroup]:
    return [row for row in elasticache.groups(backend).values() if group_id in row.user_group_ids]


def _check_members(backend: ElastiCacheBackend, user_ids: list[str], engine: str) -> None:
    for user_id in user_ids:
        if user_id not in backend.users:
            raise exceptions.UserNotFound(user_id)
    names = [backend.users[user_id].name for user_id in user_ids]
    if len(set(names)) != len(names):
        raise DuplicateUserName("A user group cannot hold two users of the same name.")
    if engine == "redis" and "default" not in names:
        raise DefaultUserRequired("You must add a user with the user name default to the user group.")


def _link(backend: ElastiCacheBackend) -> None:
    """Each user names its groups, as DescribeUsers shows."""
    for user_id, user in backend.users.items():
        user.user_group_ids = [name for name, group in groups(backend).items() if user_id in group["UserIds"]]


def _refresh(backend: ElastiCacheBackend, group_ids: list[str]) -> None:
    for group_id in group_ids:
        for replication_group in _attached(backend, group_id):
            elasticache.apply_access(backend, replication_group)


def create_user_group(self: ElastiCacheResponse) -> ActionResult:
    backend, params = self.elasticache_backend, self._get_params()
    group_id = str(params["UserGroupId"]).lower()
    if group_id in groups(backend):
        raise UserGroupAlreadyExists(f"User group {group_id} already exists.")
    engine, user_ids = str(params["Engine"]).lower(), list(params.get("UserIds") or [])
    _check_members(backend, user_ids, engine)
    group: dict[str, Any] = {
        "UserGroupId": group_id,
        "Engine": engine,
        "UserIds": user_ids,
        "MinimumEngineVersion": "6.0",
        "ARN": f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:usergroup:{group_id}",
    }
    groups(backend)[group_id] = group
    backend.tagging_service.tag_resource(group["ARN"], params.get("Tags") or [])
    _link(backend)
    return ActionResult(_describe(backend, group))


def describe_user_groups(self: ElastiCacheResponse) -> ActionResult:
    backend, group_id = self.elasticache_backend, self._get_param("UserGroupId")
    found = [find(backend, group_id)] if group_id else list(groups(backend).values())
    return ActionResult({"UserGroups": [_describe(backend, group) for group in found]})


def modify_user_group(self: ElastiCacheResponse) -> ActionResult:
    backend, params = self.elasticache_backend, self._get_params()
    group = find(backend, params["UserGroupId"])
    removed = set(params.get("UserIdsToRemove") or [])
    kept = [user_id for user_id in group["UserIds"] if user_id not in removed]
    wanted = list(dict.fromkeys([*kept, *(params.get("UserIdsToAdd") or [])]))
    _check_members(backend, wanted, str(params.get("Engine") or group["Engine"]).lower())
    group["UserIds"] = wanted
    _link(backend)
    _refresh(backend, [group["UserGroupId"]])
    return ActionResult(_describe(backend, group))


def delete_user_group(self: ElastiCacheResponse) -> ActionResult:
    backend = self.elasticache_backend
    group = find(backend, self._get_param("UserGroupId"))
    if _attached(backend, group["UserGroupId"]):
        raise InvalidUserGroupState(f"User group {group['UserGroupId']} is attached to a replication group.")
    del groups(backend)[group["UserGroupId"]]
    backend.tagging_service.delete_all_tags_for_resource(group["ARN"])
    _link(backend)
    return ActionResult({**_describe(backend, group), "Status": "deleting"})


def modify_user(self: ElastiCacheResponse) -> ActionResult:
    backend, params = self.elasticache_backend, self._get_params()
    user = _user(backend, params["UserId"])
    if params.get("AccessString"):
        user.access_string = params["AccessString"]
    if params.get("AppendAccessString"):
        user.access_string = f"{user.access_string} {params['AppendAccessString']}"
    _modify_authentication(user, params)
    _refresh(backend, user.user_group_ids)
    return ActionResult(user)


def _modify_authentication(user: User, params: dict[str, Any]) -> None:
    mode = params.get("AuthenticationMode") or {}
    passwords = list(params.get("Passwords") or mode.get("Passwords") or [])
    if len(passwords) > 2:
        raise exceptions.InvalidParameterValueException("A user can have at most two passwords.")
    if any(not 16 <= len(password) <= 128 for password in passwords):
        raise exceptions.PasswordTooShort
    if passwords:
        user.passwords, user.no_password_required = passwords, False
        user.authentication_type = "password"
    without = str(params.get("NoPasswordRequired", False)).lower() == "true"
    if without or mode.get("Type") == "no-password-required":
        user.passwords, user.no_password_required = [], True
        user.authentication_type = "no-password"


def delete_user(self: ElastiCacheResponse) -> ActionResult:
    """Gone at once, and taken out of its groups."""
    backend = self.elasticache_backend
    user = _user(backend, self._get_param("UserId"))
    if user.id == "default":
        raise InvalidUserState("The default user cannot be deleted.")
    for group in groups(backend).values():
        if user.id in group["UserIds"]:
            _check_members(backend, [row for row in group["UserIds"] if row != user.id], group["Engine"])
            group["UserIds"].remove(user.id)
    del backend.users[user.id]
    backend.tagging_service.delete_all_tags_for_resource(user.arn)
    _refresh(backend, user.user_group_ids)
    user.status = "deleting"
    return ActionResult(user)


def _user(backend: ElastiCacheBackend, user_id: str) -> User:
    if user_id not in backend.users:
        raise exceptions.UserNotFound(user_id)
    found: User = backend.users[user_id]
    return found


def install(_runtime: Runtime) -> None:
    for function in (
        create_user_group,
        describe_user_groups,
        modify_user_group,
        delete_user_group,
        modify_user,
        delete_user,
    ):
        operation(ElastiCacheResponse)(function)
