# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The GuardDuty detector of a region as a comparable state. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_one
from ..._core.errors import InvalidInput
from ..tagging import of_interest, owns

KIND = "detector"
NAME_TAG = "Name"  # a detector has no name; by this tag it is known whose it is
ON, OFF = "ENABLED", "DISABLED"


def tags_of(name: str, tags: Mapping[str, str] | None) -> dict[str, str]:
    """Tags of the detector, its name among them."""
    return {**(tags or {}), NAME_TAG: name}


def desired_state(options: Mapping[str, Any]) -> dict[str, Any]:
    """The desired state. Raises InvalidInput for features that are named twice."""
    features = options.get("features")
    return desired_fields(
        {
            "enabled": options.get("enable"),
            "finding_publishing_frequency": options.get("finding_publishing_frequency"),
            "features": None if features is None else _by_name("features", features),
            "tags": tags_of(options["name"], options.get("tags")),
        }
    )


def _by_name(option: str, features: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    named: dict[str, dict[str, Any]] = {}
    for index, feature in enumerate(features):
        if feature["name"] in named:
            raise InvalidInput(f"{option}[{index}].name", feature["name"], "is given twice: keep one of them")
        more = feature.get("additional_configuration") or []
        where = f"{option}[{index}].additional_configuration"
        named[feature["name"]] = {
            "enabled": feature.get("enabled") is not False,
            "additional_configuration": {name: one["enabled"] for name, one in _by_name(where, more).items()}
            if more
            else {},
        }
    return named


def current_state(
    detector_id: str, answer: Mapping[str, Any], name: str, tags: Mapping[str, str] | None, desired: State
) -> dict[str, Any]:
    """A described detector, with the features that are desired."""
    all_tags = answer.get("Tags") or {}
    wanted = tags_of(name, tags)
    return {
        "id": detector_id,
        "enabled": answer["Status"] == ON,
        "finding_publishing_frequency": answer.get("FindingPublishingFrequency", ""),
        "features": _readable(answer.get("Features") or [], desired.get("features") or {}),
        "tags": of_interest(all_tags, wanted),
        "ours": all_tags.get(NAME_TAG) == name,
        "owned": owns(all_tags, wanted),
    }


def _readable(features: Sequence[Mapping[str, Any]], desired: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Features by name, and of each what is desired of it; one that the answer does not have is off."""
    answered = {feature["Name"]: feature for feature in features}
    found = {}
    for name, wanted in desired.items():
        feature = answered.get(name, {})
        more = {item["Name"]: item.get("Status") == ON for item in feature.get("AdditionalConfiguration") or []}
        found[name] = {
            "enabled": feature.get("Status") == ON,
            "additional_configuration": {part: more.get(part, False) for part in wanted["additional_configuration"]},
        }
    return found


def plan(name: str, current: State | None, desired: State | None) -> list[Change]:
    """At most one change; a detector of somebody else is left as it is, and on removal one that lacks a tag as well."""
    if current is not None and not (current["owned"] if desired is None else current["ours"]):
        return []
    return plan_one(KIND, name, current, desired)


def arguments(state: State, fields: Sequence[str]) -> dict[str, Any]:
    """Fields as CreateDetector and UpdateDetector take them."""
    written: Mapping[str, Callable[[Any], dict[str, Any]]] = {
        "enabled": lambda value: {"Enable": value},
        "finding_publishing_frequency": lambda value: {"FindingPublishingFrequency": value},
        "features": lambda value: {"Features": [_written(name, feature) for name, feature in value.items()]},
    }
    merged: dict[str, Any] = {}
    for field in fields:
        if field in written:
            merged |= written[field](state[field])
    return merged


def _written(name: str, feature: Mapping[str, Any]) -> dict[str, Any]:
    more = [{"Name": part, "Status": _status(on=on)} for part, on in feature["additional_configuration"].items()]
    return {
        "Name": name,
        "Status": _status(on=feature["enabled"]),
        **({"AdditionalConfiguration": more} if more else {}),
    }


def _status(*, on: bool) -> str:
    return ON if on else OFF
