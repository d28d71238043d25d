"""After the checks there is an account that signed in, and its password is nowhere but in its secret."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

SECRET = "molecule-verify/verify/probe"
ENDPOINTS: dict[str, Any] = json.loads((Path(os.environ["LOCAL_CLOUD_STATE"]) / "endpoints.json").read_text())
URL = ENDPOINTS["load_balancers"]["molecule-verify"]["listeners"]["443"]


@pytest.fixture(scope="module")
def password() -> str:
    answer = boto3.client("secretsmanager").get_secret_value(SecretId=SECRET)
    return str(json.loads(answer["SecretString"])["password"])


def login(email: str, password: str) -> int:
    body = {"email": email, "password": password}
    return requests.post(f"{URL}/api/v1/auth/login", json=body, timeout=10, verify=ENDPOINTS["ca"]).status_code


def test_the_account_signs_in_through_the_load_balancer(password: str) -> None:
    assert login("probe@example.com", password) == 200


def test_another_account_does_not(password: str) -> None:
    assert login("nobody@example.com", password) == 401


def test_the_account_of_another_role_reads_the_metrics() -> None:
    store, ecs = boto3.client("secretsmanager"), boto3.client("ecs")
    account = json.loads(store.get_secret_value(SecretId="molecule/verify/auth/metrics")["SecretString"])
    arns = ecs.list_tasks(cluster="molecule-verify", serviceName="molecule-verify-auth-blue")["taskArns"]
    details = ecs.describe_tasks(cluster="molecule-verify", tasks=arns)["tasks"][0]["attachments"][0]["details"]
    address = next(detail["value"] for detail in details if detail["name"] == "privateIPv4Address")
    credentials = {name: account[name] for name in ("email", "password")}

    with requests.Session() as session:
        answer = session.post(f"http://{address}:9080/api/v1/auth/login", json=credentials, timeout=10)
        session.headers["Authorization"] = f"Bearer {answer.json()['accessToken']}"
        metrics = session.get(f"http://{address}:9080/actuator/prometheus", timeout=10)

    assert metrics.status_code == 200
    assert "http_server_requests_seconds_count" in metrics.text


def test_the_password_is_not_in_the_logs(password: str) -> None:
    logs = boto3.client("logs")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    events = [event["message"] for name in groups for event in logs.filter_log_events(logGroupName=name)["events"]]

    assert events
    assert not [message for message in events if password in message]


def test_the_address_was_proved_by_a_task_that_succeeded() -> None:
    ecs = boto3.client("ecs")
    arns = ecs.list_tasks(cluster="molecule-verify", family="molecule-verify-verify", desiredStatus="STOPPED")[
        "taskArns"
    ]
    tasks = ecs.describe_tasks(cluster="molecule-verify", tasks=arns)["tasks"]

    assert [container["exitCode"] for task in tasks for container in task["containers"]] == [0]
