# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What preflight asks AWS, one function an operation. All of it reads, and no value of a secret."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from .._aws.ecs import api as ecs
from .._aws.logs import api as logs
from .._aws.network import api as network
from .._aws.session import Aws
from .preflight_facts import EcrImage, FoundImage, FoundRole

INDEXES = ("application/vnd.docker.distribution.manifest.list.v2+json", "application/vnd.oci.image.index.v1+json")
NAMES_PER_CALL = 50


def image(aws: Aws, wanted: EcrImage, *, with_findings: bool) -> FoundImage | None:
    """An image, with the platforms of an index (DescribeImages, BatchGetImage, DescribeImageScanFindings)."""
    client = aws.client("ecr")
    where: dict[str, Any] = {"registryId": wanted.account, "repositoryName": wanted.repository}
    answer = aws.found(
        lambda: client.describe_images(**where, imageIds=[dict(wanted.identifier)]),
        "ImageNotFoundException",
        "RepositoryNotFoundException",
    )
    if answer is None:
        return None
    found = answer["imageDetails"][0]
    digest = {"imageDigest": found["imageDigest"]}
    findings = None
    if with_findings:
        scan = aws.found(lambda: client.describe_image_scan_findings(**where, imageId=digest), "ScanNotFoundException")
        findings = (scan or {}).get("imageScanFindings", {}).get("findingSeverityCounts", {}) if scan else None
    platforms: tuple[str, ...] = ()
    if found.get("imageManifestMediaType") in INDEXES:
        got = client.batch_get_image(**where, imageIds=[digest], acceptedMediaTypes=list(INDEXES))
        platforms = platforms_of(got["images"][0]["imageManifest"]) if got["images"] else ()
    return FoundImage(found["imageDigest"], platforms, findings)


def platforms_of(manifest: str) -> tuple[str, ...]:
    """The platforms of an index; what a build attests of itself is for none. Pure."""
    listed = [one.get("platform", {}) for one in json.loads(manifest).get("manifests", [])]
    known = {f"{one.get('os')}/{one.get('architecture')}" for one in listed if one.get("architecture") != "unknown"}
    return tuple(sorted(known))


def role(aws: Aws, arn: str) -> FoundRole | None:
    """A role with the documents of its policies (GetRole, GetRolePolicy, GetPolicyVersion and the lists of them)."""
    client, name = aws.client("iam"), arn.rpartition("/")[2]
    found = aws.found(lambda: client.get_role(RoleName=name), "NoSuchEntity")
    if found is None or found["Role"]["Arn"] != arn:
        return None
    inline = aws.pages("iam", "list_role_policies", "PolicyNames", RoleName=name)
    documents = [client.get_role_policy(RoleName=name, PolicyName=one)["PolicyDocument"] for one in inline]
    for attached in aws.pages("iam", "list_attached_role_policies", "AttachedPolicies", RoleName=name):
        policy = {"PolicyArn": attached["PolicyArn"]}
        version = client.get_policy(**policy)["Policy"]["DefaultVersionId"]
        documents.append(client.get_policy_version(**policy, VersionId=version)["PolicyVersion"]["Document"])
    return FoundRole(found["Role"]["AssumeRolePolicyDocument"], documents)


def secret(aws: Aws, secret_id: str) -> dict[str, Any] | None:
    """A secret without its value (DescribeSecret)."""
    client = aws.client("secretsmanager")
    return aws.found(lambda: dict(client.describe_secret(SecretId=secret_id)), "ResourceNotFoundException")


def secret_policy(aws: Aws, secret_id: str) -> dict[str, Any]:
    """Who else may use a secret (GetResourcePolicy)."""
    text = aws.client("secretsmanager").get_resource_policy(SecretId=secret_id).get("ResourcePolicy")
    return dict(json.loads(text or "{}"))


def parameters(aws: Aws, names: Sequence[str]) -> dict[str, dict[str, Any] | None]:
    """Parameters without their values (DescribeParameters)."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(names), NAMES_PER_CALL):
        by_name = {"Key": "Name", "Option": "Equals", "Values": list(names[start : start + NAMES_PER_CALL])}
        found += aws.pages("ssm", "describe_parameters", "Parameters", ParameterFilters=[by_name])
    described = {one["Name"]: one for one in found}
    return {name: described.get(name) for name in names}


def log_group(aws: Aws, name: str) -> dict[str, Any] | None:
    """A log group by its name (DescribeLogGroups)."""
    return next((one for one in logs.describe_log_groups(aws, name) if one["logGroupName"] == name), None)


def key(aws: Aws, key_id: str) -> dict[str, Any] | None:
    """A key by id, ARN or alias (DescribeKey)."""
    client = aws.client("kms")
    return aws.found(lambda: dict(client.describe_key(KeyId=key_id)["KeyMetadata"]), "NotFoundException")


def key_policy(aws: Aws, key_id: str) -> dict[str, Any]:
    """Who may use a key (GetKeyPolicy)."""
    return dict(json.loads(aws.client("kms").get_key_policy(KeyId=key_id, PolicyName="default")["Policy"]))


def subnets(aws: Aws, ids: Sequence[str]) -> dict[str, dict[str, Any] | None]:
    """Subnets with their free addresses; a filter, unlike ids, is no error where one is missing (DescribeSubnets)."""
    if not ids:
        return {}
    found = aws.pages("ec2", "describe_subnets", "Subnets", Filters=network.filters(subnet_id=list(ids)))
    described = {one["SubnetId"]: one for one in found}
    return {subnet: described.get(subnet) for subnet in ids}


def target_group(aws: Aws, arn: str) -> dict[str, Any] | None:
    """A target group by its ARN (DescribeTargetGroups)."""
    client = aws.client("elbv2")
    answer = aws.found(lambda: client.describe_target_groups(TargetGroupArns=[arn]), "TargetGroupNotFound")
    return dict(answer["TargetGroups"][0]) if answer else None


def quota(aws: Aws, service: str, code: str) -> float:
    """What an account may have of something (GetServiceQuota)."""
    answer = aws.client("service-quotas").get_service_quota(ServiceCode=service, QuotaCode=code)
    return float(answer["Quota"]["Value"])


def running_tasks(aws: Aws, cluster: str) -> list[dict[str, Any]]:
    """Tasks of a cluster that run or are about to (ListTasks, DescribeTasks)."""
    return ecs.describe_tasks(aws, cluster, ecs.list_tasks(aws, cluster, desiredStatus="RUNNING"))
