# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Scaling of one ECS service as comparable states. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.changes import Change, desired_fields, plan_one, plan_set
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder

NAMESPACE = "ecs"
DIMENSION = "ecs:service:DesiredCount"
REQUESTS_PER_TARGET = "ALBRequestCountPerTarget"
REMOVAL_LEVEL, TARGET_LEVEL, POLICY_LEVEL = 0, 1, 2
DEFAULT_COOLDOWN = 300  # seconds, of ECS services
ONE_TIME = "at("
SCHEDULES = ("cron(", "rate(", ONE_TIME)


def target(cluster: str, service: str) -> dict[str, str]:
    """What scales, in the API's words."""
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": f"service/{cluster.rsplit('/', 1)[-1]}/{service}",
        "ScalableDimension": DIMENSION,
    }


def check(options: Mapping[str, Any]) -> None:
    """Raise InvalidInput for limits, policies or schedules that cannot be."""
    _check_limits("", options["min_capacity"], options["max_capacity"])
    for index, policy in enumerate(options.get("policies") or []):
        _check_policy(f"policies[{index}]", policy)
    for index, action in enumerate(options.get("scheduled_actions") or []):
        option = f"scheduled_actions[{index}]"
        least, most = action.get("min_capacity"), action.get("max_capacity")
        if least is None and most is None:
            raise InvalidInput(option, action["name"], "changes nothing: give min_capacity, max_capacity or both")
        _check_limits(f"{option}.", least, most)
        if not action["schedule"].startswith(SCHEDULES):
            raise InvalidInput(f"{option}.schedule", action["schedule"], "is none of cron(…), rate(…), at(…)")
    for name in ("policies", "scheduled_actions"):
        names = [item["name"] for item in options.get(name) or []]
        for item in names:
            if names.count(item) > 1:
                raise InvalidInput(name, item, "is given twice: keep one of them")
    metrics = [(policy["metric"], policy.get("resource_label")) for policy in options.get("policies") or []]
    for metric, label in metrics:
        if metrics.count((metric, label)) > 1:
            raise InvalidInput("policies", metric, "is tracked twice: AWS allows one policy a metric")


def _check_limits(prefix: str, least: int | None, most: int | None) -> None:
    if least is not None and least < 0:
        raise InvalidInput(f"{prefix}min_capacity", least, "is negative")
    if least is not None and most is not None and least > most:
        raise InvalidInput(f"{prefix}min_capacity", least, f"is above max_capacity ({most})")


def _check_policy(option: str, policy: Mapping[str, Any]) -> None:
    if policy["target_value"] <= 0:
        raise InvalidInput(f"{option}.target_value", policy["target_value"], "is not above 0")
    label, counts = policy.get("resource_label"), policy["metric"] == REQUESTS_PER_TARGET
    if counts and not label:
        example = "app/<load balancer>/<id>/targetgroup/<target group>/<id>"
        raise InvalidInput(f"{option}.resource_label", label, f"is needed with {REQUESTS_PER_TARGET}: {example}")
    if label and not counts:
        raise InvalidInput(f"{option}.resource_label", label, f"only goes with {REQUESTS_PER_TARGET}")
    if label and not is_placeholder(label) and (not label.startswith("app/") or "/targetgroup/" not in label):
        remedy = "is not of the form app/<load balancer>/<id>/targetgroup/<target group>/<id>"
        raise InvalidInput(f"{option}.resource_label", label, remedy)


def desired_target(options: Mapping[str, Any], *, keep: bool = False) -> dict[str, Any]:
    """State of the scalable target; with `keep`, whatever its limits are."""
    names = ("tags",) if keep else ("min_capacity", "max_capacity", "tags")
    return desired_fields({name: options.get(name) for name in names})


def current_target(answer: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
    """State of a described scalable target with its managed `tags`."""
    return {"min_capacity": answer["MinCapacity"], "max_capacity": answer["MaxCapacity"], "tags": dict(tags)}


def desired_policies(items: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """States of the policies by name."""
    return {
        item["name"]: {
            "metric": item["metric"],
            "resource_label": item.get("resource_label") or "",
            "target_value": float(item["target_value"]),
            "scale_in_cooldown": item["scale_in_cooldown"],
            "scale_out_cooldown": item["scale_out_cooldown"],
            "disable_scale_in": item["disable_scale_in"],
        }
        for item in items
    }


def current_policies(answers: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """States of described policies by name. One of another type has an empty metric, which no option gives."""
    return {item["PolicyName"]: _policy(item.get("TargetTrackingScalingPolicyConfiguration") or {}) for item in answers}


def _policy(configuration: Mapping[str, Any]) -> dict[str, Any]:
    metric = configuration.get("PredefinedMetricSpecification") or {}
    return {
        "metric": metric.get("PredefinedMetricType", ""),
        "resource_label": metric.get("ResourceLabel", ""),
        "target_value": float(configuration.get("TargetValue", 0)),
        "scale_in_cooldown": configuration.get("ScaleInCooldown", DEFAULT_COOLDOWN),
        "scale_out_cooldown": configuration.get("ScaleOutCooldown", DEFAULT_COOLDOWN),
        "disable_scale_in": bool(configuration.get("DisableScaleIn", False)),
    }


def policy_configuration(state: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration that PutScalingPolicy wants."""
    label = {"ResourceLabel": state["resource_label"]} if state["resource_label"] else {}
    return {
        "TargetValue": state["target_value"],
        "PredefinedMetricSpecification": {"PredefinedMetricType": state["metric"], **label},
        "ScaleInCooldown": state["scale_in_cooldown"],
        "ScaleOutCooldown": state["scale_out_cooldown"],
        "DisableScaleIn": state["disable_scale_in"],
    }


def desired_actions(items: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """States of the scheduled actions by name."""
    return {
        item["name"]: {
            "schedule": item["schedule"],
            "timezone": item["timezone"],
            "min_capacity": item.get("min_capacity"),
            "max_capacity": item.get("max_capacity"),
        }
        for item in items
    }


def current_actions(answers: Sequence[Mapping[str, Any]], *, recurring_only: bool = False) -> dict[str, dict[str, Any]]:
    """States of described scheduled actions by name; with `recurring_only`, not those for one time."""
    return {
        item["ScheduledActionName"]: {
            "schedule": item["Schedule"],
            "timezone": item.get("Timezone") or "UTC",
            "min_capacity": item.get("ScalableTargetAction", {}).get("MinCapacity"),
            "max_capacity": item.get("ScalableTargetAction", {}).get("MaxCapacity"),
        }
        for item in answers
        if not (recurring_only and item["Schedule"].startswith(ONE_TIME))
    }


def action_arguments(state: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of PutScheduledAction."""
    limits = desired_fields({"MinCapacity": state["min_capacity"], "MaxCapacity": state["max_capacity"]})
    return {"Schedule": state["schedule"], "Timezone": state["timezone"], "ScalableTargetAction": limits}


States = Mapping[str, Mapping[str, Any]]


def plan(
    key: str,
    limits: tuple[Mapping[str, Any] | None, Mapping[str, Any]],
    policies: tuple[States, States | None],
    actions: tuple[States, States | None],
    *,
    purge: bool,
) -> list[Change]:
    """Changes; each argument pairs current and desired, where desired None is unmanaged."""
    changes = plan_one("scalable_target", key, *limits, level=TARGET_LEVEL)
    for kind, (current, desired) in (("scaling_policy", policies), ("scheduled_action", actions)):
        if desired is not None:
            removal = REMOVAL_LEVEL
            changes += plan_set(kind, current, desired, purge=purge, level=POLICY_LEVEL, delete_level=removal)
    return changes


def plan_removal(key: str, limits: Mapping[str, Any] | None, policies: States, actions: States) -> list[Change]:
    """Changes that leave nothing of the scaling."""
    changes = plan_set("scaling_policy", policies, {}, purge=True, level=REMOVAL_LEVEL)
    changes += plan_set("scheduled_action", actions, {}, purge=True, level=REMOVAL_LEVEL)
    return changes + plan_one("scalable_target", key, limits, None, level=TARGET_LEVEL)
