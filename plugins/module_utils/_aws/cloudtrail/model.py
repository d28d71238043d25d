# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudTrail trails as comparable states. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_set
from ..._core.errors import InvalidInput
from ..tagging import is_foreign, of_interest, owns

KIND = "trail"
NAME = re.compile(r"(?=.{3,128}$)[A-Za-z0-9]([._-]?[A-Za-z0-9])*")
# Options, and the members of the API that hold them.
MEMBERS = {
    "s3_bucket_name": "S3BucketName",
    "s3_key_prefix": "S3KeyPrefix",
    "include_global_service_events": "IncludeGlobalServiceEvents",
    "is_multi_region_trail": "IsMultiRegionTrail",
    "enable_log_file_validation": "EnableLogFileValidation",
    "cloud_watch_logs_log_group_arn": "CloudWatchLogsLogGroupArn",
    "cloud_watch_logs_role_arn": "CloudWatchLogsRoleArn",
    "kms_key_id": "KmsKeyId",
}
FLAGS = ("include_global_service_events", "is_multi_region_trail", "enable_log_file_validation")
# DescribeTrails names this one differently from CreateTrail and UpdateTrail.
ANSWERED = {**MEMBERS, "enable_log_file_validation": "LogFileValidationEnabled"}
OPERATORS = {
    "equals": "Equals",
    "not_equals": "NotEquals",
    "starts_with": "StartsWith",
    "not_starts_with": "NotStartsWith",
    "ends_with": "EndsWith",
    "not_ends_with": "NotEndsWith",
}
# What a trail records that was never told what to.
MANAGEMENT_EVENTS = [{"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}]


def desired_states(trails: Sequence[Mapping[str, Any]], tags: Mapping[str, str] | None) -> dict[str, dict[str, Any]]:
    """Desired states by name. Raises InvalidInput for what CloudTrail would refuse."""
    states: dict[str, dict[str, Any]] = {}
    for index, trail in enumerate(trails):
        option = f"trails[{index}]"
        validate_name(f"{option}.name", trail["name"], states)
        if not trail.get("s3_bucket_name"):
            raise InvalidInput(f"{option}.s3_bucket_name", None, "is missing: a trail writes into a bucket")
        if trail.get("is_multi_region_trail") and trail.get("include_global_service_events") is False:
            remedy = "does not go with is_multi_region_trail: such a trail has the events of global services"
            raise InvalidInput(f"{option}.include_global_service_events", False, remedy)
        group, role = (trail.get(f"cloud_watch_logs_{part}_arn") for part in ("log_group", "role"))
        if bool(group) != bool(role):
            remedy = "goes with cloud_watch_logs_role_arn: give both or neither"
            raise InvalidInput(f"{option}.cloud_watch_logs_log_group_arn", group, remedy)
        states[trail["name"]] = _desired_state(option, trail, tags)
    return states


def validate_name(option: str, name: str, taken: Iterable[str]) -> None:
    """Raise InvalidInput for a name that no trail can have, or that is given twice."""
    if not NAME.fullmatch(name):
        remedy = "is no name of a trail: 3 to 128 letters and digits, with single . - _ between them"
        raise InvalidInput(option, name, remedy)
    if name in taken:
        raise InvalidInput(option, name, "is given twice: keep one of them")


def _desired_state(option: str, trail: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    selectors, insights = trail.get("advanced_event_selectors"), trail.get("insight_types")
    fields = {name: trail.get(name) for name in MEMBERS}
    group = fields["cloud_watch_logs_log_group_arn"]
    return desired_fields(
        {
            **fields,
            "cloud_watch_logs_log_group_arn": f"{group.removesuffix(':*')}:*" if group else group,
            "is_logging": trail.get("is_logging"),
            "advanced_event_selectors": None if selectors is None else _selectors(option, selectors),
            "insight_types": None if insights is None else sorted(insights),
            "tags": tags,
        }
    )


def _selectors(option: str, selectors: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    written = []
    for index, selector in enumerate(selectors):
        where = f"{option}.advanced_event_selectors[{index}]"
        fields = []
        for position, given in enumerate(selector["field_selectors"]):
            conditions = {OPERATORS[name]: sorted(given[name]) for name in OPERATORS if given.get(name)}
            if not conditions:
                path = f"{where}.field_selectors[{position}]"
                raise InvalidInput(path, given["field"], f"compares with nothing: give one of {', '.join(OPERATORS)}")
            fields.append({"Field": given["field"], **conditions})
        written.append({"Name": selector.get("name") or "", "FieldSelectors": fields})
    return canonical(written)


def canonical(selectors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Selectors in one order, since theirs, and that of their fields and values, does not matter."""
    ordered = []
    for selector in selectors:
        fields = [
            {name: sorted(value) if isinstance(value, list) else value for name, value in field.items()}
            for field in selector["FieldSelectors"]
        ]
        ordered.append({"Name": selector.get("Name", ""), "FieldSelectors": sorted(fields, key=json.dumps)})
    return sorted(ordered, key=json.dumps)


def current_state(
    trail: Mapping[str, Any], answers: Mapping[str, Any], all_tags: Mapping[str, str], tags: Mapping[str, str] | None
) -> dict[str, Any]:
    """A described trail; `answers` holds what is asked for apart."""
    settings = {
        name: bool(trail.get(member)) if name in FLAGS else trail.get(member) or "" for name, member in ANSWERED.items()
    }
    return {
        **settings,
        **answers,
        "tags": of_interest(all_tags, tags),
        "owned": owns(all_tags, tags),
        "foreign": is_foreign(all_tags, tags),
        "arn": trail["TrailARN"],
    }


def refuse_foreign(current: Mapping[str, State], desired: Iterable[str]) -> None:
    """Raise InvalidInput where a trail that shall be managed is somebody else's."""
    for name in desired:
        if name in current and current[name]["foreign"]:
            remedy = "is a trail with none of our tags, and is not taken over: choose another name, or tag it as ours"
            raise InvalidInput("trails", name, remedy)


def plan(current: Mapping[str, State], desired: Mapping[str, State]) -> list[Change]:
    """Changes to trails; of those that are not desired the owned ones go."""
    scope = {name: state for name, state in current.items() if name in desired or state["owned"]}
    return plan_set(KIND, scope, desired, purge=True)


def arguments(state: State, fields: Iterable[str]) -> dict[str, Any]:
    """Settings as CreateTrail and UpdateTrail take them."""
    return {MEMBERS[field]: state[field] for field in fields if field in MEMBERS}


def written_selectors(selectors: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Advanced event selectors as the API takes them: one without a name has none."""
    return [{name: value for name, value in selector.items() if value} for selector in selectors]
