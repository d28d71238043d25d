# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to ECR, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list, boto3_tag_list_to_ansible_dict

PAGE = {"PageSize": 1000}


def describe_repositories(aws: Aws) -> list[dict[str, Any]]:
    """All repositories of the registry (DescribeRepositories)."""
    return aws.pages("ecr", "describe_repositories", "repositories", PaginationConfig=PAGE)


def describe_repository(aws: Aws, name: str) -> dict[str, Any]:
    """One repository (DescribeRepositories)."""
    return dict(aws.client("ecr").describe_repositories(repositoryNames=[name])["repositories"][0])


def list_tags(aws: Aws, arn: str) -> dict[str, str]:
    """Tags of a repository (ListTagsForResource)."""
    tags = aws.client("ecr").list_tags_for_resource(resourceArn=arn)["tags"]
    return dict(boto3_tag_list_to_ansible_dict(tags, "Key", "Value"))


def get_lifecycle_policy(aws: Aws, name: str) -> str:
    """The lifecycle policy as text, empty without one (GetLifecyclePolicy)."""
    call = aws.client("ecr").get_lifecycle_policy
    answer = aws.found(lambda: call(repositoryName=name), "LifecyclePolicyNotFoundException")
    return str(answer["lifecyclePolicyText"]) if answer else ""


def get_repository_policy(aws: Aws, name: str) -> str:
    """The repository policy as text, empty without one (GetRepositoryPolicy)."""
    call = aws.client("ecr").get_repository_policy
    answer = aws.found(lambda: call(repositoryName=name), "RepositoryPolicyNotFoundException")
    return str(answer["policyText"]) if answer else ""


def holds_images(aws: Aws, name: str) -> bool:
    """Whether a repository holds any image (ListImages)."""
    return bool(aws.client("ecr").list_images(repositoryName=name, maxResults=1)["imageIds"])


def create_repository(aws: Aws, name: str, tags: Mapping[str, str], **arguments: Any) -> dict[str, Any]:
    """Create a repository with its tags (CreateRepository)."""
    listed = ansible_dict_to_boto3_tag_list(tags)
    return dict(aws.client("ecr").create_repository(repositoryName=name, tags=listed, **arguments)["repository"])


def put_image_tag_mutability(aws: Aws, name: str, mutability: str) -> None:
    """Say whether a tag may move to another image (PutImageTagMutability)."""
    aws.client("ecr").put_image_tag_mutability(repositoryName=name, imageTagMutability=mutability)


def put_image_scanning_configuration(aws: Aws, name: str, scan_on_push: bool) -> None:
    """Say whether images are scanned when they are pushed (PutImageScanningConfiguration)."""
    configuration = {"scanOnPush": scan_on_push}
    aws.client("ecr").put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration=configuration)


def put_lifecycle_policy(aws: Aws, name: str, document: str) -> None:
    """Set the rules by which images expire (PutLifecyclePolicy)."""
    aws.client("ecr").put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=document)


def delete_lifecycle_policy(aws: Aws, name: str) -> None:
    """Let images never expire (DeleteLifecyclePolicy)."""
    aws.client("ecr").delete_lifecycle_policy(repositoryName=name)


def set_repository_policy(aws: Aws, name: str, document: str) -> None:
    """Say who else may use the repository (SetRepositoryPolicy)."""
    aws.client("ecr").set_repository_policy(repositoryName=name, policyText=document)


def delete_repository_policy(aws: Aws, name: str) -> None:
    """Leave the repository to IAM alone (DeleteRepositoryPolicy)."""
    aws.client("ecr").delete_repository_policy(repositoryName=name)


def tag_resource(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("ecr").tag_resource(resourceArn=arn, tags=ansible_dict_to_boto3_tag_list(tags))


def delete_repository(aws: Aws, name: str, *, force: bool) -> None:
    """Delete a repository, with `force` also one that holds images (DeleteRepository)."""
    aws.client("ecr").delete_repository(repositoryName=name, force=force)
