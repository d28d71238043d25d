"""SNS: web subscriptions that confirm themselves and get their messages, and the metric of what was published.

Nothing is delivered to another machine.
"""

from __future__ import annotations

import json
import logging
import queue
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from moto.core.responses import ActionResult
from moto.kms.models import kms_backends
from moto.moto_server.werkzeug_app import DomainDispatcherApplication
from moto.sns.exceptions import SNSInvalidParameter
from moto.sns.models import SNSBackend, Subscription, Topic
from moto.sns.responses import SNSResponse

from local_cloud.extensions import around, operation
from local_cloud.metrics.publish import Datum, put
from local_cloud.runtime import Runtime

LOG = logging.getLogger(__name__)
WEB = ("http", "https")
# Who has to be asked whether they want the messages.
_ASKED = (*WEB, "email", "email-json")
# SNS tries again at once, then ever more slowly, for 23 minutes.
RETRY_SECONDS = (0.0, 0.0, 0.0, 1.0, 1.0, *(float(pause) for pause in range(2, 20, 2)), *([20.0] * 35))
_ANSWER_SECONDS = 15.0

Original = Callable[..., Any]


@dataclass(order=True)
class Delivery:
    """One document on its way to one endpoint."""

    due: float
    number: int
    endpoint: str = field(compare=False)
    kind: str = field(compare=False)
    document: Mapping[str, Any] = field(compare=False)
    attempt: int = field(default=0, compare=False)


class Post:
    """Delivers documents to endpoints of this machine, trying again as SNS does."""

    def __init__(self, authority: str) -> None:
        self._authority = authority
        self._waiting: queue.PriorityQueue[Delivery] = queue.PriorityQueue()
        self._numbers = iter(range(1, 1 << 62))
        threading.Thread(target=self._run, daemon=True, name="sns deliveries").start()

    def send(self, endpoint: str, kind: str, document: Mapping[str, Any]) -> None:
        host = urlsplit(endpoint).hostname or ""
        if host != "localhost" and not host.startswith("127."):
            LOG.warning("SNS: nothing is delivered to %s, which is another machine", host)
            return
        self._waiting.put(Delivery(time.monotonic(), next(self._numbers), endpoint, kind, document))

    def _run(self) -> None:
        while True:
            delivery = self._waiting.get()
            early = delivery.due - time.monotonic()
            if early > 0:
                self._waiting.put(delivery)
                time.sleep(min(early, 0.2))
            elif not self._deliver(delivery) and delivery.attempt < len(RETRY_SECONDS):
                delivery.due = time.monotonic() + RETRY_SECONDS[delivery.attempt]
                delivery.attempt += 1
                self._waiting.put(delivery)

    def _deliver(self, delivery: Delivery) -> bool:
        headers = {
            "Content-Type": "text/plain; charset=UTF-8",
            "User-Agent": "Amazon Simple Notification Service Agent",
            "x-amz-sns-message-type": delivery.kind,
            "x-amz-sns-topic-arn": str(delivery.document["TopicArn"]),
        }
        body = json.dumps(delivery.document).encode()
        try:
            answer = requests.post(
                delivery.endpoint, data=body, headers=headers, timeout=_ANSWER_SECONDS, verify=self._authority
            )
        except requests.RequestException as error:
            LOG.info("SNS: %s at %s: %s", delivery.kind, urlsplit(delivery.endpoint).netloc, type(error).__name__)
            return False
        return answer.ok


def _deliver_to_the_web(post: Post, endpoint_of_aws: str) -> None:
    @around(SNSBackend, "subscribe")
    def subscribe(original: Original, self: SNSBackend, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        known = set(self.subscriptions)
        if protocol in WEB and urlsplit(endpoint).scheme != protocol:
            raise SNSInvalidParameter(f"Invalid parameter: Endpoint must match the specified protocol: {protocol}")
        subscription: Subscription = original(self, topic_arn, endpoint, protocol)
        waits = protocol in _ASKED and subscription.arn not in known
        subscription.confirmed = subscription.confirmed or (subscription.arn not in known and not waits)
        if waits:
            subscription.attributes["PendingConfirmation"] = True
        if waits and protocol in WEB:
            post.send(endpoint, "SubscriptionConfirmation", _question(subscription, endpoint_of_aws))
        return subscription

    @around(Subscription, "publish")
    def publish(original: Original, self: Subscription, message: str, message_id: str, **options: Any) -> None:
        if self.protocol not in _ASKED:
            original(self, message, message_id, **options)
        elif self.confirmed and self.protocol in WEB:
            document = self.get_post_data(message, message_id, options.get("subject"))
            post.send(self.endpoint, "Notification", document)


def _question(subscription: Subscription, endpoint_of_aws: str) -> dict[str, Any]:
    token = secrets.token_hex(64)
    subscription.__dict__["local_token"] = token
    query = {"Action": "ConfirmSubscription", "TopicArn": subscription.topic.arn, "Token": token}
    address = f"{endpoint_of_aws}/?{urlencode({**query, 'Version': '2010-03-31'})}"
    text = f"You have chosen to subscribe to the topic {subscription.topic.arn}.\nTo confirm, visit the SubscribeURL."
    document = subscription.get_post_data(text, secrets.token_hex(16), None)
    del document["UnsubscribeURL"]
    return {**document, "Type": "SubscriptionConfirmation", "Token": token, "SubscribeURL": address}


def confirm_subscription(self: SNSResponse) -> ActionResult:
    topic, token = self._get_param("TopicArn"), self._get_param("Token")
    for subscription in self.backend.subscriptions.values():
        if subscription.topic.arn == topic and subscription.__dict__.get("local_token") == token:
            subscription.confirmed = True
            subscription.attributes["PendingConfirmation"] = False
            return ActionResult({"SubscriptionArn": subscription.arn})
    raise SNSInvalidParameter("Invalid parameter: Token")


def list_subscriptions_by_topic(original: Original, self: SNSResponse) -> ActionResult:
    """Who has not confirmed has no ARN yet."""
    answer = original(self)
    rows = [
        {
            "TopicArn": subscription.topic.arn,
            "Protocol": subscription.protocol,
            "SubscriptionArn": subscription.arn if subscription.confirmed else "PendingConfirmation",
            "Owner": subscription.owner,
            "Endpoint": subscription.endpoint,
        }
        for subscription in answer.result["Subscriptions"]
    ]
    return ActionResult({**answer.result, "Subscriptions": rows})


def publish_to_topic(original: Original, self: Topic, *args: Any, **options: Any) -> str:
    message_id: str = original(self, *args, **options)
    datum = Datum("AWS/SNS", "NumberOfMessagesPublished", {"TopicName": self.name}, 1.0, "Count")
    put(self.sns_backend, [datum])
    return message_id


def lets_publish(topic: Topic, service: str) -> bool:
    """Whether a service of AWS may use the key that encrypts the topic; the key that AWS keeps lets none."""
    key_id = topic.kms_master_key_id
    if not key_id:
        return True
    keys = kms_backends[topic.account_id][topic.sns_backend.region_name]
    name = keys.get_key_id_from_alias(key_id) if key_id.startswith("alias/") else key_id.rpartition("/")[2]
    key = keys.keys.get(name)
    statements = json.loads(key.policy).get("Statement", []) if key else []
    return any(service in json.dumps(statement.get("Principal") or {}) for statement in statements)


def install(runtime: Runtime) -> None:
    post = Post(str(runtime.authority.certificate))
    _deliver_to_the_web(post, runtime.settings.aws_endpoint)
    operation(SNSResponse)(confirm_subscription)
    around(SNSResponse, "list_subscriptions_by_topic")(list_subscriptions_by_topic)
    around(Topic, "publish")(publish_to_topic)
    _answer_unsigned_confirmations(runtime.settings.region)


def _answer_unsigned_confirmations(region: str) -> None:
    """What visits a SubscribeURL signs nothing, by which moto would know the service."""

    @around(DomainDispatcherApplication, "infer_service_region_host")
    def infer(original: Original, self: Any, environ: dict[str, Any], path: str) -> str | None:
        if "Action=ConfirmSubscription" in environ.get("QUERY_STRING", ""):
            return f"sns.{region}.amazonaws.com"
        host: str | None = original(self, environ, path)
        return host
