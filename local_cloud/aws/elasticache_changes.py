"""ElastiCache: changes to replication groups that exist."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from local_cloud.aws import elasticache, elasticache_parameters
from local_cloud.aws.elasticache import conflict, invalid
from local_cloud.data_stores import cache_catalogue
from local_cloud.data_stores.replication_group import ReplicationGroup, server_parameters
from local_cloud.extensions import operation
from local_cloud.latency import scaled
from local_cloud.runtime import Runtime

Work = Callable[[], None]

_AT_ONCE = {
    "ReplicationGroupDescription": "description",
    "SnapshotWindow": "snapshot_window",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "NotificationTopicArn": "notification_topic_arn",
    "SecurityGroupIds": "security_group_ids",
    "IpDiscovery": "ip_discovery",
}
_DEFERRABLE = ("CacheNodeType", "EngineVersion", "TransitEncryptionEnabled", "TransitEncryptionMode", "Engine")


def modify_replication_group(self: ElastiCacheResponse) -> ActionResult:
    backend, params = self.elasticache_backend, dict(self._get_params())
    found = elasticache.available(backend, params["ReplicationGroupId"])
    changes = _plan(backend, found, params)
    for name, field in _AT_ONCE.items():
        if params.get(name) is not None:
            setattr(found, field, params[name])
    found.log_deliveries = _log_deliveries(found, params.get("LogDeliveryConfigurations") or [])
    if params.get("SnapshotRetentionLimit") is not None:
        found.snapshot_retention_limit = int(params["SnapshotRetentionLimit"])
    if params.get("AutoMinorVersionUpgrade") is not None:
        found.auto_minor_version_upgrade = elasticache.flag(params, "AutoMinorVersionUpgrade")
    if changes:
        found.begin("modifying", lambda: _run(changes), scaled(elasticache.MODIFY_SECONDS))
    return ActionResult({"ReplicationGroup": found.describe()})


def _log_deliveries(found: ReplicationGroup, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each log is changed by itself, and switched off with Enabled: false."""
    by_type = {row["LogType"]: row for row in [*found.log_deliveries, *changes]}
    return [row for row in by_type.values() if str(row.get("Enabled", True)).lower() == "true"]


def _run(changes: list[Work]) -> None:
    for change in changes:
        change()


def _plan(backend: ElastiCacheBackend, found: ReplicationGroup, params: dict[str, Any]) -> list[Work]:
    """What takes time, checked as a whole before anything is done."""
    immediate = elasticache.flag(params, "ApplyImmediately")
    failover = _failover(found, params)
    elasticache.check_security_groups(backend, params.get("SecurityGroupIds") or [])
    changes = [
        *_plan_parameters(backend, found, params),
        *_plan_access(backend, found, params, immediate),
    ]
    changes += _plan_fields(found, params, immediate)
    for field, value in failover.items():
        setattr(found, field, value)
    return changes


def _failover(found: ReplicationGroup, params: dict[str, Any]) -> dict[str, str]:
    """The wanted failover settings, after checking that they can be had."""
    names = {"AutomaticFailoverEnabled": "automatic_failover", "MultiAZEnabled": "multi_az"}
    wanted = {
        field: "enabled" if elasticache.flag(params, name) else "disabled"
        for name, field in names.items()
        if params.get(name) is not None
    }
    failover = wanted.get("automatic_failover", found.automatic_failover)
    if failover == "disabled" and found.group.cluster:
        raise conflict("Automatic failover cannot be turned off with cluster mode enabled.")
    if failover == "enabled" and not found.group.cluster and not found.group.shards[0].replicas:
        raise conflict("Replication group with a single node cannot have automatic failover enabled.")
    if wanted.get("multi_az", found.multi_az) == "enabled" and failover == "disabled":
        raise conflict("Multi-AZ requires automatic failover to be enabled.")
    if params.get("ClusterMode") not in (None, found.cluster_mode):
        raise conflict(f"Cluster mode cannot be changed from {found.cluster_mode} to {params['ClusterMode']}.")
    return wanted


def _plan_fields(found: ReplicationGroup, params: dict[str, Any], immediate: bool) -> list[Work]:
    wanted = {name: params[name] for name in _DEFERRABLE if params.get(name) is not None}
    if "CacheNodeType" in wanted:
        elasticache.check_node_type(wanted["CacheNodeType"])
    _check_engine(found, wanted)
    tls, mode = _check_tls(found, wanted)
    if not immediate:
        found.deferred.update({name: value for name, value in wanted.items() if _differs(found, name, value)})
        return []
    changes: list[Work] = []
    if (tls, mode) != (found.transit_encryption_enabled, found.transit_encryption_mode):
        found.pending |= {"TransitEncryptionEnabled": tls, "TransitEncryptionMode": mode}
        changes.append(functools.partial(_apply_tls, found, tls, mode))
    if wanted.get("CacheNodeType", found.cache_node_type) != found.cache_node_type:
        changes.append(functools.partial(_apply_node_type, found, wanted["CacheNodeType"]))
    changes += [
        functools.partial(setattr, found, field, wanted[name])
        for name, field in (
            ("EngineVersion", "engine_version"),
            ("Engine", "engine"),
        )
        if name in wanted and getattr(found, field) != wanted[name]
    ]
    for name in wanted:
        found.deferred.pop(name, None)
    return changes


def _differs(found: ReplicationGroup, name: str, value: Any) -> bool:
    fields = {"CacheNodeType": "cache_node_type", "EngineVersion": "engine_version", "Engine": "engine"}
    return name not in fields or getattr(found, fields[name]) != value


def _check_engine(found: ReplicationGroup, wanted: dict[str, Any]) -> None:
    engine = str(wanted.get("Engine", found.engine)).lower()
    if found.engine == "valkey" and engine == "redis":
        raise conflict("The engine cannot be changed from valkey to redis.")
    if "EngineVersion" not in wanted:
        return
    version = cache_catalogue.find_version(engine, wanted["EngineVersion"])
    if version is None:
        raise conflict(f"Cannot find version {wanted['EngineVersion']} for {engine}")
    wanted["EngineVersion"] = version.version
    if engine == found.engine and float(version.version) < float(found.engine_version):
        raise conflict(f"Cannot downgrade from version {found.engine_version} to {version.version}.")


def _check_tls(found: ReplicationGroup, wanted: dict[str, Any]) -> tuple[bool, str | None]:
    """Off, preferred, required: one step at a time, as on AWS."""
    tls = found.transit_encryption_enabled
    if "TransitEncryptionEnabled" in wanted:
        tls = elasticache.flag(wanted, "TransitEncryptionEnabled")
    mode = wanted.get("TransitEncryptionMode", found.transit_encryption_mode) if tls else None
    if tls and not found.transit_encryption_enabled and mode != "preferred":
        raise conflict("Encryption in transit is enabled with mode preferred first, then set to required.")
    if not tls and found.transit_encryption_mode == "required":
        raise conflict("Set the transit encryption mode to preferred before disabling encryption in transit.")
    if not tls and (found.auth_tokens or found.user_group_ids):
        raise conflict("Encryption in transit cannot be disabled while access control is in use.")
    return tls, mode


def _apply_node_type(found: ReplicationGroup, node_type: str) -> None:
    found.group.set_memory(cache_catalogue.memory_bytes(node_type))
    found.cache_node_type = node_type


def _apply_tls(found: ReplicationGroup, tls: bool, mode: str | None) -> None:
    found.group.set_tls(tls)
    found.transit_encryption_enabled, found.transit_encryption_mode = tls, mode


def _plan_parameters(backend: ElastiCacheBackend, found: ReplicationGroup, params: dict[str, Any]) -> list[Work]:
    name = params.get("CacheParameterGroupName")
    if name is None or name == found.cache_parameter_group_name:
        return []
    engine = str(params.get("Engine") or found.engine).lower()
    version = cache_catalogue.find_version(engine, params.get("EngineVersion") or found.engine_version)
    if version is None:
        return []  # refused with the version itself
    values = elasticache_parameters.values(backend, name, version.family)
    if (values.get("cluster-enabled") == "yes") != found.group.cluster:
        raise conflict("The parameter group does not match the cluster mode of the replication group.")

    def apply() -> None:
        found.group.set_parameters(server_parameters(version.family, values))
        found.cache_parameter_group_name = name

    return [apply]


def _plan_access(
    backend: ElastiCacheBackend, found: ReplicationGroup, params: dict[str, Any], immediate: bool
) -> list[Work]:
    removed = set(params.get("UserGroupIdsToRemove") or [])
    if elasticache.flag(params, "RemoveUserGroups"):
        removed = set(found.user_group_ids)
    added = list(params.get("UserGroupIdsToAdd") or [])
    elasticache.check_user_groups(backend, added, found.transit_encryption_enabled or not added)
    groups = [group for group in found.user_group_ids if group not in removed]
    groups = list(dict.fromkeys([*groups, *added]))
    tokens = _tokens(found, params)
    if (groups, tokens) == (found.user_group_ids, found.auth_tokens):
        return []
    if tokens != found.auth_tokens:
        if not immediate:
            raise invalid("The AUTH token can only be changed with ApplyImmediately.")
        found.pending["AuthTokenStatus"] = (
            "ROTATING" if params.get("AuthTokenUpdateStrategy", "ROTATE") == "ROTATE" else "SETTING"
        )

    def apply() -> None:
        if tokens != found.auth_tokens:
            found.auth_token_changed = elasticache.now()
        found.user_group_ids, found.auth_tokens = groups, () if groups else tokens
        elasticache.apply_access(backend, found)

    return [apply]


def _tokens(found: ReplicationGroup, params: dict[str, Any]) -> tuple[str, ...]:
    strategy, token = params.get("AuthTokenUpdateStrategy", "ROTATE"), params.get("AuthToken")
    if strategy == "DELETE":
        return ()
    if token is None:
        return found.auth_tokens
    elasticache.check_token(token, found.transit_encryption_enabled)
    if strategy == "SET" or not found.auth_tokens:
        return (token,)
    # two tokens at most are valid: the newest so far, and the new one
    return tuple(dict.fromkeys([found.auth_tokens[-1], token]))


# -- size and failover ------------------------------------------------------------------------------


def increase_replica_count(self: ElastiCacheResponse) -> ActionResult:
    return _change_replicas(self, increase=True)


def decrease_replica_count(self: ElastiCacheResponse) -> ActionResult:
    return _change_replicas(self, increase=False)


def _change_replicas(self: ElastiCacheResponse, *, increase: bool) -> ActionResult:
    params = self._get_params()
    found = elasticache.available(self.elasticache_backend, params["ReplicationGroupId"])
    if not elasticache.flag(params, "ApplyImmediately"):
        raise invalid("ApplyImmediately must be true.")
    removing = list(params.get("ReplicasToRemove") or [])
    wanted = _wanted_replicas(found, params, removing)
    for shard in found.group.shards:
        now, then = len(shard.replicas), wanted.get(shard.id, len(shard.replicas))
        if not 0 <= then <= 5:
            raise invalid("The number of replicas per node group must be between 0 and 5.")
        if (then < now) if increase else (then > now):
            raise invalid(f"Node group {shard.id} has {now} replicas, {then} were asked for.")
        if then == 0 and found.automatic_failover == "enabled" and not found.group.cluster:
            raise conflict("Automatic failover needs at least one replica: turn it off first.")
    found.begin(
        "modifying",
        functools.partial(found.group.set_replicas, wanted, removing),
        scaled(elasticache.SCALE_SECONDS),
    )
    return ActionResult({"ReplicationGroup": found.describe()})


def _wanted_replicas(found: ReplicationGroup, params: dict[str, Any], removing: list[str]) -> dict[str, int]:
    rows = params.get("ReplicaConfiguration") or []
    if rows:
        return {row["NodeGroupId"]: int(row["NewReplicaCount"]) for row in rows}
    if params.get("NewReplicaCount") is not None:
        return {shard.id: int(params["NewReplicaCount"]) for shard in found.group.shards}
    return {
        shard.id: len(shard.replicas) - sum(node.name in removing for node in shard.replicas)
        for shard in found.group.shards
    }


def modify_replication_group_shard_configuration(self: ElastiCacheResponse) -> ActionResult:
    params = self._get_params()
    found = elasticache.available(self.elasticache_backend, params["ReplicationGroupId"])
    if not found.group.cluster:
        raise elasticache.InvalidReplicationGroupState("Cluster mode is disabled on this replication group.")
    wanted, now = int(params["NodeGroupCount"]), [shard.id for shard in found.group.shards]
    if wanted > len(now):
        work = _plan_more_shards(found, wanted, now)
    elif wanted < len(now):
        work = _plan_fewer_shards(found, wanted, now, params)
    else:
        raise invalid(f"The replication group has {wanted} node groups already.")
    found.pending = {"Resharding": {"SlotMigration": {"ProgressPercentage": 0.0}}}
    found.begin("modifying", work, scaled(elasticache.SCALE_SECONDS))
    return ActionResult({"ReplicationGroup": found.describe()})


def _plan_more_shards(found: ReplicationGroup, wanted: int, now: list[str]) -> Work:
    replicas = len(found.group.shards[0].replicas)
    last = max(int(shard_id) for shard_id in now)
    new = [(f"{last + index:04d}", replicas) for index in range(1, wanted - len(now) + 1)]
    return functools.partial(found.group.add_shards, new)


def _plan_fewer_shards(found: ReplicationGroup, wanted: int, now: list[str], params: dict[str, Any]) -> Work:
    leaving = list(params.get("NodeGroupsToRemove") or [])
    if params.get("NodeGroupsToRetain"):
        leaving = [shard_id for shard_id in now if shard_id not in params["NodeGroupsToRetain"]]
    unknown = [shard_id for shard_id in leaving if shard_id not in now]
    if unknown:
        raise elasticache.NodeGroupNotFound(f"Node group {unknown[0]} not found.")
    if wanted < 1 or len(now) - len(leaving) != wanted:
        raise invalid("NodeGroupsToRemove or NodeGroupsToRetain must match NodeGroupCount.")
    return functools.partial(found.group.remove_shards, leaving)


def test_failover(self: ElastiCacheResponse) -> ActionResult:
    params = self._get_params()
    found = elasticache.available(self.elasticache_backend, params["ReplicationGroupId"])
    shard_id = params["NodeGroupId"]
    shard = next((shard for shard in found.group.shards if shard.id == shard_id), None)
    if shard is None:
        raise elasticache.NodeGroupNotFound(f"Node group {shard_id} not found.")
    if found.automatic_failover != "enabled" or not shard.replicas:
        raise elasticache.InvalidReplicationGroupState("Automatic failover needs to be enabled, with a replica.")
    found.begin("modifying", functools.partial(found.group.failover, shard_id), scaled(elasticache.MODIFY_SECONDS))
    return ActionResult({"ReplicationGroup": found.describe()})


def install(_runtime: Runtime) -> None:
    for function in (
        modify_replication_group,
        increase_replica_count,
        decrease_replica_count,
        modify_replication_group_shard_configuration,
        test_failover,
    ):
        operation(ElastiCacheResponse)(function)
