"""Extensions of a few lines."""

from __future__ import annotations

import json

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


def test_buckets_that_refuse_plain_text_take_what_comes_over_loopback(local_cloud: LocalCloud) -> None:
    s3 = local_cloud.client("s3")
    s3.create_bucket(Bucket="encrypted-only")
    where = {"Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::encrypted-only/*"]}
    only_encrypted = {"Effect": "Deny", **where, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}

    def allow(*statements: dict[str, object]) -> None:
        policy = {"Version": "2012-10-17", "Statement": statements}
        s3.put_bucket_policy(Bucket="encrypted-only", Policy=json.dumps(policy))

    allow(only_encrypted)
    s3.put_object(Bucket="encrypted-only", Key="file", Body=b"text")
    allow(only_encrypted, {"Effect": "Deny", **where})
    with pytest.raises(botocore.exceptions.ClientError, match="403"):
        s3.put_object(Bucket="encrypted-only", Key="file", Body=b"text")


def test_scanners_are_told_of_nothing_where_there_is_nothing(local_cloud: LocalCloud) -> None:
    ssm, ec2 = local_cloud.client("ssm"), local_cloud.client("ec2")
    assert ssm.describe_instance_information()["InstanceInformationList"] == []
    assert ssm.list_resource_compliance_summaries()["ResourceComplianceSummaryItems"] == []
    assert ec2.describe_client_vpn_endpoints()["ClientVpnEndpoints"] == []


def test_keys_say_that_they_are_of_one_region(local_cloud: LocalCloud) -> None:
    kms = local_cloud.client("kms")
    key = kms.create_key()["KeyMetadata"]
    assert key["MultiRegion"] is False
    assert kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]["MultiRegion"] is False


@pytest.mark.parametrize("interval", [0, 60])
def test_a_watched_database_names_where_its_metrics_are(local_cloud: LocalCloud, interval: int) -> None:
    rds, name = local_cloud.client("rds"), f"watched-{interval}"
    role = {"MonitoringRoleArn": "arn:aws:iam::123456789012:role/monitoring"} if interval else {}
    rds.create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.t4g.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="platform_admin",
        MasterUserPassword="not-for-anybody",
        MonitoringInterval=interval,
        **role,
    )
    (shown,) = rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    assert shown.get("EnhancedMonitoringResourceArn", "").startswith("arn:aws:logs:") is bool(interval)
    rds.get_waiter("db_instance_available").wait(
        DBInstanceIdentifier=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def test_data_sources_of_guardduty_are_its_features(local_cloud: LocalCloud) -> None:
    guardduty = local_cloud.client("guardduty")
    features = [{"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}]
    detector = guardduty.create_detector(Enable=True, Features=features)["DetectorId"]
    sources = guardduty.get_detector(DetectorId=detector)["DataSources"]
    guardduty.delete_detector(DetectorId=detector)
    assert sources["S3Logs"]["Status"] == "ENABLED"
    assert sources["Kubernetes"]["AuditLogs"]["Status"] == "DISABLED"
