"""Notification templates: what each type wants to know, and which messages may be written."""

from __future__ import annotations

from typing import Any

from local_cloud.awx.errors import ApiError

Object = dict[str, Any]

ENCRYPTED = "$encrypted$"
_TYPES = {"string": str, "password": str, "int": int, "bool": bool, "list": list, "object": dict}
# Name of a setting -> its type, and its default where it need not be given.
_SETTINGS: dict[str, dict[str, tuple[Any, ...]]] = {
    "awssns": {
        "aws_region": ("string",),
        "aws_access_key_id": ("string",),
        "aws_secret_access_key": ("password",),
        "aws_session_token": ("password",),
        "sns_topic_arn": ("string",),
    },
    "email": {
        "host": ("string",),
        "port": ("int",),
        "username": ("string",),
        "password": ("password",),
        "use_tls": ("bool",),
        "use_ssl": ("bool",),
        "sender": ("string",),
        "recipients": ("list",),
        "timeout": ("int", 30),
    },
    "grafana": {
        "grafana_url": ("string",),
        "grafana_key": ("password",),
    },
    "irc": {
        "server": ("string",),
        "port": ("int",),
        "nickname": ("string",),
        "password": ("password",),
        "use_ssl": ("bool",),
        "targets": ("list",),
    },
    "mattermost": {
        "mattermost_url": ("string",),
        "mattermost_no_verify_ssl": ("bool",),
    },
    "pagerduty": {
        "subdomain": ("string",),
        "token": ("password",),
        "service_key": ("string",),
        "client_name": ("string",),
    },
    "rocketchat": {
        "rocketchat_url": ("string",),
        "rocketchat_no_verify_ssl": ("bool",),
    },
    "slack": {
        "token": ("password",),
        "channels": ("list",),
    },
    "twilio": {
        "account_sid": ("string",),
        "account_token": ("password",),
        "from_number": ("string",),
        "to_numbers": ("list",),
    },
    "webhook": {
        "url": ("string",),
        "http_method": ("string", "POST"),
        "disable_ssl_verification": ("bool", False),
        "username": ("string", ""),
        "password": ("password", ""),
        "headers": ("object",),
    },
}
TYPES = tuple(_SETTINGS)
_EVENTS = ("started", "success", "error", "workflow_approval")
_APPROVAL_EVENTS = ("running", "approved", "timed_out", "denied")


def checked(kind: str, configuration: Object, before: Object) -> Object:
    """With defaults, and with the secrets that are kept instead of `$encrypted$`. Raises ApiError."""
    missing, findings = [], []
    found = dict(configuration)
    for name, (wanted, *default) in _SETTINGS[kind].items():
        if name not in found and default:
            found[name] = default[0]
        if name not in found:
            missing.append(name)
        elif type(found[name]) is not _TYPES[wanted]:
            findings.append(f"Configuration field '{name}' incorrect type, expected {wanted}.")
        elif wanted == "list" and not found[name]:
            findings.append(f"No values specified for field '{name}'")
        elif name == "http_method" and found[name].lower() not in ("put", "post"):
            findings.append("HTTP method must be either 'POST' or 'PUT'.")
    if missing:
        findings.append(f"Missing required fields for Notification Configuration: {missing}.")
    if findings:
        raise ApiError(400, {"__all__": findings})
    kept = {name: before[name] for name, value in found.items() if value == ENCRYPTED and name in before}
    return found | kept


def shown(kind: str, configuration: Object) -> Object:
    secrets = {name for name, (wanted, *_) in _SETTINGS[kind].items() if wanted == "password"}
    return {name: ENCRYPTED if name in secrets and value else value for name, value in configuration.items()}


def check_messages(messages: Object) -> None:
    """Raises ApiError."""
    found: list[str] = []
    for event, content in messages.items():
        if event not in _EVENTS:
            names = "'started', 'success', 'error', or 'workflow_approval'"
            found.append(f"Event '{event}' invalid, must be one of {names}")
        elif content is not None and not isinstance(content, dict):
            found.append(f"Expected dict for event '{event}', found {type(content)}")
        elif event == "workflow_approval":
            found += _approval_findings(content or {})
        else:
            found += _findings(event, content or {})
    if found:
        raise ApiError(400, {"messages": found})


def _approval_findings(events: Object) -> list[str]:
    found = []
    for event, content in events.items():
        if event not in _APPROVAL_EVENTS:
            names = "'running', 'approved', 'timed_out', or 'denied'"
            found.append(f"Workflow Approval event '{event}' invalid, must be one of {names}")
        elif content is not None and not isinstance(content, dict):
            found.append(f"Expected dict for workflow approval event '{event}', found {type(content)}")
        else:
            found += _findings("workflow_approval", content or {})
    return found


def _findings(event: str, content: Object) -> list[str]:
    found = []
    for part, text in content.items():
        if part not in ("message", "body"):
            found.append(f"Message type '{part}' invalid, must be either 'message' or 'body'")
        elif text is not None and not isinstance(text, str):
            found.append(f"Expected string for '{part}', found {type(text)}, ")
        elif part == "message" and "\n" in (text or ""):
            found.append(f"Messages cannot contain newlines (found newline in {event} event)")
    return found
