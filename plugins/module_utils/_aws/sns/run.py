# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a set of SNS topics with their subscriptions to its desired state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..._core.changes import Change, State
from ..._core.errors import InvalidInput
from .. import policy
from ..keys import resolved
from ..secret_reader import current_value
from ..session import WORKERS, Aws, Outcome
from . import api, model


@dataclass
class Subscriptions:
    """Those of all topics: what they stand for by the key that shows."""

    current: dict[str, State] = field(default_factory=dict)
    desired: dict[str, tuple[str, str, str]] = field(default_factory=dict)  # ARN of the topic, protocol, endpoint
    pending: list[str] = field(default_factory=list)


def run(aws: Aws) -> Outcome:
    """Read topics and subscriptions, all at once, plan, apply."""
    topics, tags = aws.params["topics"], aws.params["tags"]
    model.validate(topics)
    arns = _arns(aws, [topic["name"] for topic in topics])
    if aws.params["state"] == "absent":
        return _remove(aws, arns)
    current = _topics(aws, arns)
    changes: list[Change] = []
    for topic in topics:
        name = topic["name"]
        desired = model.desired_topic(topic, arns[name], tags)
        desired = resolved(aws, desired, current.get(name, {}), ("kms_master_key_id",))
        changes += model.plan_topic(name, current.get(name), desired)
    subscriptions = _subscriptions(aws, topics, arns, current)
    changes += model.plan_subscriptions(subscriptions.current, subscriptions.desired)
    documents = {topic["name"]: topic["policy"] for topic in topics if topic["policy"]}
    aws.apply(changes, _handlers(aws, arns, documents, subscriptions))
    waiting = [f"subscription {key} is not confirmed yet and gets nothing" for key in subscriptions.pending]
    return Outcome(changes, {"topics": {name: {"arn": arn} for name, arn in arns.items()}}, warnings=waiting)


def _arns(aws: Aws, names: Sequence[str]) -> dict[str, str]:
    """ARNs by name, which are known before the topics are there."""
    who = aws.identity()
    return {name: f"arn:{who['partition']}:sns:{aws.region}:{who['account_id']}:{name}" for name in names}


def _topics(aws: Aws, arns: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    def read(arn: str) -> dict[str, Any] | None:
        attributes = api.get_topic_attributes(aws, arn)
        if attributes is None:
            return None
        tags = aws.params["tags"]
        return model.current_topic(attributes, api.list_tags(aws, arn) if tags else {}, tags)

    with ThreadPoolExecutor(max_workers=WORKERS) as pool:
        states = dict(zip(arns, pool.map(read, arns.values()), strict=True))
    return {name: state for name, state in states.items() if state is not None}


def _subscriptions(
    aws: Aws, topics: Sequence[Mapping[str, Any]], arns: Mapping[str, str], current: Mapping[str, State]
) -> Subscriptions:
    """Subscriptions of the topics that manage theirs. URLs are masked, whoever made them."""
    found = Subscriptions()
    for topic in topics:
        name = topic["name"]
        if topic["subscriptions"] is None:
            continue
        for number, wanted in enumerate(topic["subscriptions"]):
            endpoint = _endpoint(aws, f"topics[{name}].subscriptions[{number}].endpoint_secret", wanted)
            key = model.readable(name, wanted["protocol"], endpoint)
            found.desired[key] = (arns[name], wanted["protocol"], endpoint)
        for item in model.living(api.list_subscriptions(aws, arns[name])) if name in current else []:
            if item["Protocol"] in model.WEB:
                aws.secrets.add(item["Endpoint"])
            key = model.readable(name, item["Protocol"], item["Endpoint"])
            found.current[key] = {"arn": item["SubscriptionArn"]}
            if item["SubscriptionArn"] == model.PENDING and key in found.desired:
                found.pending.append(key)
    return found


def _endpoint(aws: Aws, option: str, subscription: Mapping[str, Any]) -> str:
    """An endpoint with the secret's value in its place."""
    endpoint = str(subscription["endpoint"])
    if not subscription["endpoint_secret"]:
        return endpoint
    return endpoint.replace(model.PLACE, current_value(aws, option, subscription["endpoint_secret"]).strip())


def _handlers(
    aws: Aws, arns: Mapping[str, str], documents: Mapping[str, Any], subscriptions: Subscriptions
) -> dict[Any, Any]:
    def attributes(change: Change, fields: Sequence[str]) -> dict[str, str]:
        values = {**change.desired}
        if "policy" in fields:
            values["policy"] = policy.text(model.completed(documents[change.key], arns[change.key]))
        return {model.ATTRIBUTES[field]: values[field] for field in fields if field in model.ATTRIBUTES}

    def create(change: Change) -> None:
        given = {name: value for name, value in attributes(change, change.fields).items() if value}
        _once_known(aws, partial(api.create_topic, aws, change.key, given, change.desired.get("tags") or {}))

    def update(change: Change) -> None:
        arn = arns[change.key]
        if "tags" in change.fields:
            api.tag_resource(aws, arn, change.desired["tags"])
        for name, value in attributes(change, change.fields).items():
            _once_known(aws, partial(api.set_topic_attribute, aws, arn, name, value))

    return {
        (model.TOPIC, "create"): create,
        (model.TOPIC, "update"): update,
        (model.TOPIC, "delete"): lambda change: api.delete_topic(aws, arns[change.key]),
        (model.SUBSCRIPTION, "create"): lambda change: api.subscribe(aws, *subscriptions.desired[change.key]),
        (model.SUBSCRIPTION, "delete"): lambda change: api.unsubscribe(aws, change.current["arn"]),
    }


def _once_known(aws: Aws, call: Any) -> None:
    """Make a call once the principals of its policy, perhaps made a moment ago, are known everywhere."""
    aws.eventually(call, "InvalidParameter", text="PrincipalNotFound")


def _remove(aws: Aws, arns: Mapping[str, str]) -> Outcome:
    tags = aws.params["tags"]
    if not tags:
        raise InvalidInput("tags", tags, "is empty: only what carries our tags is removed, so say which they are")
    current = _topics(aws, arns)
    changes = model.plan_removal(current)
    aws.apply(changes, _handlers(aws, arns, {}, Subscriptions()))
    stays = [f"topic {name} does not carry all of tags and stays" for name, s in current.items() if not s["owned"]]
    return Outcome(changes, {"topics": {}}, warnings=stays)
