"""ElastiCache: replication groups with real Redis processes behind them."""

from __future__ import annotations

import datetime
import functools
import logging
import re
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from moto.core.responses import ActionResult
from moto.ec2.models import ec2_backends
from moto.elasticache import exceptions
from moto.elasticache.models import ElastiCacheBackend, elasticache_backends
from moto.elasticache.responses import ElastiCacheResponse

from local_cloud.aws import elasticache_parameters
from local_cloud.data_stores import cache_catalogue
from local_cloud.data_stores.redis import MANAGER, Certificate, RedisNode, new_password
from local_cloud.data_stores.redis_group import RedisGroup
from local_cloud.data_stores.replication_group import ReplicationGroup, server_parameters
from local_cloud.extensions import around, operation
from local_cloud.latency import scaled
from local_cloud.processes import Process
from local_cloud.runtime import Runtime, runtime

LOG = logging.getLogger(__name__)
REVIVE_SECONDS = 1.0
CREATE_SECONDS = 540.0
MODIFY_SECONDS = 120.0
SCALE_SECONDS = 420.0
DELETE_SECONDS = 300.0

_IDENTIFIER = re.compile(r"(?!.*--)[a-zA-Z][a-zA-Z0-9-]{0,39}(?<!-)")
_TOKEN = re.compile(r"[!-.0-?A-~]{16,128}")  # printable; no space, no slash


class InvalidReplicationGroupState(exceptions.ElastiCacheException):
    code = "InvalidReplicationGroupState"


class NodeGroupNotFound(exceptions.ElastiCacheException):
    code = "NodeGroupNotFoundFault"


def invalid(message: str) -> exceptions.ElastiCacheException:
    return exceptions.InvalidParameterValueException(message)


def conflict(message: str) -> exceptions.ElastiCacheException:
    return exceptions.InvalidParameterCombinationException(message)


# -- processes ------------------------------------------------------------------------------------


def build_group(name: str, *, port: int, tls: bool, cluster: bool) -> RedisGroup:
    """The group with its endpoints' addresses, and no nodes yet."""
    password = new_password()
    addresses = runtime().addresses
    return RedisGroup(
        name,
        port=port,
        tls=tls,
        cluster=cluster,
        primary_address=addresses.allocate(f"elasticache/{name}"),
        reader_address=addresses.allocate(f"elasticache/{name}/reader"),
        new_node=functools.partial(_new_node, password),
        cluster_tool=functools.partial(_redis_cli, password),
    )


def _new_node(password: str, name: str, group: RedisGroup) -> RedisNode:
    current = runtime()
    owner = f"elasticache/{group.name}/{name}"
    address = current.addresses.allocate(owner)
    issued = current.authority.issue(owner, ips=[address, group.primary_address, group.reader_address])
    return RedisNode(
        name=name,
        address=address,
        port=group.port,
        directory=current.settings.state / "elasticache" / name,
        certificate=Certificate(current.authority.certificate, issued.certificate, issued.key),
        launch=_launch,
        binary=current.tools.find("redis-server").path,
        manager_password=password,
        tls=group.tls,
        cluster=group.cluster,
    )


def _launch(name: str, argv: Sequence[str], directory: Path) -> Process:
    current = runtime()
    return current.processes.start(
        f"elasticache-{name}",
        argv,
        log=current.settings.logs / f"elasticache-{name}.log",
        env=current.tools.find("redis-server").env,
        cwd=directory,
    )


def _redis_cli(password: str, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    tool = runtime().tools.find("redis-cli")
    secure = ["--tls", "--cacert", str(runtime().authority.certificate)]
    return subprocess.run(
        [str(tool.path), *secure, "--user", MANAGER, *arguments],
        env={**tool.env, "REDISCLI_AUTH": password},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def _release(group: RedisGroup) -> None:
    group.remove()
    for suffix in ("", "/reader", *(f"/{node.name}" for node in group.nodes)):
        runtime().addresses.release(f"elasticache/{group.name}{suffix}")
    runtime().endpoints.withdraw("caches", group.name)


# -- creation ---------------------------------------------------------------------------------------


def create_replication_group(self: ElastiCacheResponse) -> ActionResult:
    backend, params = self.elasticache_backend, self._get_params()
    name = str(params["ReplicationGroupId"]).lower()
    if name in groups(backend):
        raise exceptions.ReplicationGroupAlreadyExists(name)
    replication_group = _model(backend, name, params)
    groups(backend)[name] = replication_group
    backend.tagging_service.tag_resource(replication_group.arn, params.get("Tags") or [])
    apply_access(backend, replication_group)
    replication_group.begin(
        "creating",
        functools.partial(_start, replication_group),
        scaled(CREATE_SECONDS),
    )
    return ActionResult({"ReplicationGroup": replication_group.describe()})


def _start(replication_group: ReplicationGroup) -> None:
    group = replication_group.group
    group.start()
    runtime().endpoints.publish(
        "caches",
        group.name,
        {"address": group.primary_address, "port": group.port, "tls": group.tls, "cluster": group.cluster},
    )


def apply_access(backend: ElastiCacheBackend, replication_group: ReplicationGroup) -> None:
    """Hand tokens or users to the processes: at once when they run, else on their start."""
    from local_cloud.aws import elasticache_users

    users = replication_group.acl_users(elasticache_users.groups(backend), backend.users)
    group = replication_group.group
    if replication_group.status == "creating" or all(node.process is None for node in group.nodes):
        group.users = tuple(users)
    else:
        group.set_users(users)


def _model(backend: ElastiCacheBackend, name: str, params: dict[str, Any]) -> ReplicationGroup:
    engine = str(params.get("Engine") or "redis").lower()
    version = cache_catalogue.find_version(engine, params.get("EngineVersion"))
    if version is None:
        raise conflict(f"Cannot find version {params.get('EngineVersion')} for {engine}")
    _check_creation(backend, name, params)
    parameter_group = params.get("CacheParameterGroupName") or cache_catalogue.default_parameter_group(
        version.family, _wants_cluster(params)
    )
    values = elasticache_parameters.values(backend, parameter_group, version.family)
    cluster = values.get("cluster-enabled") == "yes" or params.get("ClusterMode") == "enabled"
    shards = _layout(params, cluster)
    _check_availability(params, shards, cluster)
    tls = flag(params, "TransitEncryptionEnabled")
    group = build_group(name, port=int(params.get("Port") or 6379), tls=tls, cluster=cluster)
    group.parameters = server_parameters(version.family, values)
    group.memory_bytes = cache_catalogue.memory_bytes(params["CacheNodeType"])
    group.plan(shards)
    return ReplicationGroup(
        replication_group_id=name,
        arn=f"arn:aws:elasticache:{backend.region_name}:{backend.account_id}:replicationgroup:{name}",
        description=params["ReplicationGroupDescription"],
        engine=engine,
        engine_version=version.version,
        cache_node_type=params["CacheNodeType"],
        cache_parameter_group_name=parameter_group,
        cache_subnet_group_name=params.get("CacheSubnetGroupName") or "default",
        security_group_ids=list(params.get("SecurityGroupIds") or []),
        port=group.port,
        group=group,
        zones=_zones(backend, params),
        transit_encryption_enabled=tls,
        transit_encryption_mode=(params.get("TransitEncryptionMode") or "required") if tls else None,
        at_rest_encryption_enabled=flag(params, "AtRestEncryptionEnabled"),
        automatic_failover="enabled" if flag(params, "AutomaticFailoverEnabled") else "disabled",
        multi_az="enabled" if flag(params, "MultiAZEnabled") else "disabled",
        cluster_mode="enabled" if cluster else "disabled",
        auth_tokens=(params["AuthToken"],) if params.get("AuthToken") else (),
        auth_token_changed=now() if params.get("AuthToken") else None,
        **_plain_fields(params),
    )


def _plain_fields(params: dict[str, Any]) -> dict[str, Any]:
    """Options that are only remembered; absent ones keep the model's default."""
    names = {
        "KmsKeyId": "kms_key_id",
        "UserGroupIds": "user_group_ids",
        "LogDeliveryConfigurations": "log_deliveries",
        "SnapshotWindow": "snapshot_window",
        "PreferredMaintenanceWindow": "preferred_maintenance_window",
        "NotificationTopicArn": "notification_topic_arn",
        "NetworkType": "network_type",
        "IpDiscovery": "ip_discovery",
    }
    fields = {field: params[name] for name, field in names.items() if params.get(name) is not None}
    if params.get("SnapshotRetentionLimit") is not None:
        fields["snapshot_retention_limit"] = int(params["SnapshotRetentionLimit"])
    if params.get("AutoMinorVersionUpgrade") is not None:
        fields["auto_minor_version_upgrade"] = flag(params, "AutoMinorVersionUpgrade")
    if flag(params, "DataTieringEnabled"):
        fields["data_tiering"] = "enabled"
    return fields


def _wants_cluster(params: dict[str, Any]) -> bool:
    return params.get("ClusterMode") == "enabled" or int(params.get("NumNodeGroups") or 1) > 1


def _layout(params: dict[str, Any], cluster: bool) -> list[tuple[str, int]]:
    """(shard id, replicas) of every shard."""
    if not cluster:
        replicas = params.get("ReplicasPerNodeGroup")
        nodes = params.get("NumCacheClusters") or (int(replicas) + 1 if replicas is not None else 1)
        return [("0001", int(nodes) - 1)]
    configured = params.get("NodeGroupConfiguration") or []
    count = int(params.get("NumNodeGroups") or len(configured) or 1)
    default = int(params.get("ReplicasPerNodeGroup") or 0)
    layout = []
    for index in range(count):
        row = configured[index] if index < len(configured) else {}
        layout.append((row.get("NodeGroupId") or f"{index + 1:04d}", int(row.get("ReplicaCount", default))))
    return layout


def _zones(backend: ElastiCacheBackend, params: dict[str, Any]) -> list[str]:
    asked = params.get("PreferredCacheClusterAZs") or []
    if asked:
        return list(asked)
    subnet_group = backend.cache_subnet_groups.get(params.get("CacheSubnetGroupName") or "")
    zones = [subnet.get("subnet_availability_zone") for subnet in (subnet_group.subnets if subnet_group else [])]
    named = sorted({zone for zone in zones if isinstance(zone, str)})
    return named or [f"{backend.region_name}{letter}" for letter in "ab"]


def flag(params: dict[str, Any], name: str) -> bool:
    return str(params.get(name, False)).lower() == "true"


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


# -- what AWS refuses -------------------------------------------------------------------------------


def _check_creation(
    backend: ElastiCacheBackend,
    name: str,
    params: dict[str, Any],
) -> None:
    if not _IDENTIFIER.fullmatch(name):
        raise invalid(
            "The parameter ReplicationGroupIdentifier is not a valid identifier. Identifiers must begin with a "
            "letter; must contain only ASCII letters, digits, and hyphens; and must not end with a hyphen or "
            "contain two consecutive hyphens."
        )
    check_node_type(params.get("CacheNodeType"))
    subnet_group = params.get("CacheSubnetGroupName")
    if subnet_group and subnet_group != "default" and subnet_group not in backend.cache_subnet_groups:
        raise exceptions.CacheSubnetGroupNotFound(subnet_group)
    check_security_groups(backend, params.get("SecurityGroupIds") or [])
    token = params.get("AuthToken")
    if token:
        check_token(token, flag(params, "TransitEncryptionEnabled"))
    if params.get("UserGroupIds"):
        check_user_groups(backend, params["UserGroupIds"], flag(params, "TransitEncryptionEnabled"))


def check_security_groups(backend: ElastiCacheBackend, group_ids: Sequence[str]) -> None:
    known = {group.id for group in ec2_backends[backend.account_id][backend.region_name].describe_security_groups()}
    missing = [group_id for group_id in group_ids if group_id not in known]
    if missing:
        raise invalid(f"Invalid security group: {missing[0]}")


def check_node_type(node_type: str | None) -> None:
    if not node_type:
        raise invalid("The parameter CacheNodeType must be provided and must not be null.")
    if node_type not in cache_catalogue.NODE_TYPES:
        raise invalid(f"Invalid Cache Node Type: {node_type}.")


def check_token(token: str, tls: bool) -> None:
    if not tls:
        raise invalid("The AUTH token is only supported when encryption-in-transit is enabled.")
    if not _TOKEN.fullmatch(token) or set(token) & set('"@'):
        raise invalid(
            "Invalid AuthToken provided. The AUTH token must be 16 to 128 printable characters long and must "
            "not contain '/', '\"', '@' or spaces."
        )


def check_user_groups(backend: ElastiCacheBackend, group_ids: Sequence[str], tls: bool) -> None:
    from local_cloud.aws import elasticache_users

    if not tls:
        raise conflict("User group based access control requires encryption-in-transit to be enabled.")
    for group_id in group_ids:
        elasticache_users.find(backend, group_id)


def _check_availability(params: dict[str, Any], shards: list[tuple[str, int]], cluster: bool) -> None:
    failover = flag(params, "AutomaticFailoverEnabled")
    if len(shards) > 1 and not cluster:
        raise conflict("The number of node groups must be 1 when cluster mode is disabled.")
    if int(params.get("NumNodeGroups") or 1) > 1 and not cluster:
        raise conflict("Use a parameter group with cluster-enabled=yes for more than one node group.")
    if cluster and not failover:
        raise conflict("Redis with cluster mode enabled cannot be created with auto failover turned off.")
    if failover and not cluster and shards[0][1] < 1:
        raise conflict("Replication group with a single node cannot have automatic failover enabled.")
    if flag(params, "MultiAZEnabled") and not failover:
        raise conflict("Multi-AZ requires automatic failover to be enabled.")
    if max(replicas for _, replicas in shards) > 5:
        raise invalid("The number of replicas per node group must be between 0 and 5.")


# -- reading ----------------------------------------------------------------------------------------


def groups(backend: ElastiCacheBackend) -> dict[str, ReplicationGroup]:
    """By id. moto's snapshots and tagging find them in the same place."""
    return cast(dict[str, ReplicationGroup], backend.replication_groups)


def find(backend: ElastiCacheBackend, name: str) -> ReplicationGroup:
    settle(backend)
    found = groups(backend).get(name.lower())
    if found is None:
        raise exceptions.ReplicationGroupNotFound(name)
    return found


def settle(backend: ElastiCacheBackend) -> None:
    for replication_group in list(groups(backend).values()):
        replication_group.settle()


def available(backend: ElastiCacheBackend, name: str) -> ReplicationGroup:
    """One change at a time: whatever is not `available` cannot be changed."""
    found = find(backend, name)
    if found.status != "available":
        raise InvalidReplicationGroupState(
            f"Replication group {name} is in {found.status} state: it must be in available state to be changed."
        )
    return found


def describe_replication_groups(
    _original: Callable[..., Any], self: ElastiCacheBackend, replication_group_id: str | None = None
) -> list[dict[str, Any]]:
    if replication_group_id:
        return [find(self, replication_group_id).describe()]
    settle(self)
    return [group.describe() for group in groups(self).values()]


def describe_cache_clusters(self: ElastiCacheResponse) -> ActionResult:
    """Members of replication groups besides moto's own standalone clusters."""
    backend, wanted = self.elasticache_backend, self._get_param("CacheClusterId")
    settle(backend)
    members = {node.name: (group, node) for group in groups(backend).values() for node in group.group.nodes}
    if wanted:
        if wanted not in members:
            return ActionResult({"CacheClusters": backend.describe_cache_clusters(wanted)})
        members = {wanted: members[wanted]}
    described = [group.describe_member(node) for group, node in members.values()]
    if not self._get_bool_param("ShowCacheNodeInfo", False):
        described = [{name: value for name, value in row.items() if name != "CacheNodes"} for row in described]
    if self._get_bool_param("ShowCacheClustersNotInReplicationGroups", False):
        described = []
    standalone = [] if wanted else list(backend.describe_cache_clusters(None))
    return ActionResult({"CacheClusters": [*described, *standalone]})


def describe_cache_engine_versions(self: ElastiCacheResponse) -> ActionResult:
    engine, version = self._get_param("Engine"), self._get_param("EngineVersion")
    rows = [
        {
            "Engine": row.engine,
            "EngineVersion": row.version,
            "CacheParameterGroupFamily": row.family,
            "CacheEngineDescription": row.engine.capitalize(),
            "CacheEngineVersionDescription": f"{row.engine} version {row.version}",
        }
        for row in cache_catalogue.VERSIONS
        if engine in (None, row.engine) and version in (None, row.version)
    ]
    return ActionResult({"CacheEngineVersions": rows})


# -- deletion ---------------------------------------------------------------------------------------


def delete_replication_group(self: ElastiCacheResponse) -> ActionResult:
    backend, params = self.elasticache_backend, self._get_params()
    name = str(params["ReplicationGroupId"]).lower()
    found = find(backend, name)
    if found.status not in ("available", "create-failed"):
        raise InvalidReplicationGroupState(f"Replication group {name} is in {found.status} state.")
    if params.get("FinalSnapshotIdentifier"):
        backend.create_snapshot(params["FinalSnapshotIdentifier"], name, None, None, None)
    found.begin(
        "deleting",
        functools.partial(_release, found.group),
        scaled(DELETE_SECONDS),
        then=functools.partial(_forget, backend, found),
    )
    return ActionResult({"ReplicationGroup": found.describe()})


def _forget(backend: ElastiCacheBackend, found: ReplicationGroup) -> None:
    groups(backend).pop(found.replication_group_id, None)
    backend.tagging_service.delete_all_tags_for_resource(found.arn)


def delete_cache_subnet_group(self: ElastiCacheResponse) -> ActionResult:
    backend, name = self.elasticache_backend, self._get_param("CacheSubnetGroupName")
    settle(backend)
    if name not in backend.cache_subnet_groups:
        raise exceptions.CacheSubnetGroupNotFound(name)
    if any(group.cache_subnet_group_name == name for group in groups(backend).values()):
        raise CacheSubnetGroupInUse(f"Cache subnet group {name} is currently in use by a cache cluster.")
    del backend.cache_subnet_groups[name]
    return ActionResult({})


class CacheSubnetGroupInUse(exceptions.ElastiCacheException):
    code = "CacheSubnetGroupInUse"


def modify_cache_subnet_group(self: ElastiCacheResponse) -> ActionResult:
    backend, params = self.elasticache_backend, self._get_params()
    current = backend.describe_cache_subnet_groups(params["CacheSubnetGroupName"])[0]
    description = params.get("CacheSubnetGroupDescription")
    changed = type(current)(
        account_id=backend.account_id,
        region_name=backend.region_name,
        cache_subnet_group_name=current.cache_subnet_group_name,
        cache_subnet_group_description=(current.cache_subnet_group_description if description is None else description),
        subnet_ids=params.get("SubnetIds") or current.subnet_ids,
        tags=current.tags,
    )
    backend.cache_subnet_groups[current.cache_subnet_group_name] = changed
    return ActionResult({"CacheSubnetGroup": changed})


def revive_all() -> None:
    """ElastiCache replaces nodes that have died."""
    for account in list(elasticache_backends.values()):
        for backend in list(account.values()):
            for found in list(groups(backend).values()):
                found.settle()
                if found.status == "available" and found.group.dead:
                    names = ", ".join(node.name for node in found.group.dead)
                    LOG.error("Redis nodes %s died; starting them again", names)
                    failover = found.automatic_failover == "enabled"
                    found.begin("modifying", functools.partial(found.group.revive, failover=failover), 0.0)


def install(current: Runtime) -> None:
    for function in (
        create_replication_group,
        describe_cache_clusters,
        describe_cache_engine_versions,
        delete_replication_group,
        delete_cache_subnet_group,
        modify_cache_subnet_group,
    ):
        operation(ElastiCacheResponse)(function)
    current.background.every(REVIVE_SECONDS, revive_all, "elasticache")
    around(ElastiCacheBackend, "describe_replication_groups")(describe_replication_groups)

    @around(ElastiCacheBackend, "__init__")
    def accept_every_arn(original: Callable[..., None], self: ElastiCacheBackend, *args: Any, **named: Any) -> None:
        original(self, *args, **named)
        kinds = "cluster|snapshot|subnetgroup|replicationgroup|user|usergroup|parametergroup"
        self.arn_regex = re.compile(rf"^arn:aws:elasticache:[^:]*:\d*:({kinds}):.*$")
