"""Alarms whose actions wait until they are OK."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.cloudwatch.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._core.wait import WaitTimeout

ALARM: dict[str, Any] = {
    "name": "heartbeat",
    "namespace": "AWS/SNS",
    "metric_name": "NumberOfMessagesPublished",
    "statistic": "Sum",
    "period": 60,
    "evaluation_periods": 1,
    "threshold": 1.0,
    "comparison_operator": "LessThanThreshold",
}


class FakeCloudWatch:
    """Alarms that go through `states`, one a look; what was written is kept in `calls`."""

    def __init__(self, *states: str) -> None:
        self.alarms: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.states = list(states)
        self.now = 0.0

    def get_paginator(self, operation: str) -> Any:
        assert operation == "describe_alarms"
        return SimpleNamespace(paginate=lambda AlarmNames: [{"MetricAlarms": self._described(AlarmNames)}])  # noqa: N803

    def _described(self, names: list[str]) -> list[dict[str, Any]]:
        found = [self.alarms[name] for name in names if name in self.alarms]
        state = self.states.pop(0) if found and len(self.states) > 1 else self.states[0]
        return [{**alarm, "StateValue": state} for alarm in found]

    def put_metric_alarm(self, **alarm: Any) -> None:
        self.calls.append(f"put {'on' if alarm['ActionsEnabled'] else 'off'}")
        self.alarms[alarm["AlarmName"]] = {**alarm, "AlarmArn": "arn:alarm"}

    def enable_alarm_actions(self, AlarmNames: list[str]) -> None:  # noqa: N803 - as boto3 names it
        self.calls.append(f"enable at {self.now:.0f}")
        for name in AlarmNames:
            self.alarms[name]["ActionsEnabled"] = True

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def session(cloudwatch: FakeCloudWatch, *, check: bool = False, **options: Any) -> Aws:
    defaults = {"alarms": [ALARM], "state": "present", "prefix": None, "purge": False, "tags": None}
    waiting = {"enable_when_ok": True, "wait_timeout": 60}
    module = SimpleNamespace(params={**defaults, **waiting, **options}, check_mode=check)
    clock = Clock(now=lambda: cloudwatch.now, sleep=cloudwatch.sleep, jitter=lambda: 0.5)
    return Aws(module, clock=clock, _clients={"cloudwatch": cloudwatch})


def test_a_new_alarm_takes_no_action_before_it_is_ok() -> None:
    cloudwatch = FakeCloudWatch("INSUFFICIENT_DATA", "ALARM", "ALARM", "OK")
    aws = session(cloudwatch)
    outcome = run(aws)
    assert cloudwatch.calls == ["put off", "enable at 1"]
    assert [change.op for change in outcome.changes] == ["create"]
    assert aws.waits == [{"name": "alarms are OK", "seconds": 1.4}]


def test_an_alarm_that_is_as_it_shall_be_is_left_alone_whatever_its_state() -> None:
    cloudwatch = FakeCloudWatch("OK", "ALARM")
    run(session(cloudwatch))
    cloudwatch.calls.clear()
    assert run(session(cloudwatch)).changes == []
    assert cloudwatch.calls == []


def test_actions_stay_disabled_when_it_is_never_ok_and_the_next_run_waits_again() -> None:
    cloudwatch = FakeCloudWatch("ALARM")
    with pytest.raises(WaitTimeout, match=r"alarms are OK: not done after 60 s \(limit 60 s\): heartbeat is ALARM"):
        run(session(cloudwatch))
    assert cloudwatch.calls == ["put off"]
    cloudwatch.states = ["OK"]
    assert [change.fields for change in run(session(cloudwatch)).changes] == [("actions_enabled",)]
    assert cloudwatch.calls == ["put off", "put off", "enable at 60"]


def test_nobody_waits_for_an_alarm_without_actions() -> None:
    cloudwatch = FakeCloudWatch("ALARM")
    run(session(cloudwatch, alarms=[{**ALARM, "actions_enabled": False}]))
    assert cloudwatch.calls == ["put off"]


def test_nobody_waits_unless_asked_to() -> None:
    cloudwatch = FakeCloudWatch("ALARM")
    run(session(cloudwatch, enable_when_ok=False))
    assert cloudwatch.calls == ["put on"]


def test_check_mode_writes_nothing_and_does_not_wait() -> None:
    cloudwatch = FakeCloudWatch("ALARM")
    assert run(session(cloudwatch, check=True)).changes
    assert cloudwatch.calls == []
