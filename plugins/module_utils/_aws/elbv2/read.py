# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The load balancer, its listeners, rules and target groups as AWS has them now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..session import Aws
from . import api, target_groups


@dataclass(frozen=True)
class Snapshot:
    """What the list calls answered. Listener attributes, certificates, rules and tags are keyed by ARN."""

    balancer: Mapping[str, Any] | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    listeners: list[dict[str, Any]] = field(default_factory=list)
    listener_attributes: dict[str, dict[str, str]] = field(default_factory=dict)
    certificates: dict[str, list[str]] = field(default_factory=dict)
    rules: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    groups: list[dict[str, Any]] = field(default_factory=list)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def balancer_arn(self) -> str:
        return str(self.balancer["LoadBalancerArn"]) if self.balancer else ""

    def group_name(self, arn: str) -> str:
        """Name in the account of the target group with this ARN; the ARN itself if there is none."""
        names = {group["TargetGroupArn"]: group["TargetGroupName"] for group in self.groups}
        return str(names.get(arn, arn))


def snapshot(aws: Aws) -> Snapshot:
    """Read everything that options of the task can be compared with."""
    balancer = api.describe_load_balancer(aws, aws.params["name"])
    groups = api.describe_target_groups(aws)
    if balancer is None:
        seen = _own_groups(groups, "", aws.params)
        return Snapshot(groups=groups, tags=api.describe_tags(aws, seen))
    arn = balancer["LoadBalancerArn"]
    listeners = api.describe_listeners(aws, arn)
    rules = {item["ListenerArn"]: api.describe_rules(aws, item["ListenerArn"]) for item in listeners}
    tagged = [arn, *rules, *(rule["RuleArn"] for group in rules.values() for rule in group if not rule["IsDefault"])]
    asked = {str(item["port"]): item for item in aws.params["listeners"] or []}
    return Snapshot(
        balancer=balancer,
        attributes=api.load_balancer_attributes(aws, arn),
        listeners=listeners,
        listener_attributes={
            item["ListenerArn"]: api.listener_attributes(aws, item["ListenerArn"])
            for item in listeners
            if asked.get(str(item["Port"]), {}).get("attributes")
        },
        certificates={
            item["ListenerArn"]: api.listener_certificates(aws, item["ListenerArn"])
            for item in listeners
            if item["Protocol"] == "HTTPS"
        },
        rules=rules,
        groups=groups,
        tags=api.describe_tags(aws, [*tagged, *_own_groups(groups, arn, aws.params)]),
    )


def _own_groups(groups: list[dict[str, Any]], balancer: str, options: Mapping[str, Any]) -> list[str]:
    """ARNs of the target groups that may be ours: ours by use, used by nobody, or of a name that is asked for."""
    asked = {group["name"] for group in options["target_groups"] or []}
    return [
        group["TargetGroupArn"]
        for group in groups
        if not group.get("LoadBalancerArns")
        or balancer in group["LoadBalancerArns"]
        or group["TargetGroupName"] in asked
    ]


def group_states(
    aws: Aws, seen: Snapshot, desired: Mapping[str, Any], placed: Mapping[str, target_groups.Place]
) -> dict[str, dict[str, Any]]:
    """Current states of the target groups of this load balancer, by name in the account."""
    wanted = {place.name: desired[name] for name, place in placed.items()}
    wanted |= {old["TargetGroupName"]: desired[name] for name, place in placed.items() for old in place.superseded}
    ours = target_groups.owned(aws.params["name"], seen.groups, seen.tags)
    mine = {group["TargetGroupName"]: group for group in ours}
    mine |= {group["TargetGroupName"]: group for group in seen.groups if group["TargetGroupName"] in wanted}
    states = {}
    for name, group in mine.items():
        arn, state = group["TargetGroupArn"], wanted.get(name, {})
        attributes = api.target_group_attributes(aws, arn) if state.get("attributes") else {}
        states[name] = target_groups.current_state(group, seen.tags.get(arn, {}), attributes, state)
    return states
