"""CloudTrail, AWS Config and GuardDuty refuse what AWS refuses, and keep what they are told."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from local_cloud_support import LocalCloud

ROLE = "arn:aws:iam::123456789012:role/config"
OBJECTS = {
    "Name": "Objects",
    "FieldSelectors": [
        {"Field": "eventCategory", "Equals": ["Data"]},
        {"Field": "resources.type", "Equals": ["AWS::S3::Object"]},
    ],
}


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")


def bucket(cloud: LocalCloud, name: str, service: str) -> str:
    """A bucket that a service may write to."""
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket=name)
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "s3:PutObject", "Resource": "*"}
    s3.put_bucket_policy(Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    return name


def test_a_trail_has_selectors_of_one_kind(local_cloud: LocalCloud) -> None:
    cloudtrail = local_cloud.client("cloudtrail")
    name = bucket(local_cloud, "audit-selectors", "cloudtrail.amazonaws.com")
    cloudtrail.create_trail(Name="selectors", S3BucketName=name)

    def selectors() -> tuple[Any, Any]:
        answer = cloudtrail.get_event_selectors(TrailName="selectors")
        return answer.get("EventSelectors"), answer.get("AdvancedEventSelectors")

    basic, advanced = selectors()
    assert (basic[0]["IncludeManagementEvents"], advanced) == (True, [])
    cloudtrail.put_event_selectors(TrailName="selectors", AdvancedEventSelectors=[OBJECTS])
    assert selectors() == ([], [OBJECTS])
    cloudtrail.put_event_selectors(TrailName="selectors", EventSelectors=basic)
    assert selectors() == (basic, [])


def test_insights_are_replaced_and_missing_ones_are_an_error(local_cloud: LocalCloud) -> None:
    cloudtrail = local_cloud.client("cloudtrail")
    name = bucket(local_cloud, "audit-insights", "cloudtrail.amazonaws.com")
    cloudtrail.create_trail(Name="insights", S3BucketName=name)

    with pytest.raises(cloudtrail.exceptions.InsightNotEnabledException):
        cloudtrail.get_insight_selectors(TrailName="insights")
    for kind in ("ApiCallRateInsight", "ApiErrorRateInsight"):
        cloudtrail.put_insight_selectors(TrailName="insights", InsightSelectors=[{"InsightType": kind}])
    found = cloudtrail.get_insight_selectors(TrailName="insights")["InsightSelectors"]
    assert [item["InsightType"] for item in found] == ["ApiErrorRateInsight"]


def test_a_rule_needs_a_recorder_and_keeps_its_tags(local_cloud: LocalCloud) -> None:
    config = local_cloud.client("config")
    rule = {
        "ConfigRuleName": "ssl",
        "Source": {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_SSL_REQUESTS_ONLY"},
    }
    with pytest.raises(ClientError, match="NoAvailableConfigurationRecorder"):
        config.put_config_rule(ConfigRule=rule)

    config.put_configuration_recorder(ConfigurationRecorder={"name": "audit", "roleARN": ROLE})
    config.put_config_rule(ConfigRule=rule, Tags=[{"Key": "Project", "Value": "x"}])
    config.put_config_rule(ConfigRule={**rule, "Description": "changed"})
    (found,) = config.describe_config_rules(ConfigRuleNames=["ssl"])["ConfigRules"]
    tags = config.list_tags_for_resource(ResourceArn=found["ConfigRuleArn"])["Tags"]
    assert (found["Description"], tags) == ("changed", [{"Key": "Project", "Value": "x"}])


@pytest.mark.usefixtures("credentials")
def test_a_recorder_keeps_its_tags_when_it_is_changed(local_cloud: LocalCloud) -> None:
    # A region has one recorder.
    config = boto3.client("config", region_name="eu-north-1", endpoint_url=local_cloud.settings.aws_endpoint)
    recorder = {"name": "audit", "roleARN": ROLE}
    config.put_configuration_recorder(ConfigurationRecorder=recorder, Tags=[{"Key": "Project", "Value": "x"}])
    config.put_configuration_recorder(
        ConfigurationRecorder={**recorder, "recordingMode": {"recordingFrequency": "DAILY"}}
    )
    (found,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
    assert found["recordingMode"]["recordingFrequency"] == "DAILY"
    assert config.list_tags_for_resource(ResourceArn=found["arn"])["Tags"] == [{"Key": "Project", "Value": "x"}]


@pytest.mark.usefixtures("credentials")
def test_a_region_has_one_detector_whose_features_keep_their_state(local_cloud: LocalCloud) -> None:
    guardduty = boto3.client("guardduty", region_name="eu-north-1", endpoint_url=local_cloud.settings.aws_endpoint)
    buckets = {"Name": "S3_DATA_EVENTS", "Status": "ENABLED"}
    detector = guardduty.create_detector(Enable=True, Features=[buckets])["DetectorId"]

    with pytest.raises(ClientError, match="a detector already exists"):
        guardduty.create_detector(Enable=True)
    with pytest.raises(ClientError, match="invalid or out-of-range"):
        guardduty.update_detector(DetectorId=detector, Features=[{**buckets, "Name": "RUNTIME_MONITORING_2"}])
    guardduty.update_detector(DetectorId=detector, Features=[{"Name": "RDS_LOGIN_EVENTS", "Status": "ENABLED"}])
    features = guardduty.get_detector(DetectorId=detector)["Features"]
    on = {feature["Name"] for feature in features if feature["Status"] == "ENABLED"}
    assert on == {"CLOUD_TRAIL", "DNS_LOGS", "FLOW_LOGS", "S3_DATA_EVENTS", "RDS_LOGIN_EVENTS"}
