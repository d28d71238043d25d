"""GuardDuty: one detector a region, features that keep what they are not told, and tags."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from moto.core.exceptions import JsonRESTError
from moto.guardduty import urls
from moto.guardduty.models import Detector, GuardDutyBackend
from moto.guardduty.responses import GuardDutyResponse

from local_cloud.extensions import around, operation
from local_cloud.runtime import Runtime

_FOUNDATION = ("CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS")
_FEATURES = {
    "S3_DATA_EVENTS": (),
    "EKS_AUDIT_LOGS": (),
    "EBS_MALWARE_PROTECTION": (),
    "RDS_LOGIN_EVENTS": (),
    "LAMBDA_NETWORK_LOGS": (),
    "RUNTIME_MONITORING": ("EKS_ADDON_MANAGEMENT", "ECS_FARGATE_AGENT_MANAGEMENT", "EC2_AGENT_MANAGEMENT"),
}

Original = Callable[..., Any]


def create_detector(original: Original, self: GuardDutyBackend, *given: Any) -> str:
    *others, features = given
    if self.detectors:
        raise JsonRESTError(
            "BadRequestException",
            "The request is rejected because a detector already exists for the current account.",
        )
    _refuse_unknown(features or [])
    detector_id: str = original(self, *others, _merged([], features or []))
    return detector_id


def update(original: Original, self: Detector, *given: Any) -> None:
    *others, features = given
    _refuse_unknown(features or [])
    original(self, *others, _merged(self.features, features or []))


def _refuse_unknown(features: Sequence[Mapping[str, Any]]) -> None:
    for feature in features:
        parts = {part["name"] for part in feature.get("additionalConfiguration") or []}
        if feature["name"] not in _FEATURES or parts - set(_FEATURES[feature["name"]]):
            raise JsonRESTError(
                "BadRequestException", "The request is rejected because an invalid or out-of-range value is specified."
            )


def _merged(current: Sequence[Mapping[str, Any]], given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """All features, those that are not given as they are."""
    before, wanted = ({feature["name"]: feature for feature in features} for features in (current, given))
    merged: list[dict[str, Any]] = [{"name": name, "status": "ENABLED"} for name in _FOUNDATION]
    for name, parts in _FEATURES.items():
        known, new = before.get(name, {}), wanted.get(name, {})
        states = {
            part["name"]: part["status"]
            for feature in (known, new)
            for part in feature.get("additionalConfiguration") or []
        }
        feature = {"name": name, "status": new.get("status") or known.get("status") or "DISABLED"}
        if parts:
            feature["additionalConfiguration"] = [
                {"name": part, "status": states.get(part, "DISABLED")} for part in parts
            ]
        merged.append(feature)
    return merged


def _detector(self: GuardDutyResponse) -> Detector:
    arn = unquote(self.path.partition("/tags/")[2])
    return self.guardduty_backend.get_detector(arn.rpartition("detector/")[2])


def tag_resource(self: GuardDutyResponse) -> str:
    _detector(self).tags.update(self._get_param("tags"))
    return "{}"


def list_tags_for_resource(self: GuardDutyResponse) -> str:
    return json.dumps({"tags": _detector(self).tags})


def install(_runtime: Runtime) -> None:
    urls.url_paths["{0}/tags/(?P<resource_arn>.+)$"] = GuardDutyResponse.dispatch
    around(GuardDutyBackend, "create_detector")(create_detector)
    around(Detector, "update")(update)
    operation(GuardDutyResponse)(tag_resource)
    operation(GuardDutyResponse)(list_tags_for_resource)
