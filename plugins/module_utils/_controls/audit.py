# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of who is watched: CloudTrail, Config, GuardDuty, and alarms on what CloudTrail records."""

from __future__ import annotations

import json
from collections.abc import Callable

from .model import ACCOUNT, Check, Control, Resource, World, also

TRAIL, RECORDER, DETECTOR, FILTER, ALARM = "trail", "config_recorder", "detector", "metric_filter", "alarm"
AUDIT = "the role audit brings it about: run site.yml --tags audit"
# What a filter has to look for, by its number in the benchmark, and what is watched.
WATCHED: dict[str, tuple[str, tuple[str, ...]]] = {
    "4.1": ("calls that are refused", ("UnauthorizedOperation", "AccessDenied")),
    "4.2": ("sign-ins to the console without a second factor", ("ConsoleLogin", "MFAUsed")),
    "4.3": ("use of the root account", ("userIdentity.type", "Root")),
    "4.4": (
        "changes of IAM policies",
        ("AttachRolePolicy", "DetachRolePolicy", "PutRolePolicy", "CreatePolicyVersion"),
    ),
    "4.5": ("changes of CloudTrail", ("CreateTrail", "UpdateTrail", "DeleteTrail", "StartLogging", "StopLogging")),
    "4.6": ("failed sign-ins to the console", ("ConsoleLogin", "Failed authentication")),
    "4.7": ("keys that are disabled or deleted", ("kms.amazonaws.com", "DisableKey", "ScheduleKeyDeletion")),
    "4.8": ("changes of bucket policies", ("s3.amazonaws.com", "PutBucketPolicy", "DeleteBucketPolicy")),
    "4.9": (
        "changes of AWS Config",
        ("StopConfigurationRecorder", "DeleteDeliveryChannel", "PutConfigurationRecorder"),
    ),
    "4.10": ("changes of security groups", ("AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress")),
    "4.11": ("changes of network ACLs", ("CreateNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclEntry")),
    "4.12": ("changes of network gateways", ("AttachInternetGateway", "DeleteInternetGateway")),
    "4.13": ("changes of route tables", ("CreateRoute", "ReplaceRoute", "DeleteRouteTable")),
    "4.14": ("changes of VPCs", ("CreateVpc", "DeleteVpc", "ModifyVpcAttribute")),
    "4.15": ("changes of the organisation", ("organizations.amazonaws.com",)),
}


def any_trail(problem: Callable[[Resource], str], none: str = "no trail records what is done") -> Check:
    """A check that one trail of the account has no problem."""

    def check(_account: Resource, world: World) -> str:
        problems = {trail.name: problem(trail) for trail in world.of(TRAIL)}
        if not problems:
            return none
        return "" if "" in problems.values() else "; ".join(f"{name} {text}" for name, text in problems.items())

    return check


def records_everything(trail: Resource) -> str:
    if not trail.get("is_multi_region_trail"):
        return "records one region only"
    if not trail.get("is_logging", trail.planned):
        return "is stopped"
    return "" if _management_events(trail) else "does not record both reads and writes"


def _management_events(trail: Resource) -> bool:
    selectors = trail.get("advanced_event_selectors", [])
    if not selectors:
        # A trail that was never told otherwise records all of them.
        basic = trail.get("event_selectors", []) or [{"IncludeManagementEvents": True, "ReadWriteType": "All"}]
        return any(one.get("IncludeManagementEvents") and one.get("ReadWriteType") == "All" for one in basic)
    return any(
        _selects(selector, "eventCategory", "Management") and not _fields(selector).get("readOnly")
        for selector in selectors
    )


def _fields(selector: dict[str, list[dict[str, object]]]) -> dict[str, dict[str, object]]:
    return {str(field["Field"]): field for field in selector.get("FieldSelectors", [])}


def _selects(selector: dict[str, list[dict[str, object]]], field: str, value: str) -> bool:
    return value in json.dumps(_fields(selector).get(field, {}).get("Equals", []))


def data_events(read_only: str) -> Callable[[Resource], str]:
    """Whether reads or writes of objects in buckets are recorded."""
    word = "reading" if read_only == "true" else "writing"

    def problem(trail: Resource) -> str:
        for selector in trail.get("advanced_event_selectors", []):
            objects = _selects(selector, "eventCategory", "Data") and _selects(
                selector, "resources.type", "AWS::S3::Object"
            )
            kind = _fields(selector).get("readOnly")
            if objects and (kind is None or _selects(selector, "readOnly", read_only)):
                return ""
        return f"does not record {word} of objects"

    return problem


def each_trail(fact: str, reason: str) -> Check:
    return lambda trail, _world: "" if trail.get(fact) else reason


def log_bucket(problem: Callable[[Resource], str]) -> Check:
    """A check of the bucket that a trail writes to."""

    def check(trail: Resource, world: World) -> str:
        name = str(trail.get("s3_bucket_name", ""))
        bucket = world.named("bucket", name)
        return f"its bucket {name} is not one of ours to look into" if bucket is None else problem(bucket)

    return check


def _closed(bucket: Resource) -> str:
    block = bucket.get("public_access_block", {})
    return "" if block and all(block.values()) else f"its bucket {bucket.name} does not keep the public out"


def _recorded(bucket: Resource) -> str:
    told = bucket.get("logging", {}).get("target_bucket")
    return "" if told else f"its bucket {bucket.name} keeps no record of requests"


def config_records(_account: Resource, world: World) -> str:
    good = [one for one in world.of(RECORDER) if one.get("recording", one.planned) and one.get("all_supported")]
    return "" if good else "AWS Config does not record all resources"


def guarded(_account: Resource, world: World) -> str:
    on = [detector for detector in world.of(DETECTOR) if detector.get("enabled", detector.planned)]
    return "" if on else "GuardDuty does not watch"


def watched(what: str, wanted: tuple[str, ...]) -> Check:
    """A check that a metric filter looks for `wanted`, and that an alarm on its metric tells somebody."""

    def check(_account: Resource, world: World) -> str:
        filters = [one for one in world.of(FILTER) if all(word in str(one.get("filter_pattern")) for word in wanted)]
        if not filters:
            return f"no metric filter looks for {what}"
        metrics = {one.get("metric_name") for one in filters}
        alarms = [alarm for alarm in world.of(ALARM) if alarm.get("metric_name") in metrics]
        return "" if any(alarm.get("alarm_actions") for alarm in alarms) else f"no alarm tells of {what}"

    return check


MULTI_REGION = Control(
    "CloudTrail.1",
    "What is done in any region is recorded",
    ACCOUNT,
    any_trail(records_everything),
    AUDIT,
    reads=(TRAIL,),
)
ENCRYPTED = Control(
    "CloudTrail.2", "Trails are encrypted", TRAIL, each_trail("kms_key_id", "is not encrypted with a key"), AUDIT
)
VALIDATED = Control(
    "CloudTrail.4",
    "What trails have recorded cannot be changed unseen",
    TRAIL,
    each_trail("enable_log_file_validation", "does not sign what it writes"),
    AUDIT,
)
BUCKET_LOG = Control(
    "CloudTrail.7",
    "Requests to the bucket of trails are recorded",
    TRAIL,
    log_bucket(_recorded),
    AUDIT,
    reads=("bucket",),
)
CONFIG = Control("Config.1", "AWS Config records all resources", ACCOUNT, config_records, AUDIT, reads=(RECORDER,))

CONTROLS = (
    MULTI_REGION,
    ENCRYPTED,
    Control("CloudTrail.3", "There is a trail", ACCOUNT, any_trail(lambda _trail: ""), AUDIT, reads=(TRAIL,)),
    VALIDATED,
    Control(
        "CloudTrail.5",
        "Trails write to CloudWatch Logs",
        TRAIL,
        each_trail("cloud_watch_logs_log_group_arn", "does not write to CloudWatch Logs"),
        AUDIT,
    ),
    Control("CloudTrail.6", "The bucket of trails is not public", TRAIL, log_bucket(_closed), AUDIT, reads=("bucket",)),
    BUCKET_LOG,
    CONFIG,
    Control("GuardDuty.1", "GuardDuty watches", ACCOUNT, guarded, AUDIT, reads=(DETECTOR,)),
    also(MULTI_REGION, "CIS v3 3.1"),
    also(VALIDATED, "CIS v3 3.2"),
    also(CONFIG, "CIS v3 3.3"),
    also(BUCKET_LOG, "CIS v3 3.4"),
    also(ENCRYPTED, "CIS v3 3.5"),
    Control(
        "CIS v3 3.8", "Writing to buckets is recorded", ACCOUNT, any_trail(data_events("false")), AUDIT, reads=(TRAIL,)
    ),
    Control(
        "CIS v3 3.9", "Reading from buckets is recorded", ACCOUNT, any_trail(data_events("true")), AUDIT, reads=(TRAIL,)
    ),
    *(
        Control(
            f"CIS v5 {number}",
            f"Somebody is told of {what}",
            ACCOUNT,
            watched(what, words),
            AUDIT,
            reads=(FILTER, ALARM),
        )
        for number, (what, words) in WATCHED.items()
    ),
)
