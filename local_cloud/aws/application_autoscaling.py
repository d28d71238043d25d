"""Application Auto Scaling: tags of scalable targets, and one target tracking policy a metric."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import ApplicationAutoscalingBackend
from moto.applicationautoscaling.responses import ApplicationAutoScalingResponse
from moto.core.exceptions import JsonRESTError

from local_cloud.extensions import around, operation
from local_cloud.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Importing this file was enough."""


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


def _tags(response: ApplicationAutoScalingResponse) -> dict[str, str]:
    return dict(getattr(_target(response, json.loads(response.body)["ResourceARN"]), "tags", {}))


def _target(response: ApplicationAutoScalingResponse, arn: str) -> Any:
    targets = response.applicationautoscaling_backend.targets
    for resources in targets.values():
        for target in resources.values():
            if target.arn == arn:
                return target
    raise JsonRESTError("ResourceNotFoundException", f"No scalable target found for resource ARN: {arn}")
