"""Records of releases: what is kept of them, and that each is counted once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws, ClientError
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput, PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._release import history, record_run, state

GROUP, PATH = "/trademaster/staging/releases", "/trademaster/staging/releases/auth-service"
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
RECORD = {
    "id": "release-1",
    "service": "auth-service",
    "verb": "deploy",
    "by": "alice",
    "from": None,
    "to": {"version": "1.4.2"},
    "started_at": "2026-11-23T09:00:00Z",
    "ended_at": "2026-11-23T09:11:20Z",
    "commit_at": "2026-11-23T08:11:20Z",
    "steps": [{"weight": 10, "seconds": 12.5}],
    "verdict": "completed",
    "why": "",
}


@dataclass
class Store:
    """Parameter Store and CloudWatch Logs as far as records go; `dies_at` is a write at which the run is killed."""

    parameter: str | None = None
    streams: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    dies_at: str = ""
    page: int = 1000
    rejects: bool = False

    def get_parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803
        if self.parameter is None:
            raise failure("ParameterNotFound")
        return {"Parameter": {"Name": Name, "Value": self.parameter}}

    def put_parameter(self, Value: str, **_options: Any) -> None:  # noqa: N803
        self._live("put_parameter")
        self.parameter = Value

    def create_log_stream(self, logStreamName: str, **_options: Any) -> dict[str, Any]:  # noqa: N803
        self.streams[logStreamName] = []
        return {}

    def put_log_events(self, logStreamName: str, logEvents: list[Any], **_options: Any) -> dict[str, Any]:  # noqa: N803
        self._live("put_log_events")
        if logStreamName not in self.streams:
            raise failure("ResourceNotFoundException")
        self.streams[logStreamName] += [] if self.rejects else logEvents
        return {"rejectedLogEventsInfo": {"tooOldLogEventEndIndex": 1}} if self.rejects else {}

    def get_log_events(self, logStreamName: str, limit: int, nextToken: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803
        """At the beginning of a stream the token is the one that was given."""
        if logStreamName not in self.streams:
            raise failure("ResourceNotFoundException")
        events = self.streams[logStreamName]
        end = int(nextToken) if nextToken else len(events)
        begin = max(0, end - min(limit, self.page))
        return {"events": events[begin:end], "nextBackwardToken": str(begin)}

    def _live(self, write: str) -> None:
        if write == self.dies_at:
            raise KeyboardInterrupt


def failure(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": ""}}, "Operation")


def aws(store: Store, **params: Any) -> Aws:
    module = SimpleNamespace(params=params, check_mode=False, client=lambda *_arguments, **_options: store)
    return Aws(module)


def record(store: Store, **fields: Any) -> bool:
    given = {**RECORD, **fields}
    return bool(record_run.record_run(aws(store, log_group=GROUP, state_path=PATH, record=given)).changes)


def kept(store: Store) -> list[str]:
    return [json.loads(event["message"])["id"] for event in store.streams.get("auth-service", [])]


def counted(store: Store) -> state.State:
    return state.read(aws(store), PATH)


def test_a_release_is_recorded_and_counted() -> None:
    store = Store()
    assert record(store)
    assert kept(store) == ["release-1"]
    found = counted(store)
    assert found.totals["completed"] == 1
    assert found.last == state.Last(
        "release-1", "deploy", "completed", "", "2026-11-23T09:11:20Z", seconds=680.0, version="1.4.2"
    )
    assert found.seconds == {
        "release": state.Measure(680.0, 1),
        "lead": state.Measure(3600.0, 1),
        "restore": state.Measure(),
    }


@pytest.mark.parametrize("dies_at", ["", "put_parameter", "put_log_events"])
def test_it_is_once_however_often_the_run_is_killed_and_repeated(dies_at: str) -> None:
    store = Store(dies_at=dies_at)
    if dies_at:
        with pytest.raises(KeyboardInterrupt):
            record(store)
    store.dies_at = ""
    record(store)
    assert not record(store)
    assert kept(store) == ["release-1"]
    assert sum(counted(store).totals.values()) == 1


def test_it_is_once_also_when_others_have_followed() -> None:
    store = Store()
    record(store)
    record(store, id="release-2", verdict="rolled_back")
    assert not record(store)
    assert counted(store).totals == {"completed": 1, "rolled_back": 1, "failed": 0, "reverted": 0}
    assert counted(store).seconds["restore"] == state.Measure(12.5, 1)


def test_what_else_the_state_says_stays() -> None:
    release = state.Release("release-1", "1.4.2", "repository@sha256:1", "sha256:1", "arn")
    before = state.State("auth-service", live="green", releases={"blue": None, "green": release})
    store = Store(parameter=state.rendered(PATH, before))
    record(store)
    assert (counted(store).live, counted(store).releases) == ("green", before.releases)


def test_secrets_and_the_middle_of_long_texts_are_not_kept() -> None:
    store = Store()
    record(store, why=f"DATABASE_PASSWORD=hunter2\n{'x' * 10_000}end")
    why = json.loads(store.streams["auth-service"][0]["message"])["why"]
    assert "hunter2" not in why + str(store.parameter)
    assert why.endswith("xend")
    assert len(why) < history.LONGEST_TEXT + 50
    assert len(counted(store).last.reason) <= record_run.LONGEST_REASON  # type: ignore[union-attr]


def test_a_record_that_no_event_can_hold_is_refused() -> None:
    with pytest.raises(PlatformError, match="bytes of an event"):
        record(Store(), steps=[{"weight": 10, "note": "x" * history.LARGEST_EVENT}])


def test_a_record_that_is_too_old_to_be_kept_is_told_of() -> None:
    with pytest.raises(PlatformError, match="refuses an event of 2026-11-23"):
        record(Store(rejects=True))


@pytest.mark.parametrize(("name", "value"), [("started_at", "yesterday"), ("ended_at", ""), ("service", "payment")])
def test_a_record_that_cannot_be_is_refused_before_anything_is_written(name: str, value: str) -> None:
    store = Store()
    with pytest.raises(InvalidInput, match=f"^record.{name}: "):
        record(store, **{name: value})
    assert (store.parameter, store.streams) == (None, {})


def test_times_are_kept_in_utc_whatever_they_were_given_in() -> None:
    given = {"started_at": "2026-11-23 09:00:00.123456", "commit_at": "2026-11-23T09:11:20+01:00"}
    kept_record, _warnings = record_run.checked({**RECORD, **given})
    assert kept_record["started_at"] == "2026-11-23T09:00:00.123Z"
    assert kept_record["commit_at"] == "2026-11-23T08:11:20Z"


def test_a_commit_time_that_is_none_costs_the_lead_time_only() -> None:
    kept_record, warnings = record_run.checked({**RECORD, "commit_at": "yesterday"})
    assert "commit_at" not in kept_record
    assert warnings == [
        "record.commit_at: 'yesterday' is no time in ISO 8601, such as 2026-11-23T09:00:00Z; no lead time is counted"
    ]


def made(count: int) -> Store:
    """A stream with a release an hour, the odd ones recorded twice, and lines that are no records."""
    events: list[dict[str, Any]] = [{"message": "by hand"}, {"message": '{"id": 1}'}]
    for number in range(count):
        ended = (BEGIN + timedelta(hours=number)).isoformat()
        message = json.dumps({**RECORD, "id": str(number), "started_at": ended, "ended_at": ended})
        events += [{"message": message}] * (1 + number % 2)
    return Store(streams={"auth-service": events})


@pytest.mark.parametrize("page", [1000, 7, 1])
@pytest.mark.parametrize(
    ("limit", "since", "expected"),
    [
        (3, BEGIN + timedelta(days=9), ["9", "8", "7"]),
        (3, BEGIN + timedelta(hours=5), ["9", "8", "7", "6", "5"]),
        (100, BEGIN + timedelta(days=9), [str(number) for number in reversed(range(10))]),
    ],
)
def test_the_newest_are_listed_and_all_that_are_measured(
    page: int, limit: int, since: datetime, expected: list[str]
) -> None:
    store = made(10)
    store.page = page
    listed = history.records(aws(store), GROUP, "auth-service", limit=limit, since=since)
    assert [release["id"] for release in listed] == expected


def test_of_a_service_that_was_never_released_nothing_is_listed() -> None:
    assert history.records(aws(Store()), GROUP, "auth-service", limit=10, since=BEGIN) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01T00:00:00Z", BEGIN),
        ("2026-11-01T00:00:00", BEGIN),
        ("2026-11-01T02:00:00+02:00", BEGIN),
        ("2026-11-01 00:00:00.000000", BEGIN),
    ],
)
def test_times_are_in_utc_unless_they_say_otherwise(text: str, expected: datetime) -> None:
    assert history.moment("at", text) == expected
