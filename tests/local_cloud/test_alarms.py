"""When alarms ring: the decision as tables, then on real metric data."""

from __future__ import annotations

import json
from typing import Any

import botocore.exceptions
import pytest
from local_cloud_support import LocalCloud, eventually

from local_cloud.alarms import rules
from local_cloud.alarms.evaluation import Criteria, Sample, UnsupportedExpressionError, calculate, decide, statistic


@pytest.mark.parametrize(
    ("comparison", "counts", "missing", "points", "expected"),
    [
        ("GreaterThanThreshold", (1, 1), "missing", [6], "ALARM"),
        ("GreaterThanThreshold", (1, 1), "missing", [5], "OK"),
        ("GreaterThanOrEqualToThreshold", (1, 1), "missing", [5], "ALARM"),
        ("LessThanThreshold", (1, 1), "missing", [4], "ALARM"),
        ("LessThanOrEqualToThreshold", (1, 1), "missing", [5], "ALARM"),
        ("GreaterThanThreshold", (3, 2), "missing", [6, 1, 6], "ALARM"),
        ("GreaterThanThreshold", (3, 3), "missing", [6, 1, 6], "OK"),
        ("GreaterThanThreshold", (3, 2), "missing", [9, 9, 1, 6, 1], "OK"),
        ("GreaterThanThreshold", (2, 2), "missing", [None, None], "INSUFFICIENT_DATA"),
        ("GreaterThanThreshold", (2, 2), "breaching", [None, 6], "ALARM"),
        ("GreaterThanThreshold", (2, 1), "notBreaching", [None, None], "OK"),
        ("GreaterThanThreshold", (2, 1), "ignore", [None, None], "ALARM"),
    ],
)
def test_state_follows_the_datapoints(
    comparison: str, counts: tuple[int, int], missing: str, points: list[float | None], expected: str
) -> None:
    criteria = Criteria(comparison, 5, *counts, missing)
    assert decide(criteria, points, "ALARM")[0] == expected


def test_statistics() -> None:
    samples = [Sample(1, 1, 1), Sample(9, 1, 5, 3)]
    values = {name: statistic(name, samples) for name in ("Sum", "Average", "Minimum", "Maximum", "SampleCount")}
    assert values == {"Sum": 10, "Average": 2.5, "Minimum": 1, "Maximum": 5, "SampleCount": 4}
    assert statistic("Sum", []) is None
    assert statistic("p90", [Sample(value, value, value) for value in range(1, 101)]) == pytest.approx(90, abs=0.2)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("100 * errors / requests", 5.0),
        ("errors / nothing", None),
        ("FILL(nothing, 0) + 1", 1.0),
        ("IF(requests > 50, errors / requests, 0)", 0.05),
        ("-errors", -5.0),
    ],
)
def test_metric_math(expression: str, expected: float | None) -> None:
    assert calculate(expression, {"errors": 5, "requests": 100, "nothing": None}) == expected


def test_metric_math_names_what_it_cannot_do() -> None:
    with pytest.raises(UnsupportedExpressionError):
        calculate("ANOMALY_DETECTION_BAND(errors)", {"errors": 1})


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ('ALARM("a")', True),
        ("ALARM(a) AND OK(b)", True),
        ("NOT ALARM(a) OR OK(a)", False),
        ("(ALARM(b) OR ALARM(a)) AND NOT INSUFFICIENT_DATA(b)", True),
        ("TRUE AND FALSE", False),
    ],
)
def test_composite_rules(rule: str, expected: bool) -> None:
    assert rules.holds(rule, {"a": "ALARM", "b": "OK"}.__getitem__) is expected


@pytest.mark.parametrize("rule", ["", "ALARM(a", "ALARM(a) AND", "(TRUE", "TRUE FALSE"])
def test_impossible_rules_are_refused(rule: str) -> None:
    with pytest.raises(rules.RuleError):
        rules.holds(rule, lambda _name: "OK")


def state(cloudwatch: Any, name: str) -> str:
    found = cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    return str((found["MetricAlarms"] + found["CompositeAlarms"])[0]["StateValue"])


def test_alarm_rings_on_metric_data_and_tells_its_topic(local_cloud: LocalCloud) -> None:
    cloudwatch, sns, sqs = (local_cloud.client(name) for name in ("cloudwatch", "sns", "sqs"))
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    cloudwatch.put_metric_alarm(
        AlarmName="errors",
        Namespace="Test",
        MetricName="Errors",
        Dimensions=[{"Name": "Service", "Value": "auth"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=3,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[topic],
    )
    cloudwatch.put_composite_alarm(AlarmName="anything", AlarmRule="ALARM(errors)")
    assert state(cloudwatch, "errors") == "INSUFFICIENT_DATA"

    def put(value: float, service: str = "auth") -> None:
        row = {"MetricName": "Errors", "Value": value, "Dimensions": [{"Name": "Service", "Value": service}]}
        cloudwatch.put_metric_data(Namespace="Test", MetricData=[row])

    put(9, "other")
    put(2)
    eventually(lambda: state(cloudwatch, "errors") == "OK")
    put(2)
    eventually(lambda: state(cloudwatch, "errors") == "ALARM")
    eventually(lambda: state(cloudwatch, "anything") == "ALARM")
    [message] = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5)["Messages"]
    told = json.loads(json.loads(message["Body"])["Message"])
    assert (told["AlarmName"], told["OldStateValue"], told["NewStateValue"]) == ("errors", "OK", "ALARM")
    history = cloudwatch.describe_alarm_history(AlarmName="errors")["AlarmHistoryItems"]
    assert {"ConfigurationUpdate", "StateUpdate", "Action"} == {item["HistoryItemType"] for item in history}


def test_changed_alarm_keeps_its_state_and_a_set_state_holds(local_cloud: LocalCloud) -> None:
    cloudwatch = local_cloud.client("cloudwatch")

    def put(threshold: float) -> None:
        cloudwatch.put_metric_alarm(
            AlarmName="kept",
            Namespace="Test",
            MetricName="None",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=threshold,
            ComparisonOperator="GreaterThanThreshold",
        )

    put(1)
    cloudwatch.set_alarm_state(AlarmName="kept", StateValue="ALARM", StateReason="test")
    put(2)
    assert state(cloudwatch, "kept") == "ALARM"


def test_composite_alarm_with_an_impossible_rule_is_refused(local_cloud: LocalCloud) -> None:
    with pytest.raises(botocore.exceptions.ClientError, match="ValidationError"):
        local_cloud.client("cloudwatch").put_composite_alarm(AlarmName="bad", AlarmRule="ALARM(")
