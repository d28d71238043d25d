"""Preflight on a real API: what can succeed passes, and each thing that is wrong is told in a line of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any
from uuid import uuid4

import boto3
import pytest

from tests.contract.case import Boto
from tests.contract.harness import Run, run_module
from tests.contract.kong_admin import Admin

ACCOUNT = "123456789012"
REPOSITORY = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/trademaster-auth"
GRAFANA = {"username": "reader", "password": "grafana-password"}
KEY_STATEMENTS = [
    {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "kms:*", "Resource": "*"},
    {"Effect": "Allow", "Principal": {"Service": "logs.us-east-1.amazonaws.com"}, "Action": "kms:*", "Resource": "*"},
]


class Stage:
    """An environment in which a release can succeed."""

    def __init__(self, boto: Boto, kong: Admin, grafana_url: str, database: str) -> None:
        self.boto, self.kong, self.database = boto, kong, database
        self.name = f"preflight-{uuid4().hex[:8]}"
        self.key = boto("kms").create_key(Policy=policy(*KEY_STATEMENTS))["KeyMetadata"]["Arn"]
        self.secrets = {use: self.secret(use) for use in ("jwt", "probe", "token")}
        self.secrets["grafana"] = self.secret("grafana", GRAFANA)
        boto("ssm").put_parameter(Name=f"/{self.name}/level", Value="INFO", Type="String")
        boto("logs").create_log_group(logGroupName=f"/{self.name}", kmsKeyId=self.key)
        self.make_repository()
        self.role = self.make_role()
        self.make_services()
        self.make_upstreams()
        self.options: dict[str, Any] = {
            "cluster": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/{self.name}",
            "task_definition": self.name,
            "images": {"auth": f"{REPOSITORY}:1.0.1"},
            "container": "auth",
            "colours": {name: {"service": name, "target": self.target(name)} for name in ("blue", "green")},
            "tasks": 2,
            "gateway": {"admin_url": kong.url},
            "upstream": self.name,
            "preview": {"upstream": f"{self.name}-preview", "token_secret": self.secrets["token"]},
            "grafana": {"url": grafana_url, "secret_id": self.secrets["grafana"]},
            "probe_secret": self.secrets["probe"],
            "migration": {"task_definition": f"{self.name}-migrate", "database": database},
            "state_path": f"/{self.name}/releases/auth-service",
        }

    def target(self, colour: str) -> str:
        return f"{colour}.{self.name}.internal:8080"

    def secret(self, use: str, value: Any = "secret-value") -> str:
        text = value if isinstance(value, str) else json.dumps(value)
        made = self.boto("secretsmanager").create_secret(
            Name=f"{self.name}/{use}", SecretString=text, KmsKeyId=self.key
        )
        return str(made["ARN"])

    def make_repository(self) -> None:
        ecr = self.boto("ecr")
        if not any(one["repositoryName"] == "trademaster-auth" for one in ecr.describe_repositories()["repositories"]):
            ecr.create_repository(repositoryName="trademaster-auth")

    def make_role(self) -> str:
        source = {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
        trust = {"Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": source}
        iam = self.boto("iam")
        made = iam.create_role(RoleName=self.name, AssumeRolePolicyDocument=policy({"Effect": "Allow", **trust}))
        self.allow("secretsmanager:GetSecretValue", "ssm:GetParameters", "kms:Decrypt", "logs:*", "ecr:*")
        return str(made["Role"]["Arn"])

    def allow(self, *actions: str) -> None:
        document = policy({"Effect": "Allow", "Action": list(actions), "Resource": "*"})
        self.boto("iam").put_role_policy(RoleName=self.name, PolicyName="execution", PolicyDocument=document)

    def container(self) -> dict[str, Any]:
        logs = {"awslogs-group": f"/{self.name}", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "auth"}
        return {
            "name": "auth",
            "image": f"{REPOSITORY}:1.0.0",
            "portMappings": [{"containerPort": 8080}],
            "secrets": [
                {"name": "JWT_SECRET", "valueFrom": self.secrets["jwt"]},
                {"name": "LEVEL", "valueFrom": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/{self.name}/level"},
            ],
            "logConfiguration": {"logDriver": "awslogs", "options": logs},
        }

    def define(self, family: str, *containers: dict[str, Any], **more: Any) -> str:
        sizes = {"cpu": "256", "memory": "512", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"]}
        roles = {"executionRoleArn": self.role, "taskRoleArn": self.role}
        listed = [*containers] or [self.container()]
        answer = self.boto("ecs").register_task_definition(
            family=family, containerDefinitions=listed, **{**sizes, **roles, **more}
        )
        return str(answer["taskDefinition"]["taskDefinitionArn"])

    def make_services(self) -> None:
        ec2, ecs = self.boto("ec2"), self.boto("ecs")
        vpc = ec2.create_vpc(CidrBlock="10.83.0.0/16")["Vpc"]["VpcId"]
        self.subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.83.0.0/28")["Subnet"]["SubnetId"]
        ecs.create_cluster(clusterName=self.name)
        self.define(f"{self.name}-migrate")
        revision = self.define(self.name)
        for colour in ("blue", "green"):
            ecs.create_service(
                cluster=self.name,
                serviceName=colour,
                taskDefinition=revision,
                desiredCount=0,
                launchType="FARGATE",
                networkConfiguration={"awsvpcConfiguration": {"subnets": [self.subnet]}},
            )

    def make_upstreams(self) -> None:
        for name, blue in ((self.name, 100), (f"{self.name}-preview", 0)):
            self.kong.made("/upstreams", {"name": name})
            for colour, weight in (("blue", blue), ("green", 0)):
                self.kong.call("POST", f"/upstreams/{name}/targets", {"target": self.target(colour), "weight": weight})

    def weigh(self, colour: str, weight: int) -> None:
        self.kong.call("PATCH", f"/upstreams/{self.name}/targets/{self.target(colour)}", {"weight": weight})

    def look(self, **options: Any) -> Run:
        return run_module("release_preflight", {**self.options, **options})

    def remove(self) -> None:
        for colour in ("blue", "green"):
            self.boto("ecs").delete_service(cluster=self.name, service=colour, force=True)


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [*statements]})


@pytest.fixture(scope="module")
def database_name(aws_endpoint: str) -> Iterator[str]:
    """An instance for all tests: making one takes a while."""
    place = {"region_name": "us-east-1", "endpoint_url": aws_endpoint}
    rds = boto3.client("rds", **place, aws_access_key_id="local", aws_secret_access_key="local-secret-key")
    name = f"preflight-{uuid4().hex[:8]}"
    size = {"DBInstanceClass": "db.t4g.medium", "AllocatedStorage": 20}
    account = {"MasterUsername": "keeper", "MasterUserPassword": "database-password"}
    rds.create_db_instance(DBInstanceIdentifier=name, Engine="postgres", **size, **account)
    yield name
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


@pytest.fixture
def database(boto: Boto, database_name: str) -> str:
    """The instance, available."""
    rds, name = boto("rds"), {"DBInstanceIdentifier": database_name}
    deadline = time.monotonic() + 60
    while True:
        status = rds.describe_db_instances(**name)["DBInstances"][0]["DBInstanceStatus"]
        if status == "available":
            return database_name
        assert time.monotonic() < deadline, status
        if status == "stopped":
            rds.start_db_instance(**name)
        time.sleep(0.1)


@pytest.fixture
def stage(boto: Boto, kong: Admin, grafana_url: str, database: str) -> Iterator[Stage]:
    stage = Stage(boto, kong, grafana_url, database)
    yield stage
    stage.remove()


def test_what_can_succeed_passes_and_is_answered_by_digest(stage: Stage) -> None:
    for check in (False, True):
        run = run_module("release_preflight", stage.options, check=check)
        assert not run.answer.get("failed"), run.answer.get("msg")
        assert run.calls.writes == []
        assert (run.changed, run.answer["problems"]) == (False, [])
        assert run.answer["images"]["auth"] == f"{REPOSITORY}@{run.answer['digests']['auth']}"
        assert (run.answer["live"], run.answer["tasks"]) == ("blue", 2)
        assert all(secret not in run.output for secret in ("grafana-password", "secret-value"))


# What is broken, by what it is called, and the one line that is then told: the beginning of it, and what is in it.
Break = Callable[[Stage], dict[str, Any]]


def without_image(stage: Stage) -> dict[str, Any]:
    return {"images": {"auth": f"{REPOSITORY}:9.9.9"}}


def with_an_unknown_container(stage: Stage) -> dict[str, Any]:
    return {"images": {"author": f"{REPOSITORY}:1.0.1"}}


def with_an_image_for_another_platform(stage: Stage) -> dict[str, Any]:
    kind = "application/vnd.oci.image.index.v1+json"
    platform = {"os": "linux", "architecture": "arm64"}
    listed = [{"digest": f"sha256:{'0' * 64}", "size": 1, "mediaType": kind, "platform": platform}]
    manifest = json.dumps(
        {"schemaVersion": 2, "mediaType": kind, "manifests": listed, "annotations": {"x": stage.name}}
    )
    tag = stage.name
    stage.boto("ecr").put_image(
        repositoryName="trademaster-auth", imageManifest=manifest, imageManifestMediaType=kind, imageTag=tag
    )
    return {"images": {"auth": f"{REPOSITORY}:{tag}"}}


def with_an_image_that_was_never_scanned(stage: Stage) -> dict[str, Any]:
    return {"image_findings": "CRITICAL", "images": {"auth": f"{REPOSITORY}:1.1.0"}}


def with_a_role_that_trusts_others(stage: Stage) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    stage.boto("iam").update_assume_role_policy(RoleName=stage.name, PolicyDocument=policy(trust))
    return {"task_definition": stage.define(f"{stage.name}-taskless", taskRoleArn="")}


def with_a_role_for_another_account(stage: Stage) -> dict[str, Any]:
    condition = {"StringEquals": {"aws:SourceAccount": "210987654321"}}
    trust = {"Principal": {"Service": "ecs-tasks.amazonaws.com"}, "Action": "sts:AssumeRole", "Condition": condition}
    stage.boto("iam").update_assume_role_policy(
        RoleName=stage.name, PolicyDocument=policy({"Effect": "Allow", **trust})
    )
    return {"task_definition": stage.define(f"{stage.name}-taskless", taskRoleArn="")}


def without_task_role(stage: Stage) -> dict[str, Any]:
    missing = f"arn:aws:iam::{ACCOUNT}:role/{stage.name}-gone"
    return {"task_definition": stage.define(f"{stage.name}-roleless", taskRoleArn=missing)}


def without_permission_for_secrets(stage: Stage) -> dict[str, Any]:
    stage.allow("ssm:GetParameters", "kms:Decrypt", "logs:*", "ecr:*")
    return {}


def without_permission_for_keys(stage: Stage) -> dict[str, Any]:
    stage.allow("secretsmanager:GetSecretValue", "ssm:GetParameters", "logs:*", "ecr:*")
    return {}


def without_permission_for_parameters(stage: Stage) -> dict[str, Any]:
    stage.allow("secretsmanager:GetSecretValue", "kms:Decrypt", "logs:*", "ecr:*")
    return {}


def without_permission_for_pulling(stage: Stage) -> dict[str, Any]:
    stage.allow(
        "secretsmanager:*", "ssm:*", "kms:*", "logs:*", "ecr:GetAuthorizationToken", "ecr:GetDownloadUrlForLayer"
    )
    return {}


def with_a_secret_that_is_being_deleted(stage: Stage) -> dict[str, Any]:
    stage.boto("secretsmanager").delete_secret(SecretId=stage.secrets["jwt"])
    return {}


def without_secret(stage: Stage) -> dict[str, Any]:
    stage.boto("secretsmanager").delete_secret(SecretId=stage.secrets["jwt"], ForceDeleteWithoutRecovery=True)
    return {}


def with_a_secret_without_value(stage: Stage) -> dict[str, Any]:
    pending = {"name": "JWT_SECRET", "valueFrom": f"{stage.secrets['jwt']}::AWSPENDING:"}
    return {"task_definition": stage.define(f"{stage.name}-pending", {**stage.container(), "secrets": [pending]})}


def without_parameter(stage: Stage) -> dict[str, Any]:
    stage.boto("ssm").delete_parameter(Name=f"/{stage.name}/level")
    return {}


def with_a_disabled_key(stage: Stage) -> dict[str, Any]:
    stage.boto("kms").disable_key(KeyId=stage.key.rpartition("/")[2])
    # Its secret could not be read either, which is another line.
    return {"grafana": None}


def without_log_group(stage: Stage) -> dict[str, Any]:
    stage.boto("logs").delete_log_group(logGroupName=f"/{stage.name}")
    return {}


def with_another_port(stage: Stage) -> dict[str, Any]:
    container = {**stage.container(), "portMappings": [{"containerPort": 9090}]}
    colours = deepcopy(stage.options["colours"])
    colours["green"]["target"] = colours["green"]["target"].replace(":8080", ":9090")
    stage.kong.call("POST", f"/upstreams/{stage.name}/targets", {"target": colours["green"]["target"], "weight": 0})
    preview = f"/upstreams/{stage.name}-preview/targets"
    stage.kong.call("POST", preview, {"target": colours["green"]["target"], "weight": 0})
    return {"task_definition": stage.define(f"{stage.name}-port", container), "colours": colours}


def with_more_tasks_than_addresses(stage: Stage) -> dict[str, Any]:
    return {"tasks": 20}


def without_service(stage: Stage) -> dict[str, Any]:
    colours = deepcopy(stage.options["colours"])
    colours["green"]["service"] = "gone"
    return {"colours": colours}


def without_task_definition(stage: Stage) -> dict[str, Any]:
    return {"task_definition": "gone"}


def without_cluster(stage: Stage) -> dict[str, Any]:
    return {"cluster": f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/gone"}


def without_migrations(stage: Stage) -> dict[str, Any]:
    return {"migration": {"task_definition": "gone", "database": stage.database}}


def with_a_stopped_database(stage: Stage) -> dict[str, Any]:
    stage.boto("rds").stop_db_instance(DBInstanceIdentifier=stage.database)
    return {}


def without_upstream(stage: Stage) -> dict[str, Any]:
    return {"upstream": "gone"}


def without_target(stage: Stage) -> dict[str, Any]:
    stage.kong.call("DELETE", f"/upstreams/{stage.name}/targets/{stage.target('green')}")
    return {}


def with_both_colours_live(stage: Stage) -> dict[str, Any]:
    stage.weigh("green", 10)
    return {}


def with_no_colour_live(stage: Stage) -> dict[str, Any]:
    stage.weigh("blue", 0)
    return {}


def without_gateway(stage: Stage) -> dict[str, Any]:
    return {"gateway": {"admin_url": "http://127.0.0.1:1"}}


def without_prometheus(stage: Stage) -> dict[str, Any]:
    return {"grafana": {**stage.options["grafana"], "url": "http://127.0.0.1:1"}}


FAILURES: list[tuple[Break, str, str]] = [
    (without_image, f"image {REPOSITORY}:9.9.9:", "has no such image: push 9.9.9"),
    (with_an_unknown_container, "images.author:", "name one of auth"),
    (with_an_image_for_another_platform, f"image {REPOSITORY}:", "for linux/arm64 and not for linux/amd64"),
    (with_an_image_that_was_never_scanned, f"image {REPOSITORY}:1.1.0:", "never scanned"),
    (with_a_role_that_trusts_others, "execution role arn:aws:iam:", "does not let ecs-tasks.amazonaws.com"),
    (with_a_role_for_another_account, "execution role arn:aws:iam:", f"of account {ACCOUNT} assume it"),
    (without_task_role, "task role arn:aws:iam:", "it does not exist"),
    (without_permission_for_secrets, "execution role arn:aws:iam:", "may not secretsmanager:GetSecretValue on"),
    (without_permission_for_keys, "execution role arn:aws:iam:", "may not kms:Decrypt on"),
    (without_permission_for_parameters, "execution role arn:aws:iam:", "may not ssm:GetParameters on"),
    (without_permission_for_pulling, "execution role arn:aws:iam:", "may not ecr:BatchGetImage on"),
    (with_a_secret_that_is_being_deleted, "secret arn:aws:secretsmanager:", "(auth.JWT_SECRET): it is being deleted"),
    (without_secret, "secret arn:aws:secretsmanager:", "(auth.JWT_SECRET): it does not exist"),
    (with_a_secret_without_value, "secret arn:aws:secretsmanager:", "has no value AWSPENDING"),
    (without_parameter, "parameter /preflight-", "(auth.LEVEL): it does not exist"),
    (with_a_disabled_key, "key arn:aws:kms:", "it is Disabled"),
    (without_log_group, "log group /preflight-", "it does not exist"),
    (with_another_port, "port of blue:", "auth listens on 9090"),
    (with_more_tasks_than_addresses, "addresses for ", "20 tasks are to be started"),
    (without_service, "service gone (green):", "it is missing"),
    (without_task_definition, "task definition gone:", "does not exist"),
    (without_cluster, "cluster arn:aws:ecs:", "it is missing"),
    (without_migrations, "task definition gone:", "migrations are run by it"),
    (with_a_stopped_database, "database preflight-", "start it"),
    (without_upstream, "upstream gone:", "does not have it"),
    (without_target, "target green.", "does not have it"),
    (with_both_colours_live, "weights of preflight-", "both colours take customers (blue 100, green 10)"),
    (with_no_colour_live, "weights of preflight-", "no colour takes customers"),
    (without_gateway, "gateway:", "cannot be reached"),
    (without_prometheus, "metrics:", "http://127.0.0.1:1"),
]


@pytest.mark.parametrize(("spoil", "begin", "text"), FAILURES, ids=lambda item: getattr(item, "__name__", ""))
def test_what_would_fail_is_told_in_one_line_of_its_own(stage: Stage, spoil: Break, begin: str, text: str) -> None:
    run = stage.look(**spoil(stage))
    assert run.answer["failed"]
    told = run.answer["problems"]
    assert [line for line in told if line.startswith(begin) and text in line], told
    # One cause is one line, but for what two services or two keys have in common.
    assert len(told) == 1 or len({line.split(": ", 1)[1] for line in told}) == 1, told
    assert run.calls.writes == []
    assert all(line in run.answer["msg"] and "\n" not in line for line in told)


def test_all_problems_are_told_at_once(stage: Stage) -> None:
    stage.boto("ssm").delete_parameter(Name=f"/{stage.name}/level")
    stage.weigh("green", 10)
    run = stage.look(images={"auth": f"{REPOSITORY}:9.9.9"}, gateway={"admin_url": stage.kong.url})
    assert len(run.answer["problems"]) == 3
    assert run.answer["msg"].startswith("preflight: 3 problems, and nothing was changed:")


def test_a_rollout_that_has_not_ended_may_have_divided_the_customers(stage: Stage) -> None:
    release = {"id": "r1", "version": "1", "image": "", "digest": "", "task_definition": ""}
    rollout = {"id": "r1", "from": "blue", "to": "green", "phase": "shift", "started_at": "", "release": release}
    state = {"service": "auth-service", "live": "blue", "rollout": rollout}
    stage.boto("ssm").put_parameter(Name=stage.options["state_path"], Value=json.dumps(state), Type="String")
    stage.weigh("green", 10)
    run = stage.look()
    assert not run.answer.get("failed"), run.answer.get("msg")


def test_a_secret_may_allow_the_role_itself(stage: Stage) -> None:
    stage.allow("ssm:GetParameters", "kms:Decrypt", "logs:*", "ecr:*")
    statement = {"Effect": "Allow", "Principal": {"AWS": stage.role}, "Action": "secretsmanager:GetSecretValue"}
    stage.boto("secretsmanager").put_resource_policy(
        SecretId=stage.secrets["jwt"], ResourcePolicy=policy({**statement, "Resource": "*"})
    )
    run = stage.look()
    assert not run.answer.get("failed"), run.answer.get("msg")
