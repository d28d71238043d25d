"""Contract cases of iam_policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "policies"}


def allow(*actions: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]}


READ = {"name": "contract-read", "policy": allow("logs:DescribeLogGroups", "ecs:ListClusters")}
PUSH = {"name": "contract-push", "policy": json.dumps(allow("ecr:GetAuthorizationToken"))}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A policy on the same path with none of our tags, and one with our tags on another path."""
    iam = boto("iam")
    listed = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    document = json.dumps(allow("s3:ListAllMyBuckets"))
    arns = [
        iam.create_policy(PolicyName=name, Path=path, PolicyDocument=document, Tags=tags)["Policy"]["Arn"]
        for name, path, tags in (
            ("contract-policy-foreign", "/contract-policies/", []),
            ("contract-policy-elsewhere", "/other/", listed),
        )
    ]
    return lambda: [iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] for arn in arns]


CASES = [
    Case(
        name="iam_policies",
        module="iam_policies",
        present={"path": "/contract-policies/", "policies": [READ, PUSH], "tags": TAGS, "purge": True},
        absent={"policies": []},
        edits={
            "document": {"policies": [{**READ, "policy": allow("logs:DescribeLogGroups")}, PUSH]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "one fewer": {"policies": [READ]},
            "one more": {"policies": [READ, PUSH, {**READ, "name": "contract-second"}]},
        },
        foreign=lookalike,
    )
]
