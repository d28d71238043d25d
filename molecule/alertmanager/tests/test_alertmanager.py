"""Alertmanager tells the pager what is critical, forgets nothing over a rollout, and is missed when it is gone."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import requests

NAME = "molecule-alertmanager"
SERVICE = f"{NAME}-alertmanager"
SCENARIO = Path(__file__).resolve().parents[1]
STATE = Path(os.environ["LOCAL_CLOUD_STATE"])
ecs, sns, cloudwatch, secrets, ssm = (
    boto3.client(name) for name in ("ecs", "sns", "cloudwatch", "secretsmanager", "ssm")
)
TOPICS = f"arn:aws:sns:us-east-1:{boto3.client('sts').get_caller_identity()['Account']}"


def eventually(look: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        time.sleep(0.2)
    return found


def published() -> dict[str, Any]:
    return dict(json.loads(ssm.get_parameter(Name="/molecule/alertmanager/outputs/alertmanager")["Parameter"]["Value"]))


def tasks() -> list[dict[str, Any]]:
    arns = ecs.list_tasks(cluster=NAME, serviceName=SERVICE)["taskArns"]
    found = ecs.describe_tasks(cluster=NAME, tasks=arns)["tasks"] if arns else []
    return [dict(task) for task in found if task["lastStatus"] == "RUNNING"]


def address() -> str:
    (task,) = tasks()
    details = task["attachments"][0]["details"]
    return str(next(detail["value"] for detail in details if detail["name"] == "privateIPv4Address"))


def ask(path: str, body: Any = None) -> Any:
    url = f"http://{address()}:9093/api/v2/{path}"
    answer = requests.get(url, timeout=10) if body is None else requests.post(url, json=body, timeout=10)
    answer.raise_for_status()
    return answer.json() if answer.content else None


def fire(name: str, severity: str, **more: str) -> None:
    labels = {"alertname": name, "severity": severity, "environment": "alertmanager", "owner": "auth"}
    notes = {"summary": f"{name} fires", "runbook": "https://example.com/runbook", "dashboard": "https://example.com/d"}
    ask("alerts", [{"labels": labels, "annotations": notes, **more}])


def pager_log() -> list[dict[str, Any]]:
    endpoints = json.loads((STATE / "endpoints.json").read_text())
    answer = requests.get(endpoints["pagerduty"]["events"]["log"], verify=endpoints["ca"], timeout=10).json()
    return list(answer["events"])


def paged(text: str, action: str) -> bool:
    return any(text in (event.get("summary") or "") and event["action"] == action for event in pager_log())


def play(playbook: str, **variables: Any) -> subprocess.CompletedProcess[str]:
    command = ["ansible-playbook", "-i", "localhost,", "-c", "local", str(SCENARIO / playbook)]
    given = {"ansible_python_interpreter": "{{ ansible_playbook_python }}", **variables}
    environment = {
        **os.environ,
        "ANSIBLE_COLLECTIONS_PATH": str(SCENARIO.parents[1] / ".venv" / "collections"),
        "MOLECULE_PROJECT_DIRECTORY": str(SCENARIO.parents[1]),
        "ANSIBLE_NOCOLOR": "1",
    }
    return subprocess.run(
        [*command, "-e", json.dumps(given)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_one_task_runs_with_its_storage_encrypted_in_transit() -> None:
    (task,) = tasks()
    definition = ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])["taskDefinition"]
    storage = next(volume for volume in definition["volumes"] if volume["name"] == "storage")
    assert storage["efsVolumeConfiguration"]["transitEncryption"] == "ENABLED"
    assert storage["efsVolumeConfiguration"]["authorizationConfig"]["iam"] == "ENABLED"
    service = ecs.describe_services(cluster=NAME, services=[SERVICE])["services"][0]
    assert service["deploymentConfiguration"]["maximumPercent"] == 100


def test_the_key_is_in_no_definition_and_only_its_user_reads_the_file() -> None:
    key = secrets.get_secret_value(SecretId="molecule-pagerduty/alertmanager/events")["SecretString"]
    definition = ecs.describe_task_definition(taskDefinition=published()["task_definition_arn"])["taskDefinition"]
    assert key not in json.dumps(definition, default=str)
    assert key not in json.dumps(published())
    held = [path for path in STATE.rglob("pagerduty") if path.is_file() and path.read_text() == key]
    assert held
    assert {path.stat().st_mode & 0o777 for path in held} == {0o600}


def test_a_critical_alert_reaches_the_pager_and_its_end_does_too() -> None:
    fire("ServiceGone", "critical")
    eventually(lambda: paged("ServiceGone in alertmanager", "trigger"), "a page")
    now = datetime.now(UTC)
    fire("ServiceGone", "critical", startsAt=(now - timedelta(minutes=1)).isoformat(), endsAt=now.isoformat())
    eventually(lambda: paged("ServiceGone in alertmanager", "resolve"), "it is resolved")


def test_silences_outlive_a_rollout() -> None:
    silenced = {"alertmanager_silence": {"comment": "Release", "matchers": [{"name": "owner", "value": "auth"}]}}
    first = play("silence.yml", silence_tasks="silence", **silenced)
    assert first.returncode == 0, first.stdout
    before = tasks()[0]["taskArn"]
    rolled = play("converge.yml", alertmanager_memory=1024)
    assert rolled.returncode == 0, rolled.stdout
    assert tasks()[0]["taskArn"] != before
    assert [item["comment"] for item in ask("silences") if item["status"]["state"] == "active"] == ["Release"]

    ended = play("silence.yml", silence_tasks="unsilence", **silenced)
    assert ended.returncode == 0, ended.stdout
    assert [item for item in ask("silences") if item["status"]["state"] == "active"] == []


def test_a_configuration_that_amtool_refuses_is_not_rolled_out() -> None:
    before = published()["task_definition_arn"]
    refused = play(
        "converge.yml",
        alertmanager_heartbeat={"topic": "x", "period_seconds": 60, "evaluation_periods": 1},
        __alertmanager_route={"receiver": "nobody-knows"},
    )
    assert refused.returncode != 0
    assert "alertmanager.yml" in refused.stdout
    assert "nobody-knows" in refused.stdout
    assert published()["task_definition_arn"] == before


def test_a_wrong_key_is_refused_before_anything_is_rolled_out() -> None:
    wrong = secrets.create_secret(Name="molecule-alertmanager-wrong-key", SecretString="0" * 32)["ARN"]
    try:
        before = tasks()[0]["taskArn"]
        refused = play("converge.yml", alertmanager_pagerduty_secret=wrong)
        assert refused.returncode != 0
        assert "refuses the key (400 Invalid routing key)" in " ".join(refused.stdout.split())
        assert "0" * 32 not in refused.stdout
        assert tasks()[0]["taskArn"] == before
    finally:
        secrets.delete_secret(SecretId=wrong, ForceDeleteWithoutRecovery=True)


def test_the_alarm_calls_the_pager_once_there_was_a_heartbeat() -> None:
    """That it rings when the heartbeat stops takes minutes: the fire drill shows it."""
    fire("Watchdog", "info", endsAt=(datetime.now(UTC) + timedelta(minutes=5)).isoformat())
    armed = play("heartbeat.yml")
    assert armed.returncode == 0, armed.stdout
    assert "changed=0" in play("heartbeat.yml").stdout
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=[f"{NAME}-heartbeat-missing"])["MetricAlarms"]
    assert (alarm["StateValue"], alarm["ActionsEnabled"], alarm["TreatMissingData"]) == ("OK", True, "breaching")
    assert alarm["AlarmActions"] == alarm["OKActions"] == [f"{TOPICS}:{NAME}-pager"]
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=f"{TOPICS}:{NAME}-pager")["Subscriptions"]
    assert subscription["SubscriptionArn"].startswith(TOPICS)
    assert not paged("heartbeat-missing", "trigger")
