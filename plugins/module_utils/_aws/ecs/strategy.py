# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Deployment strategies of ECS that shift traffic: what they need, and what belongs to which. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ..._core.errors import InvalidInput
from .shape import compact, without_defaults

ROLLING, BLUE_GREEN, LINEAR, CANARY = "ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"
STRATEGIES = (ROLLING, BLUE_GREEN, LINEAR, CANARY)
OWN = {CANARY: "canary_configuration", LINEAR: "linear_configuration"}
LONGEST_MINUTES = 1440
LONGEST_TIMEOUT_MINUTES = 20160
PERCENTS = {
    "canary_configuration": ("canary_percent", 0.1, "canary_bake_time_in_minutes"),
    "linear_configuration": ("step_percent", 3.0, "step_bake_time_in_minutes"),
}
HOOK_STAGES = (
    "RECONCILE_SERVICE",
    "PRE_SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
)
SHIFTING_STAGES = frozenset({"TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT"})
TIMEOUT_DEFAULTS = {"timeout_in_minutes": LONGEST_MINUTES, "action": "ROLLBACK"}
HOOK_DEFAULTS = {"target_type": "AWS_LAMBDA", "timeout_configuration": TIMEOUT_DEFAULTS}
CONFIGURATION = "deployment_configuration"


def hooks(given: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Lifecycle hooks in one order, without what ECS assumes anyway."""
    cleaned = []
    for hook in given:
        timeout = {**TIMEOUT_DEFAULTS, **compact(hook.get("timeout_configuration") or {})}
        whole = {**compact(hook), "timeout_configuration": timeout}
        whole["lifecycle_stages"] = sorted(whole.get("lifecycle_stages", []))
        cleaned.append(without_defaults(whole, HOOK_DEFAULTS))
    return sorted(cleaned, key=lambda hook: (str(hook.get("hook_target_arn", "")), hook["lifecycle_stages"]))


def fitting(configuration: Mapping[str, Any]) -> dict[str, Any]:
    """A deployment configuration without what belongs to another strategy: ECS refuses it."""
    strategy = configuration.get("strategy", ROLLING)
    foreign = {name for owner, name in OWN.items() if owner != strategy}
    if strategy == ROLLING:
        foreign.add("lifecycle_hooks")
    return {name: value for name, value in configuration.items() if name not in foreign}


def waiting_minutes(configuration: Mapping[str, Any]) -> float:
    """The minutes that ECS itself waits in a deployment with a described configuration: between steps, and baking."""
    minutes = float(configuration.get("bakeTimeInMinutes") or 0)
    strategy = configuration.get("strategy", ROLLING)
    if strategy == CANARY:
        minutes += float(configuration.get("canaryConfiguration", {}).get("canaryBakeTimeInMinutes", 10))
    elif strategy == LINEAR:
        linear = configuration.get("linearConfiguration", {})
        steps = math.ceil(100 / float(linear.get("stepPercent", 10))) - 1
        minutes += steps * float(linear.get("stepBakeTimeInMinutes", 6))
    return minutes


def check(options: Mapping[str, Any]) -> None:
    """Raise InvalidInput for what ECS would refuse."""
    configuration = options.get(CONFIGURATION) or {}
    strategy = configuration.get("strategy")
    _check_minutes(f"{CONFIGURATION}.bake_time_in_minutes", configuration.get("bake_time_in_minutes"))
    for owner, name in OWN.items():
        given = compact(configuration.get(name) or {})
        if given and strategy not in (None, owner):
            raise InvalidInput(f"{CONFIGURATION}.{name}", given, f"is for the strategy {owner} only, not {strategy}")
        _check_steps(name, given)
    for number, hook in enumerate(configuration.get("lifecycle_hooks") or []):
        _check_hook(f"{CONFIGURATION}.lifecycle_hooks[{number}]", hook)
    if strategy in (None, ROLLING):
        if strategy and configuration.get("lifecycle_hooks"):
            raise InvalidInput(
                f"{CONFIGURATION}.lifecycle_hooks", "given", f"are not called with the strategy {ROLLING}"
            )
        return
    if strategy == BLUE_GREEN and configuration.get("bake_time_in_minutes") is None:
        raise InvalidInput(
            f"{CONFIGURATION}.bake_time_in_minutes", None, f"is missing, which {BLUE_GREEN} needs; 0 is none"
        )
    _check_traffic(strategy, options)


def _check_minutes(option: str, value: int | None) -> None:
    if value is not None and not 0 <= value <= LONGEST_MINUTES:
        raise InvalidInput(option, value, f"is outside 0 to {LONGEST_MINUTES}")


def _check_steps(name: str, given: Mapping[str, Any]) -> None:
    percent, least, minutes = PERCENTS[name]
    _check_minutes(f"{CONFIGURATION}.{name}.{minutes}", given.get(minutes))
    value = given.get(percent)
    if value is not None and not (least <= value <= 100 and abs(value * 10 - round(value * 10)) < 1e-6):
        raise InvalidInput(f"{CONFIGURATION}.{name}.{percent}", value, f"is no multiple of 0.1 from {least} to 100")


def _check_hook(option: str, hook: Mapping[str, Any]) -> None:
    stages = hook.get("lifecycle_stages") or []
    wrong = sorted(set(stages) - set(HOOK_STAGES))
    if wrong or not stages:
        raise InvalidInput(f"{option}.lifecycle_stages", wrong, f"is none of the stages {', '.join(HOOK_STAGES)}")
    minutes = (hook.get("timeout_configuration") or {}).get("timeout_in_minutes")
    if minutes is not None and not 1 <= minutes <= LONGEST_TIMEOUT_MINUTES:
        raise InvalidInput(f"{option}.timeout_configuration", minutes, f"is outside 1 to {LONGEST_TIMEOUT_MINUTES}")
    if hook.get("target_type") == "PAUSE":
        if SHIFTING_STAGES & set(stages):
            raise InvalidInput(
                f"{option}.lifecycle_stages", stages, "cannot be where traffic shifts: PAUSE before or after"
            )
        return
    for name in ("hook_target_arn", "role_arn"):
        if not hook.get(name):
            raise InvalidInput(f"{option}.{name}", None, "is missing, which a hook needs that calls a function")


def _check_traffic(strategy: str, options: Mapping[str, Any]) -> None:
    entries = options.get("load_balancers")
    connect = (options.get("service_connect_configuration") or {}).get("enabled")
    if entries == [] and strategy != BLUE_GREEN and not connect:
        raise InvalidInput("load_balancers", [], f"is empty, and {strategy} has no traffic to shift")
    for number, entry in enumerate(entries or []):
        advanced = entry.get("advanced_configuration") or {}
        for name in ("alternate_target_group_arn", "production_listener_rule", "role_arn"):
            if not advanced.get(name):
                option = f"load_balancers[{number}].advanced_configuration.{name}"
                raise InvalidInput(option, None, f"is missing, which {strategy} needs")
