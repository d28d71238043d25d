# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A replication group as a comparable state, and when it is ready. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible.module_utils.common.dict_transformations import camel_dict_to_snake_dict

from ..._core.changes import Change, State, desired_fields, differing, plan_one
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from ..._core.redact import Secret
from ..._core.versions import is_older, parts, satisfies
from ..._core.wait import DONE, Verdict, failed, pending
from ..store_groups import tag_dict
from ..tagging import of_interest
from . import access

KIND = "replication_group"
DESCRIPTION = "Managed by Ansible"

# Option: argument of CreateReplicationGroup; ModifyReplicationGroup names most of them alike.
ARGUMENTS = {
    "description": "ReplicationGroupDescription",
    "engine": "Engine",
    "engine_version": "EngineVersion",
    "cache_node_type": "CacheNodeType",
    "cluster_mode": "ClusterMode",
    "num_node_groups": "NumNodeGroups",
    "replicas_per_node_group": "ReplicasPerNodeGroup",
    "num_cache_clusters": "NumCacheClusters",
    "automatic_failover_enabled": "AutomaticFailoverEnabled",
    "multi_az_enabled": "MultiAZEnabled",
    "cache_subnet_group_name": "CacheSubnetGroupName",
    "cache_parameter_group_name": "CacheParameterGroupName",
    "security_group_ids": "SecurityGroupIds",
    "port": "Port",
    "transit_encryption_enabled": "TransitEncryptionEnabled",
    "transit_encryption_mode": "TransitEncryptionMode",
    "at_rest_encryption_enabled": "AtRestEncryptionEnabled",
    "kms_key_id": "KmsKeyId",
    "snapshot_retention_limit": "SnapshotRetentionLimit",
    "snapshot_window": "SnapshotWindow",
    "preferred_maintenance_window": "PreferredMaintenanceWindow",
    "auto_minor_version_upgrade": "AutoMinorVersionUpgrade",
    "notification_topic_arn": "NotificationTopicArn",
}
FOR_LIFE = ("cluster_mode", "cache_subnet_group_name", "port", "at_rest_encryption_enabled", "kms_key_id")
BROKEN = ("create-failed",)


def desired_state(options: Mapping[str, Any], subnet_group: str | None, parameter_group: str | None) -> dict[str, Any]:
    """Desired state of the group, spelled as ElastiCache answers it; options left out are not part of it."""
    fields: dict[str, Any] = {name: options.get(name) for name in ARGUMENTS}
    for name in ("snapshot_window", "preferred_maintenance_window"):
        fields[name] = fields[name].lower() if fields[name] else None
    groups, user_group = options.get("security_group_ids"), options.get("user_group")
    token = options.get("auth_token")
    fields |= {
        "cache_subnet_group_name": subnet_group,
        "cache_parameter_group_name": parameter_group,
        "security_group_ids": sorted(set(groups)) if groups is not None else None,
        "user_group_ids": [user_group["user_group_id"].lower()] if user_group else None,
        "auth_token": Secret(token) if token else None,
        "auth_token_update_strategy": options.get("auth_token_update_strategy") if token else None,
        "log_delivery_configurations": _desired_logs(options.get("log_delivery_configurations")),
        "tags": options.get("tags"),
    }
    if options["cluster_mode"] == "enabled":
        fields["automatic_failover_enabled"] = True
    if not options["transit_encryption_enabled"]:
        fields["transit_encryption_mode"] = None
    return desired_fields(fields)


def _desired_logs(configurations: Iterable[Mapping[str, Any]] | None) -> dict[str, Any] | None:
    if configurations is None:
        return None
    fields = ("destination_type", "destination", "log_format")
    return {item["log_type"]: {field: item[field] for field in fields} for item in configurations}


def current_state(
    group: Mapping[str, Any],
    member: Mapping[str, Any],
    tags: Iterable[Mapping[str, str]],
    desired: State,
    *,
    with_pending: bool = True,
) -> dict[str, Any]:
    """State of a group from DescribeReplicationGroups and, of one member, DescribeCacheClusters.

    `with_pending`, as it will be after the changes that wait for the maintenance window.
    """
    waiting = (member.get("PendingModifiedValues") or {}) if with_pending else {}
    tag_map, clustered = tag_dict(tags), bool(group.get("ClusterEnabled"))
    return {
        "description": group.get("Description", ""),
        "engine": (member.get("Engine") or group.get("Engine") or "redis").lower(),
        "engine_version": waiting.get("EngineVersion") or member.get("EngineVersion", ""),
        "cache_node_type": waiting.get("CacheNodeType") or group.get("CacheNodeType"),
        "cluster_mode": "enabled" if clustered else "disabled",
        **_shape(group, clustered),
        "automatic_failover_enabled": group.get("AutomaticFailover") in ("enabled", "enabling"),
        "multi_az_enabled": group.get("MultiAZ") == "enabled",
        "cache_subnet_group_name": member.get("CacheSubnetGroupName"),
        "cache_parameter_group_name": (member.get("CacheParameterGroup") or {}).get("CacheParameterGroupName"),
        "security_group_ids": sorted(item["SecurityGroupId"] for item in member.get("SecurityGroups", [])),
        "port": endpoint(group, "PrimaryEndpoint").get("Port"),
        "transit_encryption_enabled": bool(group.get("TransitEncryptionEnabled")),
        "transit_encryption_mode": group.get("TransitEncryptionMode"),
        "at_rest_encryption_enabled": bool(group.get("AtRestEncryptionEnabled")),
        "kms_key_id": group.get("KmsKeyId"),
        "snapshot_retention_limit": group.get("SnapshotRetentionLimit", 0),
        "snapshot_window": group.get("SnapshotWindow"),
        "preferred_maintenance_window": member.get("PreferredMaintenanceWindow"),
        "auto_minor_version_upgrade": group.get("AutoMinorVersionUpgrade"),
        "notification_topic_arn": (member.get("NotificationConfiguration") or {}).get("TopicArn", ""),
        **_access(group, tag_map, desired.get("auth_token")),
        "log_delivery_configurations": _current_logs(group),
        "tags": of_interest(tag_map, desired.get("tags")),
    }


def _access(group: Mapping[str, Any], tags: Mapping[str, str], token: Secret | None) -> dict[str, Any]:
    """Who may enter; the token is the desired one if its fingerprint says so."""
    enabled = bool(group.get("AuthTokenEnabled"))
    in_use = enabled and token is not None and access.known_secrets(tags, (token,)) == (token,)
    return {
        "user_group_ids": sorted(group.get("UserGroupIds") or []),
        "auth_token_enabled": enabled,
        "auth_token": token if in_use else access.UNKNOWN,
        "auth_token_update_strategy": access.rotation(tags),
    }


def _shape(group: Mapping[str, Any], clustered: bool) -> dict[str, Any]:
    """How many members there are: shards and replicas with cluster mode, nodes without."""
    if not clustered:
        return {"num_cache_clusters": len(group.get("MemberClusters", []))}
    counts = {len(shard.get("NodeGroupMembers", [])) - 1 for shard in group.get("NodeGroups", [])}
    # Shards of different sizes match no number of replicas: they are evened out.
    replicas = counts.pop() if len(counts) == 1 else None
    return {"num_node_groups": len(group.get("NodeGroups", [])), "replicas_per_node_group": replicas}


def endpoint(group: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The configuration endpoint of a group in cluster mode, else the endpoint of that kind of its one shard."""
    if group.get("ConfigurationEndpoint"):
        return dict(group["ConfigurationEndpoint"])
    shards = group.get("NodeGroups") or [{}]
    return dict(shards[0].get(kind) or {})


def _current_logs(group: Mapping[str, Any]) -> dict[str, Any]:
    logs: dict[str, Any] = {}
    waiting = (group.get("PendingModifiedValues") or {}).get("LogDeliveryConfigurations") or []
    for item in [*group.get("LogDeliveryConfigurations", []), *waiting]:
        details = item.get("DestinationDetails") or {}
        cloudwatch, firehose = details.get("CloudWatchLogsDetails"), details.get("KinesisFirehoseDetails") or {}
        if item.get("Status") == "disabling" or not (cloudwatch or firehose):
            continue
        logs[item["LogType"]] = {
            "destination_type": item["DestinationType"],
            "destination": cloudwatch["LogGroup"] if cloudwatch else firehose["DeliveryStream"],
            "log_format": item["LogFormat"],
        }
    return logs


def reconciled(desired: State, current: State) -> dict[str, Any]:
    """`desired` with what is to be left alone taken over from `current`."""
    state = dict(desired)
    same_engine = desired.get("engine", current["engine"]) == current["engine"]
    if "engine_version" in desired and same_engine and satisfies(current["engine_version"], desired["engine_version"]):
        state["engine_version"] = current["engine_version"]
    if desired.get("auth_token_update_strategy") == "ROTATE" and desired["auth_token"] == current["auth_token"]:
        # The token is in use already; whether the one before is still valid is not for this run to say.
        state["auth_token_update_strategy"] = current["auth_token_update_strategy"]
    # A key that does not exist yet cannot be compared with one that is in use.
    return {name: value for name, value in state.items() if name not in FOR_LIFE or not is_placeholder(value)}


def check_update(current: State, desired: State) -> None:
    """Refuse changes that ElastiCache cannot make on an existing group, and name the way around."""
    changed = differing(current, desired)
    for name in changed:
        if name in FOR_LIFE:
            remedy = f"cannot be changed, the group has {current[name]!r}: restore a snapshot under another id"
            raise InvalidInput(name, desired[name], remedy)
    _check_engine(current, desired)
    if "transit_encryption_enabled" in changed or "transit_encryption_mode" in changed:
        _check_encryption(current, desired)


def _check_engine(current: State, desired: State) -> None:
    engine, version = desired.get("engine", current["engine"]), desired.get("engine_version")
    if engine == "redis" and current["engine"] == "valkey":
        remedy = "cannot be gone back to from valkey: restore a snapshot under another id"
        raise InvalidInput("engine", engine, remedy)
    if engine != current["engine"] and version is None:
        raise InvalidInput("engine_version", None, f"is missing: say to which version of {engine} to change")
    if engine == current["engine"] and version and is_older(version, current["engine_version"]):
        remedy = f"is older than {current['engine_version']}, which runs: ElastiCache cannot go back"
        raise InvalidInput("engine_version", version, remedy)


def _check_encryption(current: State, desired: State) -> None:
    wanted = desired["transit_encryption_enabled"]
    mode = desired.get("transit_encryption_mode", "required" if wanted else None)
    if current["engine"] == "redis" and parts(current["engine_version"]) < (7,):
        remedy = f"cannot be changed on version {current['engine_version']}: upgrade the engine to 7.0 first"
        raise InvalidInput("transit_encryption_enabled", wanted, remedy)
    if wanted and not current["transit_encryption_enabled"] and mode != "preferred":
        remedy = "cannot follow on no encryption: set it to preferred, let all clients use TLS, then set it to required"
        raise InvalidInput("transit_encryption_mode", mode, remedy)
    if not wanted and current["transit_encryption_mode"] != "preferred":
        remedy = "cannot follow on mode required: set transit_encryption_mode: preferred first"
        raise InvalidInput("transit_encryption_enabled", wanted, remedy)
    if not wanted and (current["auth_token_enabled"] or current["user_group_ids"]):
        remedy = "cannot be had with AUTH or users: leave transit_encryption_enabled: true"
        raise InvalidInput("transit_encryption_enabled", wanted, remedy)


def plan(group_id: str, current: State | None, desired: State) -> list[Change]:
    """Changes to the group: at most one, which may take several modifications."""
    return plan_one(KIND, group_id, current, desired, level=2)


def create_arguments(state: State, tags: Mapping[str, str]) -> dict[str, Any]:
    """Arguments of CreateReplicationGroup for a desired state; `tags` with the fingerprint of the token."""
    arguments = {argument: state[name] for name, argument in ARGUMENTS.items() if name in state}
    arguments.setdefault("ReplicationGroupDescription", DESCRIPTION)
    if not arguments.get("NotificationTopicArn", "given"):
        del arguments["NotificationTopicArn"]
    if "auth_token" in state:
        arguments["AuthToken"] = state["auth_token"].reveal()
    if "user_group_ids" in state:
        arguments["UserGroupIds"] = state["user_group_ids"]
    if state.get("log_delivery_configurations"):
        arguments["LogDeliveryConfigurations"] = log_arguments({}, state["log_delivery_configurations"])
    return arguments | {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


def log_arguments(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Log deliveries to switch on or change, and those to switch off."""
    off = [{"LogType": log_type, "Enabled": False} for log_type in before if log_type not in after]
    return [_log_argument(name, item) for name, item in after.items() if before.get(name) != item] + off


def _log_argument(log_type: str, item: Mapping[str, Any]) -> dict[str, Any]:
    cloudwatch = item["destination_type"] == "cloudwatch-logs"
    details = (
        {"CloudWatchLogsDetails": {"LogGroup": item["destination"]}}
        if cloudwatch
        else {"KinesisFirehoseDetails": {"DeliveryStream": item["destination"]}}
    )
    return {
        "LogType": log_type,
        "DestinationType": item["destination_type"],
        "DestinationDetails": details,
        "LogFormat": item["log_format"],
    }


def ready(group: Mapping[str, Any] | None) -> Verdict:
    """Available, with nothing under way and an endpoint to reach it."""
    if group is None:
        return pending("not visible yet")
    status = group["Status"]
    if status in BROKEN:
        return failed(status)
    if status != "available":
        return pending(status)
    under_way = [name for name, value in (group.get("PendingModifiedValues") or {}).items() if value]
    if under_way:
        return pending(f"under way: {', '.join(sorted(under_way))}")
    if group.get("AutomaticFailover") in ("enabling", "disabling"):
        return pending(f"automatic failover {group['AutomaticFailover']}")
    return DONE if endpoint(group, "PrimaryEndpoint") else pending("no endpoint yet")


def has_shape(group: Mapping[str, Any] | None, wanted: Mapping[str, int]) -> Verdict:
    """Ready, and with as many shards, replicas or nodes as wanted."""
    verdict = ready(group)
    if group is None or verdict.status != "done":
        return verdict
    shape = _shape(group, bool(group.get("ClusterEnabled")))
    behind = differing(shape, wanted)
    return pending(f"{behind[0]}: {shape.get(behind[0])} of {wanted[behind[0]]}") if behind else DONE


def gone(group: Mapping[str, Any] | None) -> Verdict:
    """No longer listed."""
    return DONE if group is None else pending(str(group["Status"]))


def described(
    group: Mapping[str, Any] | None, member: Mapping[str, Any], desired: State, group_id: str
) -> dict[str, Any]:
    """What a task answers about the group; what does not exist yet is known after apply."""
    shown = group or {}
    clustered = desired["cluster_mode"] == "enabled"
    waiting = {**(shown.get("PendingModifiedValues") or {}), **(member.get("PendingModifiedValues") or {})}
    port = endpoint(shown, "PrimaryEndpoint").get("Port", desired.get("port", 6379))

    def address(kind: str) -> dict[str, Any]:
        return {"address": endpoint(shown, kind).get("Address", KNOWN_AFTER_APPLY), "port": port}

    return {
        "replication_group_id": group_id,
        "arn": shown.get("ARN", KNOWN_AFTER_APPLY),
        "status": shown.get("Status", KNOWN_AFTER_APPLY),
        "port": port,
        "primary_endpoint": None if clustered else address("PrimaryEndpoint"),
        "reader_endpoint": None if clustered else address("ReaderEndpoint"),
        "configuration_endpoint": address("ConfigurationEndpoint") if clustered else None,
        "member_clusters": shown.get("MemberClusters", KNOWN_AFTER_APPLY),
        "cluster_mode": desired["cluster_mode"],
        "engine": member.get("Engine", desired.get("engine")),
        "engine_version": member.get("EngineVersion", desired.get("engine_version")),
        "transit_encryption_enabled": shown.get("TransitEncryptionEnabled", desired.get("transit_encryption_enabled")),
        "auth_token_enabled": bool(shown.get("AuthTokenEnabled", "auth_token" in desired)),
        "user_group_ids": desired.get("user_group_ids", shown.get("UserGroupIds") or []),
        "cache_parameter_group_name": desired.get("cache_parameter_group_name"),
        "cache_subnet_group_name": desired.get("cache_subnet_group_name"),
        "pending_reboot": (member.get("CacheParameterGroup") or {}).get("ParameterApplyStatus") == "pending-reboot",
        "pending_modified_values": camel_dict_to_snake_dict({name: item for name, item in waiting.items() if item}),
    }
