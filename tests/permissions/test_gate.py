"""What calls ask IAM, read off the wire as boto3 sends them, and how a refusal reaches who called."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from permissions import calls, questions
from permissions.evaluation import Asked
from permissions.gate import Gate
from permissions.questions import Account

TAGS = {"arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1": {"Environment": "local"}}
ACCOUNT = Account("123456789012", tags=lambda arn: TAGS.get(arn, {}), path={"task": "/ours/"}.__getitem__)
OURS = [{"Key": "Environment", "Value": "local"}]
ROLE = "arn:aws:iam::123456789012:role/ours/task"
SECRETS = "arn:aws:secretsmanager:us-east-1:123456789012:secret"


def client(service: str, endpoint: str = "http://127.0.0.1:9") -> Any:
    keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    return boto3.client(service, endpoint_url=endpoint, region_name="us-east-1", **keys)


def sent(service: str, method: str, parameters: dict[str, Any]) -> calls.Call:
    """The call as it is read from what boto3 sends, which goes nowhere."""
    read: list[calls.Call | None] = []

    def catch(request: Any, **_: Any) -> AWSResponse:
        path = request.url.removeprefix("http://127.0.0.1:9")
        headers = {name: v.decode() if isinstance(v, bytes) else str(v) for name, v in request.headers.items()}
        body = request.body or b""
        read.append(calls.read(request.method, path, headers, body if isinstance(body, bytes) else body.encode()))
        return AWSResponse(request.url, 400, {}, None)

    one = client(service)
    one.meta.events.register("before-send", catch)
    with pytest.raises((ClientError, AttributeError)):
        getattr(one, method)(**parameters)
    assert read[0] is not None
    return read[0]


def arn(service: str, rest: str) -> str:
    return f"arn:aws:{service}:us-east-1:123456789012:{rest}"


@pytest.mark.parametrize(
    ("service", "method", "parameters", "asked"),
    [
        ("sts", "get_caller_identity", {}, [("sts:GetCallerIdentity", "*")]),
        (
            "rds",
            "describe_db_instances",
            {"DBInstanceIdentifier": "ours"},
            [("rds:DescribeDBInstances", arn("rds", "db:ours"))],
        ),
        # Without a name it is about all, which what is ours is not.
        ("rds", "describe_db_instances", {}, [("rds:DescribeDBInstances", arn("rds", "db:*"))]),
        ("ec2", "delete_vpc", {"VpcId": "vpc-1"}, [("ec2:DeleteVpc", arn("ec2", "vpc/vpc-1"))]),
        (
            "ec2",
            "create_subnet",
            {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24"},
            [("ec2:CreateSubnet", arn("ec2", "subnet/new-as-yet")), ("ec2:CreateSubnet", arn("ec2", "vpc/vpc-1"))],
        ),
        ("s3", "get_object", {"Bucket": "ours", "Key": "a/b"}, [("s3:GetObject", "arn:aws:s3:::ours/a/b")]),
        (
            "s3",
            "get_bucket_lifecycle_configuration",
            {"Bucket": "ours"},
            [("s3:GetLifecycleConfiguration", "arn:aws:s3:::ours")],
        ),
        (
            "secretsmanager",
            "batch_get_secret_value",
            {"SecretIdList": ["a", "b"]},
            [
                ("secretsmanager:BatchGetSecretValue", "*"),
                ("secretsmanager:GetSecretValue", f"{SECRETS}:a-??????"),
                ("secretsmanager:GetSecretValue", f"{SECRETS}:b-??????"),
            ],
        ),
        (
            "iam",
            "put_role_policy",
            {"RoleName": "task", "PolicyName": "p", "PolicyDocument": "{}"},
            [("iam:PutRolePolicy", ROLE)],
        ),
        # The service names the role, and where it is.
        (
            "iam",
            "create_service_linked_role",
            {"AWSServiceName": "config.amazonaws.com"},
            [
                (
                    "iam:CreateServiceLinkedRole",
                    "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/new-as-yet",
                )
            ],
        ),
        (
            "ecs",
            "register_task_definition",
            {"family": "ours", "containerDefinitions": [], "taskRoleArn": ROLE},
            [("ecs:RegisterTaskDefinition", arn("ecs", "task-definition/ours:*")), ("iam:PassRole", ROLE)],
        ),
        (
            "efs",
            "delete_file_system",
            {"FileSystemId": "fs-1"},
            [("elasticfilesystem:DeleteFileSystem", arn("elasticfilesystem", "file-system/fs-1"))],
        ),
        (
            "cloudwatch",
            "describe_alarms",
            {"AlarmNames": ["a"]},
            [("cloudwatch:DescribeAlarms", arn("cloudwatch", "alarm:a"))],
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_a_call_asks(service: str, method: str, parameters: dict[str, Any], asked: list[tuple[str, str]]) -> None:
    found = questions.questions(sent(service, method, parameters), ACCOUNT)
    assert [(one.action, one.resource) for one in found] == asked


def test_tags_of_what_is_there_and_of_what_is_asked_for_are_told_apart() -> None:
    specification = [{"ResourceType": "subnet", "Tags": OURS}]
    call = sent(
        "ec2", "create_subnet", {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/24", "TagSpecifications": specification}
    )
    made, there = questions.questions(call, ACCOUNT)
    assert made.context == {"aws:RequestTag/Environment": "local"}
    assert there.context == {"aws:RequestTag/Environment": "local", "aws:ResourceTag/Environment": "local"}


def test_a_role_is_handed_to_the_service_that_takes_it() -> None:
    call = sent("ecs", "register_task_definition", {"family": "f", "containerDefinitions": [], "taskRoleArn": ROLE})
    assert questions.questions(call, ACCOUNT)[-1] == Asked(
        "iam:PassRole", ROLE, {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    )


@pytest.fixture(scope="module")
def refusing() -> Iterator[tuple[Gate, str]]:
    """A gate that allows nothing, and its URL; nothing is behind it."""
    gate = Gate("http://127.0.0.1:9", "nobody", [], ACCOUNT)
    with gate.open() as url:
        yield gate, url


@pytest.mark.parametrize(
    ("service", "method", "parameters", "code"),
    [
        ("ec2", "describe_vpcs", {}, "UnauthorizedOperation"),
        ("rds", "describe_db_instances", {}, "AccessDenied"),
        ("ecs", "list_clusters", {}, "AccessDeniedException"),
        ("efs", "describe_file_systems", {}, "AccessDeniedException"),
        ("s3", "list_buckets", {}, "AccessDenied"),
        ("route53", "list_hosted_zones_by_name", {}, "AccessDenied"),
    ],
)
def test_a_refusal_is_said_as_the_service_says_it(
    refusing: tuple[Gate, str], service: str, method: str, parameters: dict[str, Any], code: str
) -> None:
    gate, url = refusing
    with pytest.raises(ClientError, match="is not authorized to perform") as caught:
        getattr(client(service, url), method)(**parameters)
    assert caught.value.response["Error"]["Code"] == code
    assert gate.refused
