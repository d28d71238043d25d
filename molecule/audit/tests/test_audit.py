"""What is done in the account is recorded, kept from the public, and told of."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

SECONDS = 60
NAME, GROUP = "molecule-audit", "/molecule-audit/audit"
cloudtrail, cloudwatch, ec2, iam, logs = (
    boto3.client(name) for name in ("cloudtrail", "cloudwatch", "ec2", "iam", "logs")
)
s3, sns, sqs = (boto3.client(name) for name in ("s3", "sns", "sqs"))
SIGN_IN = {
    "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin",
    "userIdentity": {"type": "IAMUser", "userName": "jane"},
    "additionalEventData": {"MFAUsed": "No"},
    "responseElements": {"ConsoleLogin": "Success"},
}
ROOT = {"eventName": "CreateUser", "eventType": "AwsApiCall", "userIdentity": {"type": "Root"}}
ROUTE = {"eventSource": "ec2.amazonaws.com", "eventName": "ReplaceRoute", "userIdentity": {"type": "AssumedRole"}}
WITH_TOKEN = {**SIGN_IN, "additionalEventData": {"MFAUsed": "Yes"}}


@pytest.fixture(scope="module")
def audit() -> dict[str, Any]:
    published = boto3.client("ssm").get_parameter(Name="/molecule/audit/outputs/audit")
    result: dict[str, Any] = json.loads(published["Parameter"]["Value"])
    return result


@pytest.fixture(scope="module")
def trail(audit: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = cloudtrail.get_trail(Name=audit["trail_arn"])["Trail"]
    return found


@pytest.fixture(scope="module")
def messages(audit: dict[str, Any]) -> Iterator[str]:
    """A queue that gets what the topic is told."""
    url = sqs.create_queue(QueueName="molecule-audit")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    subscribed = sns.subscribe(TopicArn=audit["topic_arn"], Protocol="sqs", Endpoint=arn, ReturnSubscriptionArn=True)
    yield url
    sns.unsubscribe(SubscriptionArn=subscribed["SubscriptionArn"])
    sqs.delete_queue(QueueUrl=url)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"not within {SECONDS} s"
        time.sleep(0.2)


def record(event: dict[str, Any]) -> None:
    """Write an event to the log group, as CloudTrail does."""
    streams = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    if not streams:
        logs.create_log_stream(logGroupName=GROUP, logStreamName="trail")
    message = {"timestamp": int(time.time() * 1000), "message": json.dumps(event)}
    logs.put_log_events(logGroupName=GROUP, logStreamName="trail", logEvents=[message])


def state(alarm: str) -> str:
    found = cloudwatch.describe_alarms(AlarmNames=[f"{NAME}-audit-{alarm}"])["MetricAlarms"]
    return str(found[0]["StateValue"])


def told(queue: str) -> str:
    received = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
    return " ".join(message["Body"] for message in received)


def test_the_trail_records_all_regions_signed_and_encrypted(audit: dict[str, Any], trail: dict[str, Any]) -> None:
    assert trail["IsMultiRegionTrail"]
    assert trail["IncludeGlobalServiceEvents"]
    assert trail["LogFileValidationEnabled"]
    assert ":key/" in trail["KmsKeyId"]
    assert trail["S3BucketName"] == audit["bucket"]
    assert GROUP in trail["CloudWatchLogsLogGroupArn"]
    assert cloudtrail.get_trail_status(Name=audit["trail_arn"])["IsLogging"]


def test_the_trail_records_objects_but_not_its_own(audit: dict[str, Any]) -> None:
    selectors = cloudtrail.get_event_selectors(TrailName=audit["trail_arn"])["AdvancedEventSelectors"]
    data = next(selector for selector in selectors if selector["Name"] == "Objects in buckets")
    fields = {field["Field"]: field for field in data["FieldSelectors"]}

    assert fields["resources.type"]["Equals"] == ["AWS::S3::Object"]
    assert f"arn:aws:s3:::{audit['bucket']}/" in fields["resources.ARN"]["NotStartsWith"]


@pytest.mark.parametrize(("kind", "algorithm"), [("bucket", "aws:kms"), ("access_logs_bucket", "AES256")])
def test_the_buckets_are_closed_encrypted_and_versioned(audit: dict[str, Any], kind: str, algorithm: str) -> None:
    bucket = audit[kind]
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    statements = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])["Statement"]

    assert set(s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == algorithm
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert {"Bool": {"aws:SecureTransport": "false"}} in [statement["Condition"] for statement in statements]
    assert all("Condition" in statement for statement in statements), "a service may be anybody's deputy"


def test_who_reads_the_records_is_recorded(audit: dict[str, Any]) -> None:
    logging = s3.get_bucket_logging(Bucket=audit["bucket"])["LoggingEnabled"]

    assert logging["TargetBucket"] == audit["access_logs_bucket"]


def test_only_the_trail_of_this_account_writes_to_the_log_group(trail: dict[str, Any]) -> None:
    name = trail["CloudWatchLogsRoleArn"].rpartition("/")[2]
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    policy = iam.get_role_policy(RoleName=name, PolicyName="write-events")["PolicyDocument"]["Statement"][0]

    assert trail["TrailARN"] in json.dumps(trust["Condition"]["StringEquals"])
    assert sorted(policy["Action"]) == ["logs:CreateLogStream", "logs:PutLogEvents"]
    assert f"log-group:{GROUP}:log-stream:" in json.dumps(policy["Resource"])


def test_every_filter_of_the_benchmark_has_an_alarm_that_tells(audit: dict[str, Any]) -> None:
    filters = logs.describe_metric_filters(logGroupName=GROUP)["metricFilters"]
    metrics = {row["metricTransformations"][0]["metricName"] for row in filters}
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=f"{NAME}-audit-")["MetricAlarms"]

    assert len(filters) == 15
    assert {alarm["MetricName"] for alarm in alarms} == metrics
    assert all(alarm["AlarmActions"] == [audit["topic_arn"]] for alarm in alarms)
    assert all(len(row["filterPattern"]) <= 1024 for row in filters)


@pytest.mark.parametrize(
    ("alarm", "event"),
    [("console-without-mfa", SIGN_IN), ("root", ROOT), ("routes", ROUTE)],
    ids=lambda value: str(value)[:20],
)
def test_an_event_reaches_who_is_told(messages: str, alarm: str, event: dict[str, Any]) -> None:
    wait_until(lambda: state(alarm) == "OK")
    record(WITH_TOKEN)
    record(event)

    wait_until(lambda: state(alarm) == "ALARM")
    wait_until(lambda: f"{NAME}-audit-{alarm}" in told(messages))


def test_the_account_has_safe_defaults(audit: dict[str, Any]) -> None:
    metadata = ec2.get_instance_metadata_defaults()["AccountLevel"]

    assert ec2.get_ebs_encryption_by_default()["EbsEncryptionByDefault"]
    assert ec2.get_snapshot_block_public_access_state()["State"] == "block-all-sharing"
    assert metadata["HttpTokens"] == "required"
    assert audit["account_id"].isdigit()


def test_how_everything_is_configured_is_recorded_and_judged(audit: dict[str, Any]) -> None:
    config = boto3.client("config")
    (recorder,) = config.describe_configuration_recorders()["ConfigurationRecorders"]
    (status,) = config.describe_configuration_recorder_status()["ConfigurationRecordersStatus"]
    (channel,) = config.describe_delivery_channels()["DeliveryChannels"]
    pages = config.get_paginator("describe_config_rules").paginate()
    rules = {rule["Source"]["SourceIdentifier"] for page in pages for rule in page["ConfigRules"]}

    assert audit["config_recorder"] == {"name": NAME, "ours": True}
    assert recorder["roleARN"].endswith("/AWSServiceRoleForConfig")
    assert (recorder["recordingGroup"]["allSupported"], status["recording"]) == (True, True)
    assert (channel["s3BucketName"], channel["s3KeyPrefix"]) == (audit["bucket"], "config")
    assert {"S3_BUCKET_SSL_REQUESTS_ONLY", "RDS_STORAGE_ENCRYPTED", "CLOUD_TRAIL_ENABLED"} <= rules


def test_threats_are_looked_for(audit: dict[str, Any]) -> None:
    detector = boto3.client("guardduty").get_detector(DetectorId=audit["guardduty_detector"]["id"])
    on = {feature["Name"] for feature in detector["Features"] if feature["Status"] == "ENABLED"}

    assert (detector["Status"], detector["FindingPublishingFrequency"]) == ("ENABLED", "FIFTEEN_MINUTES")
    assert {"S3_DATA_EVENTS", "RDS_LOGIN_EVENTS", "RUNTIME_MONITORING"} <= on
