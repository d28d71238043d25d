"""CloudTrail: trails that are told what to record, and refused where they could not write."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudtrail.models import CloudTrailBackend, Trail
from moto.cloudtrail.responses import CloudTrailResponse
from moto.core.exceptions import JsonRESTError
from moto.kms.models import kms_backends
from moto.logs.models import logs_backends
from moto.s3.models import s3_backends

from local_cloud.extensions import around, operation
from local_cloud.runtime import Runtime

_SERVICE = "cloudtrail.amazonaws.com"
_MANAGEMENT = [
    {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": [], "ExcludeManagementEventSources": []}
]

Original = Callable[..., Any]


def get_event_selectors(original: Original, self: Trail) -> tuple[list[Any], list[Any]]:
    """A trail that was never told records management events; of the two kinds of selectors it has one."""
    basic, advanced = original(self)
    return (([] if advanced else basic or _MANAGEMENT), advanced)


def put_event_selectors(original: Original, self: Trail, basic: list[Any], advanced: list[Any]) -> None:
    if basic:
        self.advanced_event_selectors = []
    original(self, basic, advanced)


def put_insight_selectors(_original: Original, self: Trail, selectors: list[dict[str, str]]) -> None:
    self.insight_selectors = list(selectors)


def get_insight_selectors(self: CloudTrailResponse) -> str:
    trail = self.cloudtrail_backend.get_trail(self._get_param("TrailName"))
    if not trail.insight_selectors:
        raise JsonRESTError("InsightNotEnabledException", f"Trail {trail.arn} does not have Insights enabled.")
    return json.dumps({"TrailARN": trail.arn, "InsightSelectors": trail.insight_selectors})


def description(original: Original, self: Trail, *given: Any, **named: Any) -> dict[str, Any]:
    told = bool(self.event_selectors or self.advanced_event_selectors)
    seen = {"HasCustomEventSelectors": told, "HasInsightSelectors": bool(self.insight_selectors)}
    return {name: value for name, value in {**original(self, *given, **named), **seen}.items() if value is not None}


def delete_trail(original: Original, self: CloudTrailBackend, name: str) -> None:
    """By ARN as well; its tags go with it."""
    trail = self.get_trail(name)
    self.tagging_service.delete_all_tags_for_resource(trail.arn)
    original(self, trail.trail_name)


def _refuse_unusable(self: CloudTrailBackend, wanted: Mapping[str, Any]) -> None:
    """What CloudTrail tries when a trail is made or changed: bucket, key and log group have to let it in."""
    bucket = wanted.get("S3BucketName")
    found = s3_backends[self.account_id][self.partition].buckets.get(bucket) if bucket else None
    if found is not None and not _names_service(found.policy):
        reason = f"Incorrect S3 bucket policy is detected for bucket: {bucket}"
        raise JsonRESTError("InsufficientS3BucketPolicyException", reason)
    key_id = wanted.get("KmsKeyId")
    if key_id:
        key = kms_backends[self.account_id][self.region_name].keys.get(str(key_id).rpartition("/")[2])
        if key is None or not _names_service(key.policy):
            reason = f"Insufficient permissions to access S3 bucket {bucket} or KMS key {key_id}."
            raise JsonRESTError("InsufficientEncryptionPolicyException", reason)
    group = wanted.get("CloudWatchLogsLogGroupArn")
    if group:
        name = str(group).removesuffix(":*").partition(":log-group:")[2]
        if name not in logs_backends[self.account_id][self.region_name].groups:
            reason = "Access denied. Check the permissions for your role."
            raise JsonRESTError("InvalidCloudWatchLogsLogGroupArnException", reason)


def _names_service(policy: Any) -> bool:
    text = policy.decode() if isinstance(policy, bytes) else policy
    return bool(text) and _SERVICE in json.dumps([s.get("Principal") for s in json.loads(text).get("Statement", [])])


def _checked(original: Original, self: CloudTrailResponse) -> Any:
    _refuse_unusable(self.cloudtrail_backend, json.loads(self.body))
    return original(self)


def install(runtime: Runtime) -> None:
    for function in (get_event_selectors, put_event_selectors, put_insight_selectors, description):
        around(Trail, function.__name__)(function)
    around(CloudTrailBackend, "delete_trail")(delete_trail)
    operation(CloudTrailResponse)(get_insight_selectors)
    if runtime.settings.strict:
        around(CloudTrailResponse, "create_trail")(_checked)
        around(CloudTrailResponse, "update_trail")(_checked)
