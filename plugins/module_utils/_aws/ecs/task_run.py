# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Running one task to its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..._core.changes import Change, describe
from ..._core.errors import PlatformError
from ..._core.placeholders import KNOWN_AFTER_APPLY
from ..._core.redact import redact
from ..._core.wait import WaitTimeout
from ..session import Aws, Outcome
from . import api, diagnosis
from . import task as model
from .task_definition import short
from .task_definition_check import looks_secret

STOP_TIMEOUT = 150.0  # seconds; Fargate grants a container at most 120 between SIGTERM and SIGKILL


def run(aws: Aws) -> Outcome:
    """Start a task, wait until it has stopped, and answer exit codes, reasons and the last log lines."""
    model.check(aws.params)
    aws.hide(_given_secrets(aws.params))
    shown = {name: aws.params[name] for name in ("cluster", "task_definition")}
    change = Change("create", "task", short(aws.params["task_definition"]), after=shown)
    started: dict[str, Any] = {}
    aws.apply([change], {("task", "create"): lambda _change: started.update(_start(aws))})
    if aws.check_mode:
        return Outcome([change], {"task": {"arn": KNOWN_AFTER_APPLY, "exit_codes": {}, "log": {}}})
    if not aws.params["wait"]:
        return Outcome([change], {"task": _result(started, {})})
    task, error = _finish(aws, started["taskArn"])
    definition = api.describe_task_definition(aws, task["taskDefinitionArn"])
    log = diagnosis.log_tails(aws, definition or {}, task, aws.params["log_lines"])
    result = _result(task, log)
    if error is None and model.succeeded(task, model.decisive(aws.params, task)):
        return Outcome([change], {"task": result})
    report = {**diagnosis.summary(task), "log": log}
    text = "; ".join(filter(None, [error, diagnosis.sentence(report)]))
    changes = describe([change], secrets=aws.secrets)
    raise PlatformError(f"task of {change.key} failed: {text}", {"changed": True, "changes": changes, "task": result})


def _given_secrets(options: Mapping[str, Any]) -> set[str]:
    """Strings that may not show: O(redact), and overridden variables that look like secrets."""
    overrides = (options.get("overrides") or {}).get("container_overrides") or []
    variables = [pair for override in overrides for pair in (override.get("environment") or {}).items()]
    return {*options["redact"], *(str(value) for name, value in variables if looks_secret(name))}


def _start(aws: Aws) -> dict[str, Any]:
    answer = api.run_task(aws, model.arguments(aws.params))
    if not answer["tasks"]:
        raise PlatformError(f"RunTask started nothing: {model.refusal(answer.get('failures', []))}")
    return dict(answer["tasks"][0])


def _finish(aws: Aws, arn: str) -> tuple[Mapping[str, Any], str | None]:
    """The stopped task, and what went wrong with waiting: a task that takes too long is stopped."""
    cluster, timeout = aws.params["cluster"], aws.params["wait_timeout"]

    def look() -> Mapping[str, Any] | None:
        return next(iter(api.describe_tasks(aws, cluster, [arn])), None)

    name = f"task of {short(aws.params['task_definition'])}"
    error = None
    try:
        task = aws.wait(name, look, model.judge, timeout=timeout)
    except WaitTimeout as timed_out:
        error = str(timed_out)
        api.stop_task(aws, cluster, arn, f"took longer than {timeout} s")
        task = aws.wait(f"stop of {name}", look, model.judge, timeout=STOP_TIMEOUT)
    if task is None:
        raise PlatformError(f"{name}: ECS no longer knows {arn}")
    return task, error


def _result(task: Mapping[str, Any], log: Mapping[str, list[str]]) -> dict[str, Any]:
    summary = diagnosis.summary(task)
    return redact(
        {
            "arn": task["taskArn"],
            "exit_codes": {name: container["exit_code"] for name, container in summary["containers"].items()},
            "last_status": task["lastStatus"],
            "stop_code": summary["stop_code"],
            "stopped_reason": summary["stopped_reason"],
            "seconds": model.seconds(task),
            "log": dict(log),
        }
    )
