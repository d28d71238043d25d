"""What is in the account that calls go to, as far as IAM looks at it: tags of resources and paths of roles."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.exceptions import ClientError

from permissions.questions import Account

# Tags are asked for with every call; what was just tagged is to be seen soon.
_FRESH_SECONDS = 1.0


def reader(number: str, endpoint: str, region: str) -> Account:
    """An account as an endpoint shows it that takes any key."""
    account = _Reader(endpoint, region)
    return Account(number, account.tags, account.path)


class _Reader:
    def __init__(self, endpoint: str, region: str) -> None:
        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=region)  # noqa: S106
        self._clients = {
            name: session.client(name, endpoint_url=endpoint)
            for name in ("acm", "ec2", "efs", "guardduty", "iam", "kms", "servicediscovery")
        }
        self._seen: dict[str, tuple[float, dict[str, str]]] = {}
        self._readers: Mapping[str, Callable[[str], Any]] = {
            "acm": self._acm,
            "ec2": self._ec2,
            "elasticfilesystem": self._efs,
            "guardduty": self._guardduty,
            "kms": self._kms,
            "servicediscovery": self._servicediscovery,
        }

    def tags(self, arn: str) -> dict[str, str]:
        """Tags of a resource; none of one that is not there."""
        seen, found = self._seen.get(arn, (0.0, {}))
        if time.monotonic() - seen > _FRESH_SECONDS or not found:
            found = self._read(arn)
            self._seen[arn] = (time.monotonic(), found)
        return found

    def path(self, name: str) -> str:
        """The path of a role, / of one that is not there."""
        try:
            return str(self._clients["iam"].get_role(RoleName=name)["Role"]["Path"])
        except ClientError:
            return "/"

    def _read(self, arn: str) -> dict[str, str]:
        try:
            tags = self._readers[arn.split(":")[2]](arn)
        except ClientError:
            return {}
        if isinstance(tags, dict):
            return tags
        return {tag.get("Key", tag.get("TagKey")): tag.get("Value", tag.get("TagValue")) for tag in tags}

    def _acm(self, arn: str) -> Any:
        return self._clients["acm"].list_tags_for_certificate(CertificateArn=arn)["Tags"]

    def _ec2(self, arn: str) -> Any:
        filters = [{"Name": "resource-id", "Values": [arn.rpartition("/")[2]]}]
        return self._clients["ec2"].describe_tags(Filters=filters)["Tags"]

    def _efs(self, arn: str) -> Any:
        client, identifier = self._clients["efs"], arn.rpartition("/")[2]
        if identifier.startswith("fsmt-"):  # a mount target has the tags of its file system
            identifier = client.describe_mount_targets(MountTargetId=identifier)["MountTargets"][0]["FileSystemId"]
        return client.list_tags_for_resource(ResourceId=identifier)["Tags"]

    def _guardduty(self, arn: str) -> Any:
        return self._clients["guardduty"].list_tags_for_resource(ResourceArn=arn)["Tags"]

    def _kms(self, arn: str) -> Any:
        return self._clients["kms"].list_resource_tags(KeyId=arn.partition(":key/")[2])["Tags"]

    def _servicediscovery(self, arn: str) -> Any:
        return self._clients["servicediscovery"].list_tags_for_resource(ResourceARN=arn)["Tags"]
