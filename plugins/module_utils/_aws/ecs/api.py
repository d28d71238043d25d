# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to ECS and to the logs of its tasks, one function an operation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..session import Aws, ansible_dict_to_boto3_tag_list

TASKS_PER_CALL = 100
SERVICES_PER_CALL = 10
DEPLOYMENTS_LISTED = 100
SERVICE_ROLE_ERRORS = ("InvalidParameterException", "ClientException", "AccessDeniedException")


def tag_list(tags: Mapping[str, str] | None) -> list[dict[str, str]]:
    """Tags as ECS wants them: `[{key, value}]`."""
    return list(ansible_dict_to_boto3_tag_list(dict(tags or {}), "key", "value"))


def tag_map(tags: Sequence[Mapping[str, str]] | None) -> dict[str, str]:
    """Tags as a map."""
    return {tag["key"]: tag.get("value", "") for tag in tags or ()}


def tag_resource(aws: Aws, arn: str, tags: Mapping[str, str]) -> None:
    """Add or change tags (TagResource)."""
    aws.client("ecs").tag_resource(resourceArn=arn, tags=tag_list(tags))


def describe_cluster(aws: Aws, name: str) -> dict[str, Any] | None:
    """A cluster that is not INACTIVE, with settings, configuration and tags (DescribeClusters)."""
    include = ["SETTINGS", "CONFIGURATIONS", "TAGS", "ATTACHMENTS"]
    found = aws.client("ecs").describe_clusters(clusters=[name], include=include)["clusters"]
    return next((cluster for cluster in found if cluster["status"] != "INACTIVE"), None)


def create_cluster(aws: Aws, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Create a cluster (CreateCluster)."""
    return dict(aws.client("ecs").create_cluster(clusterName=name, **arguments)["cluster"])


def update_cluster(aws: Aws, name: str, arguments: Mapping[str, Any]) -> None:
    """Change settings, configuration and Service Connect defaults (UpdateCluster)."""
    aws.client("ecs").update_cluster(cluster=name, **arguments)


def put_capacity_providers(aws: Aws, name: str, providers: Sequence[str], strategy: Sequence[Any]) -> None:
    """Set the capacity providers and the default strategy (PutClusterCapacityProviders)."""
    aws.eventually(
        lambda: aws.client("ecs").put_cluster_capacity_providers(
            cluster=name, capacityProviders=list(providers), defaultCapacityProviderStrategy=list(strategy)
        ),
        "UpdateInProgressException",
        "ResourceInUseException",
    )


def delete_cluster(aws: Aws, name: str, *, timeout: float) -> None:
    """Delete a cluster, waiting for what is still draining (DeleteCluster)."""
    aws.eventually(
        lambda: aws.client("ecs").delete_cluster(cluster=name),
        "ClusterContainsServicesException",
        "ClusterContainsTasksException",
        "UpdateInProgressException",
        timeout=timeout,
    )


def describe_task_definition(aws: Aws, reference: str) -> dict[str, Any] | None:
    """A revision, or the latest ACTIVE one of a family, with its tags (DescribeTaskDefinition)."""
    client = aws.client("ecs")
    # ClientException is what ECS answers for an unknown family or revision.
    answer = aws.found(
        lambda: client.describe_task_definition(taskDefinition=reference, include=["TAGS"]), "ClientException"
    )
    if answer is None:
        return None
    definition: dict[str, Any] = dict(answer["taskDefinition"])
    return {**definition, "tags": answer.get("tags", [])}


def list_task_definitions(aws: Aws, family: str, status: str) -> list[str]:
    """ARNs of a family's revisions in a status, latest first (ListTaskDefinitions)."""
    arns = aws.pages(
        "ecs", "list_task_definitions", "taskDefinitionArns", familyPrefix=family, status=status, sort="DESC"
    )
    # An emulator may take the prefix literally and answer `auth-worker` for `auth`.
    return [arn for arn in arns if arn.rsplit("/", 1)[-1].rsplit(":", 1)[0] == family]


def register_task_definition(aws: Aws, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Register a revision (RegisterTaskDefinition)."""
    return dict(aws.client("ecs").register_task_definition(**arguments)["taskDefinition"])


def deregister_task_definition(aws: Aws, arn: str) -> None:
    """Make a revision INACTIVE (DeregisterTaskDefinition)."""
    aws.client("ecs").deregister_task_definition(taskDefinition=arn)


def delete_task_definition(aws: Aws, arn: str) -> None:
    """Delete an INACTIVE revision (DeleteTaskDefinitions)."""
    aws.client("ecs").delete_task_definitions(taskDefinitions=[arn])


def describe_service(aws: Aws, cluster: str, name: str) -> dict[str, Any] | None:
    """A service in whatever status, with tags (DescribeServices). None when it or its cluster does not exist."""
    client = aws.client("ecs")
    answer = aws.found(
        lambda: client.describe_services(cluster=cluster, services=[name], include=["TAGS"]),
        "ClusterNotFoundException",
    )
    found = answer["services"] if answer else []
    return dict(found[0]) if found else None


def describe_services(aws: Aws, cluster: str, names: Sequence[str]) -> list[dict[str, Any]]:
    """Services by name, ten a call (DescribeServices)."""
    chunks = [list(names[start : start + SERVICES_PER_CALL]) for start in range(0, len(names), SERVICES_PER_CALL)]
    client = aws.client("ecs")
    return [
        service for chunk in chunks for service in client.describe_services(cluster=cluster, services=chunk)["services"]
    ]


def create_service(aws: Aws, arguments: Mapping[str, Any], *, timeout: float) -> dict[str, Any]:
    """Create a service (CreateService), repeating what passes: a role not yet assumable, a listener not yet
    visible, a namesake that is still draining."""
    client = aws.client("ecs")

    def create() -> dict[str, Any]:
        return dict(client.create_service(**arguments)["service"])

    def assumed() -> dict[str, Any]:
        return aws.eventually(create, *SERVICE_ROLE_ERRORS, text="unable to assume")

    def attached() -> dict[str, Any]:
        return aws.eventually(assumed, "InvalidParameterException", text="does not have an associated load balancer")

    return aws.eventually(attached, "InvalidParameterException", text="still draining", timeout=timeout)


def update_service(aws: Aws, cluster: str, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Change a service (UpdateService). A service just created may not be known everywhere yet."""
    client = aws.client("ecs")

    def update() -> dict[str, Any]:
        return dict(client.update_service(cluster=cluster, service=name, **arguments)["service"])

    def known() -> dict[str, Any]:
        return aws.eventually(update, "ServiceNotFoundException", timeout=20)

    return aws.eventually(known, *SERVICE_ROLE_ERRORS, text="unable to assume")


def list_service_deployments(aws: Aws, cluster: str, name: str) -> list[dict[str, Any]]:
    """The latest service deployments in short (ListServiceDeployments)."""
    answer = aws.client("ecs").list_service_deployments(cluster=cluster, service=name, maxResults=DEPLOYMENTS_LISTED)
    return list(answer["serviceDeployments"])


def describe_service_deployment(aws: Aws, arn: str) -> dict[str, Any] | None:
    """A service deployment (DescribeServiceDeployments)."""
    found = aws.client("ecs").describe_service_deployments(serviceDeploymentArns=[arn])["serviceDeployments"]
    return dict(found[0]) if found else None


def delete_service(aws: Aws, cluster: str, name: str) -> None:
    """Delete a service and stop its tasks (DeleteService)."""
    aws.client("ecs").delete_service(cluster=cluster, service=name, force=True)


def list_services(aws: Aws, cluster: str) -> list[str]:
    """Names of the services of a cluster that are not INACTIVE (ListServices)."""
    arns = aws.pages("ecs", "list_services", "serviceArns", cluster=cluster)
    return [arn.rsplit("/", 1)[-1] for arn in arns]


def list_tasks(aws: Aws, cluster: str, **filters: Any) -> list[str]:
    """ARNs of tasks (ListTasks)."""
    return aws.pages("ecs", "list_tasks", "taskArns", cluster=cluster, **filters)


def describe_tasks(aws: Aws, cluster: str, arns: Sequence[str]) -> list[dict[str, Any]]:
    """Tasks by ARN, a hundred a call (DescribeTasks)."""
    chunks = [list(arns[start : start + TASKS_PER_CALL]) for start in range(0, len(arns), TASKS_PER_CALL)]
    client = aws.client("ecs")
    return [task for chunk in chunks for task in client.describe_tasks(cluster=cluster, tasks=chunk)["tasks"]]


def run_task(aws: Aws, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start a task (RunTask); the answer has `tasks` and `failures`."""
    client = aws.client("ecs")
    return aws.eventually(lambda: dict(client.run_task(**arguments)), *SERVICE_ROLE_ERRORS, text="unable to assume")


def stop_task(aws: Aws, cluster: str, arn: str, reason: str) -> None:
    """Stop a task (StopTask)."""
    aws.client("ecs").stop_task(cluster=cluster, task=arn, reason=reason)


def log_tail(aws: Aws, group: str, stream: str, lines: int) -> list[str]:
    """Last lines of a log stream, oldest first (GetLogEvents); none when the stream does not exist."""
    client = aws.client("logs")
    stream_of = {"logGroupName": group, "logStreamName": stream}
    answer = aws.found(
        lambda: client.get_log_events(**stream_of, limit=lines, startFromHead=False), "ResourceNotFoundException"
    )
    return [event["message"].rstrip("\n") for event in (answer or {}).get("events", [])]
