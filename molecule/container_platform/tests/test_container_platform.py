"""A cluster that records what is done in its containers, and repositories that keep what was pushed."""

import json
from typing import Any

import boto3
import pytest

NAME = "molecule-container-platform"
REPOSITORIES = {"molecule-platform-auth": 5, "molecule-platform-batch": 30}
ecr = boto3.client("ecr")


def key_arn(purpose: str) -> str:
    return str(boto3.client("kms").describe_key(KeyId=f"alias/{NAME}-{purpose}")["KeyMetadata"]["Arn"])


@pytest.fixture(scope="module")
def platform() -> dict[str, Any]:
    name = "/molecule/container-platform/outputs/container_platform"
    result: dict[str, Any] = json.loads(boto3.client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    return result


@pytest.fixture(scope="module")
def cluster(platform: dict[str, Any]) -> dict[str, Any]:
    included = ["SETTINGS", "CONFIGURATIONS", "TAGS"]
    answer = boto3.client("ecs").describe_clusters(clusters=[platform["cluster_arn"]], include=included)
    return dict(answer["clusters"][0])


def test_the_cluster_is_active_with_its_tags(cluster: dict[str, Any]) -> None:
    assert (cluster["clusterName"], cluster["status"]) == (NAME, "ACTIVE")
    assert {"key": "Environment", "value": "container-platform"} in cluster["tags"]


def test_tasks_are_measured(cluster: dict[str, Any]) -> None:
    assert {"name": "containerInsights", "value": "enabled"} in cluster["settings"]


def test_sessions_are_recorded_encrypted(cluster: dict[str, Any], platform: dict[str, Any]) -> None:
    execution = cluster["configuration"]["executeCommandConfiguration"]
    recorded = execution["logConfiguration"]["cloudWatchLogGroupName"]
    (group,) = boto3.client("logs").describe_log_groups(logGroupNamePrefix=recorded)["logGroups"]

    assert (recorded, execution["kmsKeyId"]) == (platform["exec_log_group"], key_arn("containers"))
    assert (group["retentionInDays"], group["kmsKeyId"]) == (90, key_arn("logs"))


def test_services_find_each_other_in_the_namespace(cluster: dict[str, Any], platform: dict[str, Any]) -> None:
    namespace = boto3.client("servicediscovery").get_namespace(Id=platform["namespace_id"])["Namespace"]

    assert namespace["Name"] == platform["namespace_name"] == "container-platform.molecule.internal"
    assert cluster["serviceConnectDefaults"]["namespace"] == platform["namespace_arn"] == namespace["Arn"]


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_repository_scans_encrypts_and_never_moves_a_tag(platform: dict[str, Any], name: str) -> None:
    (repository,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]

    assert repository["repositoryUri"] == platform["repositories"][name]
    assert repository["imageTagMutability"] == "IMMUTABLE"
    assert repository["imageScanningConfiguration"]["scanOnPush"]
    assert repository["encryptionConfiguration"] == {"encryptionType": "KMS", "kmsKey": key_arn("containers")}


@pytest.mark.parametrize(("name", "count"), REPOSITORIES.items())
def test_a_repository_keeps_its_newest_images(name: str, count: int) -> None:
    (rule,) = json.loads(ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"])["rules"]

    assert rule["selection"] == {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": count}


@pytest.mark.parametrize("name", REPOSITORIES)
def test_a_repository_is_tagged_as_ours(name: str) -> None:
    (repository,) = ecr.describe_repositories(repositoryNames=[name])["repositories"]
    tags = ecr.list_tags_for_resource(resourceArn=repository["repositoryArn"])["tags"]

    assert {"Key": "Project", "Value": "molecule"} in tags
