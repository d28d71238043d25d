"""What CreateService and UpdateService refuse of deployment strategies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.ecs.exceptions import InvalidParameterException

from local_cloud.ecs import strategies, targets, traffic
from local_cloud.ecs.hooks import PAUSE

_STRATEGIES = ("ROLLING", "BLUE_GREEN", "LINEAR", "CANARY")
_LONGEST_MINUTES = 1440
_LONGEST_TIMEOUT_MINUTES = 20160
_HOOK_STAGES = (
    strategies.RECONCILE_SERVICE,
    strategies.PRE_SCALE_UP,
    strategies.POST_SCALE_UP,
    strategies.TEST_TRAFFIC_SHIFT,
    strategies.POST_TEST_TRAFFIC_SHIFT,
    strategies.PRE_PRODUCTION_TRAFFIC_SHIFT,
    strategies.PRODUCTION_TRAFFIC_SHIFT,
    strategies.POST_PRODUCTION_TRAFFIC_SHIFT,
)
_SHIFTING_STAGES = {strategies.TEST_TRAFFIC_SHIFT, strategies.PRODUCTION_TRAFFIC_SHIFT}
_OWN_CONFIGURATION = {"CANARY": "canaryConfiguration", "LINEAR": "linearConfiguration"}


def check(members: Mapping[str, Any]) -> None:
    """Raises InvalidParameterException."""
    configuration = members.get("deploymentConfiguration") or {}
    strategy = str(configuration.get("strategy") or "ROLLING")
    if strategy not in _STRATEGIES:
        raise InvalidParameterException(f"Invalid deployment strategy {strategy}: use one of {', '.join(_STRATEGIES)}.")
    for owner, name in _OWN_CONFIGURATION.items():
        if configuration.get(name) and owner != strategy:
            raise InvalidParameterException(f"{name} is only valid when the deployment strategy is {owner}.")
    _minutes(configuration, "bakeTimeInMinutes")
    _check_steps(configuration)
    hooks = configuration.get("lifecycleHooks") or []
    if strategy == "ROLLING":
        if hooks:
            raise InvalidParameterException("lifecycleHooks are not valid with the deployment strategy ROLLING.")
        return
    if strategy == "BLUE_GREEN" and configuration.get("bakeTimeInMinutes") is None:
        raise InvalidParameterException("bakeTimeInMinutes is required with the deployment strategy BLUE_GREEN.")
    for hook in hooks:
        _check_hook(hook)
    _check_traffic(strategy, members)


def _minutes(configuration: Mapping[str, Any], name: str) -> None:
    value = configuration.get(name)
    if value is not None and not 0 <= int(value) <= _LONGEST_MINUTES:
        raise InvalidParameterException(f"{name} must be between 0 and {_LONGEST_MINUTES}.")


def _check_steps(configuration: Mapping[str, Any]) -> None:
    for part, percent, least, minutes in (
        ("canaryConfiguration", "canaryPercent", 0.1, "canaryBakeTimeInMinutes"),
        ("linearConfiguration", "stepPercent", 3.0, "stepBakeTimeInMinutes"),
    ):
        given = configuration.get(part) or {}
        _minutes(given, minutes)
        value = given.get(percent)
        if value is None:
            continue
        if not least <= float(value) <= 100 or abs(float(value) * 10 - round(float(value) * 10)) > 1e-6:
            raise InvalidParameterException(f"{percent} must be a multiple of 0.1 between {least} and 100.0.")


def _check_hook(hook: Mapping[str, Any]) -> None:
    stages = hook.get("lifecycleStages") or []
    if not stages or set(stages) - set(_HOOK_STAGES):
        raise InvalidParameterException(f"lifecycleStages must be one or more of {', '.join(_HOOK_STAGES)}.")
    timeout = hook.get("timeoutConfiguration") or {}
    if timeout and not 1 <= int(timeout.get("timeoutInMinutes", 1)) <= _LONGEST_TIMEOUT_MINUTES:
        raise InvalidParameterException(f"timeoutInMinutes must be between 1 and {_LONGEST_TIMEOUT_MINUTES}.")
    if hook.get("targetType") == PAUSE:
        if set(stages) & _SHIFTING_STAGES:
            raise InvalidParameterException(f"PAUSE hooks cannot be at {' or '.join(sorted(_SHIFTING_STAGES))}.")
        return
    if ":lambda:" not in str(hook.get("hookTargetArn")):
        raise InvalidParameterException("hookTargetArn must be the ARN of a Lambda function.")
    if not hook.get("roleArn"):
        raise InvalidParameterException("roleArn is required for a lifecycle hook that calls a function.")


def _check_traffic(strategy: str, members: Mapping[str, Any]) -> None:
    entries = members.get("loadBalancers") or []
    connect = bool((members.get("serviceConnectConfiguration") or {}).get("enabled"))
    if not entries and not connect and strategy != "BLUE_GREEN":
        raise InvalidParameterException(
            f"The deployment strategy {strategy} requires a load balancer or Service Connect."
        )
    for entry in entries:
        advanced = entry.get("advancedConfiguration") or {}
        for name in ("alternateTargetGroupArn", "productionListenerRule", "roleArn"):
            if not advanced.get(name):
                raise InvalidParameterException(
                    f"advancedConfiguration.{name} is required for load balancers with the strategy {strategy}."
                )
        _check_rules(str(entry.get("targetGroupArn")), advanced)


def _check_rules(group: str, advanced: Mapping[str, Any]) -> None:
    alternate = str(advanced["alternateTargetGroupArn"])
    if alternate == group:
        raise InvalidParameterException("The alternate target group must differ from the target group.")
    if targets.find(alternate) is None:
        raise InvalidParameterException(f"The specified target group does not exist. ({alternate})")
    production, test = str(advanced["productionListenerRule"]), advanced.get("testListenerRule")
    if test == production:
        raise InvalidParameterException("The test listener rule must differ from the production listener rule.")
    for arn in filter(None, (production, test)):
        rule = traffic.find_rule(str(arn))
        if rule is None:
            raise InvalidParameterException(f"The listener rule does not exist. ({arn})")
        missing = {group, alternate} - traffic.forwarded(rule) if arn == production else set()
        if missing:
            raise InvalidParameterException(
                f"The listener rule {arn} does not forward to {', '.join(sorted(missing))}."
            )
