# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service deployments, which ECS keeps of each strategy that shifts traffic: which is ours, and how it goes. Pure.

ECS numbers the deployments of a service, `ecs-svc/7`, as the service revisions that they bring, `…/7`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..._core.wait import DONE, Verdict, failed, pending

Described = Mapping[str, Any]
UNDER_WAY = frozenset({"PENDING", "IN_PROGRESS"})
SUCCESSFUL = "SUCCESSFUL"
GIVING_UP = frozenset({"STOP_REQUESTED", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS"})


@dataclass(frozen=True)
class Seen:
    """What one look shows: the service deployment, if there is one yet, and the last stage it was seen at."""

    deployment: Described | None
    stage: str = ""


def ours(briefs: Sequence[Described], deployment_id: str) -> str | None:
    """ARN of the service deployment that belongs to a deployment of the service."""
    number = deployment_id.rsplit("/", 1)[-1]
    found = (brief for brief in briefs if brief.get("targetServiceRevisionArn", "").rsplit("/", 1)[-1] == number)
    return next((str(brief["serviceDeploymentArn"]) for brief in found), None)


def judge(seen: Seen) -> Verdict:
    """Success is only SUCCESSFUL. One that ECS gives up is waited for until all is as it was before."""
    if seen.deployment is None:
        return pending("service deployment not visible yet")
    status = seen.deployment["status"]
    if status == SUCCESSFUL:
        return DONE
    if status in UNDER_WAY:
        return pending(progress(seen.deployment))
    if status in GIVING_UP:
        return pending(f"{status}: {reason(seen.deployment)}")
    return failed(ending(seen))


def ending(seen: Seen) -> str:
    """One line about a deployment that was not successful: status, stage, reason, alarms."""
    deployment = seen.deployment or {}
    stage = f", last seen at {seen.stage}" if seen.stage else ""
    alarms = triggered(deployment)
    ringing = f"; alarms in state ALARM: {', '.join(alarms)}" if alarms else ""
    return f"{deployment.get('status', 'unknown')}{stage}: {reason(deployment)}{ringing}"


def reason(deployment: Described) -> str:
    """Why it is given up, as ECS says it."""
    told = deployment.get("statusReason") or deployment.get("rollback", {}).get("reason")
    return str(told or "no reason given").rstrip(".")


def triggered(deployment: Described) -> list[str]:
    """Names of the alarms that ended it."""
    return sorted(deployment.get("alarms", {}).get("triggeredAlarmNames", []))


def progress(deployment: Described) -> str:
    """One line: `BAKE_TIME, 100 % of production traffic, 2/2 running, 0 pending`, and the hooks that hold it up.

    What has ended is at no stage any more, but `SUCCESSFUL`.
    """
    stage = deployment.get("lifecycleStage") if deployment["status"] in UNDER_WAY else ""
    target = deployment.get("targetServiceRevision", {})
    percent = target.get("requestedProductionTrafficWeight")
    parts = [
        stage or deployment["status"],
        f"{percent:g} % of production traffic" if percent is not None else "",
        f"{target.get('runningTaskCount', 0)}/{target.get('requestedTaskCount', 0)} running",
        f"{target.get('pendingTaskCount', 0)} pending",
        *(_hook(hook) for hook in deployment.get("lifecycleHookDetails", [])),
    ]
    return ", ".join(part for part in parts if part)


def result(seen: Seen) -> dict[str, Any]:
    """A service deployment as a module answers it."""
    deployment = seen.deployment or {}
    return {
        "arn": deployment.get("serviceDeploymentArn", ""),
        "status": deployment.get("status", ""),
        "stage": seen.stage,
        "reason": reason(deployment),
        "alarms": triggered(deployment),
    }


def _hook(hook: Described) -> str:
    if hook["status"] == "AWAITING_ACTION":
        return f"pause {hook['hookId']} waits for ContinueServiceDeployment"
    return f"hook {hook.get('targetArn', hook['hookId'])} in progress" if hook["status"] == "IN_PROGRESS" else ""
