# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Telling a finished deployment from a failed, rolled back or superseded one. Pure.

"Steady" is also what a service looks like after ECS has rolled it back, so nothing here looks at the service as a
whole: a rollout is done when the deployment that we started is COMPLETED on the revision that we asked for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.wait import DONE, Verdict, failed, pending
from .task_definition import short

Described = Mapping[str, Any]


def judge(service: Described | None, deployment_id: str, task_definition: str) -> Verdict:
    """What one look at a described service says of deployment `deployment_id` on revision `task_definition`."""
    if service is None:
        return pending("service not visible yet")
    deployments = service.get("deployments", [])
    ours = next((item for item in deployments if item["id"] == deployment_id), None)
    newest = next((item for item in deployments if item["status"] == "PRIMARY"), None)
    if ours is None:
        return failed(f"{_told(service, deployment_id)}: {_replacement(newest)}")
    if newest is not None and newest["id"] != deployment_id and newest["createdAt"] > ours["createdAt"]:
        reason = ours.get("rolloutStateReason") if ours.get("rolloutState") == "FAILED" else ""
        return failed(f"{reason or _told(service, deployment_id)}: {_replacement(newest)}")
    return _judge_ours(service, ours, task_definition)


def _judge_ours(service: Described, ours: Described, task_definition: str) -> Verdict:
    revision, reason = short(ours["taskDefinition"]), ours.get("rolloutStateReason", "")
    if ours.get("rolloutState") == "FAILED":
        return failed(f"{reason or 'deployment failed'} ({revision})")
    if revision != short(task_definition):
        return failed(f"deployment {ours['id']} is of {revision}, not {short(task_definition)}")
    if ours.get("rolloutState") == "COMPLETED" and service["runningCount"] >= service["desiredCount"]:
        return DONE
    return pending(progress(service, ours))


def _told(service: Described, deployment_id: str) -> str:
    """What the events say of a deployment that is over: its own reason goes with it, they stay."""
    messages = [message for message in events(service, 100) if deployment_id in message and "failed" in message]
    return messages[0].rstrip(".") if messages else f"deployment {deployment_id} gave way"


def _replacement(newest: Described | None) -> str:
    if newest is None:
        return "the service has no deployment"
    reason = newest.get("rolloutStateReason", "")
    return f"{newest['id']} of {short(newest['taskDefinition'])} took over ({reason or 'no reason given'})"


def successor(service: Described | None, deployment_id: str) -> str:
    """What took the place of a deployment; empty as long as it is the one that ECS works towards."""
    newest = next((item for item in (service or {}).get("deployments", []) if item["status"] == "PRIMARY"), None)
    return _replacement(newest) if newest is None or newest["id"] != deployment_id else ""


def progress(service: Described, deployment: Described) -> str:
    """One line: `1/2 running, 1 pending, 0 failed; last event`."""
    counts = f"{deployment.get('runningCount', 0)}/{deployment.get('desiredCount', 0)} running"
    others = f"{deployment.get('pendingCount', 0)} pending, {deployment.get('failedTasks', 0)} failed"
    latest = events(service, 1)
    return f"{counts}, {others}" + (f"; {latest[0]}" if latest else "")


def events(service: Described, limit: int) -> list[str]:
    """Messages of the service's latest events, newest first."""
    return [event["message"] for event in service.get("events", [])[:limit]]


def is_first(service: Described | None, deployment_id: str) -> bool:
    """Whether a service that failed to deploy has nothing to return to: this deployment is all it ever had."""
    deployments = (service or {}).get("deployments", [])
    return [item["id"] for item in deployments] == [deployment_id] and deployments[0].get("rolloutState") != "COMPLETED"


def judge_removal(service: Described | None, tasks: Sequence[Described]) -> Verdict:
    """Whether a deleted service and its `tasks` are gone."""
    if service is not None and service["status"] != "INACTIVE":
        return pending(f"service {service['status']}, {service.get('runningCount', 0)} tasks running")
    left = [task["taskArn"].rsplit("/", 1)[-1] for task in tasks if task["lastStatus"] != "STOPPED"]
    return pending(f"stopping {', '.join(left)}") if left else DONE
