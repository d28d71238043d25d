# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases and caches as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._aws.elasticache import model as elasticache
from ..._aws.rds import api as rds_api
from ..._aws.rds import model as rds
from ..model import Resource
from .reading import Reading


def databases(reading: Reading) -> Iterator[Resource]:
    aws = reading.aws
    listed = aws.pages("rds", "describe_db_instances", "DBInstances")
    instances = [one for one in listed if reading.ours(one.get("TagList", []))]
    states = {one["DBInstanceIdentifier"]: rds.current_state(one, None) for one in instances}
    yield from (Resource("db_instance", name, state) for name, state in states.items())
    groups = sorted({str(state["db_parameter_group_name"]) for state in states.values()})
    for name, changed in zip(
        groups, reading.many(lambda one: rds_api.describe_changed_parameters(aws, one), groups), strict=True
    ):
        values = {item["ParameterName"]: item.get("ParameterValue") for item in changed}
        yield Resource("db_parameter_group", name, {"parameters": values})
    for snapshot in aws.pages("rds", "describe_db_snapshots", "DBSnapshots"):
        if snapshot["DBInstanceIdentifier"] in states:
            yield Resource("db_snapshot", snapshot["DBSnapshotIdentifier"], {"encrypted": snapshot.get("Encrypted")})
    for cluster in aws.pages("rds", "describe_db_clusters", "DBClusters"):
        if reading.ours(cluster.get("TagList", [])):
            yield Resource("db_cluster", cluster["DBClusterIdentifier"])


def subscriptions(reading: Reading) -> Iterator[Resource]:
    """Who is told of events of databases: of all of a kind, or of ours."""
    for one in reading.aws.pages("rds", "describe_event_subscriptions", "EventSubscriptionsList"):
        facts = {
            "enabled": one.get("Enabled"),
            "source_type": one.get("SourceType") or None,
            "event_categories": sorted(one.get("EventCategoriesList") or []),
        }
        yield Resource("event_subscription", one["CustSubscriptionId"], facts)


def caches(reading: Reading) -> Iterator[Resource]:
    aws = reading.aws
    groups = aws.pages("elasticache", "describe_replication_groups", "ReplicationGroups")
    if not groups:
        return
    client = aws.client("elasticache")
    tags = reading.many(lambda group: client.list_tags_for_resource(ResourceName=group["ARN"])["TagList"], groups)
    members = aws.pages("elasticache", "describe_cache_clusters", "CacheClusters")
    of_group: dict[str, Mapping[str, Any]] = {
        one["ReplicationGroupId"]: one for one in members if "ReplicationGroupId" in one
    }
    for group, listed in zip(groups, tags, strict=True):
        name = group["ReplicationGroupId"]
        if reading.ours(listed):
            yield Resource("replication_group", name, _cache(group, of_group.get(name, {})))


def _cache(group: Mapping[str, Any], member: Mapping[str, Any]) -> dict[str, Any]:
    state = elasticache.current_state(group, member, [], {})
    return {name: value for name, value in state.items() if name != "auth_token"}
