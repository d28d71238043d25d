"""`deploymentConfiguration` of a service, with its defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_cloud.ecs.strategies import CANARY_DEFAULTS, LINEAR_DEFAULTS


@dataclass(frozen=True)
class DeploymentRules:
    minimum_percent: int
    maximum_percent: int
    breaker: bool
    breaker_rollback: bool
    alarms: tuple[str, ...]
    alarms_rollback: bool

    @classmethod
    def of(cls, configuration: Mapping[str, Any]) -> DeploymentRules:
        breaker = configuration.get("deploymentCircuitBreaker") or {}
        alarms = configuration.get("alarms") or {}
        minimum, maximum = configuration.get("minimumHealthyPercent"), configuration.get("maximumPercent")
        return cls(
            minimum_percent=100 if minimum is None else int(minimum),
            maximum_percent=200 if maximum is None else int(maximum),
            breaker=bool(breaker.get("enable")),
            breaker_rollback=bool(breaker.get("enable") and breaker.get("rollback")),
            alarms=tuple(alarms.get("alarmNames") or ()) if alarms.get("enable") else (),
            alarms_rollback=bool(alarms.get("enable") and alarms.get("rollback")),
        )


def complete(configuration: Mapping[str, Any] | None) -> dict[str, Any]:
    """As DescribeServices returns it: what was given over the defaults."""
    defaults = {
        "strategy": "ROLLING",
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "bakeTimeInMinutes": 0,
    }
    given = {**defaults, **(configuration or {})}
    for strategy, name, values in (
        ("CANARY", "canaryConfiguration", CANARY_DEFAULTS),
        ("LINEAR", "linearConfiguration", LINEAR_DEFAULTS),
    ):
        if given["strategy"] == strategy:
            given[name] = {**values, **(given.get(name) or {})}
    return given
