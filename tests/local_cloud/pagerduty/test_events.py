"""Events: what becomes an incident, what ends it, and what is refused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from pager_support import Api

PAYLOAD = {"summary": "Down", "source": "test", "severity": "critical"}


@pytest.fixture
def key(api: Api) -> str:
    return api.key(api.service(api.policy()))


def event(key: str, **fields: Any) -> dict[str, Any]:
    return {"routing_key": key, "event_action": "trigger", "dedup_key": "one", "payload": PAYLOAD, **fields}


def take(api: Api, body: Any, path: str = "/v2/enqueue") -> Any:
    answer = api.send("POST", path, body, {"Authorization": ""})
    assert answer.status == 202, answer.data
    return answer.json()


def test_an_alert_is_told_from_others_by_its_key(api: Api, key: str) -> None:
    answers = [take(api, event(key)), take(api, event(key)), take(api, event(key, dedup_key="two"))]
    nameless = take(api, {name: value for name, value in event(key).items() if name != "dedup_key"})

    assert answers[0] == {"status": "success", "message": "Event processed", "dedup_key": "one"}
    assert len(nameless["dedup_key"]) == 32
    assert [item["incident_key"] for item in api.incidents()] == ["one", "two", nameless["dedup_key"]]


def test_an_incident_goes_through_its_states(api: Api, key: str) -> None:
    take(api, event(key))
    take(api, {"routing_key": key, "event_action": "acknowledge", "dedup_key": "one"})
    (acknowledged,) = api.incidents("statuses[]=acknowledged")
    api.clock.pass_by(90)
    take(api, {"routing_key": key, "event_action": "resolve", "dedup_key": "one"})
    (resolved,) = api.incidents("statuses[]=resolved")
    (alert,) = api.call("GET", f"/incidents/{resolved['id']}/alerts")["alerts"]
    log = api.call("GET", f"/incidents/{resolved['id']}/log_entries")["log_entries"]

    assert acknowledged["assignments"][0]["assignee"]["id"] == api.user()["id"]
    assert (resolved["created_at"], resolved["resolved_at"]) == ("2030-01-07T12:00:00Z", "2030-01-07T12:01:30Z")
    assert (alert["status"], alert["alert_key"], alert["severity"]) == ("resolved", "one", "critical")
    kinds = ["resolve", "acknowledge", "notify", "trigger"]
    assert [item["type"] for item in log] == [f"{kind}_log_entry" for kind in kinds]
    take(api, event(key))
    assert len(api.incidents()) == 2, "an alert that is resolved does not open again"


def test_incidents_are_found_by_service_and_time(api: Api, key: str) -> None:
    other = api.service(api.policy("Second"), "other")
    take(api, event(key))
    before = api.clock.now().isoformat()
    api.clock.pass_by(60)
    take(api, event(api.key(other)))

    after = api.clock.now().isoformat().replace("+", "%2B")
    assert [item["service"]["summary"] for item in api.incidents(f"service_ids[]={other['id']}")] == ["other"]
    assert len(api.incidents(f"since={after}")) == 1
    assert len(api.incidents(f"until={after}")) == 1
    assert len(api.incidents(f"since={before.replace('+', '%2B')}")) == 2
    assert api.refused("GET", "/incidents?statuses[]=open") == (
        400,
        {"message": "Invalid Status Provided", "code": 1003},
    )


def test_alerts_are_gathered_by_time_where_the_service_says_so(api: Api) -> None:
    grouping = {"type": "time", "config": {"timeout": 5}}
    key = api.key(api.service(api.policy(), alert_grouping_parameters=grouping))
    for alert in ("one", "two"):
        take(api, event(key, dedup_key=alert))
    (incident,) = api.incidents()
    assert incident["alert_counts"] == {"all": 2, "triggered": 2, "resolved": 0}

    take(api, {"routing_key": key, "event_action": "resolve", "dedup_key": "one"})
    assert api.incidents()[0]["status"] == "triggered"
    take(api, {"routing_key": key, "event_action": "resolve", "dedup_key": "two"})
    assert api.incidents()[0]["status"] == "resolved"


@pytest.mark.parametrize(
    ("rule", "severity", "urgency"),
    [
        ("high", "info", "high"),
        ("low", "critical", "low"),
        ("severity_based", "critical", "high"),
        ("severity_based", "warning", "low"),
    ],
)
def test_the_urgency_is_that_of_the_service(rule: str, severity: str, urgency: str, api: Api) -> None:
    key = api.key(api.service(api.policy(), incident_urgency_rule={"type": "constant", "urgency": rule}))

    take(api, event(key, payload={**PAYLOAD, "severity": severity}))

    assert api.incidents()[0]["urgency"] == urgency


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"routing_key": ""}, "'routing_key' is missing or blank"),
        ({"routing_key": "short"}, "Length of 'routing_key' is incorrect (should be 32 characters)"),
        ({"routing_key": "-" * 32}, "'routing_key' cannot contain non-alphanumeric characters."),
        ({"event_action": "fire"}, "'event_action' is missing or not one of trigger, acknowledge, resolve"),
        ({"event_action": "resolve", "dedup_key": ""}, "'dedup_key' is missing or blank"),
        ({"payload": None}, "'payload' is missing or blank"),
        ({"payload": {**PAYLOAD, "severity": "page"}}, "'payload.severity' is missing or not one of critical"),
        ({"payload": {**PAYLOAD, "source": ""}}, "'payload.source' is missing or blank"),
    ],
)
def test_an_event_that_cannot_be_is_refused(fields: dict[str, Any], error: str, api: Api, key: str) -> None:
    answer = api.send("POST", "/v2/enqueue", event(key, **fields))

    assert answer.status == 400
    assert answer.json()["status"] == "invalid event"
    assert answer.json()["errors"][0].startswith(error)
    assert api.incidents() == []


def test_a_key_that_nobody_has_is_refused(api: Api, key: str) -> None:
    for path, body in (("/v2/enqueue", event("f" * 32)), ("/integration/" + "f" * 32 + "/enqueue", {})):
        answer = api.send("POST", path, body)
        assert (answer.status, answer.data) == (400, b"Invalid routing key")
    # Each kind of integration has its own way in.
    assert api.send("POST", f"/integration/{key}/enqueue", {"Type": "Notification"}).status == 400


def test_an_unreachable_pager_can_be_tried(api: Api, key: str) -> None:
    api.send("POST", "/stand-in/faults", {"faults": [{"status": 503, "times": 1, "path": "/v2/enqueue"}]})

    assert [api.send("POST", "/v2/enqueue", event(key)).status for _ in range(2)] == [503, 202]


def test_everything_that_arrived_is_told_in_order(api: Api, key: str) -> None:
    take(api, event(key))
    take(api, {"routing_key": key, "event_action": "resolve", "dedup_key": "one"})

    events = api.call("GET", "/stand-in/events")["events"]
    assert [(item["number"], item["action"], item["dedup_key"], item["service"]) for item in events] == [
        (1, "trigger", "one", "auth"),
        (2, "resolve", "one", "auth"),
    ]
    assert api.call("GET", "/stand-in/events?after=1")["events"] == events[1:]
    assert key not in json.dumps(events)


def alarm(state: str) -> dict[str, str]:
    message = {"AlarmName": "heartbeat", "NewStateValue": state, "NewStateReason": "no heartbeat"}
    return {"Type": "Notification", "Message": json.dumps(message)}


def test_an_alarm_of_cloudwatch_opens_and_ends_an_incident(api: Api) -> None:
    key = api.key(api.service(api.policy()), "aws_cloudwatch_inbound_integration")
    seen = []
    for state in ("INSUFFICIENT_DATA", "ALARM", "ALARM", "OK"):
        take(api, alarm(state), f"/integration/{key}/enqueue")
        seen.append([item["status"] for item in api.incidents()])

    assert seen == [[], ["triggered"], ["triggered"], ["resolved"]]


@contextmanager
def topic() -> Iterator[tuple[str, list[str]]]:
    """A URL that confirms a subscription, and the visits to it."""
    visits: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            visits.append(self.path)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", visits
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_subscription_is_confirmed_on_this_machine_only(api: Api) -> None:
    key = api.key(api.service(api.policy()), "aws_cloudwatch_inbound_integration")
    with topic() as (url, visits):
        for address in (f"{url}/?Action=ConfirmSubscription&Token=t", "https://sns.example.com/?Token=t"):
            message = {"Type": "SubscriptionConfirmation", "TopicArn": "arn:topic", "SubscribeURL": address}
            take(api, message, f"/integration/{key}/enqueue")

    assert visits == ["/?Action=ConfirmSubscription&Token=t"]
