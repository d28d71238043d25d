"""CloudWatch: alarms that are evaluated on the metric data there is, with history and actions."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import (
    Alarm,
    CloudWatchBackend,
    cloudwatch_backends,
)
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from local_cloud.alarms import rules
from local_cloud.alarms.evaluation import (
    ALARM,
    INSUFFICIENT,
    OK,
    Criteria,
    Sample,
    UnsupportedExpressionError,
    calculate,
    decide,
    statistic,
)
from local_cloud.aws.cloudwatch_data import series_of
from local_cloud.aws.sns import lets_publish
from local_cloud.extensions import around, operation
from local_cloud.metrics.series import Metric
from local_cloud.runtime import Runtime

ROUND_SECONDS = 1.0
# SetAlarmState holds until the next evaluation, which on AWS is a minute away at most.
_LONGEST_HOLD_SECONDS = 60.0

Original = Callable[..., Any]


# -- evaluation ---------------------------------------------------------------------------------------


def evaluate_all() -> None:
    for account in list(cloudwatch_backends.values()):
        for backend in list(account.values()):
            for alarm in list(backend.alarms.values()):
                if time.monotonic() >= alarm.__dict__.get("local_held_until", 0.0):
                    _evaluate(backend, alarm)


def _evaluate(backend: CloudWatchBackend, alarm: Alarm) -> None:
    if alarm.rule is not None:
        state, reason = _composite(backend, alarm.rule)
    else:
        criteria = _criteria(alarm)
        try:
            points = list(_points(backend, alarm, criteria.periods))
        except UnsupportedExpressionError as error:
            state, reason = INSUFFICIENT, f"The local cloud does not evaluate this expression: {error}"
        else:
            state, reason = decide(criteria, points, alarm.state_value)
    if state != alarm.state_value:
        alarm.update_state(reason, json.dumps({"version": "1.0"}), state)


def _criteria(alarm: Alarm) -> Criteria:
    periods = int(alarm.evaluation_periods)
    return Criteria(
        comparison=alarm.comparison_operator,
        threshold=float(alarm.threshold),
        periods=periods,
        datapoints=int(alarm.datapoints_to_alarm or periods),
        missing=alarm.treat_missing_data or "missing",
    )


def _composite(backend: CloudWatchBackend, rule: str) -> tuple[str, str]:
    def state(name: str) -> str:
        found = backend.alarms.get(name.rpartition(":alarm:")[2])
        return found.state_value if found else INSUFFICIENT

    rings = rules.holds(rule, state)
    return (ALARM if rings else OK), f"The rule {rule} is {'true' if rings else 'false'}."


def _points(backend: CloudWatchBackend, alarm: Alarm, periods: int) -> Iterator[float | None]:
    """A datapoint for each of the last periods, which end now, so that new data is seen at once."""
    queries = alarm.metric_data_queries
    length = int(alarm.period or next((q.metric_stat.period for q in queries if q.metric_stat), None) or 60)
    end = utcnow()
    for number in range(periods, 0, -1):
        start = end - timedelta(seconds=length * number)
        window = (start, start + timedelta(seconds=length))
        if not queries:
            name = alarm.statistic or alarm.extended_statistic or "Average"
            yield statistic(name, _samples(backend, alarm.namespace, alarm.metric_name, alarm.dimensions, window))
        else:
            yield _query(backend, queries, window)


def _query(backend: CloudWatchBackend, queries: Sequence[Any], window: tuple[datetime, datetime]) -> float | None:
    """The result of the one query that returns data."""
    values: dict[str, float | None] = {}
    for query in queries:
        if query.metric_stat:
            metric = query.metric_stat.metric
            found = _samples(backend, metric.namespace, metric.metric_name, metric.dimensions, window)
            values[query.id] = statistic(query.metric_stat.stat, found)
    wanted = next((query for query in queries if str(query.return_data).lower() != "false"), queries[-1])
    pending = [query for query in queries if query.expression]
    for _ in pending:
        for query in pending:
            if query.id not in values and _ready(query.expression, queries, values):
                values[query.id] = calculate(query.expression, values)
    return values.get(wanted.id)


def _ready(expression: str, queries: Sequence[Any], values: dict[str, float | None]) -> bool:
    return not any(
        query.id in expression and query.id not in values for query in queries if query.expression != expression
    )


def _samples(
    backend: CloudWatchBackend,
    namespace: str,
    name: str,
    dimensions: Sequence[Any],
    window: tuple[datetime, datetime],
) -> list[Sample]:
    metric = Metric(namespace, name, frozenset((row.name, row.value) for row in dimensions))
    return [row.sample for row in series_of(backend).rows(metric) if window[0] < row.timestamp <= window[1]]


# -- states, history, actions -------------------------------------------------------------------------


def initialise(original: Original, self: Alarm, *args: Any, **options: Any) -> None:
    """A new alarm has seen nothing yet."""
    original(self, *args, **options)
    self.state_value = INSUFFICIENT
    self.__dict__["local_history"] = []


def put_metric_alarm(original: Original, self: CloudWatchBackend, name: str, *args: Any, **options: Any) -> Alarm:
    """An alarm that is changed keeps its state and history."""
    before = self.alarms.get(name)
    alarm: Alarm = original(self, name, *args, **options)
    if before is not None:
        alarm.__dict__["local_history"] = before.__dict__["local_history"]
        for field in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp"):
            setattr(alarm, field, getattr(before, field))
    what = "updated" if before is not None else "created"
    _record(alarm, "ConfigurationUpdate", f'Alarm "{name}" {what}')
    return alarm


def update_state(original: Original, self: Alarm, reason: str, reason_data: str, state_value: str) -> None:
    before = self.state_value
    original(self, reason, reason_data, state_value)
    if state_value == before:
        return
    _record(self, "StateUpdate", f"Alarm updated from {before} to {state_value}")
    if self.actions_enabled:
        _act(self, before)


def _act(alarm: Alarm, before: str) -> None:
    actions = {ALARM: alarm.alarm_actions, OK: alarm.ok_actions, INSUFFICIENT: alarm.insufficient_data_actions}
    for arn in actions[alarm.state_value] or []:
        if ":sns:" in arn and _publish(alarm, arn, before):
            _record(alarm, "Action", f"Successfully executed action {arn}")
        else:
            _record(alarm, "Action", f"Failed to execute action {arn}")


def _publish(alarm: Alarm, arn: str, before: str) -> bool:
    from moto.sns.models import sns_backends

    region, account = arn.split(":")[3:5]
    backend = sns_backends[account][region]
    if arn not in backend.topics or not lets_publish(backend.topics[arn], "cloudwatch.amazonaws.com"):
        return False
    message = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "AlarmArn": alarm.alarm_arn,
        "Region": region,
        "OldStateValue": before,
        "NewStateValue": alarm.state_value,
        "NewStateReason": alarm.state_reason,
        "StateChangeTime": datetime.now(UTC).isoformat(),
        "Trigger": {
            "MetricName": alarm.metric_name,
            "Namespace": alarm.namespace,
            "Threshold": alarm.threshold,
            "ComparisonOperator": alarm.comparison_operator,
        },
    }
    backend.publish(
        message=json.dumps(message), arn=arn, subject=f'{alarm.state_value}: "{alarm.name}" in {region}'[:100]
    )
    return True


def _record(alarm: Alarm, kind: str, summary: str) -> None:
    alarm.__dict__["local_history"].append(
        {
            "AlarmName": alarm.name,
            "AlarmType": "MetricAlarm" if alarm.rule is None else "CompositeAlarm",
            "Timestamp": datetime.now(UTC),
            "HistoryItemType": kind,
            "HistorySummary": summary,
            "HistoryData": json.dumps({"state": alarm.state_value, "reason": alarm.state_reason}),
        }
    )


def set_alarm_state(original: Original, self: CloudWatchBackend, alarm_name: str, *args: Any, **options: Any) -> None:
    original(self, alarm_name, *args, **options)
    alarm = self.alarms[alarm_name]
    hold = min(float(alarm.period or _LONGEST_HOLD_SECONDS), _LONGEST_HOLD_SECONDS)
    alarm.__dict__["local_held_until"] = time.monotonic() + hold


def delete_alarms(original: Original, self: CloudWatchBackend, alarm_names: list[str]) -> None:
    """The tags of an alarm go with it."""
    for alarm in self.get_alarms_by_alarm_names(alarm_names):
        self.tagger.delete_all_tags_for_resource(alarm.alarm_arn)
    original(self, alarm_names)


# -- operations ---------------------------------------------------------------------------------------


def put_composite_alarm(self: CloudWatchResponse) -> ActionResult:
    try:
        rules.holds(str(self._get_param("AlarmRule")), lambda _name: OK)
    except rules.RuleError as error:
        raise ValidationError(f"AlarmRule: {error}") from error
    return self.put_metric_alarm()


def describe_alarm_history(self: CloudWatchResponse) -> ActionResult:
    """Newest first."""
    name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
    items = [
        item
        for alarm in self.cloudwatch_backend.alarms.values()
        if name in {None, alarm.name}
        for item in alarm.__dict__["local_history"]
        if kind in {None, item["HistoryItemType"]}
    ]
    items.sort(key=lambda item: item["Timestamp"], reverse=self._get_param("ScanBy") != "TimestampAscending")
    return ActionResult({"AlarmHistoryItems": items[: int(self._get_param("MaxRecords") or 100)]})


def install(runtime: Runtime) -> None:
    around(Alarm, "__init__")(initialise)
    around(Alarm, "update_state")(update_state)
    around(CloudWatchBackend, "put_metric_alarm")(put_metric_alarm)
    around(CloudWatchBackend, "set_alarm_state")(set_alarm_state)
    around(CloudWatchBackend, "delete_alarms")(delete_alarms)
    operation(CloudWatchResponse)(put_composite_alarm)
    operation(CloudWatchResponse)(describe_alarm_history)
    runtime.background.every(ROUND_SECONDS, evaluate_all, "alarms")
