"""Services, deployments and revisions as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_cloud.ecs import targets
from local_cloud.ecs.configuration import DeploymentRules, complete
from local_cloud.ecs.hooks import HookRun
from local_cloud.ecs.model import COMPLETED, FAILED, IN_PROGRESS, Deployment, Revision, Service
from local_cloud.ecs.planner import breaker_threshold
from local_cloud.ecs.task_view import PLATFORM_FAMILY, PLATFORM_VERSION

_PASSED_THROUGH = (
    "capacityProviderStrategy",
    "networkConfiguration",
    "placementConstraints",
    "placementStrategy",
    "availabilityZoneRebalancing",
)
_DEPLOYMENT_MEMBERS = ("networkConfiguration", "serviceConnectConfiguration", "volumeConfigurations")


def describe(service: Service, tags: bool) -> dict[str, Any]:
    members = service.members
    live = service.live_tasks()
    running = sum(task.last_status == "RUNNING" for task in live)
    facts: dict[str, Any] = {
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster_arn,
        "status": service.status,
        "desiredCount": service.desired_count,
        "runningCount": running,
        "pendingCount": len(live) - running,
        "launchType": service.launch_type,
        "platformVersion": members.get("platformVersion") or "LATEST",
        "platformFamily": PLATFORM_FAMILY,
        "taskDefinition": service.history[0].revision.task_definition.arn,
        "loadBalancers": members.get("loadBalancers") or [],
        "serviceRegistries": members.get("serviceRegistries") or [],
        "deploymentConfiguration": complete(members.get("deploymentConfiguration")),
        "deploymentController": members.get("deploymentController") or {"type": "ECS"},
        "deployments": [_deployment(service, deployment) for deployment in service.deployments],
        "roleArn": f"arn:aws:iam::{service.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        "events": service.events,
        "createdAt": service.created,
        "createdBy": service.created_by,
        "healthCheckGracePeriodSeconds": members.get("healthCheckGracePeriodSeconds"),
        "schedulingStrategy": service.scheduling_strategy,
        "propagateTags": members.get("propagateTags") or "NONE",
        "enableECSManagedTags": bool(members.get("enableECSManagedTags")),
        "enableExecuteCommand": bool(members.get("enableExecuteCommand")),
        "placementConstraints": [],
        "placementStrategy": [],
        "tags": service.tags if tags else None,
    }
    facts.update({name: members[name] for name in _PASSED_THROUGH if members.get(name) is not None})
    if service.deployments:
        primary = service.primary
        facts["taskDefinition"] = primary.revision.task_definition.arn
        facts["currentServiceDeployment"] = primary.arn
        facts["currentServiceRevisions"] = [_counts(service, d, d.revision) for d in service.deployments]
    return {name: value for name, value in facts.items() if value is not None}


def _deployment(service: Service, deployment: Deployment) -> dict[str, Any]:
    live = service.tasks_of(deployment)
    running = sum(task.last_status == "RUNNING" for task in live)
    members = deployment.revision.members
    facts: dict[str, Any] = {
        "id": deployment.id,
        "status": deployment.status,
        "taskDefinition": deployment.revision.task_definition.arn,
        "desiredCount": service.desired_count if deployment.status == "PRIMARY" else 0,
        "pendingCount": len(live) - running,
        "runningCount": running,
        "failedTasks": deployment.failed_tasks,
        "createdAt": deployment.created,
        "updatedAt": deployment.updated,
        "launchType": deployment.revision.launch_type,
        "capacityProviderStrategy": members.get("capacityProviderStrategy"),
        "platformVersion": PLATFORM_VERSION,
        "platformFamily": PLATFORM_FAMILY,
        "rolloutState": deployment.rollout_state,
        "rolloutStateReason": deployment.reason,
    }
    facts.update({name: members.get(name) for name in _DEPLOYMENT_MEMBERS})
    return {name: value for name, value in facts.items() if value is not None}


def service_deployment(service: Service, deployment: Deployment) -> dict[str, Any]:
    """As DescribeServiceDeployments shows a deployment."""
    rules = DeploymentRules.of(service.members.get("deploymentConfiguration") or {})
    facts: dict[str, Any] = {
        **service_deployment_brief(service, deployment),
        "updatedAt": deployment.updated,
        "stoppedAt": deployment.finished if deployment_status(deployment) == "STOPPED" else None,
        "deploymentConfiguration": complete(_configuration(service, deployment)),
        "deploymentCircuitBreaker": {
            "status": _breaker_status(deployment, rules),
            "failureCount": deployment.failed_tasks,
            "threshold": breaker_threshold(service.desired_count),
        },
        "alarms": {
            "status": _alarm_status(deployment, rules),
            "alarmNames": list(rules.alarms),
            "triggeredAlarmNames": sorted(deployment.triggered_alarms),
        },
        "targetServiceRevision": {
            **_counts(service, deployment, deployment.revision),
            **_traffic(deployment, target=True),
        },
        "sourceServiceRevisions": [],
    }
    if deployment.source:
        source = {**_counts(service, None, deployment.source), **_traffic(deployment, target=False)}
        facts["sourceServiceRevisions"] = [source]
    if deployment.passage:
        facts["lifecycleStage"] = deployment.passage.stop.stage
        facts["lifecycleHookDetails"] = [_hook(hook) for hook in deployment.passage.hooks]
    if deployment.rollback_to:
        facts["rollback"] = {
            "reason": deployment.reason,
            "startedAt": deployment.rollback_started,
            "serviceRevisionArn": deployment.rollback_to.revision.arn,
        }
    return {name: value for name, value in facts.items() if value is not None}


def _configuration(service: Service, deployment: Deployment) -> Mapping[str, Any] | None:
    """Of a deployment that shifts traffic that with which it started."""
    return deployment.passage.configuration if deployment.passage else service.members.get("deploymentConfiguration")


def _traffic(deployment: Deployment, target: bool) -> dict[str, float]:
    """Percentages of traffic as they were last asked for, of the new revision or that before."""
    passage = deployment.passage
    given = {
        "requestedTestTrafficWeight": passage.test if passage else None,
        "requestedProductionTrafficWeight": passage.production if passage else None,
    }
    return {name: value if target else 100.0 - value for name, value in given.items() if value is not None}


def _hook(hook: HookRun) -> dict[str, Any]:
    facts = {
        "hookId": hook.id,
        "targetType": hook.kind,
        "targetArn": hook.target,
        "status": hook.status,
        "expiresAt": hook.expires,
        "timeoutAction": hook.timeout_action,
    }
    return {name: value for name, value in facts.items() if value is not None}


def service_deployment_brief(service: Service, deployment: Deployment) -> dict[str, Any]:
    """As ListServiceDeployments shows it."""
    facts = {
        "serviceDeploymentArn": deployment.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "createdAt": deployment.created,
        "startedAt": deployment.created,
        "finishedAt": deployment.finished,
        "targetServiceRevisionArn": deployment.revision.arn,
        "status": deployment_status(deployment),
        "statusReason": deployment.reason if deployment.rollout_state == FAILED else None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def deployment_status(deployment: Deployment) -> str:
    if deployment.requested and deployment.rollout_state == IN_PROGRESS:
        return {"ROLLBACK": "ROLLBACK_REQUESTED", "ABORT": "STOP_REQUESTED"}[deployment.requested]
    if deployment.rollback_to:
        done = deployment.rollback_to.rollout_state
        return {COMPLETED: "ROLLBACK_SUCCESSFUL", FAILED: "ROLLBACK_FAILED"}.get(done, "ROLLBACK_IN_PROGRESS")
    if deployment.was_completed:
        return "SUCCESSFUL"
    if deployment.rollout_state == FAILED or deployment.finished:
        return "STOPPED"
    return "IN_PROGRESS"


def revision(service: Service, deployment: Deployment) -> dict[str, Any]:
    """The revision of a deployment, as DescribeServiceRevisions shows it."""
    item = deployment.revision
    images = [{"containerName": c["name"], "image": c["image"]} for c in item.task_definition.container_definitions]
    facts = {
        "serviceRevisionArn": item.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "taskDefinition": item.task_definition.arn,
        "launchType": item.launch_type,
        "platformFamily": PLATFORM_FAMILY,
        "containerImages": images,
        "guardDutyEnabled": False,
        "createdAt": item.created,
        **item.members,
        "platformVersion": PLATFORM_VERSION,
        "resolvedConfiguration": {"loadBalancers": _resolved(deployment)}
        if item.members.get("loadBalancers")
        else None,
    }
    return {name: value for name, value in facts.items() if value is not None}


def _resolved(deployment: Deployment) -> list[dict[str, str]]:
    """The target groups that the tasks really join."""
    entries = targets.resolved(deployment.revision.members["loadBalancers"], deployment.alternate)
    return [
        {
            "targetGroupArn": entry["targetGroupArn"],
            **(
                {"productionListenerRule": entry["advancedConfiguration"]["productionListenerRule"]}
                if entry.get("advancedConfiguration")
                else {}
            ),
        }
        for entry in entries
    ]


def _counts(service: Service, deployment: Deployment | None, item: Revision) -> dict[str, Any]:
    tasks = [
        task
        for owner in service.history
        if owner.revision is item
        for task in service.tasks.values()
        if task.desired_status == "RUNNING" and service.owners[task.id] == owner.id
    ]
    running = sum(task.last_status == "RUNNING" for task in tasks)
    primary = deployment is not None and deployment.status == "PRIMARY"
    return {
        "arn": item.arn,
        "requestedTaskCount": service.desired_count if primary else len(tasks),
        "runningTaskCount": running,
        "pendingTaskCount": len(tasks) - running,
    }


def _breaker_status(deployment: Deployment, rules: DeploymentRules) -> str:
    if not rules.breaker:
        return "DISABLED"
    if deployment.breaker_tripped:
        return "TRIGGERED"
    return "MONITORING_COMPLETE" if deployment.finished else "MONITORING"


def _alarm_status(deployment: Deployment, rules: DeploymentRules) -> str:
    if not rules.alarms:
        return "DISABLED"
    if deployment.triggered_alarms:
        return "TRIGGERED"
    return "MONITORING_COMPLETE" if deployment.finished else "MONITORING"
