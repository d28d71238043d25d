"""SNS asks web endpoints whether they want messages, delivers to those that do, and counts what is published."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests
from local_cloud_support import LocalCloud, eventually

DEADLINE = 10.0


class Subscriber:
    """A web server on loopback that keeps what it gets; `refusals` requests fail first."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.refusals = 0
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                refused, owner.refusals = owner.refusals > 0, max(0, owner.refusals - 1)
                if not refused:
                    owner.messages.append({**message, "header": self.headers["x-amz-sns-message-type"]})
                self.send_response(503 if refused else 200)
                self.end_headers()

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/integration/key/enqueue"


@pytest.fixture
def subscriber() -> Iterator[Subscriber]:
    made = Subscriber()
    yield made
    made.server.shutdown()
    made.server.server_close()


def confirmed(local_cloud: LocalCloud, arn: str, subscriber: Subscriber) -> None:
    local_cloud.client("sns").subscribe(TopicArn=arn, Protocol="http", Endpoint=subscriber.url)
    question = eventually(lambda: subscriber.messages)[0]
    assert (question["Type"], question["header"]) == ("SubscriptionConfirmation", "SubscriptionConfirmation")
    assert requests.get(question["SubscribeURL"], timeout=DEADLINE).status_code == 200


def test_a_web_endpoint_gets_messages_once_it_has_confirmed(local_cloud: LocalCloud, subscriber: Subscriber) -> None:
    sns = local_cloud.client("sns")
    arn = sns.create_topic(Name="delivers")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=subscriber.url)
    eventually(lambda: subscriber.messages)
    sns.publish(TopicArn=arn, Message="too early")
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"

    requests.get(subscriber.messages[0]["SubscribeURL"], timeout=DEADLINE).raise_for_status()
    sns.publish(TopicArn=arn, Message="hello", Subject="greeting")

    got = eventually(lambda: subscriber.messages[1:])[0]
    assert (got["Type"], got["Message"], got["Subject"], got["TopicArn"]) == ("Notification", "hello", "greeting", arn)
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"][0]["SubscriptionArn"].startswith(arn)


def test_a_delivery_that_fails_is_tried_again(local_cloud: LocalCloud, subscriber: Subscriber) -> None:
    sns = local_cloud.client("sns")
    arn = sns.create_topic(Name="retries")["TopicArn"]
    confirmed(local_cloud, arn, subscriber)
    subscriber.refusals = 2
    sns.publish(TopicArn=arn, Message="again")

    assert eventually(lambda: subscriber.messages[1:])[0]["Message"] == "again"


def test_a_wrong_token_confirms_nothing(local_cloud: LocalCloud) -> None:
    sns = local_cloud.client("sns")
    arn = sns.create_topic(Name="guessed")["TopicArn"]
    sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="somebody@example.com")

    with pytest.raises(sns.exceptions.InvalidParameterException):
        sns.confirm_subscription(TopicArn=arn, Token="0" * 64)
    assert sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"][0]["SubscriptionArn"] == "PendingConfirmation"


def test_published_messages_are_counted(local_cloud: LocalCloud) -> None:
    sns, cloudwatch = local_cloud.client("sns"), local_cloud.client("cloudwatch")
    arn = sns.create_topic(Name="counted")["TopicArn"]
    for number in range(3):
        sns.publish(TopicArn=arn, Message=str(number))

    def total() -> float:
        now = datetime.now(UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/SNS",
            MetricName="NumberOfMessagesPublished",
            Dimensions=[{"Name": "TopicName", "Value": "counted"}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    assert eventually(lambda: total() == 3.0)


@pytest.mark.parametrize(
    ("statements", "reaches"),
    [([], False), ([{"Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": "kms:GenerateDataKey*"}], True)],
)
def test_an_alarm_reaches_an_encrypted_topic_only_if_its_key_lets_it(
    local_cloud: LocalCloud, subscriber: Subscriber, statements: list[dict[str, Any]], *, reaches: bool
) -> None:
    sns, cloudwatch = local_cloud.client("sns"), local_cloud.client("cloudwatch")
    root = {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}, "Action": "kms:*"}
    listed = [{"Effect": "Allow", "Resource": "*", **statement} for statement in (root, *statements)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": listed})
    key = local_cloud.client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"]
    name = f"encrypted-{reaches}"
    arn = sns.create_topic(Name=name, Attributes={"KmsMasterKeyId": key})["TopicArn"]
    confirmed(local_cloud, arn, subscriber)
    cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="AWS/SNS",
        MetricName="NumberOfMessagesPublished",
        Dimensions=[{"Name": "TopicName", "Value": "nobody publishes here"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
        AlarmActions=[arn],
    )

    def actions() -> list[str]:
        history = cloudwatch.describe_alarm_history(AlarmName=name, HistoryItemType="Action")["AlarmHistoryItems"]
        return [item["HistorySummary"] for item in history]

    summary = eventually(actions)[0]
    assert summary.startswith("Successfully" if reaches else "Failed")
    if reaches:
        alarm = json.loads(eventually(lambda: subscriber.messages[1:])[0]["Message"])
        assert (alarm["AlarmName"], alarm["NewStateValue"]) == (name, "ALARM")
