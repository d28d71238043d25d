"""Strict mode and simulated latency: what a real account does and emulators do not."""

from __future__ import annotations

import itertools
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from ecs_support import World
from local_cloud_support import LocalCloud, eventually, local_cloud_for
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from local_cloud.throttling import Bucket, Throttling

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@pytest.fixture(scope="module")
def strict_cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalCloud]:
    state = tmp_path_factory.mktemp("strict") / ".local"
    cloud = local_cloud_for(state, LOCAL_CLOUD_STRICT="1", LOCAL_CLOUD_LATENCY="0.01")
    assert cloud.command("up").returncode == 0
    yield cloud
    cloud.command("down")


def refusal(call: Callable[[], object]) -> str:
    """Why AWS refuses the call; empty when it does not."""
    try:
        call()
    except ClientError as error:
        return str(error)
    return ""


def nat_state(ec2: Any, gateway: str) -> str:
    return str(ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]["State"])


def test_ec2_shows_what_is_new_late_and_nat_gateways_take_time(strict_cloud: LocalCloud) -> None:
    ec2 = strict_cloud.client("ec2")
    # On a busy machine a VPC may be visible before it is asked for.
    vpcs: list[str] = []

    def hidden() -> bool:
        vpcs.append(ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"])
        return "InvalidVpcID" in refusal(lambda: ec2.describe_vpcs(VpcIds=vpcs[-1:]))

    eventually(hidden, what="a VPC to be hidden at first")
    vpc = vpcs[-1]
    eventually(lambda: vpc in [item["VpcId"] for item in ec2.describe_vpcs()["Vpcs"]], what="the VPC to be visible")
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    gateway = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]
    assert gateway["State"] == "pending"
    name = gateway["NatGatewayId"]
    eventually(lambda: ec2.describe_nat_gateways()["NatGateways"], what="the NAT gateway to be visible")
    eventually(lambda: nat_state(ec2, name) == "available", what="the NAT gateway")
    ec2.delete_nat_gateway(NatGatewayId=name)
    assert nat_state(ec2, name) == "deleting"
    eventually(lambda: nat_state(ec2, name) == "deleted", what="the NAT gateway to go")
    ec2.release_address(AllocationId=address)


def policy(role: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"AWS": role}, "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def test_a_new_role_is_not_known_everywhere_at_once(strict_cloud: LocalCloud) -> None:
    kms, iam, s3 = (strict_cloud.client(name) for name in ("kms", "iam", "s3"))
    secrets = strict_cloud.client("secretsmanager")
    secrets.create_secret(Name="strict", SecretString="x")
    s3.create_bucket(Bucket="strict-bucket")
    kms.list_keys()
    trust = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    numbers = itertools.count()

    def fresh() -> str:
        created = iam.create_role(RoleName=f"fresh-{next(numbers)}", AssumeRolePolicyDocument=document)
        return str(created["Role"]["Arn"])

    def put_on_bucket(document: str) -> None:
        s3.put_bucket_policy(Bucket="strict-bucket", Policy=document)

    def put_on_secret(document: str) -> None:
        secrets.put_resource_policy(SecretId="strict", ResourcePolicy=document)

    # On a busy machine a role may be known before the call that names it has arrived.
    for call in (lambda document: kms.create_key(Policy=document), put_on_bucket, put_on_secret):
        eventually(
            lambda call=call: "MalformedPolicy" in refusal(lambda: call(policy(fresh()))),
            what="a fresh role to be refused",
        )
    role = fresh()
    eventually(lambda: not refusal(lambda: kms.create_key(Policy=policy(role))), what="the role to be known to KMS")
    with pytest.raises(ClientError, match="MalformedPolicy"):
        kms.create_key(Policy=policy("arn:aws:iam::123456789012:role/never"))


def test_ecs_cannot_assume_a_new_role_and_interfaces_outlive_their_task(strict_cloud: LocalCloud) -> None:
    world = World(strict_cloud).create()
    definitions: list[str] = []

    def unable_to_assume() -> bool:
        name = f"{world.name}-new-{len(definitions)}"
        role = world.create_role(name, {"Version": "2012-10-17", "Statement": [ALL]})
        definitions.append(world.define(world.shell("job", "true"), executionRoleArn=role))
        return "unable to assume" in refusal(lambda: world.run(definitions[-1]))

    # On a busy machine a role may be known before the task that takes it is to run.
    eventually(unable_to_assume, what="a fresh role to be unknown to ECS")
    young = definitions[-1]
    task = eventually(lambda: _run(world, young), what="the role to be assumable")
    world.stopped(task["taskArn"])
    ec2 = strict_cloud.client("ec2")
    with pytest.raises(ClientError, match="DependencyViolation"):
        ec2.delete_security_group(GroupId=world.group)
    eventually(
        lambda: not refusal(lambda: ec2.delete_security_group(GroupId=world.group)), what="the group to be removable"
    )


def _run(world: World, definition: str) -> dict[str, Any]:
    try:
        return world.run(definition)
    except world.ecs.exceptions.ClientException:
        return {}


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("ec2", "describe_vpcs", "RequestLimitExceeded"),
        ("ssm", "describe_parameters", "ThrottlingException"),
        ("rds", "describe_db_instances", "Throttling"),
    ],
)
def test_too_many_requests_are_throttled(service: str, operation: str, code: str) -> None:
    """Of a bucket with one token that is never filled up, for a machine of any speed."""
    application = Throttling(DomainDispatcherApplication(create_backend_app), rate=0, burst=1)
    server = make_server("127.0.0.1", 0, application)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    client = boto3.client(
        service,
        endpoint_url=f"http://127.0.0.1:{server.server_port}",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
        config=Config(retries={"total_max_attempts": 1}),
    )
    try:
        getattr(client, operation)()
        with pytest.raises(ClientError) as refused:
            getattr(client, operation)()
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert refused.value.response["Error"]["Code"] == code


def test_a_bucket_refills() -> None:
    now = [0.0]
    bucket = Bucket(rate=2, burst=3, clock=lambda: now[0])
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now[0] = 1.0
    assert [bucket.take() for _ in range(3)] == [True, True, False]


def test_a_log_group_takes_only_a_key_that_is_open_to_cloudwatch_logs(strict_cloud: LocalCloud) -> None:
    kms, logs = strict_cloud.client("kms"), strict_cloud.client("logs")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    with pytest.raises(ClientError, match="InvalidParameterException"):
        logs.create_log_group(logGroupName="/strict/auth", kmsKeyId=key)
    statement = {**ALL, "Principal": {"Service": "logs.us-east-1.amazonaws.com"}}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps({"Statement": [statement]}))
    logs.create_log_group(logGroupName="/strict/auth", kmsKeyId=key)
