# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SNS topics and their subscriptions as comparable states. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ..._core.changes import Change, State, desired_fields, plan_one, plan_set
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from .. import policy
from ..tagging import of_interest, owns

TOPIC, SUBSCRIPTION = "topic", "subscription"
NAME = re.compile(r"[A-Za-z0-9_-]{1,256}")
WEB = ("http", "https")
PLACE = "{secret}"  # where an endpoint wants the value of its secret
PENDING, DELETED = "PendingConfirmation", "Deleted"  # in the place of the ARN of a subscription
ATTRIBUTES = {"display_name": "DisplayName", "kms_master_key_id": "KmsMasterKeyId", "policy": "Policy"}


def validate(topics: Sequence[Mapping[str, Any]]) -> None:
    """Raise InvalidInput for what SNS would refuse."""
    names = [topic["name"] for topic in topics]
    for index, topic in enumerate(topics):
        option = f"topics[{index}]"
        if not NAME.fullmatch(topic["name"]):
            raise InvalidInput(
                f"{option}.name", topic["name"], "is no name of a topic: 1 to 256 letters, digits, - and _"
            )
        if topic["name"] in names[:index]:
            raise InvalidInput(f"{option}.name", topic["name"], "is given twice: keep one of them")
        if topic.get("policy") is not None and not policy.parsed(f"{option}.policy", topic["policy"]):
            raise InvalidInput(
                f"{option}.policy", topic["policy"], "is empty, but a topic always has one: leave it out"
            )
        for number, subscription in enumerate(topic.get("subscriptions") or []):
            _validate_subscription(f"{option}.subscriptions[{number}]", subscription)


def _validate_subscription(option: str, subscription: Mapping[str, Any]) -> None:
    protocol, endpoint = subscription["protocol"], subscription["endpoint"]
    if protocol in WEB and not endpoint.startswith(f"{protocol}://") and not is_placeholder(endpoint):
        shown = endpoint if not subscription.get("endpoint_secret") else protocol
        raise InvalidInput(f"{option}.endpoint", shown, f"is no {protocol} endpoint: it begins with {protocol}://")
    if bool(subscription.get("endpoint_secret")) != (PLACE in endpoint):
        remedy = f"goes with {PLACE} in endpoint, where its value is put: give both or neither"
        raise InvalidInput(f"{option}.endpoint_secret", subscription.get("endpoint_secret"), remedy)


def desired_topic(topic: Mapping[str, Any], arn: str, tags: Mapping[str, str] | None) -> dict[str, Any]:
    """State of a topic without its subscriptions."""
    document = topic.get("policy")
    return desired_fields(
        {
            "display_name": topic.get("display_name"),
            "kms_master_key_id": topic.get("kms_master_key_id"),
            "policy": None if document is None else policy.normalised(completed(document, arn)),
            "tags": tags,
        }
    )


def completed(document: Any, arn: str) -> dict[str, Any]:
    """A policy in which every statement has a resource: the topic itself, which it can only be about."""
    parsed = policy.parsed("policy", document)
    statements = parsed["Statement"]
    listed = [statements] if isinstance(statements, Mapping) else statements
    return {**parsed, "Statement": [{"Resource": arn, **statement} for statement in listed]}


def current_topic(
    attributes: Mapping[str, str], all_tags: Mapping[str, str], tags: Mapping[str, str] | None
) -> dict[str, Any]:
    return {
        "display_name": attributes.get("DisplayName", ""),
        "kms_master_key_id": attributes.get("KmsMasterKeyId", ""),
        "policy": policy.normalised(policy.parsed("policy", attributes["Policy"])),
        "tags": of_interest(all_tags, tags),
        "owned": owns(all_tags, tags),
    }


def readable(topic: str, protocol: str, endpoint: str) -> str:
    """What a subscription goes by. Of a URL, which may hold a secret, only the host shows, and which one it is."""
    if protocol not in WEB:
        return f"{topic} {protocol} {endpoint}"
    which = hashlib.sha256(endpoint.encode()).hexdigest()[:8]
    return f"{topic} {protocol} {urlsplit(endpoint).netloc.rpartition('@')[2]} {which}"


def living(listed: Iterable[Mapping[str, str]]) -> list[Mapping[str, str]]:
    """Without those that were ended, which SNS lists for some days more."""
    return [item for item in listed if item["SubscriptionArn"] != DELETED]


def plan_topic(name: str, current: State | None, desired: State) -> list[Change]:
    return plan_one(TOPIC, name, current, desired)


def plan_subscriptions(current: Mapping[str, State], desired: Iterable[str]) -> list[Change]:
    """Others are removed, unless they still wait to be confirmed, since these are forgotten in time by themselves."""
    scope = {key: state for key, state in current.items() if state["arn"] != PENDING or key in desired}
    wanted: dict[str, State] = {key: {} for key in desired}
    return plan_set(SUBSCRIPTION, scope, wanted, purge=True, level=1)


def plan_removal(current: Mapping[str, State]) -> list[Change]:
    """Topics that are ours; their subscriptions go with them."""
    return [Change("delete", TOPIC, name, before=state) for name, state in current.items() if state["owned"]]
