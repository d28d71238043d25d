"""The life of an environment, as a newcomer lives it: up, sign in, up again, a task dies, destroy, down.

The tests run in this order and share one environment; each picks up what the one before has left.
"""

from __future__ import annotations

import os
import signal
import urllib.parse
import uuid
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest
from local_cloud_support import eventually

from tests.environment import (
    Calls,
    Environment,
    arguments_of,
    environment_of,
    plain_secrets,
    processes,
    readable,
    recap,
)
from tests.https_client import Client

IN_ORDER = True
EMAIL = f"ada-{uuid.uuid4().hex[:8]}@example.com"
PASSWORD = f"correct-{uuid.uuid4().hex}"
CLUSTER, SERVICE = "trademaster-local", "trademaster-local-auth-blue"
# The proof that ends `make up` signs in from 127.0.0.1, and sign-ins are limited by address.
CUSTOMER = "127.0.0.9"


@pytest.fixture
def customer(environment: Environment) -> Iterator[Client]:
    with closing(Client(environment, CUSTOMER)) as client:
        yield client


def made_by_us(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    wanted = {"Key": "Environment", "Value": "local"}
    return [item for item in items if wanted in item.get("Tags", item.get("TagSet", []))]


def vpcs(environment: Environment) -> list[dict[str, Any]]:
    return made_by_us(environment.client("ec2").describe_vpcs()["Vpcs"]) if environment.aws_is_up else []


def databases(environment: Environment) -> list[dict[str, Any]]:
    return list(environment.client("rds").describe_db_instances()["DBInstances"]) if environment.aws_is_up else []


def tasks(environment: Environment) -> list[dict[str, Any]]:
    """Running tasks of the authentication service, of which nothing has been released yet."""
    ecs = environment.client("ecs")
    arns = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE)["taskArns"]
    return list(ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]) if arns else []


def test_a_plan_on_an_empty_account_writes_nothing(environment: Environment) -> None:
    calls = Calls()
    calls.start()
    planned = environment.make("up", "ARGS=--check", **calls.variables)
    assert planned.returncode == 0, planned.stdout
    assert recap(planned.stdout)["changed"] > 10
    assert calls.operations, "no call was recorded"
    assert calls.writes == []


def test_interrupted_runs_are_taken_up_again(environment: Environment) -> None:
    environment.kill_when("a VPC is there", lambda: vpcs(environment), "up")
    environment.kill_when("the database is asked for", lambda: databases(environment), "up")
    finished = environment.make("up")
    assert finished.returncode == 0, finished.stdout
    ec2 = environment.client("ec2")
    assert len(vpcs(environment)) == 1
    assert len(made_by_us(ec2.describe_nat_gateways()["NatGateways"])) == 1
    assert len(made_by_us(ec2.describe_addresses()["Addresses"])) == 1
    assert len(databases(environment)) == 1
    assert len(environment.client("elbv2").describe_load_balancers()["LoadBalancers"]) == 1
    assert len(environment.client("acm").list_certificates()["CertificateSummaryList"]) == 1


def test_make_up_ends_with_where_the_environment_answers(environment: Environment) -> None:
    assert environment.endpoints["https"] in environment.outputs[-1]
    assert str(environment.state / "ca.pem") in environment.outputs[-1]


def test_health_is_served_over_https(customer: Client) -> None:
    answer = customer.ask("/actuator/health")
    assert (answer.status, answer.json()["status"]) == (200, "UP")


def test_plain_http_is_sent_to_https(environment: Environment) -> None:
    plain = urllib.parse.urlsplit(environment.endpoints["http"])
    with closing(HTTPConnection(plain.netloc, timeout=10)) as connection:
        connection.request("GET", "/actuator/health")
        answer = connection.getresponse()
        assert answer.status == 301
        assert str(answer.headers["location"]).startswith("https://")


def test_register_verify_sign_in_refresh_and_sign_out(environment: Environment, customer: Client) -> None:
    account = {"email": EMAIL, "password": PASSWORD, "firstName": "Ada", "lastName": "Lovelace"}
    credentials = {"email": EMAIL, "password": PASSWORD}
    assert customer.ask("/api/v1/auth/register", method="POST", body=account).status == 201
    assert customer.ask("/api/v1/auth/login", method="POST", body=credentials).status == 401
    with environment.database() as connection:
        row = connection.execute(
            "SELECT u.id, t.token FROM verification_tokens t JOIN users u ON u.id = t.user_id WHERE u.email = %s",
            [EMAIL],
        ).fetchone()
    assert row, "the account is not in PostgreSQL"
    assert customer.ask("/api/v1/auth/verify-email", method="POST", body={"token": row[1]}).status == 200
    answer = customer.ask("/api/v1/auth/login", method="POST", body=credentials)
    assert answer.status == 200
    signed_in = answer.json()
    assert customer.ask("/api/v1/auth/devices", token=signed_in["accessToken"]).status in (200, 404)
    refresh = {"refreshToken": signed_in["refreshToken"]}
    answer = customer.ask("/api/v1/auth/refresh", method="POST", body=refresh, token=signed_in["accessToken"])
    assert answer.status == 200
    with environment.database() as connection:
        sessions = connection.execute("SELECT session_id FROM user_sessions WHERE user_id = %s", [row[0]]).fetchall()
    assert len(sessions) == 1
    newest = answer.json()["accessToken"]
    assert customer.ask("/api/v1/auth/logout", method="POST", body={}, token=newest).status == 200


def test_a_wrong_password_and_a_forged_token_are_refused(customer: Client) -> None:
    wrong = {"email": EMAIL, "password": "not-this-one"}
    assert customer.ask("/api/v1/auth/login", method="POST", body=wrong).status == 401
    assert customer.ask("/api/v1/auth/devices", token="forged.token.here").status == 401


def test_a_second_make_up_changes_nothing(environment: Environment) -> None:
    """By the controller, which may converge as people do."""
    calls = Calls()
    calls.start()
    again = environment.make("up", "ARGS=-vvv", role="awx", **calls.variables)
    assert again.returncode == 0, again.stdout
    assert recap(again.stdout)["changed"] == 0
    assert calls.operations, "no call was recorded"


def test_a_killed_task_is_replaced_while_the_other_serves(environment: Environment, customer: Client) -> None:
    before = {task["taskArn"] for task in tasks(environment)}
    assert len(before) == 2
    victim = sorted(before)[0].rpartition("/")[2]
    pids = [pid for pid in processes() if victim in environment_of(pid)]
    assert pids, "the task has no process"
    for pid in pids:
        os.kill(pid, signal.SIGKILL)

    def replaced() -> bool:
        running = {task["taskArn"] for task in tasks(environment) if task["lastStatus"] == "RUNNING"}
        return len(running) == 2 and len(running - before) == 1

    eventually(replaced, what="a new task runs in place of the killed one")
    eventually(lambda: customer.ask("/actuator/health").status == 200, what="health is served again")


def test_no_secret_is_anywhere_it_can_be_read(environment: Environment) -> None:
    secrets = plain_secrets(environment)
    assert len(secrets) >= 8
    places = {"process arguments": "\n".join(arguments_of(pid) for pid in processes()), **readable(environment)}
    found = [(place, name) for place, text in places.items() for name, value in secrets if value in text]
    assert found == []


def test_destroy_refuses_without_confirmation(environment: Environment) -> None:
    refused = environment.make("destroy")
    assert refused.returncode != 0
    assert "destroy_confirmed" in refused.stdout
    assert len(databases(environment)) == 1


def test_destroy_leaves_nothing_with_our_tags(environment: Environment) -> None:
    destroyed = environment.make("destroy", "ARGS=-e destroy_confirmed=local")
    assert destroyed.returncode == 0, destroyed.stdout
    filters = [{"Key": "Environment", "Values": ["local"]}]
    tagging = environment.client("resourcegroupstaggingapi")
    tagged = [item["ResourceARN"] for item in tagging.get_resources(TagFilters=filters)["ResourceTagMappingList"]]
    # Keys and secrets cannot be deleted at once: they stay, disabled, until their waiting period is over. A deleted
    # NAT gateway is still listed for an hour.
    waiting = (":kms:", ":secretsmanager:", ":natgateway/")
    assert [arn for arn in tagged if not any(kind in arn for kind in waiting)] == []
    gateways = environment.client("ec2").describe_nat_gateways()["NatGateways"]
    assert {gateway["State"] for gateway in gateways} <= {"deleted"}
    assert vpcs(environment) == []
    assert databases(environment) == []
    assert environment.client("elbv2").describe_load_balancers()["LoadBalancers"] == []
    assert environment.client("ecs").list_clusters()["clusterArns"] == []
    assert environment.client("elasticache").describe_replication_groups()["ReplicationGroups"] == []


def test_a_second_destroy_changes_nothing(environment: Environment) -> None:
    again = environment.make("destroy", "ARGS=-e destroy_confirmed=local")
    assert again.returncode == 0, again.stdout
    assert recap(again.stdout)["changed"] == 0


def test_make_down_leaves_no_process_port_or_file(environment: Environment) -> None:
    stopped = environment.make("down")
    assert stopped.returncode == 0, stopped.stdout
    assert not environment.state.exists()
    assert not environment.aws_is_up
    assert [pid for pid in processes() if str(environment.state) in environment_of(pid) + arguments_of(pid)] == []
