"""Planning of alarms."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.cloudwatch import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "trademaster"}
ALARM: dict[str, Any] = {
    "name": "p-heartbeat",
    "namespace": "AWS/SNS",
    "metric_name": "NumberOfMessagesPublished",
    "dimensions": {"TopicName": "heartbeat"},
    "statistic": "Sum",
    "period": 60,
    "evaluation_periods": 5,
    "threshold": 1.0,
    "comparison_operator": "LessThanThreshold",
}
ANSWER: dict[str, Any] = {
    "AlarmName": "p-heartbeat",
    "AlarmArn": "arn:alarm",
    "ActionsEnabled": True,
    "Namespace": "AWS/SNS",
    "MetricName": "NumberOfMessagesPublished",
    "Dimensions": [{"Name": "TopicName", "Value": "heartbeat"}],
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 5,
    "Threshold": 1.0,
    "ComparisonOperator": "LessThanThreshold",
}
STAT = {"namespace": "AWS/SNS", "metric_name": "PublishSize", "dimensions": {"A": 1}, "period": 60, "stat": "Sum"}
MATH: dict[str, Any] = {
    "name": "p-math",
    "metrics": [
        {"id": "share", "expression": "a * 2", "return_data": True},
        {"id": "a", "metric_stat": STAT, "return_data": False},
    ],
    "evaluation_periods": 1,
    "threshold": 0.0,
    "comparison_operator": "GreaterThanThreshold",
}
METRIC = {"Namespace": "AWS/SNS", "MetricName": "PublishSize", "Dimensions": [{"Name": "A", "Value": "1"}]}
MATH_ANSWER: dict[str, Any] = {
    "AlarmName": "p-math",
    "AlarmArn": "arn:math",
    "Metrics": [
        {"Id": "a", "MetricStat": {"Metric": METRIC, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
        {"Id": "share", "Expression": "a * 2", "ReturnData": True},
    ],
    "EvaluationPeriods": 1,
    "Threshold": 0.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


def without(alarm: dict[str, Any], *fields: str) -> dict[str, Any]:
    return {field: value for field, value in alarm.items() if field not in fields}


@pytest.mark.parametrize(
    ("alarm", "answer", "fields"),
    [
        (ALARM, ANSWER, ()),
        ({**ALARM, "treat_missing_data": "missing", "datapoints_to_alarm": 5}, ANSWER, ()),
        (ALARM, {**ANSWER, "TreatMissingData": "missing", "DatapointsToAlarm": 5}, ()),
        (ALARM, {**ANSWER, "TreatMissingData": "breaching"}, ("treat_missing_data",)),
        (ALARM, {**ANSWER, "DatapointsToAlarm": 2}, ("datapoints_to_alarm",)),
        (ALARM, {**ANSWER, "AlarmDescription": "left behind"}, ("alarm_description",)),
        (ALARM, {**ANSWER, "OKActions": ["arn:topic"]}, ("ok_actions",)),
        ({**ALARM, "ok_actions": ["b", "a"]}, {**ANSWER, "OKActions": ["a", "b"]}, ()),
        (ALARM, {**ANSWER, "ActionsEnabled": False}, ("actions_enabled",)),
        (ALARM, {**ANSWER, "Dimensions": []}, ("dimensions",)),
        (MATH, MATH_ANSWER, ()),
        ({**MATH, "metrics": MATH["metrics"][::-1]}, MATH_ANSWER, ()),
        ({**MATH, "metrics": [{**MATH["metrics"][0], "label": "Share"}, MATH["metrics"][1]]}, MATH_ANSWER,
         ("metrics",)),
    ],
)  # fmt: skip
def test_only_another_meaning_is_a_change(
    alarm: dict[str, Any], answer: dict[str, Any], fields: tuple[str, ...]
) -> None:
    current = model.current_states([answer], {alarm["name"]: TAGS}, TAGS)
    changes = model.plan(current, model.desired_states([alarm], TAGS), [], purge=False)
    assert [change.fields for change in changes] == ([fields] if fields else [])


@pytest.mark.parametrize(("alarm", "answer"), [(ALARM, ANSWER), (MATH, MATH_ANSWER)])
def test_an_alarm_is_written_as_it_is_read(alarm: dict[str, Any], answer: dict[str, Any]) -> None:
    written = model.arguments(alarm["name"], model.desired_states([alarm], None)[alarm["name"]])
    assert {member: written[member] for member in answer if member not in ("AlarmArn",)} == without(answer, "AlarmArn")


@pytest.mark.parametrize(
    ("purge", "named", "expected"),
    [
        (True, [], ["p-heartbeat", "p-owned"]),
        (False, ["p-heartbeat"], ["p-heartbeat"]),
        (False, [], []),
    ],
)
def test_only_what_is_ours_or_named_is_removed(named: list[str], expected: list[str], *, purge: bool) -> None:
    answers = [ANSWER, {**ANSWER, "AlarmName": "p-owned"}, {**ANSWER, "AlarmName": "p-foreign"}]
    current = model.current_states(answers, {"p-heartbeat": TAGS, "p-owned": TAGS}, TAGS)
    assert [change.key for change in model.plan(current, {}, named, purge=purge)] == expected


@pytest.mark.parametrize(
    ("alarm", "option"),
    [
        (without(ALARM, "threshold"), "a.threshold"),
        (without(ALARM, "comparison_operator"), "a.comparison_operator"),
        (without(ALARM, "evaluation_periods"), "a.evaluation_periods"),
        (without(ALARM, "namespace"), "a.namespace"),
        (without(ALARM, "period"), "a.period"),
        (without(ALARM, "statistic"), "a.statistic"),
        ({**ALARM, "extended_statistic": "p99"}, "a.statistic"),
        ({**ALARM, "period": 45}, "a.period"),
        ({**ALARM, "period": 3540, "evaluation_periods": 25}, "a.period"),
        ({**ALARM, "period": 3600, "evaluation_periods": 169}, "a.period"),
        ({**ALARM, "evaluation_periods": 0}, "a.evaluation_periods"),
        ({**ALARM, "datapoints_to_alarm": 6}, "a.datapoints_to_alarm"),
        ({**MATH, "statistic": "Sum"}, "a.statistic"),
        ({**MATH, "metrics": [MATH["metrics"][0]] * 2}, "a.metrics[1].id"),
        ({**MATH, "metrics": [{**MATH["metrics"][0], "metric_stat": STAT}]}, "a.metrics[0]"),
        ({**MATH, "metrics": [MATH["metrics"][1]]}, "a.metrics"),
        ({**MATH, "metrics": [{"id": "a", "metric_stat": {**STAT, "period": 5}}]}, "a.metrics[0].metric_stat.period"),
    ],
)
def test_an_alarm_that_cannot_be_is_refused(alarm: dict[str, Any], option: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        model.validate_definition("a", alarm)
    assert refused.value.variable == option


@pytest.mark.parametrize(
    ("alarms", "prefix", "option"),
    [
        ([{"name": ""}], None, "alarms[0].name"),
        ([{"name": "a"}, {"name": "a"}], None, "alarms[1].name"),
        ([{"name": "a"}], "p-", "alarms[0].name"),
        ([{"name": "a", "alarm_actions": list("abcdef")}], None, "alarms[0].alarm_actions"),
    ],
)
def test_a_set_that_cannot_be_is_refused(alarms: list[Any], prefix: str | None, option: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        model.validate(alarms, prefix)
    assert refused.value.variable == option
