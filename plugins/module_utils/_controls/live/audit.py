# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who watches, as it is: trails, recorders, detectors, metric filters and alarms of the account in this region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..._aws.cloudtrail import model as cloudtrail
from ..._aws.guardduty.model import NAME_TAG
from ..._aws.logs import filter_model
from ..model import Resource
from .reading import Reading


def trails(reading: Reading) -> Iterator[Resource]:
    client = reading.aws.client("cloudtrail")
    for trail in client.describe_trails(includeShadowTrails=True).get("trailList", []):
        arn = trail["TrailARN"]
        selectors = client.get_event_selectors(TrailName=arn)
        answers = {
            "is_logging": client.get_trail_status(Name=arn)["IsLogging"],
            "advanced_event_selectors": cloudtrail.canonical(selectors.get("AdvancedEventSelectors") or []),
            "event_selectors": selectors.get("EventSelectors") or [],
        }
        yield Resource("trail", trail["Name"], cloudtrail.current_state(trail, answers, {}, None))


def recorders(reading: Reading) -> Iterator[Resource]:
    client = reading.aws.client("config")
    states = client.describe_configuration_recorder_status().get("ConfigurationRecordersStatus", [])
    running = {state["name"] for state in states if state.get("recording")}
    for recorder in client.describe_configuration_recorders().get("ConfigurationRecorders", []):
        group = recorder.get("recordingGroup", {})
        facts = {"recording": recorder["name"] in running, "all_supported": group.get("allSupported")}
        yield Resource("config_recorder", recorder["name"], facts)


def detectors(reading: Reading) -> Iterator[Resource]:
    client = reading.aws.client("guardduty")
    for identifier in reading.aws.pages("guardduty", "list_detectors", "DetectorIds"):
        answer = client.get_detector(DetectorId=identifier)
        name = (answer.get("Tags") or {}).get(NAME_TAG, identifier)
        yield Resource("detector", name, {"enabled": answer["Status"] == "ENABLED"})


def filters(reading: Reading) -> Iterator[Resource]:
    described = reading.aws.pages("logs", "describe_metric_filters", "metricFilters")
    yield from (
        Resource("metric_filter", name, state) for name, state in filter_model.current_states(described).items()
    )


def alarms(reading: Reading) -> Iterator[Resource]:
    listed: list[Mapping[str, Any]] = reading.aws.pages("cloudwatch", "describe_alarms", "MetricAlarms")
    for alarm in listed:
        facts = {"metric_name": alarm.get("MetricName"), "alarm_actions": alarm.get("AlarmActions", [])}
        yield Resource("alarm", alarm["AlarmName"], facts)
