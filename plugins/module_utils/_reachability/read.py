# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading what is in a VPC: each kind listed once, at the same time as the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .._aws.ecs import api as ecs
from .._aws.elbv2 import api as elbv2
from .._aws.network import api as network
from .._aws.network.current import Ownership, tags_of
from .._aws.security_groups import api as security_groups
from .._aws.session import WORKERS, Aws
from .intervals import Intervals, addresses
from .live import Answers


def find_vpcs(aws: Aws, name: str, tags: Mapping[str, str]) -> list[dict[str, Any]]:
    """VPCs of that name that are ours by their tags, as `vpc` decides it (DescribeVpcs)."""
    ownership = Ownership(name, tags)
    return [vpc for vpc in network.describe_vpcs(aws, name=name) if ownership.owns(tags_of(vpc))]


def together(**calls: Callable[[], Any]) -> dict[str, Any]:
    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        futures = {name: pool.submit(call) for name, call in calls.items()}
        return {name: future.result() for name, future in futures.items()}


def read(aws: Aws, vpc: Mapping[str, Any]) -> Answers:
    """Everything in a VPC that sends or takes packets, or decides about them."""
    vpc_id = vpc["VpcId"]
    found = together(
        subnets=lambda: network.describe_subnets(aws, vpc_id),
        route_tables=lambda: network.describe_route_tables(aws, vpc_id),
        network_acls=lambda: network.describe_network_acls(aws, vpc_id),
        nat_gateways=lambda: network.describe_nat_gateways(aws, vpc_id),
        endpoints=lambda: network.describe_vpc_endpoints(aws, vpc_id),
        security_groups=lambda: network.describe_security_groups(aws, vpc_id),
        interfaces=lambda: network.describe_network_interfaces(aws, vpc_id=vpc_id),
        balancing=lambda: _balancing(aws, vpc_id),
        services=lambda: _services(aws),
        databases=lambda: aws.pages("rds", "describe_db_instances", "DBInstances"),
        caches=lambda: aws.pages("elasticache", "describe_cache_clusters", "CacheClusters"),
        cache_subnets=lambda: aws.pages("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups"),
    )
    ids = [group["GroupId"] for group in found["security_groups"]]
    rules = security_groups.describe_security_group_rules(aws, ids)
    used = {rule["PrefixListId"] for rule in rules if rule.get("PrefixListId")}
    used |= {
        route["DestinationPrefixListId"]
        for table in found["route_tables"]
        for route in table.get("Routes", [])
        if route.get("DestinationPrefixListId")
    }
    names, lists = prefix_lists(aws, used) if used else ({}, {})
    return Answers(vpc=vpc, rules=rules, prefix_names=names, prefix_lists=lists, **found.pop("balancing"), **found)


def prefix_lists(aws: Aws, used: set[str]) -> tuple[dict[str, str], dict[str, dict[int, Intervals]]]:
    """Names by id of all prefix lists, and the addresses of those that are `used`, by id or by the end of the name."""
    ids = security_groups.describe_managed_prefix_lists(aws)
    names = {identifier: name for name, identifier in ids.items()}
    wanted = [one for one, name in names.items() if one in used or any(name.endswith(f".{end}") for end in used)]
    wanted += [ids[name] for name in used if name in ids]
    entries = together(**{identifier: _entries(aws, identifier) for identifier in dict.fromkeys(wanted)})
    return names, {names[identifier]: addresses(*cidrs) for identifier, cidrs in entries.items() if cidrs}


def _entries(aws: Aws, identifier: str) -> Callable[[], list[str]]:
    """The ranges of a prefix list (GetManagedPrefixListEntries)."""

    def get() -> list[str]:
        found = aws.pages("ec2", "get_managed_prefix_list_entries", "Entries", PrefixListId=identifier)
        return [entry["Cidr"] for entry in found]

    return get


def _balancing(aws: Aws, vpc_id: str) -> dict[str, list[Any]]:
    """Load balancers of the VPC with their listeners and target groups."""
    found = aws.pages("elbv2", "describe_load_balancers", "LoadBalancers")
    here = [one for one in found if one.get("VpcId") == vpc_id]
    return {
        "load_balancers": here,
        "listeners": [two for one in here for two in elbv2.describe_listeners(aws, one["LoadBalancerArn"])],
        "target_groups": elbv2.describe_target_groups(aws) if here else [],
    }


def _services(aws: Aws) -> list[dict[str, Any]]:
    """Services of all clusters (ListClusters, ListServices, DescribeServices)."""
    clusters = aws.pages("ecs", "list_clusters", "clusterArns")
    found = [ecs.describe_services(aws, cluster, ecs.list_services(aws, cluster)) for cluster in clusters]
    return [service for services in found for service in services if service.get("status") != "INACTIVE"]
