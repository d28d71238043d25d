"""Events and alarms reach whoever is on call, with the keys that Secrets Manager holds."""

import json
import os
import uuid
from pathlib import Path
from typing import Any

import boto3
import urllib3

CLOUD = json.loads((Path(os.environ["LOCAL_CLOUD_STATE"]) / "endpoints.json").read_text())
PAGER = CLOUD["pagerduty"]
HTTP = urllib3.PoolManager(ca_certs=CLOUD["ca"])
TOKEN = Path(PAGER["api"]["token_file"]).read_text()

secrets = boto3.client("secretsmanager")
published = json.loads(
    boto3.client("ssm").get_parameter(Name="/molecule/pagerduty/outputs/pagerduty")["Parameter"]["Value"]
)


def get(path: str) -> Any:
    answer = HTTP.request("GET", PAGER["api"]["url"] + path, headers={"Authorization": f"Token token={TOKEN}"})
    assert answer.status == 200, answer.data
    return json.loads(answer.data)


def key(name: str) -> str:
    return str(secrets.get_secret_value(SecretId=published["integrations"][name])["SecretString"])


def send(path: str, body: Any) -> None:
    answer = HTTP.request("POST", PAGER["events"]["url"] + path, body=json.dumps(body))
    assert answer.status == 202, answer.data


def incidents(title: str) -> list[Any]:
    return [
        item
        for item in get(f"/incidents?service_ids[]={published['service_id']}")["incidents"]
        if title in item["title"]
    ]


def test_an_event_calls_who_is_on_call_and_ends_when_it_is_resolved() -> None:
    alert = str(uuid.uuid4())
    payload = {"summary": alert, "source": "molecule", "severity": "critical"}
    event = {"routing_key": key("events"), "dedup_key": alert, "event_action": "trigger", "payload": payload}

    send("/v2/enqueue", event)
    (incident,) = incidents(alert)
    assert (incident["status"], incident["urgency"]) == ("triggered", "high")
    assert [item["assignee"]["summary"] for item in incident["assignments"]] == ["On-Call Engineer"]

    send("/v2/enqueue", {**event, "event_action": "resolve"})
    assert [item["status"] for item in incidents(alert)] == ["resolved"]


def test_an_alarm_of_cloudwatch_calls_too() -> None:
    alarm = str(uuid.uuid4())

    for state in ("ALARM", "OK"):
        message = {"AlarmName": alarm, "NewStateValue": state, "NewStateReason": "no heartbeat"}
        notification = {"Type": "Notification", "Message": json.dumps(message)}
        send(f"/integration/{key('cloudwatch')}/enqueue", notification)
        (incident,) = incidents(alarm)
        assert incident["status"] == {"ALARM": "triggered", "OK": "resolved"}[state]


def test_an_incident_is_never_resolved_by_time_alone() -> None:
    service = get(f"/services/{published['service_id']}")["service"]

    assert (service["auto_resolve_timeout"], service["acknowledgement_timeout"]) == (None, 1800)


def test_the_policy_calls_the_schedule_first() -> None:
    policy = get(f"/escalation_policies/{published['escalation_policy_id']}")["escalation_policy"]

    targets = [[target["id"] for target in rule["targets"]] for rule in policy["escalation_rules"]]
    assert targets[0] == list(published["schedule_ids"].values())
    assert {item["summary"] for item in policy["services"]} == {"molecule-pagerduty", "molecule-pagerduty-second"}


def test_what_is_published_holds_no_key() -> None:
    assert not [name for name in published["integrations"] if key(name) in json.dumps(published)]
