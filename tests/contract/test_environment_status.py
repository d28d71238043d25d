"""The status of an environment that really is there, and of one that is only in part."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from contextlib import redirect_stdout, suppress
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from ansible.module_utils.testing import patch_module_args

from tests.contract.case import Boto
from tests.contract.harness import Run, run_module
from tests.contract.kong_admin import Admin


class Stage:
    """A cluster with a service of two colours and one without, an alarm that is on, and a lock."""

    def __init__(self, boto: Boto, kong: Admin) -> None:
        self.boto, self.kong, self.name = boto, kong, f"status-{uuid4().hex[:8]}"
        self.make_services()
        self.kong.made("/upstreams", {"name": self.name})
        for colour, weight in (("blue", 100), ("green", 0)):
            self.kong.call("POST", f"/upstreams/{self.name}/targets", {"target": f"{colour}:8080", "weight": weight})
        self.make_alarm()
        self.token = boto("secretsmanager").create_secret(Name=f"{self.name}/token", SecretString="admin-token")["ARN"]
        colours = {name: {"service": f"{self.name}-{name}", "target": f"{name}:8080"} for name in ("blue", "green")}
        state_path = f"/{self.name}/releases/auth-service"
        self.options: dict[str, Any] = {
            "name": self.name,
            "cluster": self.name,
            "prefix": f"{self.name}-",
            "services": {"auth-service": {"colours": colours, "upstream": self.name, "state_path": state_path}},
            "gateway": {"admin_url": kong.url, "token_secret": self.token},
        }

    def make_services(self) -> None:
        ec2, ecs = self.boto("ec2"), self.boto("ecs")
        vpc = ec2.create_vpc(CidrBlock="10.84.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.84.0.0/24")["Subnet"]["SubnetId"]
        ecs.create_cluster(clusterName=self.name)
        revision = ecs.register_task_definition(
            family=self.name,
            containerDefinitions=[{"name": "auth", "image": "busybox:1.36"}],
            cpu="256",
            memory="512",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            tags=[{"key": "trademaster:version", "value": "1.4.2"}],
        )["taskDefinition"]["taskDefinitionArn"]
        self.services = [f"{self.name}-{name}" for name in ("blue", "green", "kong")]
        for service in self.services:
            ecs.create_service(
                cluster=self.name,
                serviceName=service,
                taskDefinition=revision,
                desiredCount=0,
                launchType="FARGATE",
                networkConfiguration={"awsvpcConfiguration": {"subnets": [subnet]}},
            )

    def make_alarm(self) -> None:
        cloudwatch = self.boto("cloudwatch")
        for name in (f"{self.name}-on", f"{self.name}-off", f"other-{self.name}"):
            cloudwatch.put_metric_alarm(
                AlarmName=name,
                Namespace=self.name,
                MetricName="beats",
                Statistic="Sum",
                Period=60,
                EvaluationPeriods=1,
                Threshold=1,
                ComparisonOperator="LessThanThreshold",
                TreatMissingData="ignore",
            )
            state = "OK" if name.endswith("off") else "ALARM"
            cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="no beat")

    def locked(self) -> str:
        """A table in which somebody holds the lock."""
        table = f"{self.name}-locks"
        dynamodb = self.boto("dynamodb")
        dynamodb.create_table(
            TableName=table,
            KeySchema=[{"AttributeName": "name", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "name", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        run_module(
            "release_lock",
            {"table": table, "name": "auth-service", "holder": "r1", "owner": "ann", "reason": "a release"},
        )
        return table

    def look(self, **options: Any) -> Run:
        return run_module("environment_status_info", {**self.options, **options})

    def remove(self) -> None:
        for service in self.services:
            self.boto("ecs").delete_service(cluster=self.name, service=service, force=True)


@pytest.fixture
def stage(boto: Boto, kong: Admin) -> Iterator[Stage]:
    stage = Stage(boto, kong)
    yield stage
    stage.remove()


def test_services_traffic_alarms_and_releases_are_told(stage: Stage) -> None:
    table = stage.locked()

    run = stage.look(locks_table=table)

    assert not run.answer.get("failed"), run.answer.get("msg")
    assert [name for name in run.calls.writes if name != "GetSecretValue"] == []
    assert "admin-token" not in run.output
    status = run.answer["status"]
    assert status["unknown"] == {}
    told = [(one["name"], one["colour"], one["weight"], one["version"], one["state"]) for one in status["services"]]
    assert [one[:4] for one in told] == [
        ("auth-service", "blue", 100, "1.4.2"),
        ("auth-service", "green", 0, "1.4.2"),
        ("kong", "", None, "1.4.2"),
    ]
    assert [one["name"] for one in status["alarms"]] == [f"{stage.name}-on"]
    release = status["releases"]["auth-service"]
    assert (release["live"], release["last"], release["lock"]["standing"]) == ("blue", None, "held")
    assert "ann" in release["lock"]["holder"]


def test_who_cannot_be_asked_is_named_and_the_rest_is_shown(stage: Stage) -> None:
    unreachable = {"url": "http://127.0.0.1:1", "secret_id": stage.token}

    run = stage.look(gateway={"admin_url": "http://127.0.0.1:1"}, grafana=unreachable, locks_table="gone")

    status = run.answer["status"]
    assert sorted(status["unknown"]) == ["alerts", "gateway", "lock of auth-service"]
    assert "cannot be reached" in status["unknown"]["gateway"]
    assert [one["weight"] for one in status["services"]] == [None, None, None]
    assert any(line.startswith("gateway   not known: ") for line in run.answer["table"])
    assert stage.look(gateway={"admin_url": ""}).answer["status"]["unknown"] == {
        "gateway": "no task of the gateway can be reached"
    }


def test_an_environment_that_is_not_there_is_told_in_one_line(boto: Boto) -> None:
    run = run_module("environment_status_info", {"name": "acme-staging", "cluster": "acme-staging"})

    assert run.answer["failed"]
    assert run.answer["msg"] == (
        "acme-staging: there is no cluster acme-staging in us-east-1: bring the environment about with site.yml"
    )


def test_json_is_shown_and_nothing_else(stage: Stage) -> None:
    shown: list[str] = []
    module = importlib.import_module("ansible_collections.trademaster.platform.plugins.modules.environment_status_info")
    with patch_module_args({**stage.options, "format": "json"}), redirect_stdout(StringIO()), suppress(SystemExit):
        module.main(shown.append)

    assert json.loads("\n".join(shown))["name"] == stage.name
