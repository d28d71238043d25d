"""The Events API v2 and the Amazon CloudWatch integration, with a log of everything that arrived."""

from __future__ import annotations

import datetime
import hmac
import json
import secrets
from collections.abc import Awaitable, Callable
from typing import Any

from local_cloud.pagerduty.account import Account, Object
from local_cloud.pagerduty.errors import EventError, InvalidKey
from local_cloud.pagerduty.incidents import Incidents

_ACTIONS = ("trigger", "acknowledge", "resolve")
_SEVERITIES = ("critical", "error", "warning", "info")
_CLOUDWATCH_ACTIONS = {"ALARM": "trigger", "OK": "resolve"}
_KEY_LENGTH = 32
_EVENT_TYPES = ("events_api_v2_inbound_integration", "generic_events_api_inbound_integration")
_CLOUDWATCH = "aws_cloudwatch_inbound_integration"

Confirm = Callable[[str], Awaitable[None]]


class Events:
    """`confirm` visits the URL that confirms a subscription."""

    def __init__(self, account: Account, incidents: Incidents, confirm: Confirm):
        self._account = account
        self._incidents = incidents
        self._confirm = confirm
        self.log: list[Object] = []

    def enqueue(self, event: Any) -> Object:
        """`POST /v2/enqueue`. Raises EventError and InvalidKey."""
        _check_event(event)
        integration = self._integration(event["routing_key"], _EVENT_TYPES)
        action = event["event_action"]
        key = event.get("dedup_key") or secrets.token_hex(16)
        payload = event.get("payload") or {}
        record = {name: payload.get(name) for name in ("summary", "severity", "source", "custom_details")}
        self._note(integration, action, key, record)
        if action == "trigger":
            details = {"client": event.get("client"), "client_url": event.get("client_url"), "cef_details": payload}
            body = {"type": "alert_body", "details": payload.get("custom_details"), **details}
            body["contexts"] = [{"type": "link", **link} for link in event.get("links") or []]
            alert = {"summary": payload["summary"], "severity": payload["severity"], "body": body}
            self._incidents.trigger(integration, key, alert)
        else:
            self._change(integration, action, key)
        return {"status": "success", "message": "Event processed", "dedup_key": key}

    async def from_cloudwatch(self, key: str, message: Any) -> Object:
        """`POST /integration/<key>/enqueue`: a message as SNS delivers it. Raises EventError and InvalidKey."""
        integration = self._integration(key, (_CLOUDWATCH,))
        kind = message.get("Type") if isinstance(message, dict) else None
        if kind == "SubscriptionConfirmation":
            self._note(integration, "confirm", str(message.get("TopicArn")), {"summary": message.get("SubscribeURL")})
            await self._confirm(str(message.get("SubscribeURL")))
        elif kind == "Notification":
            self._alarm(integration, message)
        elif kind != "UnsubscribeConfirmation":
            raise EventError("Type is missing or none that SNS sends")
        return {"status": "success", "message": "Event processed"}

    def _alarm(self, integration: Object, message: Object) -> None:
        try:
            alarm = json.loads(message.get("Message", ""))
        except ValueError:
            raise EventError("Message is no CloudWatch alarm: JSON parse error") from None
        if not isinstance(alarm, dict) or not alarm.get("AlarmName") or not alarm.get("NewStateValue"):
            raise EventError("Message is no CloudWatch alarm: AlarmName or NewStateValue is missing")
        key, state = str(alarm["AlarmName"]), str(alarm["NewStateValue"])
        action = _CLOUDWATCH_ACTIONS.get(state, "ignore")
        summary = f"{key}: {alarm.get('NewStateReason', state)}"
        self._note(integration, action, key, {"summary": summary, "severity": "critical", "custom_details": alarm})
        if action == "trigger":
            body = {"type": "alert_body", "details": alarm, "cef_details": {}, "contexts": []}
            self._incidents.trigger(integration, key, {"summary": summary, "severity": "critical", "body": body})
        elif action == "resolve":
            self._incidents.resolve(integration, key)

    def _change(self, integration: Object, action: str, key: str) -> None:
        if action == "acknowledge":
            self._incidents.acknowledge(integration, key)
        else:
            self._incidents.resolve(integration, key)

    def _integration(self, key: str, types: tuple[str, ...]) -> Object:
        for integration in self._account.integrations.values():
            if hmac.compare_digest(integration["integration_key"], key) and integration["type"] in types:
                return integration
        raise InvalidKey

    def _note(self, integration: Object, action: str, key: str, content: Object) -> None:
        service = self._account.services[integration["service"]["id"]]
        self.log.append(
            {
                "number": len(self.log) + 1,
                "received_at": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
                "service": service["name"],
                "integration": integration["name"],
                "action": action,
                "dedup_key": key,
                **content,
            }
        )


def _check_event(event: Any) -> None:
    if not isinstance(event, dict):
        raise EventError("JSON parse error")
    errors = _key_errors(event.get("routing_key"))
    action = event.get("event_action")
    if action not in _ACTIONS:
        errors.append("'event_action' is missing or not one of trigger, acknowledge, resolve")
    if action in _ACTIONS[1:] and not event.get("dedup_key"):
        errors.append("'dedup_key' is missing or blank")
    if len(str(event.get("dedup_key") or "")) > 255:
        errors.append("'dedup_key' is too long (maximum is 255 characters)")
    if action == "trigger":
        errors += _payload_errors(event.get("payload"))
    if errors:
        raise EventError(*errors)


def _key_errors(key: Any) -> list[str]:
    if not isinstance(key, str) or not key:
        return ["'routing_key' is missing or blank"]
    errors = []
    if len(key) != _KEY_LENGTH:
        errors.append("Length of 'routing_key' is incorrect (should be 32 characters)")
    if not key.isalnum() or not key.isascii():
        errors.append("'routing_key' cannot contain non-alphanumeric characters.")
    return errors


def _payload_errors(payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        return ["'payload' is missing or blank"]
    missing = [f"'payload.{name}' is missing or blank" for name in ("summary", "source") if not payload.get(name)]
    if payload.get("severity") not in _SEVERITIES:
        missing.append("'payload.severity' is missing or not one of critical, error, warning, info")
    if len(str(payload.get("summary") or "")) > 1024:
        missing.append("'payload.summary' is too long (maximum is 1024 characters)")
    return missing
