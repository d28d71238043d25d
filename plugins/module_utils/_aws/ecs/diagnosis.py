# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why tasks stopped, and what they said last."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.redact import MASK
from ..session import Aws
from . import api
from .task_definition_check import looks_secret

Described = Mapping[str, Any]
BY_ECS = "ServiceSchedulerInitiated"  # stop code of tasks that are scaled in or replaced
ASSIGNMENT = re.compile(
    r"""(?P<name>[\w.-]*(?:passw|passphrase|pwd|secret|token|key|credential)[\w.-]*)"""
    r"""(?P<mid>["']?\s*[=:]\s*["']?)(?P<value>[^\s"',;&]+)""",
    re.IGNORECASE,
)
PATTERNS = (
    re.compile(r"(?<=://)(?P<user>[^/\s:@]*):[^/\s@]+@"),  # user:password@ in URLs
    re.compile(r"(?i)(?P<user>bearer\s+)[\w.~+/=-]+"),
    re.compile(r"(?P<user>)\beyJ[\w-]+\.[\w-]+\.[\w-]+"),  # JSON web tokens
)


def masked(line: str) -> str:
    """A log line without what looks like a secret: passwords in URLs, bearer tokens, `password=…`. Pure."""

    def assignment(match: re.Match[str]) -> str:
        hides = looks_secret(match["name"])
        return f"{match['name']}{match['mid']}{MASK}" if hides else match[0]

    url, bearer, token = PATTERNS
    line = url.sub(rf"\g<user>:{MASK}@", line)
    line = token.sub(MASK, bearer.sub(rf"\g<user>{MASK}", line))
    return ASSIGNMENT.sub(assignment, line)


def task_id(task: Described) -> str:
    """The last part of a task's ARN. Pure."""
    return str(task["taskArn"]).rsplit("/", 1)[-1]


def summary(task: Described) -> dict[str, Any]:
    """A stopped task in short: why it stopped, and each container's exit code or reason. Pure."""
    containers = {
        container["name"]: {"exit_code": container.get("exitCode"), "reason": container.get("reason", "")}
        for container in task.get("containers", [])
    }
    return {
        "task": task_id(task),
        "stop_code": task.get("stopCode", ""),
        "stopped_reason": task.get("stoppedReason", ""),
        "containers": containers,
    }


def log_streams(definition: Described, task: Described) -> dict[str, tuple[str, str]]:
    """Log group and stream by container of a task, for those that log to CloudWatch. Pure."""
    streams: dict[str, tuple[str, str]] = {}
    for container in definition.get("containerDefinitions", []):
        logging = container.get("logConfiguration", {})
        options = logging.get("options", {})
        prefix = options.get("awslogs-stream-prefix")
        if logging.get("logDriver") == "awslogs" and prefix:
            stream = f"{prefix}/{container['name']}/{task_id(task)}"
            streams[container["name"]] = (options["awslogs-group"], stream)
    return streams


def log_tails(aws: Aws, definition: Described, task: Described, lines: int) -> dict[str, list[str]]:
    """The last lines of each container of a task, secrets masked; containers that said nothing are left out."""
    if lines < 1:
        return {}
    streams = log_streams(definition, task)
    tails = {name: api.log_tail(aws, group, stream, lines) for name, (group, stream) in streams.items()}
    return {name: [masked(line) for line in tail] for name, tail in tails.items() if tail}


def stopped_tasks(
    aws: Aws, cluster: str, service: str, deployment_id: str, *, limit: int, lines: int
) -> list[dict[str, Any]]:
    """The last stopped tasks of a deployment as `by_meaning` orders them, the first with its log."""
    arns = api.list_tasks(aws, cluster, serviceName=service, desiredStatus="STOPPED")
    tasks = by_meaning(
        [task for task in api.describe_tasks(aws, cluster, arns) if task.get("startedBy") == deployment_id]
    )
    reports = [summary(task) for task in tasks[:limit]]
    if tasks:
        definition = api.describe_task_definition(aws, tasks[0]["taskDefinitionArn"])
        reports[0]["log"] = log_tails(aws, definition or {}, tasks[0], lines)
    return reports


def by_meaning(tasks: Sequence[Described]) -> list[Described]:
    """Stopped tasks, newest first, but those last that ECS stopped: they may not even have begun. Pure."""

    def key(task: Described) -> tuple[bool, str]:
        own = task.get("stopCode") != BY_ECS
        return own, str(task.get("stoppedAt") or task.get("stoppingAt") or "")

    return sorted(tasks, key=key, reverse=True)


def sentence(report: Mapping[str, Any]) -> str:
    """A stopped task's summary as one line. Pure."""
    ends = [_end(name, container) for name, container in report["containers"].items()]
    why = ": ".join(part for part in (report["stop_code"], report["stopped_reason"]) if part) or "no reason given"
    log = [f"{name} said: {' | '.join(tail)}" for name, tail in report.get("log", {}).items()]
    return "; ".join([f"task {report['task']} stopped ({why})", *filter(None, ends), *log])


def _end(name: str, container: Mapping[str, Any]) -> str:
    code, reason = container["exit_code"], container["reason"]
    parts = [f"exit code {code}" if code is not None else "", reason]
    told = ", ".join(part for part in parts if part)
    return f"{name}: {told}" if told else ""


def story(reports: Sequence[Mapping[str, Any]]) -> str:
    """Several stopped tasks as one line, each distinct reason once. Pure."""
    told: list[str] = []
    reasons: set[str] = set()
    for report in reports:
        reason = f"{report['stop_code']}{report['stopped_reason']}"
        if reason not in reasons:
            reasons.add(reason)
            told.append(sentence(report))
    return "; ".join(told)
