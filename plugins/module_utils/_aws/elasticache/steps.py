# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How an update of a replication group is cut into modifications, each made when the one before is done. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..._core.changes import Change
from . import model

Operation = Literal["modify", "increase_replicas", "decrease_replicas", "shards"]

# Fields that one ModifyReplicationGroup may change together.
SETTINGS = (
    "description",
    "cache_node_type",
    "automatic_failover_enabled",
    "multi_az_enabled",
    "security_group_ids",
    "snapshot_retention_limit",
    "snapshot_window",
    "preferred_maintenance_window",
    "auto_minor_version_upgrade",
    "notification_topic_arn",
)
ENGINE = ("engine", "engine_version", "cache_parameter_group_name")
ENCRYPTION = ("transit_encryption_enabled", "transit_encryption_mode")
IMMEDIATE = {"ApplyImmediately": True}
TOKEN_DROPPED = {"AuthTokenUpdateStrategy": "DELETE"}
ROTATIONS = {"ROTATE": ("ROTATE",), "SET": ("ROTATE", "SET")}  # a new token is added before the old one goes


@dataclass(frozen=True)
class Step:
    """One modification with its arguments; `shape` is how many members there are afterwards.

    `rotation` is how far a token's rotation has come with this step: the fingerprint is stored then.
    """

    name: str
    operation: Operation
    arguments: Mapping[str, Any]
    shape: Mapping[str, int] = field(default_factory=dict)
    rotation: str = ""


def steps(change: Change, group: Mapping[str, Any], *, immediately: bool) -> list[Step]:
    """Modifications of an update, in an order in which each one is allowed.

    Replicas are added before automatic failover is turned on, and removed after it has been turned off.
    """
    deferrable = {"ApplyImmediately": immediately}
    grow, shrink = _replicas(change, group)
    return [
        *grow,
        *_shards(change, group),
        *_fields("settings", change, SETTINGS, deferrable),
        *_fields("engine", change, ENGINE, deferrable),
        *_fields("encryption", change, ENCRYPTION, IMMEDIATE),
        *_logs(change),
        *_access(change),
        *shrink,
    ]


def _fields(name: str, change: Change, names: tuple[str, ...], how: Mapping[str, Any]) -> list[Step]:
    changed = {model.ARGUMENTS[field]: change.desired[field] for field in names if field in change.fields}
    if not changed:
        return []
    if name == "engine" and "Engine" in changed:
        changed["EngineVersion"] = change.desired["engine_version"]
    if changed.get("NotificationTopicArn") == "":
        del changed["NotificationTopicArn"]
        changed["NotificationTopicStatus"] = "inactive"
    if name == "encryption":
        changed["TransitEncryptionEnabled"] = change.desired["transit_encryption_enabled"]
    return [Step(name, "modify", {**changed, **how})]


def _replicas(change: Change, group: Mapping[str, Any]) -> tuple[list[Step], list[Step]]:
    if "num_cache_clusters" in change.fields:
        wanted, now = change.desired["num_cache_clusters"], change.current["num_cache_clusters"]
        shape, arguments = {"num_cache_clusters": wanted}, {"NewReplicaCount": wanted - 1}
        if wanted > now:
            return [Step("more replicas", "increase_replicas", arguments, shape)], []
        return [], [Step("fewer replicas", "decrease_replicas", arguments, shape)]
    if "replicas_per_node_group" not in change.fields:
        return [], []
    wanted = change.desired["replicas_per_node_group"]
    counts = {shard["NodeGroupId"]: len(shard["NodeGroupMembers"]) - 1 for shard in group["NodeGroups"]}
    more = [name for name, count in counts.items() if count < wanted]
    fewer = [name for name, count in counts.items() if count > wanted]
    even = {"replicas_per_node_group": wanted}
    grow = Step("more replicas", "increase_replicas", _per_shard(more, wanted), {} if fewer else even)
    shrink = Step("fewer replicas", "decrease_replicas", _per_shard(fewer, wanted), even)
    return ([grow] if more else []), ([shrink] if fewer else [])


def _per_shard(shards: list[str], replicas: int) -> dict[str, Any]:
    return {"ReplicaConfiguration": [{"NodeGroupId": shard, "NewReplicaCount": replicas} for shard in shards]}


def _shards(change: Change, group: Mapping[str, Any]) -> list[Step]:
    if "num_node_groups" not in change.fields:
        return []
    wanted = change.desired["num_node_groups"]
    names = sorted(shard["NodeGroupId"] for shard in group["NodeGroups"])
    arguments: dict[str, Any] = {"NodeGroupCount": wanted}
    if wanted < len(names):
        arguments["NodeGroupsToRemove"] = names[wanted:]
    return [Step("shards", "shards", arguments, {"num_node_groups": wanted})]


def _logs(change: Change) -> list[Step]:
    if "log_delivery_configurations" not in change.fields:
        return []
    before, after = change.current["log_delivery_configurations"], change.desired["log_delivery_configurations"]
    arguments = {"LogDeliveryConfigurations": model.log_arguments(before, after), **IMMEDIATE}
    return [Step("log delivery", "modify", arguments)]


def _access(change: Change) -> list[Step]:
    if "user_group_ids" in change.fields:
        return [_user_groups(change)]
    if not {"auth_token", "auth_token_update_strategy"} & set(change.fields):
        return []
    token, strategy = change.desired["auth_token"].reveal(), change.desired["auth_token_update_strategy"]
    ahead = ROTATIONS[strategy] if "auth_token" in change.fields else (strategy,)
    return [
        Step(
            f"auth token {step}",
            "modify",
            {"AuthToken": token, "AuthTokenUpdateStrategy": step, **IMMEDIATE},
            rotation=step,
        )
        for step in ahead
    ]


def _user_groups(change: Change) -> Step:
    before, after = set(change.current["user_group_ids"]), set(change.desired["user_group_ids"])
    arguments: dict[str, Any] = {"UserGroupIdsToAdd": sorted(after - before), **IMMEDIATE}
    if before - after:
        arguments["UserGroupIdsToRemove"] = sorted(before - after)
    if change.current["auth_token_enabled"]:
        arguments = {**arguments, **TOKEN_DROPPED}
    return Step("users", "modify", arguments)
