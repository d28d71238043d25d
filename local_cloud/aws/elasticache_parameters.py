"""ElastiCache: cache parameter groups."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.elasticache import exceptions
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from local_cloud.data_stores import cache_catalogue
from local_cloud.data_stores.replication_group import ReplicationGroup, server_parameters
from local_cloud.extensions import operation
from local_cloud.runtime import Runtime


class ParameterGroupNotFound(exceptions.ElastiCacheException):
    code = "CacheParameterGroupNotFound"


class ParameterGroupExists(exceptions.ElastiCacheException):
    code = "CacheParameterGroupAlreadyExists"


class ParameterGroupState(exceptions.ElastiCacheException):
    code = "InvalidCacheParameterGroupState"


@dataclass
class ParameterGroup:
    name: str
    family: str
    description: str
    arn: str
    values: dict[str, str] = field(default_factory=dict)

    @property
    def default(self) -> bool:
        return self.name.startswith("default.")

    def describe(self) -> dict[str, Any]:
        return {
            "CacheParameterGroupName": self.name,
            "CacheParameterGroupFamily": self.family,
            "Description": self.description,
            "IsGlobal": False,
            "ARN": self.arn,
        }


def groups(backend: ElastiCacheBackend) -> dict[str, ParameterGroup]:
    """All groups of the account and region; kept on moto's backend, so that its reset clears them."""
    existing: dict[str, ParameterGroup] | None = backend.__dict__.get("cache_parameter_groups")
    if existing is None:
        existing = {}
        for family in cache_catalogue.FAMILIES:
            for cluster in (False, True):
                name = cache_catalogue.default_parameter_group(family, cluster)
                group = ParameterGroup(name, family, f"Default parameter group for {family}", _arn(backend, name))
                group.values = {"cluster-enabled": "yes"} if cluster else {}
                existing[name] = group
        backend.__dict__["cache_parameter_groups"] = existing
    return existing


def _arn(backend: ElastiCacheBackend, name: str) -> str:
    return f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:parametergroup:{name}"


def find(backend: ElastiCacheBackend, name: str) -> ParameterGroup:
    found = groups(backend).get(name)
    if found is None:
        raise ParameterGroupNotFound(f"CacheParameterGroup {name} not found.")
    return found


def values(backend: ElastiCacheBackend, name: str, family: str) -> dict[str, str]:
    """What the group sets; refuses a group of another family."""
    group = find(backend, name)
    if group.family != family:
        raise exceptions.InvalidParameterCombinationException(
            f"Expected a parameter group of family {family} but found one of family {group.family}"
        )
    return group.values


def create_cache_parameter_group(self: ElastiCacheResponse) -> ActionResult:
    backend, params = self.elasticache_backend, self._get_params()
    name = str(params["CacheParameterGroupName"]).lower()
    if name in groups(backend):
        raise ParameterGroupExists(f"Cache parameter group {name} already exists.")
    family = params["CacheParameterGroupFamily"]
    if family not in cache_catalogue.FAMILIES:
        raise exceptions.InvalidParameterValueException(f"CacheParameterGroupFamily {family} is not a valid value.")
    group = ParameterGroup(name, family, params["Description"], _arn(backend, name))
    groups(backend)[name] = group
    backend.tagging_service.tag_resource(group.arn, params.get("Tags") or [])
    return ActionResult({"CacheParameterGroup": group.describe()})


def describe_cache_parameter_groups(self: ElastiCacheResponse) -> ActionResult:
    backend, name = self.elasticache_backend, self._get_param("CacheParameterGroupName")
    found = [find(backend, name)] if name else list(groups(backend).values())
    return ActionResult({"CacheParameterGroups": [group.describe() for group in found]})


def describe_cache_parameters(self: ElastiCacheResponse) -> ActionResult:
    group = find(self.elasticache_backend, self._get_param("CacheParameterGroupName"))
    source = self._get_param("Source")
    rows = [
        parameter.describe(group.values.get(name), "user" if name in group.values else "system")
        for name, parameter in cache_catalogue.parameters(group.family).items()
    ]
    return ActionResult({"Parameters": [row for row in rows if source in (None, row["Source"])]})


def describe_engine_default_parameters(self: ElastiCacheResponse) -> ActionResult:
    family = self._get_param("CacheParameterGroupFamily")
    if family not in cache_catalogue.FAMILIES:
        raise exceptions.InvalidParameterValueException(f"CacheParameterGroupFamily {family} is not a valid value.")
    rows = [row.describe(None, "system") for row in cache_catalogue.parameters(family).values()]
    return ActionResult({"EngineDefaults": {"CacheParameterGroupFamily": family, "Parameters": rows}})


def modify_cache_parameter_group(self: ElastiCacheResponse) -> ActionResult:
    params = self._get_params()
    group = _changeable(self.elasticache_backend, params["CacheParameterGroupName"])
    wanted = params.get("ParameterNameValues") or []
    if not 1 <= len(wanted) <= 20:
        raise exceptions.InvalidParameterValueException("Between 1 and 20 parameters can be modified at a time.")
    changes = {row["ParameterName"]: str(row.get("ParameterValue", "")) for row in wanted}
    for name, value in changes.items():
        _check(group.family, name, value)
    group.values.update(changes)
    _tell_processes(self.elasticache_backend, group)
    return ActionResult({"CacheParameterGroupName": group.name})


def _check(family: str, name: str, value: str) -> None:
    parameter = cache_catalogue.parameters(family).get(name)
    if parameter is None:
        raise exceptions.InvalidParameterValueException(f"The parameter {name} cannot be found in family {family}.")
    if not parameter.modifiable:
        raise exceptions.InvalidParameterValueException(f"The parameter {name} cannot be modified.")
    if parameter.refuses(value):
        raise exceptions.InvalidParameterValueException(
            f"The value {value} is not allowed for the parameter {name}. Allowed: {parameter.allowed}"
        )


def reset_cache_parameter_group(self: ElastiCacheResponse) -> ActionResult:
    params = self._get_params()
    group = _changeable(self.elasticache_backend, params["CacheParameterGroupName"])
    if str(params.get("ResetAllParameters", False)).lower() == "true":
        group.values.clear()
    for row in params.get("ParameterNameValues") or []:
        group.values.pop(row["ParameterName"], None)
    _tell_processes(self.elasticache_backend, group)
    return ActionResult({"CacheParameterGroupName": group.name})


def delete_cache_parameter_group(self: ElastiCacheResponse) -> ActionResult:
    backend = self.elasticache_backend
    group = _changeable(backend, self._get_param("CacheParameterGroupName"))
    if any(row.cache_parameter_group_name == group.name for row in backend.replication_groups.values()):
        raise ParameterGroupState("One or more cache clusters are still members of this parameter group.")
    del groups(backend)[group.name]
    backend.tagging_service.delete_all_tags_for_resource(group.arn)
    return ActionResult({})


def _changeable(backend: ElastiCacheBackend, name: str) -> ParameterGroup:
    group = find(backend, name)
    if group.default:
        raise ParameterGroupState(f"The default parameter group {name} cannot be changed or deleted.")
    return group


def _tell_processes(backend: ElastiCacheBackend, group: ParameterGroup) -> None:
    for row in cast(dict[str, ReplicationGroup], backend.replication_groups).values():
        if row.cache_parameter_group_name == group.name and row.status == "available":
            row.group.set_parameters(server_parameters(group.family, group.values))


def install(_runtime: Runtime) -> None:
    for function in (
        create_cache_parameter_group,
        describe_cache_parameter_groups,
        describe_cache_parameters,
        describe_engine_default_parameters,
        modify_cache_parameter_group,
        reset_cache_parameter_group,
        delete_cache_parameter_group,
    ):
        operation(ElastiCacheResponse)(function)
