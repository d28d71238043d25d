"""Extensions of a few lines."""

from __future__ import annotations

import botocore.exceptions
import pytest
from local_cloud_support import DEFAULT_SUBNETS, LocalCloud


def test_efs_describes_tags(local_cloud: LocalCloud) -> None:
    efs = local_cloud.client("efs")
    tags = [{"Key": "Name", "Value": "storage"}]
    created = efs.create_file_system(CreationToken="tags", Tags=tags)["FileSystemId"]
    assert efs.describe_tags(FileSystemId=created)["Tags"] == tags


def test_deleted_secret_keeps_its_name(local_cloud: LocalCloud) -> None:
    secrets = local_cloud.client("secretsmanager")
    secrets.create_secret(Name="kept", SecretString="value")
    secrets.delete_secret(SecretId="kept", RecoveryWindowInDays=7)
    with pytest.raises(botocore.exceptions.ClientError, match="already scheduled for deletion"):
        secrets.create_secret(Name="kept", SecretString="value")
    secrets.restore_secret(SecretId="kept")
    secrets.delete_secret(SecretId="kept", ForceDeleteWithoutRecovery=True)
    secrets.create_secret(Name="kept", SecretString="value")


def test_web_acl_names_its_load_balancers(local_cloud: LocalCloud) -> None:
    waf, elbv2, ec2 = (local_cloud.client(name) for name in ("wafv2", "elbv2", "ec2"))
    visibility = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "acl"}
    acl = waf.create_web_acl(Name="acl", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=visibility)[
        "Summary"
    ]["ARN"]
    subnets = [row["SubnetId"] for row in ec2.describe_subnets(Filters=DEFAULT_SUBNETS)["Subnets"]][:2]
    balancer = elbv2.create_load_balancer(Name="protected", Subnets=subnets)["LoadBalancers"][0]["LoadBalancerArn"]
    waf.associate_web_acl(WebACLArn=acl, ResourceArn=balancer)
    assert waf.list_resources_for_web_acl(WebACLArn=acl)["ResourceArns"] == [balancer]
    elbv2.delete_load_balancer(LoadBalancerArn=balancer)
