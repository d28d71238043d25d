# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a service to its desired state, and waiting for the deployment that this starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..._core.changes import Change, describe
from ..._core.errors import PlatformError
from ..._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from ..._core.redact import redact
from ..._core.wait import WaitFailed, WaitTimeout
from ..session import Aws, Outcome
from . import api, diagnosis, rollout, service_deployment, strategy
from . import service as model
from .service_watch import Watch

Described = Mapping[str, Any]
EVENTS = 10
STOPPED_TASKS = 3


def run(aws: Aws, report: Callable[[str], None]) -> Outcome:
    """Create, update or remove one service; `report` gets lines of progress."""
    cluster, name = aws.params["cluster"], aws.params["name"]
    model.check(aws.params)
    described = None if is_placeholder(cluster) else api.describe_service(aws, cluster, name)
    return _absent(aws, described) if aws.params["state"] == "absent" else _present(aws, described, report)


def _present(aws: Aws, described: Described | None, report: Callable[[str], None]) -> Outcome:
    cluster, name = aws.params["cluster"], aws.params["name"]
    service = described if model.exists(described) else None
    desired = model.desired_state(aws.params, service)
    changes = model.plan(name, service, desired)
    latest: dict[str, Any] = dict(service or {})
    aws.apply(changes, _handlers(aws, latest))
    if aws.params["wait"] and not aws.check_mode:
        latest = _settle(aws, latest, changes, report)
    pending = aws.check_mode and bool(changes)
    shown = {**latest, "deployments": []} if pending else latest
    return Outcome(changes, {"service": model.result(cluster, name, shown, KNOWN_AFTER_APPLY)})


def _handlers(aws: Aws, latest: dict[str, Any]) -> dict[Any, Any]:
    cluster, name = aws.params["cluster"], aws.params["name"]

    def create(change: Change) -> None:
        arguments = model.create_arguments(cluster, name, change.desired)
        latest.update(api.create_service(aws, arguments, timeout=aws.params["wait_timeout"]))

    def update(change: Change) -> None:
        arguments = model.update_arguments(change)
        if arguments:
            latest.update(api.update_service(aws, cluster, name, arguments))
        tags = dict(change.desired.get("tags", {})) if "tags" in change.fields else {}
        if "deployment_trigger" in change.fields:
            tags[model.TRIGGER_TAG] = change.desired["deployment_trigger"]
        if tags:
            api.tag_resource(aws, latest["serviceArn"], tags)

    def delete(change: Change) -> None:
        if change.current["desired_count"]:
            api.update_service(aws, cluster, name, {"desiredCount": 0})
        api.delete_service(aws, cluster, name)

    return {("service", "create"): create, ("service", "update"): update, ("service", "delete"): delete}


def _settle(aws: Aws, service: Described, changes: list[Change], report: Callable[[str], None]) -> dict[str, Any]:
    """Wait until the deployment that is now PRIMARY is done; explain when it is not.

    Where traffic is shifted, its service deployment has to succeed first: the service looks the same while it shifts.
    """
    cluster, name = aws.params["cluster"], aws.params["name"]
    deployment = model.primary(service)
    revision = aws.params["task_definition"] or deployment["taskDefinition"]
    watch = Watch(aws, cluster, name, deployment["id"], report)

    def look() -> Described | None:
        return api.describe_service(aws, cluster, name)

    timeout = aws.params["wait_timeout"]
    try:
        if model.shifts_traffic(service) and deployment.get("rolloutState") == "IN_PROGRESS":
            longer = 60 * strategy.waiting_minutes(service.get("deploymentConfiguration", {}))
            aws.wait(f"traffic shift of {name}", watch.look, service_deployment.judge, timeout=timeout + longer)
        seen = aws.wait(
            f"deployment of {name}",
            look,
            lambda seen: rollout.judge(seen, deployment["id"], revision),
            timeout=timeout,
        )
    except (WaitFailed, WaitTimeout) as error:
        raise _failure(aws, error, look(), watch, changes) from error
    return dict(seen or {})


def _failure(
    aws: Aws, error: PlatformError, service: Described | None, watch: Watch, changes: list[Change]
) -> PlatformError:
    """The error, with events, stopped tasks and last log lines; a first deployment ends scaled to zero."""
    cluster, name, lines = aws.params["cluster"], aws.params["name"], aws.params["log_lines"]
    events = rollout.events(service or {}, EVENTS)
    stopped = diagnosis.stopped_tasks(aws, cluster, name, watch.deployment_id, limit=STOPPED_TASKS, lines=lines)
    shifting = watch.seen.deployment is not None
    successor = rollout.successor(service, watch.deployment_id) if shifting else ""
    parts = [str(error), successor, diagnosis.story(stopped), f"last event: {events[0]}" if events else ""]
    if aws.params["scale_to_zero_on_first_failure"] and rollout.is_first(service, watch.deployment_id):
        api.update_service(aws, cluster, name, {"desiredCount": 0})
        parts.append("it was the first deployment, so the service was scaled to zero")
    details = {
        "changed": bool(changes),
        "changes": describe(changes, secrets=aws.secrets),
        "events": events,
        "stopped_tasks": redact(stopped, aws.secrets),
        "service": model.result(cluster, name, service, KNOWN_AFTER_APPLY),
    }
    if shifting:
        details["service_deployment"] = service_deployment.result(watch.seen)
    return PlatformError("; ".join(part for part in parts if part), details)


def _absent(aws: Aws, described: Described | None) -> Outcome:
    """Scale to zero, delete, and wait until service and tasks are gone. What is DRAINING is only waited for."""
    cluster, name = aws.params["cluster"], aws.params["name"]
    changes: list[Change] = []
    if described is not None and model.exists(described):
        before = model.current_state(described, {})
        del before["rollout_state"]  # moves by itself, so a prediction could not show it
        changes = [Change("delete", "service", name, before=before)]
    waits = aws.params["wait"] and not aws.check_mode
    lingers = waits and described is not None and described["status"] != "INACTIVE"
    tasks = api.list_tasks(aws, cluster, serviceName=name) if lingers else []
    aws.apply(changes, _handlers(aws, {}))
    if lingers:
        aws.wait(
            f"removal of {name}",
            lambda: (api.describe_service(aws, cluster, name), api.describe_tasks(aws, cluster, tasks)),
            lambda seen: rollout.judge_removal(*seen),
            timeout=aws.params["wait_timeout"],
        )
    return Outcome(changes, {"service": None})
