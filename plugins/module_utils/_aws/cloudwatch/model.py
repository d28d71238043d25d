# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CloudWatch metric alarms as comparable states. Pure.

CloudWatch takes an alarm as a whole: what is not given is its default, not what was there before.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_set
from ..._core.errors import InvalidInput
from ..._core.wait import DONE, Verdict, pending
from ..tagging import of_interest, owns, within_reach

KIND = "alarm"
ACTIONS = {
    "alarm_actions": "AlarmActions",
    "ok_actions": "OKActions",
    "insufficient_data_actions": "InsufficientDataActions",
}
# Texts and numbers that are written as they are given, by option.
PLAIN = {
    "alarm_description": "AlarmDescription",
    "namespace": "Namespace",
    "metric_name": "MetricName",
    "statistic": "Statistic",
    "extended_statistic": "ExtendedStatistic",
    "period": "Period",
    "unit": "Unit",
    "evaluation_periods": "EvaluationPeriods",
    "datapoints_to_alarm": "DatapointsToAlarm",
    "threshold": "Threshold",
    "comparison_operator": "ComparisonOperator",
    "treat_missing_data": "TreatMissingData",
    "evaluate_low_sample_count_percentile": "EvaluateLowSampleCountPercentile",
}
OF_ONE_METRIC = ("namespace", "metric_name", "dimensions", "statistic", "extended_statistic", "period", "unit")
SHORT_PERIODS = (10, 20, 30)
MOST_ACTIONS = 5
DAY = 86400
WEEK = 7 * DAY
HOUR = 3600


def validate(alarms: Sequence[Mapping[str, Any]], prefix: str | None) -> None:
    """Raise InvalidInput for what CloudWatch would refuse."""
    names = [alarm["name"] for alarm in alarms]
    for index, alarm in enumerate(alarms):
        option = f"alarms[{index}]"
        if not 1 <= len(alarm["name"]) <= 255:
            raise InvalidInput(f"{option}.name", alarm["name"], "is no name of an alarm: 1 to 255 characters")
        if alarm["name"] in names[:index]:
            raise InvalidInput(f"{option}.name", alarm["name"], "is given twice: keep one of them")
        if prefix and not alarm["name"].startswith(prefix):
            raise InvalidInput(f"{option}.name", alarm["name"], f"does not begin with prefix, {prefix}: rename it")
        for actions in ACTIONS:
            if len(alarm.get(actions) or []) > MOST_ACTIONS:
                raise InvalidInput(f"{option}.{actions}", alarm[actions], f"are too many: {MOST_ACTIONS} at most")


def validate_definition(option: str, alarm: Mapping[str, Any]) -> None:
    """Raise InvalidInput where what an alarm watches is not all there, or does not fit together."""
    for field in ("evaluation_periods", "threshold", "comparison_operator"):
        if alarm.get(field) is None:
            raise InvalidInput(f"{option}.{field}", None, "is missing: an alarm cannot do without")
    if alarm.get("metrics"):
        _validate_math(option, alarm)
    else:
        _validate_metric(option, alarm)
    periods, datapoints = alarm["evaluation_periods"], alarm.get("datapoints_to_alarm")
    if periods < 1:
        raise InvalidInput(f"{option}.evaluation_periods", periods, "is too few: 1 at least")
    if datapoints is not None and not 1 <= datapoints <= periods:
        remedy = f"is not from 1 to evaluation_periods, {periods}"
        raise InvalidInput(f"{option}.datapoints_to_alarm", datapoints, remedy)
    for where, period in _periods(option, alarm):
        _validate_period(where, period, periods)


def _validate_metric(option: str, alarm: Mapping[str, Any]) -> None:
    for field in ("namespace", "metric_name", "period"):
        if alarm.get(field) is None:
            raise InvalidInput(f"{option}.{field}", None, "is missing: give it, or metrics instead")
    if (alarm.get("statistic") is None) == (alarm.get("extended_statistic") is None):
        given = alarm.get("statistic")
        raise InvalidInput(f"{option}.statistic", given, "or extended_statistic, one of them: give exactly one")


def _validate_math(option: str, alarm: Mapping[str, Any]) -> None:
    given = [field for field in OF_ONE_METRIC if alarm.get(field)]
    if given:
        raise InvalidInput(f"{option}.{given[0]}", alarm[given[0]], "does not go with metrics: give it there")
    ids = [query["id"] for query in alarm["metrics"]]
    for index, query in enumerate(alarm["metrics"]):
        where = f"{option}.metrics[{index}]"
        if query["id"] in ids[:index]:
            raise InvalidInput(f"{where}.id", query["id"], "is given twice: every query wants its own")
        if bool(query.get("expression")) == bool(query.get("metric_stat")):
            raise InvalidInput(where, query["id"], "wants exactly one of expression and metric_stat")
    answering = [query["id"] for query in alarm["metrics"] if query.get("return_data") is not False]
    if len(answering) != 1:
        remedy = "want exactly one with return_data, the one that is compared with threshold"
        raise InvalidInput(f"{option}.metrics", answering, remedy)


def _periods(option: str, alarm: Mapping[str, Any]) -> list[tuple[str, int]]:
    queries = alarm.get("metrics") or []
    found = [(f"{option}.period", alarm.get("period"))]
    found += [(f"{option}.metrics[{n}].period", query.get("period")) for n, query in enumerate(queries)]
    found += [
        (f"{option}.metrics[{n}].metric_stat.period", query["metric_stat"]["period"])
        for n, query in enumerate(queries)
        if query.get("metric_stat")
    ]
    return [(where, period) for where, period in found if period is not None]


def _validate_period(where: str, period: int, periods: int) -> None:
    if period not in SHORT_PERIODS and (period < 60 or period % 60):
        raise InvalidInput(where, period, "is no period: 10, 20, 30 or a multiple of 60 seconds")
    longest = WEEK if period >= HOUR else DAY
    if period * periods > longest:
        remedy = f"times evaluation_periods is more than {longest} seconds, over which alarms do not look back"
        raise InvalidInput(where, period, remedy)


def desired_states(alarms: Sequence[Mapping[str, Any]], tags: Mapping[str, str] | None) -> dict[str, dict[str, Any]]:
    """Desired states by name."""
    states = {}
    for index, alarm in enumerate(alarms):
        validate_definition(f"alarms[{index}]", alarm)
        plain = {field: alarm.get(field) for field in PLAIN}
        dimensions = alarm.get("dimensions") or {}
        queries = [_query(query) for query in alarm.get("metrics") or []]
        actions = {field: sorted(alarm.get(field) or []) for field in ACTIONS}
        enabled = alarm.get("actions_enabled") is not False
        state = {**plain, **actions, "actions_enabled": enabled, "dimensions": _texts(dimensions), "metrics": queries}
        states[alarm["name"]] = desired_fields({**_with_defaults(state), "tags": tags})
    return states


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    stat = query.get("metric_stat")
    return {
        "id": query["id"],
        "expression": query.get("expression") or "",
        "label": query.get("label") or "",
        "period": query.get("period") or 0,
        "return_data": query.get("return_data") is not False,
        "metric_stat": {
            "namespace": stat["namespace"],
            "metric_name": stat["metric_name"],
            "dimensions": _texts(stat.get("dimensions") or {}),
            "period": stat["period"],
            "stat": stat["stat"],
            "unit": stat.get("unit") or "",
        }
        if stat
        else {},
    }


def _texts(dimensions: Mapping[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in sorted(dimensions.items())}


def _with_defaults(state: Mapping[str, Any]) -> dict[str, Any]:
    """A state in which nothing is missing: what CloudWatch does when an alarm does not say."""
    filled = {field: "" if value is None else value for field, value in state.items()}
    return {
        **filled,
        "period": state["period"] or 0,
        "threshold": float(state["threshold"]),
        "datapoints_to_alarm": state["datapoints_to_alarm"] or state["evaluation_periods"],
        "treat_missing_data": state["treat_missing_data"] or "missing",
        "metrics": sorted(state["metrics"], key=lambda query: str(query["id"])),
    }


def current_states(
    answers: Iterable[Mapping[str, Any]], tags_by_name: Mapping[str, Mapping[str, str]], tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Current states by name, from what CloudWatch answers and the tags that were read."""
    states = {}
    for answer in answers:
        name = answer["AlarmName"]
        plain = {field: answer.get(member) for field, member in PLAIN.items()}
        actions = {field: sorted(answer.get(member) or []) for field, member in ACTIONS.items()}
        state = {
            **plain,
            **actions,
            "actions_enabled": bool(answer.get("ActionsEnabled", True)),
            "dimensions": _named(answer.get("Dimensions") or []),
            "metrics": [_read_query(query) for query in answer.get("Metrics") or []],
            "threshold": answer.get("Threshold") or 0.0,
        }
        all_tags = tags_by_name.get(name, {})
        own = {"tags": of_interest(all_tags, tags), "owned": owns(all_tags, tags), "arn": answer["AlarmArn"]}
        states[name] = {**_with_defaults(state), **own}
    return states


def _named(dimensions: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return _texts({dimension["Name"]: dimension["Value"] for dimension in dimensions})


def _read_query(answer: Mapping[str, Any]) -> dict[str, Any]:
    stat = answer.get("MetricStat") or {}
    metric = stat.get("Metric") or {}
    options = {
        "namespace": metric.get("Namespace"),
        "metric_name": metric.get("MetricName"),
        "dimensions": _named(metric.get("Dimensions") or []),
        "period": stat.get("Period"),
        "stat": stat.get("Stat"),
        "unit": stat.get("Unit"),
    }
    named = {option: answer.get(option.title().replace("_", "")) for option in ("id", "expression", "label", "period")}
    return _query({**named, "return_data": answer.get("ReturnData"), "metric_stat": options if stat else None})


def arguments(name: str, state: State) -> dict[str, Any]:
    """An alarm as PutMetricAlarm takes it."""
    plain = {member: state[field] for field, member in PLAIN.items() if state[field] not in ("", 0) or field in _ZEROES}
    actions = {member: state[field] for field, member in ACTIONS.items()}
    whole = {"AlarmName": name, **plain, **actions, "ActionsEnabled": state["actions_enabled"]}
    if state["metrics"]:
        return {**whole, "Metrics": [_written_query(query) for query in state["metrics"]]}
    return {**whole, "Dimensions": _written(state["dimensions"])}


_ZEROES = ("threshold",)


def _written(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]


def _written_query(query: Mapping[str, Any]) -> dict[str, Any]:
    members = {"Expression": query["expression"], "Label": query["label"], "Period": query["period"]}
    given = {member: value for member, value in members.items() if value}
    stat = query["metric_stat"]
    if stat:
        metric = {
            "Namespace": stat["namespace"],
            "MetricName": stat["metric_name"],
            "Dimensions": _written(stat["dimensions"]),
        }
        unit = {"Unit": stat["unit"]} if stat["unit"] else {}
        given["MetricStat"] = {"Metric": metric, "Period": stat["period"], "Stat": stat["stat"], **unit}
    return {"Id": query["id"], "ReturnData": query["return_data"], **given}


def plan(
    current: Mapping[str, State], desired: Mapping[str, State], named: Collection[str], *, purge: bool
) -> list[Change]:
    """Changes of a set; `named` are those to remove by name, with `purge` all others of ours go too."""
    scope = within_reach(current, desired, named, purge=purge)
    return plan_set(KIND, scope, desired, purge=True)


def rewritten(change: Change) -> bool:
    """Whether more of an alarm is written than its tags."""
    return bool(set(change.fields) - {"tags"})


def late(changes: Iterable[Change]) -> list[str]:
    """Names of the alarms that are written and whose actions can wait until they are OK."""
    return [change.key for change in changes if rewritten(change) and change.desired["actions_enabled"]]


def judge(names: Iterable[str], states: Mapping[str, str]) -> Verdict:
    """Whether all alarms are OK, by the state of each."""
    waiting = [f"{name} is {states.get(name, 'gone')}" for name in names if states.get(name) != "OK"]
    return pending(", ".join(waiting)) if waiting else DONE
