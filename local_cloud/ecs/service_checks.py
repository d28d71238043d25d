"""What CreateService and UpdateService refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.ecs.exceptions import EcsClientException, InvalidParameterException
from moto.ecs.models import TaskDefinition

from local_cloud.ecs import discovery, network, strategy_checks, targets
from local_cloud.ecs.configuration import DeploymentRules

_FARGATE_PROVIDERS = {"FARGATE", "FARGATE_SPOT"}


def check(account: str, region: str, members: Mapping[str, Any], task_definition: TaskDefinition) -> None:
    """Raises InvalidParameterException or EcsClientException; nothing was changed then."""
    _check_kind(members)
    check_launch(members.get("launchType"), members.get("capacityProviderStrategy"), task_definition)
    network.check(account, region, members.get("networkConfiguration"))
    targets.check(members.get("loadBalancers") or [], task_definition.container_definitions)
    discovery.check(members.get("serviceRegistries") or [])
    strategy_checks.check(members)
    _check_deployment(members)


def _check_kind(members: Mapping[str, Any]) -> None:
    if (members.get("deploymentController") or {}).get("type", "ECS") != "ECS":
        raise InvalidParameterException("The local cloud knows the deployment controller ECS only.")
    if members.get("schedulingStrategy", "REPLICA") != "REPLICA":
        raise InvalidParameterException("The daemon scheduling strategy is not supported for tasks that use Fargate.")


def check_launch(
    launch_type: str | None, providers: list[dict[str, Any]] | None, task_definition: TaskDefinition
) -> None:
    """Only Fargate tasks run here: there are no container instances."""
    if launch_type and providers:
        raise InvalidParameterException(
            "Specifying both a launch type and capacity provider strategy is not supported."
        )
    named = {entry["capacityProvider"] for entry in providers or []}
    if named - _FARGATE_PROVIDERS:
        raise InvalidParameterException(f"The specified capacity provider was not found: {min(named)}")
    if not named and launch_type != "FARGATE":
        raise InvalidParameterException("No Container Instances were found in your cluster.")
    if "FARGATE" not in (task_definition.requires_compatibilities or []):
        raise InvalidParameterException("Task definition does not support launch_type FARGATE.")


def _check_deployment(members: Mapping[str, Any]) -> None:
    if members.get("healthCheckGracePeriodSeconds") and not members.get("loadBalancers"):
        raise InvalidParameterException(
            "Health check grace period is only valid for services configured to use load balancers"
        )
    rules = DeploymentRules.of(members.get("deploymentConfiguration") or {})
    if rules.minimum_percent == rules.maximum_percent == 100:
        raise InvalidParameterException(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."
        )
    if not 0 <= rules.minimum_percent <= 200 or rules.maximum_percent < max(rules.minimum_percent, 1):
        raise InvalidParameterException(
            f"minimumHealthyPercent {rules.minimum_percent} and maximumPercent {rules.maximum_percent} "
            "do not fit together"
        )


def check_overrides(overrides: Mapping[str, Any], task_definition: TaskDefinition) -> None:
    known = {container["name"] for container in task_definition.container_definitions}
    for override in overrides.get("containerOverrides") or []:
        if override.get("name") not in known:
            raise InvalidParameterException(
                f"Override for container named {override.get('name')} is not a container in the TaskDefinition."
            )


def check_count(count: int) -> None:
    if not 1 <= count <= 10:
        raise InvalidParameterException("Count should be between 1 and 10.")


def check_size(items: list[str], largest: int, what: str) -> None:
    if not items:
        raise InvalidParameterException(f"{what} cannot be empty.")
    if len(items) > largest:
        raise InvalidParameterException(f"{what} cannot have more than {largest} elements.")


def refused_by_agent() -> EcsClientException:
    return EcsClientException("The local cloud has no execute command agent.")
