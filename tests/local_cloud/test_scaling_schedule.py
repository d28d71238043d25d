"""Schedule expressions of Application Auto Scaling, and actions that really run."""

from __future__ import annotations

import datetime

import pytest
from botocore.exceptions import ClientError
from ecs_support import World
from local_cloud_support import eventually

from local_cloud.scaling.schedule import ScheduleError, parse

DIMENSION = "ecs:service:DesiredCount"


def moment(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("expression", "timezone", "after", "until", "expected"),
    [
        ("at(2026-11-23T12:00:00)", None, "2026-11-23T11:59:59", "2026-11-23T12:00:00", True),
        ("at(2026-11-23T12:00:00)", None, "2026-11-23T12:00:00", "2026-11-23T12:00:01", False),
        ("at(2026-11-23T12:00:00)", "Europe/Berlin", "2026-11-23T10:59:59", "2026-11-23T11:00:00", True),
        ("rate(5 minutes)", None, "2026-11-23T00:04:59", "2026-11-23T00:05:00", True),
        ("rate(5 minutes)", None, "2026-11-23T00:05:00", "2026-11-23T00:09:59", False),
        ("rate(1 hour)", None, "2026-11-22T22:59:59", "2026-11-22T23:00:00", False),
        ("cron(0 20 * * ? *)", None, "2026-11-23T19:59:59", "2026-11-23T20:00:00", True),
        ("cron(0 20 * * ? *)", None, "2026-11-23T20:00:00", "2026-11-23T20:00:01", False),
        ("cron(0 20 ? * MON-FRI *)", None, "2026-11-22T19:59:59", "2026-11-22T20:00:00", False),
        ("cron(0 20 ? * MON-FRI *)", None, "2026-11-23T19:59:59", "2026-11-23T20:00:00", True),
        ("cron(0/15 8,9 1-7 NOV ? 2026)", None, "2026-11-03T09:44:59", "2026-11-03T09:45:00", True),
        ("cron(0/15 8,9 1-7 NOV ? 2026)", None, "2026-11-08T09:44:59", "2026-11-08T09:45:00", False),
        ("cron(0 6 * * ? *)", "Europe/Berlin", "2026-11-23T04:59:59", "2026-11-23T05:00:00", True),
    ],
)
def test_when_an_action_is_due(expression: str, timezone: str | None, after: str, until: str, expected: bool) -> None:
    schedule = parse(expression, timezone, moment("2026-11-23T00:00:00"))
    assert schedule.due(moment(after), moment(until)) is expected


@pytest.mark.parametrize(
    ("expression", "timezone"),
    [
        ("tomorrow", None),
        ("at(2026-11-23 12:00)", None),
        ("rate(0 minutes)", None),
        ("rate(5 weeks)", None),
        ("cron(0 20 * * ?)", None),
        ("cron(60 20 * * ? *)", None),
        ("cron(0 20 L * ? *)", None),
        ("at(2026-11-23T12:00:00)", "Mars/Olympus"),
    ],
)
def test_what_is_no_schedule(expression: str, timezone: str | None) -> None:
    with pytest.raises(ScheduleError, match="Invalid"):
        parse(expression, timezone, moment("2026-11-23T00:00:00"))


@pytest.mark.parametrize("seconds", [2, 0])
def test_a_service_is_scaled_at_the_time_given(world: World, seconds: int) -> None:
    world.serve(world.define(world.container()), count=2)
    world.steady()
    scaling = world.cloud.client("application-autoscaling")
    target = {"ServiceNamespace": "ecs", "ResourceId": f"service/{world.name}/app", "ScalableDimension": DIMENSION}
    scaling.register_scalable_target(**target, MinCapacity=2, MaxCapacity=4)
    when = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
    scaling.put_scheduled_action(
        **target,
        ScheduledActionName="retire",
        Schedule=f"at({when:%Y-%m-%dT%H:%M:%S})",
        ScalableTargetAction={"MinCapacity": 0, "MaxCapacity": 0},
    )
    eventually(lambda: world.service()["desiredCount"] == 0, what="the service to be retired")
    found = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[target["ResourceId"]])
    limits = found["ScalableTargets"][0]
    assert (limits["MinCapacity"], limits["MaxCapacity"]) == (0, 0)
    eventually(lambda: world.service()["runningCount"] == 0, what="its tasks to stop")


def test_refused_actions(world: World) -> None:
    scaling = world.cloud.client("application-autoscaling")
    target = {"ServiceNamespace": "ecs", "ResourceId": f"service/{world.name}/app", "ScalableDimension": DIMENSION}
    action = {**target, "ScheduledActionName": "a", "ScalableTargetAction": {"MinCapacity": 0}}
    with pytest.raises(ClientError, match=r"ObjectNotFoundException.*No scalable target registered"):
        scaling.put_scheduled_action(**action, Schedule="rate(1 hour)")
    world.serve(world.define(world.container()), count=0)
    scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=1)
    for schedule, reason in (("at(2020-01-01T00:00:00)", "in the past"), ("never", "Invalid schedule")):
        with pytest.raises(ClientError, match=f"ValidationException.*{reason}"):
            scaling.put_scheduled_action(**action, Schedule=schedule)
    scaling.put_scheduled_action(**action, Schedule="rate(1 hour)")
    scaling.deregister_scalable_target(**target)
    left = scaling.describe_scheduled_actions(ServiceNamespace="ecs", ResourceId=target["ResourceId"])
    assert left["ScheduledActions"] == []
