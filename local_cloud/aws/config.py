"""AWS Config: recorders with tags, ARN and mode, and refusals where nothing could be recorded or delivered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from moto.config.models import ConfigBackend, ConfigRecorder, ConfigRule, validate_tags
from moto.config.responses import ConfigResponse
from moto.core.exceptions import JsonRESTError
from moto.iam.models import SERVICE_NAME_CONVERSION
from moto.s3.models import s3_backends

from local_cloud.extensions import around
from local_cloud.runtime import Runtime

_SERVICE = "config.amazonaws.com"
_MOST_RULES = 1000

Original = Callable[..., Any]


def put_configuration_recorder(original: Original, self: ConfigResponse) -> str:
    """moto makes the recorder anew each time; what it does not know of is kept beside."""
    wanted = self._get_param("ConfigurationRecorder")
    before = self.config_backend.recorders.get(wanted["name"])
    answer: str = original(self)
    recorder = self.config_backend.recorders[wanted["name"]]
    place = f"{self.config_backend.region_name}:{self.config_backend.account_id}"
    kept = recorder.__dict__
    kept["arn"] = f"arn:{self.config_backend.partition}:config:{place}:configuration-recorder/{recorder.name}"
    kept["recording_mode"] = wanted.get("recordingMode") or {"recordingFrequency": "CONTINUOUS"}
    kept["_tags"] = before.__dict__["_tags"] if before else validate_tags(self._get_param("Tags") or [])
    return answer


def match_arn(original: Original, self: ConfigBackend, resource_arn: str) -> Any:
    for recorder in self.recorders.values():
        if recorder.__dict__["arn"] == resource_arn:
            return _Tagged(recorder)
    return original(self, resource_arn)


class _Tagged:
    """A recorder as those who tag things see it."""

    def __init__(self, recorder: ConfigRecorder) -> None:
        self.tags: dict[str, str] = recorder.__dict__["_tags"]


def put_delivery_channel(original: Original, self: ConfigBackend, channel: Mapping[str, Any]) -> None:
    bucket = s3_backends[self.account_id][self.partition].buckets.get(channel.get("s3BucketName") or "")
    if bucket is not None and not _lets_deliver(bucket.policy):
        reason = f"Insufficient delivery policy to s3 bucket: {bucket.name}, unable to write to bucket."
        raise JsonRESTError("InsufficientDeliveryPolicyException", reason)
    original(self, channel)


def _lets_deliver(policy: Any) -> bool:
    text = policy.decode() if isinstance(policy, bytes) else policy
    return bool(text) and _SERVICE in json.dumps([s.get("Principal") for s in json.loads(text).get("Statement", [])])


def put_config_rule(original: Original, self: ConfigBackend, rule: Mapping[str, Any], tags: Any = None) -> str:
    """Tags are for a new rule; one that is changed keeps its own."""
    if not self.recorders:
        reason = "Configuration recorder is not available to put config rule."
        raise JsonRESTError("NoAvailableConfigurationRecorderException", reason)
    before = self.config_rules.get(rule.get("ConfigRuleName", ""))
    kept = dict(before.tags) if before else None
    answer: str = original(self, rule, tags)
    if kept is not None:
        self.config_rules[rule["ConfigRuleName"]].tags = kept
    return answer


def install(runtime: Runtime) -> None:
    ConfigRule.MAX_RULES = _MOST_RULES
    SERVICE_NAME_CONVERSION["config"] = "Config"
    around(ConfigResponse, "put_configuration_recorder")(put_configuration_recorder)
    around(ConfigBackend, "_match_arn")(match_arn)
    around(ConfigBackend, "put_config_rule")(put_config_rule)
    if runtime.settings.strict:
        around(ConfigBackend, "put_delivery_channel")(put_delivery_channel)
