"""Metric filters: patterns as tables, then from an event of a trail to the message of an alarm."""

from __future__ import annotations

import json
import time
from typing import Any

import botocore.exceptions
import pytest
from local_cloud_support import LocalCloud, eventually

from local_cloud.alarms import patterns

EVENT: dict[str, Any] = {
    "eventName": "ConsoleLogin",
    "userIdentity": {"type": "Root", "invokedBy": None},
    "additionalEventData": {"MFAUsed": "No"},
    "errorCode": "Client.UnauthorizedOperation",
    "readOnly": True,
    "count": 3,
    "resources": [{"type": "AWS::S3::Bucket"}],
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ('{ $.eventName = "ConsoleLogin" }', True),
        ("{ $.eventName = ConsoleLogin }", True),
        ('{ $.eventName = "Console" }', False),
        ('{ $.eventName != "ConsoleLogin" }', False),
        ('{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }', True),
        ('{ ($.eventName = "x") || ($.userIdentity.type = "Root") }', True),
        ('{ $.eventName = "x" || $.eventName = "ConsoleLogin" && $.count = 4 }', False),
        ('{ ($.eventName = "ConsoleLogin" || $.eventName = "x") && $.count = 3 }', True),
        ('{ $.errorCode = "*UnauthorizedOperation" }', True),
        ('{ $.errorCode = "AccessDenied*" }', False),
        ("{ $.userIdentity.sessionContext NOT EXISTS }", True),
        ("{ $.userIdentity.type EXISTS }", True),
        ("{ $.userIdentity.invokedBy IS NULL }", True),
        ("{ $.readOnly IS TRUE }", True),
        ("{ $.readOnly IS FALSE }", False),
        ("{ $.count >= 3 && $.count < 4 }", True),
        ('{ $.resources[0].type = "AWS::S3::Bucket" }', True),
        ('{ $.resources[1].type = "AWS::S3::Bucket" }', False),
        ('{ $.missing != "x" }', False),
    ],
)
def test_which_events_match(pattern: str, *, expected: bool) -> None:
    assert patterns.condition(pattern)(EVENT) is expected


@pytest.mark.parametrize(
    "pattern",
    [
        "{",
        "{ $.a }",
        "{ $.a = }",
        "{ a = b }",
        '{ $.a = "b" ',
        '{ $.a = "b" } }',
        "{ $.a > x }",
        "{ $.a IS x }",
        "{ ! }",
    ],
)
def test_what_is_no_pattern(pattern: str) -> None:
    with pytest.raises(patterns.PatternError):
        patterns.condition(pattern)


def put_filter(logs: Any, group: str, pattern: str, **metric: Any) -> None:
    transformation = {"metricName": "root", "metricNamespace": "test/audit", "metricValue": "1", **metric}
    logs.put_metric_filter(
        logGroupName=group, filterName="root", filterPattern=pattern, metricTransformations=[transformation]
    )


def write(logs: Any, group: str, event: Any) -> None:
    message = {"timestamp": int(time.time() * 1000), "message": json.dumps(event)}
    logs.put_log_events(logGroupName=group, logStreamName="trail", logEvents=[message])


def test_a_pattern_that_cannot_be_read_is_refused(local_cloud: LocalCloud) -> None:
    logs = local_cloud.client("logs")
    logs.create_log_group(logGroupName="/filters/refused")

    with pytest.raises(botocore.exceptions.ClientError, match="Invalid metric filter pattern"):
        put_filter(logs, "/filters/refused", "{ $.a = }")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        put_filter(logs, "/filters/missing", '{ $.a = "b" }')


def test_an_event_that_matches_rings_the_alarm(local_cloud: LocalCloud) -> None:
    logs, cloudwatch, sns, sqs = (local_cloud.client(service) for service in ("logs", "cloudwatch", "sns", "sqs"))
    queue = sqs.create_queue(QueueName="filters")["QueueUrl"]
    topic = sns.create_topic(Name="filters")["TopicArn"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    group = "/filters/audit"
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName="trail")
    put_filter(logs, group, '{ $.userIdentity.type = "Root" }')
    cloudwatch.put_metric_alarm(
        AlarmName="filters-root",
        Namespace="test/audit",
        MetricName="root",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="notBreaching",
        AlarmActions=[topic],
    )

    def state() -> str:
        return str(cloudwatch.describe_alarms(AlarmNames=["filters-root"])["MetricAlarms"][0]["StateValue"])

    write(logs, group, {"userIdentity": {"type": "IAMUser"}})
    eventually(lambda: state() == "OK")
    write(logs, group, EVENT)
    eventually(lambda: state() == "ALARM")
    eventually(lambda: "filters-root" in str(sqs.receive_message(QueueUrl=queue).get("Messages")))


def test_a_filter_is_replaced_and_goes_with_its_group(local_cloud: LocalCloud) -> None:
    logs = local_cloud.client("logs")
    logs.create_log_group(logGroupName="/filters/gone")
    put_filter(logs, "/filters/gone", '{ $.a = "b" }')
    put_filter(logs, "/filters/gone", '{ $.a = "c" }')
    (found,) = logs.describe_metric_filters(logGroupName="/filters/gone")["metricFilters"]
    assert found["filterPattern"] == '{ $.a = "c" }'

    logs.delete_log_group(logGroupName="/filters/gone")
    logs.create_log_group(logGroupName="/filters/gone")
    assert logs.describe_metric_filters(logGroupName="/filters/gone")["metricFilters"] == []
