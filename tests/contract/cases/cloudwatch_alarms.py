"""Contract cases of cloudwatch_alarms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "alarms"}
PREFIX = "contract-alarms-"
TOPICS = [f"arn:aws:sns:us-east-1:123456789012:contract-{name}" for name in ("pager", "reports")]
HEARTBEAT = {
    "name": f"{PREFIX}heartbeat",
    "alarm_description": "The heartbeat has stopped",
    "namespace": "AWS/SNS",
    "metric_name": "NumberOfMessagesPublished",
    "dimensions": {"TopicName": "contract"},
    "statistic": "Sum",
    "period": 60,
    "evaluation_periods": 5,
    "threshold": 0,
    "comparison_operator": "LessThanOrEqualToThreshold",
    "treat_missing_data": "breaching",
    "alarm_actions": TOPICS,
    "ok_actions": TOPICS[:1],
}


WITHOUT_STATISTIC = {field: value for field, value in HEARTBEAT.items() if field != "statistic"}
PERCENTILE = {"extended_statistic": "p99", "evaluate_low_sample_count_percentile": "ignore"}


def query(name: str, metric: str, **fields: Any) -> dict[str, Any]:
    stat = {"namespace": "AWS/ApplicationELB", "metric_name": metric, "dimensions": {"LoadBalancer": "app/contract/1"}}
    return {"id": name, "return_data": False, "metric_stat": {**stat, "period": 60, "stat": "Sum", **fields}}


SHARE = {"id": "share", "expression": "100 * errors / requests", "label": "Errors in percent"}
ERRORS = {
    "name": f"{PREFIX}errors",
    "metrics": [SHARE, query("errors", "HTTPCode_Target_5XX_Count"), query("requests", "RequestCount")],
    "evaluation_periods": 3,
    "datapoints_to_alarm": 2,
    "threshold": 5.5,
    "comparison_operator": "GreaterThanThreshold",
}


def lookalikes(boto: Boto) -> Callable[[], Any]:
    """An alarm below the prefix that is not tagged as ours, and one with our tags whose name only begins alike."""
    cloudwatch = boto("cloudwatch")
    shared = {
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 90.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    names = [f"{PREFIX}foreign", "contract-alarms"]
    cloudwatch.put_metric_alarm(AlarmName=names[0], **shared)
    cloudwatch.put_metric_alarm(AlarmName=names[1], Tags=[{"Key": k, "Value": v} for k, v in TAGS.items()], **shared)
    return lambda: [
        (alarm["AlarmName"], alarm["Threshold"])
        for alarm in cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
    ]


def heartbeat(**fields: Any) -> dict[str, Any]:
    return {"alarms": [{**HEARTBEAT, **fields}, ERRORS]}


def errors(**fields: Any) -> dict[str, Any]:
    return {"alarms": [HEARTBEAT, {**ERRORS, **fields}]}


CASES = [
    Case(
        name="cloudwatch_alarms",
        module="cloudwatch_alarms",
        present={"alarms": [HEARTBEAT, ERRORS], "prefix": PREFIX, "tags": TAGS, "purge": True},
        absent={"alarms": []},
        edits={
            "description": heartbeat(alarm_description="Other"),
            "no description": heartbeat(alarm_description=None),
            "actions off": heartbeat(actions_enabled=False),
            "actions": heartbeat(alarm_actions=TOPICS[1:]),
            "no actions": heartbeat(ok_actions=None),
            "actions without data": heartbeat(insufficient_data_actions=TOPICS),
            "namespace": heartbeat(namespace="AWS/SQS"),
            "metric": heartbeat(metric_name="PublishSize"),
            "dimensions": heartbeat(dimensions={"TopicName": "other"}),
            "statistic": heartbeat(statistic="Maximum"),
            "percentile": {"alarms": [{**WITHOUT_STATISTIC, **PERCENTILE}, ERRORS]},
            "period": heartbeat(period=120),
            "unit": heartbeat(unit="Count"),
            "evaluation periods": heartbeat(evaluation_periods=7),
            "threshold": heartbeat(threshold=2),
            "comparison": heartbeat(comparison_operator="LessThanThreshold"),
            "missing data": heartbeat(treat_missing_data="ignore"),
            "datapoints": errors(datapoints_to_alarm=1),
            "expression": errors(metrics=[{**SHARE, "expression": "errors / requests"}, *ERRORS["metrics"][1:]]),
            "label": errors(metrics=[{**SHARE, "label": "Share"}, *ERRORS["metrics"][1:]]),
            "stat": errors(
                metrics=[SHARE, query("errors", "HTTPCode_Target_5XX_Count", stat="Average"), ERRORS["metrics"][2]]
            ),
            "one query fewer": errors(metrics=[{**SHARE, "expression": "errors / 2"}, ERRORS["metrics"][1]]),
            "one fewer": {"alarms": [HEARTBEAT]},
            "one more": {"alarms": [HEARTBEAT, ERRORS, {**HEARTBEAT, "name": f"{PREFIX}more"}]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        foreign=lookalikes,
    ),
    Case(
        name="cloudwatch_alarms by name",
        module="cloudwatch_alarms",
        present={"alarms": [{**HEARTBEAT, "name": "contract-named"}]},
        absent={"state": "absent"},
        edits={"threshold": {"alarms": [{**HEARTBEAT, "name": "contract-named", "threshold": 1}]}},
    ),
]
