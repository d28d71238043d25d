"""Operations of the ECS API on tasks."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import EcsClientException, InvalidParameterException
from moto.ecs.responses import EC2ContainerServiceResponse

from local_cloud.ecs import lookup, network, roles, service_checks, task_view
from local_cloud.ecs.current import engine
from local_cloud.ecs.errors import RoleError
from local_cloud.ecs.requests import parameters
from local_cloud.ecs.tasks import Task, TaskRequest
from local_cloud.extensions import operation

# (cluster, client token): the tasks that were started for it
_started: dict[tuple[str, str], list[Task]] = {}


@operation(EC2ContainerServiceResponse)
def run_task(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    count = int(request.get("count") or 1)
    service_checks.check_count(count)
    with engine().lock:
        prepared = _request(self, request)
        token = (prepared.cluster, request.get("clientToken") or "")
        earlier = _started.get(token) if token[1] else None
        tasks = earlier or [engine().admit(prepared) for _ in range(count)]
        if token[1]:
            _started[token] = tasks
        described = [task_view.describe(task) for task in tasks]
        for task in tasks if earlier is None else []:
            task.start()
    return ActionResult({"tasks": described, "failures": []})


def _request(self: EC2ContainerServiceResponse, request: dict[str, Any]) -> TaskRequest:
    backend = self.ecs_backend
    cluster = lookup.cluster(backend, request.get("cluster"))
    definition = lookup.task_definition(backend, request.get("taskDefinition"))
    launch_type = request.get("launchType")
    providers = request.get("capacityProviderStrategy")
    if not launch_type and not providers:
        providers = cluster.default_capacity_provider_strategy
    overrides = request.get("overrides") or {}
    service_checks.check_launch(launch_type, providers, definition)
    service_checks.check_overrides(overrides, definition)
    network.check(backend.account_id, backend.region_name, request.get("networkConfiguration"))
    tags = list(request.get("tags") or [])
    if request.get("propagateTags") == "TASK_DEFINITION":
        tags += [tag for tag in definition.tags if tag["key"] not in {own["key"] for own in tags}]
    prepared = TaskRequest(
        account=backend.account_id,
        region=backend.region_name,
        cluster=cluster.name,
        task_definition=definition,
        network=request["networkConfiguration"],
        group=request.get("group") or f"family:{definition.family}",
        started_by=request.get("startedBy") or "",
        launch_type=launch_type or "FARGATE",
        capacity_provider=providers[0]["capacityProvider"] if providers else None,
        overrides=overrides,
        tags=tags,
        enable_execute_command=bool(request.get("enableExecuteCommand")),
    )
    _check_roles(prepared)
    return prepared


def _check_roles(request: TaskRequest) -> None:
    for name in ("executionRole", "taskRole"):
        role = request.role(name)
        try:
            if role:
                roles.check_assumable(role)
        except RoleError as error:
            raise EcsClientException(str(error)) from None


@operation(EC2ContainerServiceResponse)
def start_task(_self: EC2ContainerServiceResponse) -> ActionResult:
    raise InvalidParameterException("No Container Instances were found in your cluster.")


@operation(EC2ContainerServiceResponse)
def stop_task(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    cluster = lookup.cluster(self.ecs_backend, request.get("cluster"))
    task = lookup.task(self.ecs_backend, cluster.name, request["task"])
    if task is None:
        raise InvalidParameterException("The referenced task was not found.")
    task.stop("UserInitiated", request.get("reason") or "Task stopped by user")
    engine().wake()
    return ActionResult({"task": task_view.describe(task)})


@operation(EC2ContainerServiceResponse)
def describe_tasks(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    names = request.get("tasks") or []
    service_checks.check_size(names, 100, "Tasks")
    cluster = lookup.cluster(self.ecs_backend, request.get("cluster"))
    found, failures = [], []
    for name in names:
        task = lookup.task(self.ecs_backend, cluster.name, name)
        if task:
            described = task_view.describe(task)
            if "TAGS" not in (request.get("include") or []):
                described.pop("tags")
            found.append(described)
        else:
            account, region = self.ecs_backend.account_id, self.ecs_backend.region_name
            arn = f"arn:aws:ecs:{region}:{account}:task/{cluster.name}/{name.rpartition('/')[2]}"
            failures.append({"arn": arn, "reason": "MISSING"})
    return ActionResult({"tasks": found, "failures": failures})


@operation(EC2ContainerServiceResponse)
def list_tasks(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    cluster = lookup.cluster(self.ecs_backend, request.get("cluster"))
    tasks: list[Task] = list(self.ecs_backend.tasks.get(cluster.name, {}).values())
    arns = [task.task_arn for task in tasks if _listed(task, request)]
    items, token = lookup.page(arns, request.get("maxResults"), request.get("nextToken"), 100)
    return ActionResult({"taskArns": items, "nextToken": token} if token else {"taskArns": items})


def _listed(task: Task, request: dict[str, Any]) -> bool:
    service = request.get("serviceName")
    return (
        task.desired_status == request.get("desiredStatus", "RUNNING")
        and request.get("family") in (None, task.request.task_definition.family)
        and request.get("startedBy") in (None, task.started_by)
        and request.get("launchType") in (None, task.request.launch_type)
        and (service is None or task.request.group == f"service:{service.rpartition('/')[2]}")
    )


@operation(EC2ContainerServiceResponse)
def execute_command(_self: EC2ContainerServiceResponse) -> ActionResult:
    raise service_checks.refused_by_agent()
