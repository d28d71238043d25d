"""CloudWatch Logs: classes and keys of log groups."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from local_cloud_support import LocalCloud


def group(logs: Any, name: str) -> dict[str, Any]:
    return dict(logs.describe_log_groups(logGroupNamePrefix=name)["logGroups"][0])


def test_a_log_group_keeps_its_class(local_cloud: LocalCloud) -> None:
    logs = local_cloud.client("logs")
    logs.create_log_group(logGroupName="/class/rare", logGroupClass="INFREQUENT_ACCESS")
    logs.create_log_group(logGroupName="/class/usual")

    assert group(logs, "/class/rare")["logGroupClass"] == "INFREQUENT_ACCESS"
    assert group(logs, "/class/usual")["logGroupClass"] == "STANDARD"


def test_the_key_of_a_log_group_comes_and_goes(local_cloud: LocalCloud) -> None:
    logs = local_cloud.client("logs")
    key = local_cloud.client("kms").create_key()["KeyMetadata"]["Arn"]
    logs.create_log_group(logGroupName="/key/auth")

    logs.associate_kms_key(logGroupName="/key/auth", kmsKeyId=key)
    assert group(logs, "/key/auth")["kmsKeyId"] == key
    logs.disassociate_kms_key(logGroupName="/key/auth")
    assert "kmsKeyId" not in group(logs, "/key/auth")


def test_a_key_that_does_not_exist_is_refused(local_cloud: LocalCloud) -> None:
    logs = local_cloud.client("logs")
    missing = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"

    with pytest.raises(ClientError, match="does not exist or is not allowed to be used"):
        logs.create_log_group(logGroupName="/key/missing", kmsKeyId=missing)
    assert logs.describe_log_groups(logGroupNamePrefix="/key/missing")["logGroups"] == []
