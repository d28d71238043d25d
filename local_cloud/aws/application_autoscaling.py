"""Application Auto Scaling: tags of targets, one target tracking policy a metric, scheduled actions that run."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from local_cloud.extensions import around, operation
from local_cloud.runtime import Runtime
from local_cloud.scaling.actions import ScheduledActions
from local_cloud.scaling.schedule import At, ScheduleError, parse

# Clocks differ, and seconds are cut off: what is late by less runs at once.
_LATE = datetime.timedelta(seconds=30)


def install(runtime: Runtime) -> None:
    ScheduledActions(runtime)


@around(ApplicationAutoScalingResponse, "register_scalable_target")
def register_scalable_target(original: Callable[[Any], str], self: ApplicationAutoScalingResponse) -> str:
    answer = original(self)
    request = json.loads(self.body)
    if request.get("Tags"):
        _target(self, json.loads(answer)["ScalableTargetARN"]).tags = dict(request["Tags"])
    return answer


@operation(ApplicationAutoScalingResponse)
def list_tags_for_resource(self: ApplicationAutoScalingResponse) -> str:
    return json.dumps({"Tags": _tags(self)})


@operation(ApplicationAutoScalingResponse)
def tag_resource(self: ApplicationAutoScalingResponse) -> str:
    target = _target(self, json.loads(self.body)["ResourceARN"])
    target.tags = {**_tags(self), **json.loads(self.body)["Tags"]}
    return "{}"


@operation(ApplicationAutoScalingResponse)
def untag_resource(self: ApplicationAutoScalingResponse) -> str:
    target, keys = _target(self, json.loads(self.body)["ResourceARN"]), json.loads(self.body)["TagKeys"]
    target.tags = {key: value for key, value in _tags(self).items() if key not in keys}
    return "{}"


@around(ApplicationAutoscalingBackend, "put_scaling_policy")
def put_scaling_policy(original: Callable[..., Any], self: ApplicationAutoscalingBackend, **given: Any) -> Any:
    def metric(body: dict[str, Any]) -> Any:
        return body.get("PredefinedMetricSpecification") or body.get("CustomizedMetricSpecification")

    for policy in self.policies.values():
        same = (policy.resource_id, policy.scalable_dimension) == (given["resource_id"], given["scalable_dimension"])
        tracking = policy.target_tracking_scaling_policy_configuration
        other = same and policy.policy_name != given["policy_name"] and tracking
        if other and metric(tracking) == metric(given["policy_body"]):
            raise AWSValidationException(
                "Only one TargetTrackingScaling policy for a given metric specification is allowed."
            )
    return original(self, **given)


@around(ApplicationAutoscalingBackend, "put_scheduled_action")
def put_scheduled_action(original: Callable[..., Any], self: ApplicationAutoscalingBackend, **given: Any) -> None:
    dimension, resource = given["scalable_dimension"], given["resource_id"]
    if resource not in self.targets.get(dimension, {}):
        raise JsonRESTError(
            "ObjectNotFoundException",
            f"No scalable target registered for service namespace: {given['service_namespace']}, "
            f"resource ID: {resource}, scalable dimension: {dimension}",
        )
    if given["schedule"]:
        _check_schedule(given["schedule"], given["timezone"])
    original(self, **given)
    for action in self.scheduled_actions:
        same = (action.scheduled_action_name, action.resource_id) == (given["scheduled_action_name"], resource)
        if same and action.scalable_dimension == dimension:
            action.__dict__["local_put"] = datetime.datetime.now(datetime.UTC)


def _check_schedule(expression: str, timezone: str | None) -> None:
    now = datetime.datetime.now(datetime.UTC)
    try:
        schedule = parse(expression, timezone, now)
    except ScheduleError as error:
        raise AWSValidationException(str(error)) from error
    if isinstance(schedule, At) and schedule.moment < now - _LATE:
        raise AWSValidationException(f"The time of {expression} is in the past")


@around(ApplicationAutoscalingBackend, "deregister_scalable_target")
def deregister_scalable_target(
    original: Callable[..., Any], self: ApplicationAutoscalingBackend, namespace: str, r_id: str, dimension: str
) -> None:
    """Its scheduled actions go with it."""
    original(self, namespace, r_id, dimension)
    self.scheduled_actions = [
        action
        for action in self.scheduled_actions
        if (action.resource_id, action.scalable_dimension) != (r_id, dimension)
    ]


def _tags(response: ApplicationAutoScalingResponse) -> dict[str, str]:
    return dict(getattr(_target(response, json.loads(response.body)["ResourceARN"]), "tags", {}))


def _target(response: ApplicationAutoScalingResponse, arn: str) -> Any:
    targets = response.applicationautoscaling_backend.targets
    for resources in targets.values():
        for target in resources.values():
            if target.arn == arn:
                return target
    raise JsonRESTError("ResourceNotFoundException", f"No scalable target found for resource ARN: {arn}")
