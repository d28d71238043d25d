# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The world as it is: everything that controls look at, read all at once."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ..._aws.session import AWS_ERRORS, WORKERS, explain
from ..model import ACCOUNT, Resource, World
from . import audit, containers, data, edge, identity, network, storage
from .reading import Reader, Reading

# Who reads, and which kinds are not known where that fails.
READERS: Mapping[Reader, tuple[str, ...]] = {
    network.read: (
        "vpc", "subnet", "network_acl", "flow_log", "vpc_endpoint", "default_security_group", "security_group",
        "security_group_rule",
    ),
    data.databases: ("db_instance", "db_parameter_group", "db_snapshot", "db_cluster"),
    data.subscriptions: ("event_subscription",),
    data.caches: ("replication_group",),
    storage.account: (ACCOUNT,),
    storage.account_settings: ("account_setting",),
    storage.keys: ("key",),
    storage.buckets: ("bucket",),
    storage.topics: ("topic",),
    containers.clusters: ("cluster", "service", "task_definition"),
    containers.repositories: ("repository",),
    edge.balancers: ("load_balancer", "listener"),
    edge.certificates: ("certificate",),
    edge.web_acls: ("web_acl", "logging_configuration", "association"),
    identity.roles: ("role", "policy"),
    identity.secrets: ("secret",),
    identity.shared_documents: ("document",),
    audit.trails: ("trail",),
    audit.recorders: ("config_recorder",),
    audit.detectors: ("detector",),
    audit.filters: ("metric_filter",),
    audit.alarms: ("alarm",),
}  # fmt: skip


def read(reading: Reading) -> World:
    """Read everything; what cannot be read is named in the world with the reason."""
    world = World()
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        jobs = {reader: pool.submit(_listed, reader, reading) for reader in READERS}
        for reader, job in jobs.items():
            try:
                found = job.result()
            except AWS_ERRORS as error:
                world.unreadable |= dict.fromkeys(READERS[reader], explain(error))
            else:
                for resource in found:
                    world.add(resource)
    _mark_used(world)
    return world


def _listed(reader: Reader, reading: Reading) -> list[Resource]:
    return list(reader(reading))


def _mark_used(world: World) -> None:
    """Security groups are used as well by what names them and has no interface now, such as an idle service."""
    facts = ("vpc_security_group_ids", "security_group_ids", "security_groups", "network_configuration.security_groups")
    users: list[Resource] = [
        one for one in world.resources.values() if one.kind not in ("security_group", "vpc_endpoint")
    ]
    named = {str(group) for user in users for fact in facts for group in user.get(fact, [])}
    for group in world.of("security_group"):
        if group.get("id") in named:
            world.add(replace(group, facts={**group.facts, "used": True}))
