"""A replication group as the ElastiCache API shows it, in front of its Redis processes."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local_cloud.data_stores import cache_catalogue
from local_cloud.data_stores.redis import RedisNode, User
from local_cloud.data_stores.redis_group import RedisGroup, Shard
from local_cloud.data_stores.transition import Transition


@dataclass
class ReplicationGroup:
    """moto's tagging and snapshots read it like their own model, so attributes carry moto's names."""

    replication_group_id: str
    arn: str
    description: str
    engine: str
    engine_version: str
    cache_node_type: str
    cache_parameter_group_name: str
    cache_subnet_group_name: str
    security_group_ids: list[str]
    port: int
    group: RedisGroup
    zones: list[str]
    transit_encryption_enabled: bool
    at_rest_encryption_enabled: bool
    automatic_failover: str
    multi_az: str
    kms_key_id: str | None = None
    transit_encryption_mode: str | None = None
    cluster_mode: str = "disabled"
    auth_tokens: tuple[str, ...] = ()
    auth_token_changed: datetime.datetime | None = None
    user_group_ids: list[str] = field(default_factory=list)
    log_deliveries: list[dict[str, Any]] = field(default_factory=list)
    snapshot_retention_limit: int = 0
    snapshot_window: str = "05:00-06:00"
    preferred_maintenance_window: str = "sun:23:00-mon:01:30"
    auto_minor_version_upgrade: bool = True
    notification_topic_arn: str | None = None
    network_type: str = "ipv4"
    ip_discovery: str = "ipv4"
    data_tiering: str = "disabled"
    created: datetime.datetime = field(default_factory=lambda: datetime.datetime.now(datetime.UTC))
    status: str = "available"
    pending: dict[str, Any] = field(default_factory=dict)
    deferred: dict[str, Any] = field(default_factory=dict)
    transition: Transition | None = None
    _then: Callable[[], None] | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    @property
    def node_groups(self) -> list[Shard]:
        return self.group.shards

    # -- state ----------------------------------------------------------------------------------

    def begin(
        self, status: str, work: Callable[[], None], seconds: float, then: Callable[[], None] | None = None
    ) -> None:
        """Leave `available` until the work is done and the time has passed; `then` runs on arrival."""
        self.status = status
        self._then = then
        self.transition = Transition(f"{self.replication_group_id}: {status}", work, seconds)

    def settle(self) -> None:
        """Arrive in the next state if it is time."""
        with self._lock:
            transition = self.transition
            if transition is None or not transition.finished:
                return
            self.transition = None
            self.pending = {}
            self.status = "create-failed" if transition.failed and self.status == "creating" else "available"
            if self._then:
                self._then()

    # -- answers --------------------------------------------------------------------------------

    def describe(self) -> dict[str, Any]:
        answer = {
            "ReplicationGroupId": self.replication_group_id,
            "Description": self.description,
            "GlobalReplicationGroupInfo": {},
            "Status": self.status,
            "PendingModifiedValues": self.pending,
            "MemberClusters": [node.name for node in self.group.nodes],
            "NodeGroups": self._node_groups(),
            "AutomaticFailover": self.automatic_failover,
            "MultiAZ": self.multi_az,
            "SnapshotRetentionLimit": self.snapshot_retention_limit,
            "SnapshotWindow": self.snapshot_window,
            "ClusterEnabled": self.group.cluster,
            "ClusterMode": self.cluster_mode,
            "CacheNodeType": self.cache_node_type,
            "AuthTokenEnabled": bool(self.auth_tokens),
            "AuthTokenLastModifiedDate": self.auth_token_changed,
            "TransitEncryptionEnabled": self.transit_encryption_enabled,
            "TransitEncryptionMode": self.transit_encryption_mode,
            "AtRestEncryptionEnabled": self.at_rest_encryption_enabled,
            "KmsKeyId": self.kms_key_id,
            "ARN": self.arn,
            "UserGroupIds": self.user_group_ids,
            "LogDeliveryConfigurations": [{**delivery, "Status": "active"} for delivery in self.log_deliveries],
            "ReplicationGroupCreateTime": self.created,
            "DataTiering": self.data_tiering,
            "AutoMinorVersionUpgrade": self.auto_minor_version_upgrade,
            "NetworkType": self.network_type,
            "IpDiscovery": self.ip_discovery,
            "Engine": self.engine,
        }
        if self.snapshot_retention_limit:
            answer["SnapshottingClusterId"] = self.group.nodes[-1].name
        if self.group.cluster and self._reachable:
            answer["ConfigurationEndpoint"] = self._endpoint(self.group.primary_address)
        return answer

    @property
    def _reachable(self) -> bool:
        return self.status != "creating"

    def _endpoint(self, address: str) -> dict[str, Any]:
        return {"Address": address, "Port": self.port}

    def _node_groups(self) -> list[dict[str, Any]]:
        if not self._reachable:
            return []
        slots = self.group.slots() if self.group.cluster and self.status == "available" else {}
        return [self._node_group(shard, slots.get(shard.id)) for shard in self.group.shards]

    def _node_group(self, shard: Shard, slots: str | None) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "NodeGroupId": shard.id,
            "Status": self.status,
            "NodeGroupMembers": [self._member(shard, node) for node in shard.nodes],
        }
        if self.group.cluster:
            answer["Slots"] = slots
        else:
            answer["PrimaryEndpoint"] = self._endpoint(self.group.primary_address)
            answer["ReaderEndpoint"] = self._endpoint(self.group.reader_address)
        return answer

    def _member(self, shard: Shard, node: RedisNode) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "CacheClusterId": node.name,
            "CacheNodeId": "0001",
            "PreferredAvailabilityZone": self.zone(node),
        }
        if not self.group.cluster:
            answer["ReadEndpoint"] = self._endpoint(node.address)
            answer["CurrentRole"] = "primary" if node is shard.primary else "replica"
        return answer

    def zone(self, node: RedisNode) -> str:
        shard = next(shard for shard in self.group.shards if node in shard.nodes)
        return self.zones[shard.nodes.index(node) % len(self.zones)]

    def describe_member(self, node: RedisNode) -> dict[str, Any]:
        """The member as a cache cluster, in DescribeCacheClusters."""
        prefix = self.arn.rpartition(":replicationgroup:")[0]
        answer = {
            "CacheClusterId": node.name,
            "CacheNodeType": self.cache_node_type,
            "Engine": self.engine,
            "EngineVersion": f"{self.engine_version}.{'6' if self.engine_version == '6.2' else '0'}",
            "CacheClusterStatus": self.status,
            "NumCacheNodes": 1,
            "PreferredAvailabilityZone": self.zone(node),
            "CacheClusterCreateTime": self.created,
            "PreferredMaintenanceWindow": self.preferred_maintenance_window,
            "PendingModifiedValues": self._deferred_to_members(),
            "CacheSecurityGroups": [],
            "CacheParameterGroup": {
                "CacheParameterGroupName": self.cache_parameter_group_name,
                "ParameterApplyStatus": "in-sync",
                "CacheNodeIdsToReboot": [],
            },
            "CacheSubnetGroupName": self.cache_subnet_group_name,
            "CacheNodes": [self._cache_node(node)],
            "AutoMinorVersionUpgrade": self.auto_minor_version_upgrade,
            "SecurityGroups": [{"SecurityGroupId": group, "Status": "active"} for group in self.security_group_ids],
            "ReplicationGroupId": self.replication_group_id,
            "SnapshotRetentionLimit": self.snapshot_retention_limit,
            "SnapshotWindow": self.snapshot_window,
            "AuthTokenEnabled": bool(self.auth_tokens),
            "AuthTokenLastModifiedDate": self.auth_token_changed,
            "TransitEncryptionEnabled": self.transit_encryption_enabled,
            "TransitEncryptionMode": self.transit_encryption_mode,
            "AtRestEncryptionEnabled": self.at_rest_encryption_enabled,
            "ARN": f"{prefix}:cluster:{node.name}",
            "ReplicationGroupLogDeliveryEnabled": bool(self.log_deliveries),
            "LogDeliveryConfigurations": self.log_deliveries,
            "NetworkType": self.network_type,
            "IpDiscovery": self.ip_discovery,
        }
        if self.notification_topic_arn:
            answer["NotificationConfiguration"] = {
                "TopicArn": self.notification_topic_arn,
                "TopicStatus": "active",
            }
        return answer

    def _deferred_to_members(self) -> dict[str, Any]:
        shown = ("CacheNodeType", "EngineVersion")
        return {name: value for name, value in self.deferred.items() if name in shown}

    def _cache_node(self, node: RedisNode) -> dict[str, Any]:
        return {
            "CacheNodeId": "0001",
            "CacheNodeStatus": self.status,
            "CacheNodeCreateTime": self.created,
            "Endpoint": self._endpoint(node.address),
            "ParameterGroupStatus": "in-sync",
            "CustomerAvailabilityZone": self.zone(node),
        }

    # -- what the processes enforce ---------------------------------------------------------------

    def acl_users(self, user_groups: dict[str, Any], users: dict[str, Any]) -> list[User]:
        """AUTH tokens, or the users of the attached user groups, as users of the Redis ACL."""
        if not self.user_group_ids:
            return [User("default", self.auth_tokens)]
        members = [user_id for group_id in self.user_group_ids for user_id in user_groups[group_id]["UserIds"]]
        return [
            User(
                users[user_id].name,
                tuple(users[user_id].passwords or ()),
                " ".join(part for part in users[user_id].access_string.split() if part not in ("on", "off")),
                enabled="off" not in users[user_id].access_string.split(),
            )
            for user_id in members
        ]


def server_parameters(family: str, values: dict[str, str]) -> dict[str, str]:
    """What of a parameter group the Redis process itself is told."""
    known = cache_catalogue.parameters(family)
    return {
        name: values.get(name, parameter.value)
        for name, parameter in known.items()
        if parameter.server and parameter.modifiable
    }
