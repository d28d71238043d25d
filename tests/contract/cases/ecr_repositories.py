"""Contract cases of ecr_repositories."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "images"}
KEY = "alias/contract-images"


def keeping(count: int) -> dict[str, Any]:
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}
    return {"rules": [{"rulePriority": 1, "selection": selection, "action": {"type": "expire"}}]}


def open_to(action: str) -> dict[str, Any]:
    principal = {"AWS": "arn:aws:iam::123456789012:root"}
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": principal, "Action": action}]}


AUTH = {
    "name": "contract-images/auth",
    "image_tag_mutability": "IMMUTABLE",
    "scan_on_push": True,
    "kms_key": KEY,
    "lifecycle_policy": keeping(30),
}
BATCH = {"name": "contract-images/batch", "repository_policy": open_to("ecr:BatchGetImage")}


def key(boto: Boto) -> Mapping[str, Any]:
    """A key, known to the module by its alias."""
    kms = boto("kms")
    if KEY not in {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}:
        kms.create_alias(AliasName=KEY, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    return {}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A repository below the prefix that is not tagged as ours, and one with our tags whose name only begins alike."""
    ecr = boto("ecr")
    ecr.create_repository(repositoryName="contract-images/foreign")
    tags = [{"Key": key, "Value": value} for key, value in TAGS.items()]
    ecr.create_repository(repositoryName="contract-images-too", tags=tags)
    names = ["contract-images/foreign", "contract-images-too"]
    return lambda: ecr.describe_repositories(repositoryNames=names)["repositories"]


CASES = [
    Case(
        name="ecr_repositories",
        module="ecr_repositories",
        present={"repositories": [AUTH, BATCH], "prefix": "contract-images/", "tags": TAGS, "purge": True},
        absent={"repositories": []},
        prepare=key,
        edits={
            "mutability": {"repositories": [{**AUTH, "image_tag_mutability": "MUTABLE"}, BATCH]},
            "scan": {"repositories": [{**AUTH, "scan_on_push": False}, BATCH]},
            "lifecycle policy": {"repositories": [{**AUTH, "lifecycle_policy": keeping(5)}, BATCH]},
            "no lifecycle policy": {"repositories": [{**AUTH, "lifecycle_policy": {}}, BATCH]},
            "repository policy": {"repositories": [AUTH, {**BATCH, "repository_policy": open_to("ecr:PutImage")}]},
            "no repository policy": {"repositories": [AUTH, {**BATCH, "repository_policy": {}}]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "one fewer": {"repositories": [AUTH]},
            "one more": {"repositories": [AUTH, BATCH, {"name": "contract-images/extra", "encryption_type": "KMS"}]},
        },
        foreign=lookalike,
    ),
    Case(
        name="ecr_repositories by name",
        module="ecr_repositories",
        present={"repositories": [{"name": "contract-named/auth", "scan_on_push": True}]},
        absent={"state": "absent", "force_delete": True},
        edits={"scan": {"repositories": [{"name": "contract-named/auth", "scan_on_push": False}]}},
    ),
]
