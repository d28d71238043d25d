# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a load balancer, its target groups, listeners and rules to their desired state."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..._core.changes import Change
from ..._core.errors import InvalidInput
from ..._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from ..._core.wait import WaitTimeout
from ..session import Aws, Outcome
from . import api, handlers, model, target_groups
from .read import Snapshot, group_states, snapshot

VISIBLE = 15.0  # seconds within which a subnet that was just made can be seen


def run(aws: Aws) -> Outcome:
    """Read with list calls, plan, apply, and wait for the load balancer if asked to."""
    model.validate(aws.params)
    if aws.params["state"] == "absent":
        return _absent(aws)
    groups = target_groups.desired_states(
        aws.params["name"], aws.params["target_groups"] or [], aws.params["vpc_id"], aws.params["tags"]
    )
    seen = snapshot(aws)
    placed = target_groups.places(aws.params["name"], groups, seen.groups, seen.tags)
    changes = _plan(aws, seen, groups, placed)
    ids = _ids(seen, placed)
    aws.apply(changes, handlers.present(aws, ids))
    if aws.params["wait"] and not aws.check_mode:
        _wait_until_active(aws, ids)
    return Outcome(changes, _result(aws, ids, placed))


def _plan(
    aws: Aws, seen: Snapshot, groups: Mapping[str, Any], placed: Mapping[str, target_groups.Place]
) -> list[Change]:
    options, tags, purge = aws.params, aws.params["tags"], aws.params["purge"]
    desired = model.desired_balancer(options)
    balancer = model.plan_balancer(options["name"], model.current_balancer(seen, desired), desired)
    _check_subnets(aws, balancer)
    states = group_states(aws, seen, groups, placed)
    kept = {place.name for place in placed.values()}
    kept |= {old["TargetGroupName"] for place in placed.values() for old in place.superseded}
    unwanted = sorted(set(states) - kept) if purge else []
    group_changes = target_groups.plan(
        states, groups, placed, unwanted, level=model.BALANCER, delete_level=model.REMOVE_GROUPS
    )
    return [*balancer, *group_changes, *_plan_routing(options, seen, placed, tags, purge=purge)]


def _plan_routing(
    options: Mapping[str, Any],
    seen: Snapshot,
    placed: Mapping[str, target_groups.Place],
    tags: Mapping[str, str] | None,
    *,
    purge: bool,
) -> list[Change]:
    def name(group: str) -> str:
        return placed[group].name if group in placed else seen.group_name(group)

    ports, keys = model.unmanaged_weights(options)
    predecessors = {place.name: place.superseded[0]["TargetGroupName"] for place in placed.values() if place.superseded}
    listeners = model.desired_listeners(options, name)
    has_listeners, has_rules = model.current_listeners(seen, listeners, tags), model.current_rules(seen, tags)
    listeners = model.keep_weights(listeners, has_listeners, "default_action", ports, predecessors)
    rules = model.keep_weights(model.desired_rules(options, name), has_rules, "action", keys, predecessors)
    listener_changes = model.plan_routing("listener", has_listeners, listeners, purge=purge, tags=tags)
    rule_changes = model.plan_routing("rule", has_rules, rules, purge=purge, tags=tags)
    return [*listener_changes, *model.without_orphans(rule_changes, listener_changes)]


def _check_subnets(aws: Aws, changes: list[Change]) -> None:
    """Look at the subnets only when they are about to be used for the first time."""
    if any("subnets" in change.fields for change in changes):
        subnets = aws.params["subnets"]
        if not is_placeholder(subnets):
            model.validate_subnets(subnets, _described_subnets(aws, subnets), aws.params["vpc_id"])


def _described_subnets(aws: Aws, subnets: list[str]) -> list[dict[str, Any]]:
    """The subnets, given a moment to appear: a task just before may have made them."""
    look = partial(api.describe_subnets, aws, subnets)
    try:
        return aws.wait("subnets visible", look, partial(model.all_found, len(set(subnets))), timeout=VISIBLE)
    except WaitTimeout:
        return look()


def _ids(seen: Snapshot, placed: Mapping[str, target_groups.Place]) -> handlers.Ids:
    return handlers.Ids(
        balancer=dict(seen.balancer or {}),
        groups={group["TargetGroupName"]: group["TargetGroupArn"] for group in seen.groups},
        places={name: place.name for name, place in placed.items()},
        listeners={str(item["Port"]): item["ListenerArn"] for item in seen.listeners},
        rules={
            model.rule_key(item["Port"], rule["Priority"]): rule["RuleArn"]
            for item in seen.listeners
            for rule in seen.rules[item["ListenerArn"]]
        },
    )


def _wait_until_active(aws: Aws, ids: handlers.Ids) -> None:
    """Join the creation, whether this run began it or an earlier one; look only if it was not seen active."""
    if model.provisioned(ids.balancer).status != "done":
        name = aws.params["name"]
        ids.balancer = aws.wait(
            f"load balancer {name} active",
            lambda: api.describe_load_balancer(aws, name) or {},
            model.provisioned,
            timeout=aws.params["wait_timeout"],
        )


def _result(aws: Aws, ids: handlers.Ids, placed: Mapping[str, target_groups.Place]) -> dict[str, Any]:
    ports = [str(listener["port"]) for listener in aws.params["listeners"] or []]
    return {
        "load_balancer_arn": ids.balancer.get("LoadBalancerArn", KNOWN_AFTER_APPLY),
        "dns_name": ids.balancer.get("DNSName", KNOWN_AFTER_APPLY),
        "canonical_hosted_zone_id": ids.balancer.get("CanonicalHostedZoneId", KNOWN_AFTER_APPLY),
        "listeners": {port: ids.listeners.get(port, KNOWN_AFTER_APPLY) for port in ports},
        "target_groups": {name: ids.groups.get(place.name, KNOWN_AFTER_APPLY) for name, place in placed.items()},
    }


def _absent(aws: Aws) -> Outcome:
    """Listeners first, then the load balancer, and once that is gone its target groups."""
    seen = snapshot(aws)
    changes = _removals(aws, seen)
    aws.apply(changes, handlers.absent(aws, _ids(seen, {})))
    return Outcome(changes, {"listeners": {}, "target_groups": {}})


def _removals(aws: Aws, seen: Snapshot) -> list[Change]:
    name = aws.params["name"]
    changes = []
    if seen.balancer is not None:
        before = model.current_balancer(seen, {"attributes": seen.attributes}) or {}
        protected = seen.attributes.get("deletion_protection.enabled") == "true"
        if protected and aws.params["deletion_protection"] is not False:
            remedy = "is on: set deletion_protection to false to have the load balancer removed"
            raise InvalidInput("deletion_protection", aws.params["deletion_protection"], remedy)
        listeners = model.current_listeners(seen, {}, None)
        changes += [Change("delete", "listener", port, before=state, level=0) for port, state in listeners.items()]
        changes.append(Change("delete", "load_balancer", name, before=before, level=1))
    for group in target_groups.owned(name, seen.groups, seen.tags):
        state = target_groups.current_state(group, {}, {}, {})
        changes.append(Change("delete", "target_group", group["TargetGroupName"], before=state, level=2))
    return changes
