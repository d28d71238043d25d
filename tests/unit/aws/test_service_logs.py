"""Lines of logs: who said them, when, and what is shown of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs import service_logs, service_logs_run
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

NOW = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
MILLISECONDS = int(NOW.timestamp() * 1000)
COLOURS = {"auth-service": {"blue": "acme-auth-blue", "green": "acme-auth-green"}}
SERVICES = ["acme-auth-blue", "acme-auth-green", "acme-kong", "other"]


def test_services_of_a_group_are_one_and_others_have_short_names() -> None:
    known = service_logs.sources(COLOURS, "acme-", SERVICES)

    assert {name: dict(source.services) for name, source in known.items()} == {
        **COLOURS,
        "kong": {"": "acme-kong"},
        "other": {"": "other"},
    }


@pytest.mark.parametrize("name", ["auth-service", "kong", "acme-kong", "acme-auth-blue"])
def test_a_service_goes_by_several_names(name: str) -> None:
    known = service_logs.sources(COLOURS, "acme-", SERVICES)

    assert service_logs.chosen(known, name, SERVICES).services


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("30s", MILLISECONDS - 30_000),
        ("15m", MILLISECONDS - 900_000),
        ("2h", MILLISECONDS - 7_200_000),
        ("1d", MILLISECONDS - 86_400_000),
        ("2026-11-23T05:00:00Z", MILLISECONDS - 3_600_000),
        ("2026-11-23T05:00:00", MILLISECONDS - 3_600_000),
    ],
)
def test_a_beginning_is_a_time_or_that_long_ago(text: str, milliseconds: int) -> None:
    assert service_logs.since(text, NOW) == milliseconds


@pytest.mark.parametrize("text", ["", "15", "15 minutes", "yesterday"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="is no time: give 30s, 15m"):
        service_logs.since(text, NOW)


def test_columns_grow_with_what_is_in_them_and_every_line_has_them() -> None:
    naming = service_logs.Naming({"0123456789": "green"})
    first = service_logs.Line(MILLISECONDS + 7, "1", "0123456789", "auth", "one\ntoken=abc\n")
    second = service_logs.Line(MILLISECONDS - 86_400_000, "2", "f" * 32, "redis-proxy", "three")

    assert naming.shown(first, NOW) == [
        "06:00:00.007 green 01234567 auth one",
        "06:00:00.007 green 01234567 auth token=********",
    ]
    assert naming.shown(second, NOW) == ["11-22 06:00:00.000       ffffffff redis-proxy three"]
    assert naming.shown(first, NOW)[0] == "06:00:00.007 green 01234567 auth        one"


class Interrupted(Exception):
    """Stands for somebody who has seen enough."""


@dataclass
class Speaking:
    """CloudWatch Logs and ECS as the reader sees them. `acts` happen one after the other, each during a pause."""

    acts: list[Callable[[], None]]
    events: list[dict[str, Any]] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)
    params: dict[str, Any] = field(default_factory=lambda: {"cluster": "c", "poll_seconds": 1.0, "filter_pattern": ""})

    @property
    def clock(self) -> Clock:
        return Clock(sleep=self.sleep)

    def sleep(self, _seconds: float) -> None:
        if not self.acts:
            raise Interrupted
        self.acts.pop(0)()

    def found(self, call: Callable[[], Any], *_codes: str) -> Any:
        return call()

    def pages(self, _service: str, _operation: str, _key: str, **wanted: Any) -> list[dict[str, Any]]:
        self.begins.append(wanted["startTime"])
        return [event for event in self.events if event["timestamp"] >= wanted["startTime"]]

    def client(self, _service: str) -> Any:
        return self

    def describe_services(self, **_arguments: Any) -> dict[str, Any]:
        return {"services": [{"deployments": [{"taskDefinition": "auth:1"}]}]}

    def describe_task_definition(self, **_arguments: Any) -> dict[str, Any]:
        options = {"awslogs-group": "/auth", "awslogs-stream-prefix": "auth"}
        logging = {"logDriver": "awslogs", "options": options}
        return {"taskDefinition": {"containerDefinitions": [{"name": "app", "logConfiguration": logging}]}}

    def says(self, text: str, timestamp: int) -> None:
        place = {"logStreamName": "auth/app/0123456789", "eventId": f"{len(self.events)}"}
        self.events.append({"timestamp": timestamp, "message": text, **place})


def test_lines_that_come_in_are_shown_once_even_when_late() -> None:
    logs = Speaking([])
    logs.acts = [
        lambda: logs.says("second", 20_000),
        lambda: logs.says("late", 15_000),
        lambda: None,
        lambda: logs.says("third", 40_000),
    ]
    logs.says("too old", 4_000)
    logs.says("first", 10_000)
    shown: list[str] = []
    reader = service_logs_run.Reader(logs, shown.append, service_logs.Source("auth", {"": "auth"}))  # type: ignore[arg-type]

    assert reader.first(5_000, 10) == shown
    with pytest.raises(Interrupted):
        reader.follow()

    assert [line.rpartition(" ")[2] for line in shown] == ["first", "second", "late", "third"]
    assert logs.begins == [5_000, 5_000, 10_000, 10_000, 10_000]
    assert list(reader.seen) == ["4"]


def test_only_the_last_lines_of_many_are_shown_and_that_is_said() -> None:
    logs = Speaking([])
    for number in range(5):
        logs.says(f"line {number}", number)
    shown: list[str] = []
    reader = service_logs_run.Reader(logs, shown.append, service_logs.Source("auth", {"": "auth"}))  # type: ignore[arg-type]

    reader.first(0, 2)

    assert [line[-6:] for line in shown[:2]] == ["line 3", "line 4"]
    assert shown[2] == "auth: the last 2 of 5 events; a filter shows others"
