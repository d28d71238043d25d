"""Operations of the ECS API on services."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException, InvalidParameterException, ServiceNotFoundException
from moto.ecs.responses import EC2ContainerServiceResponse

from local_cloud.ecs import failure, lookup, service_checks, service_view, shifting
from local_cloud.ecs.configuration import DeploymentRules
from local_cloud.ecs.current import engine
from local_cloud.ecs.model import REVISION_MEMBERS, Service
from local_cloud.ecs.requests import parameters
from local_cloud.extensions import operation

_OWN_MEMBERS = ("cluster", "serviceName", "service", "taskDefinition", "desiredCount", "tags", "clientToken")
_CREATOR = "arn:aws:iam::{account}:root"


def _members(request: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in request.items() if name not in (*_OWN_MEMBERS, "forceNewDeployment")}


@operation(EC2ContainerServiceResponse)
def create_service(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    with engine().lock:
        backend = self.ecs_backend
        cluster = lookup.cluster(backend, request.get("cluster"))
        name, members = request["serviceName"], _members(request)
        existing = _existing(lookup.service(backend, cluster.name, name), request)
        if existing:
            return ActionResult({"service": service_view.describe(existing, tags=True)})
        if "launchType" not in members and "capacityProviderStrategy" not in members:
            members["capacityProviderStrategy"] = cluster.default_capacity_provider_strategy or None
        definition = lookup.task_definition(backend, request.get("taskDefinition"))
        service_checks.check(backend.account_id, backend.region_name, members, definition)
        service = Service(
            account=backend.account_id,
            region=backend.region_name,
            cluster_name=cluster.name,
            name=name,
            desired_count=int(request.get("desiredCount") or 0),
            members=members,
            tags=request.get("tags") or [],
            created_by=_CREATOR.format(account=backend.account_id),
            client_token=request.get("clientToken"),
        )
        _deploy(service, definition)
        backend.services[f"{cluster.name}:{name}"] = service
        described = service_view.describe(service, tags=True)
    engine().wake()
    return ActionResult({"service": described})


def _existing(service: Service | None, request: dict[str, Any]) -> Service | None:
    """The service that an earlier, identical request made."""
    if service is None or service.status == "INACTIVE":
        return None
    if service.status == "DRAINING":
        raise InvalidParameterException("Unable to Start a service that is still Draining.")
    if request.get("clientToken") and service.client_token == request["clientToken"]:
        return service
    raise InvalidParameterException("Creation of service was not idempotent.")


def _deploy(service: Service, definition: Any) -> None:
    deployment = service.deploy(service.revise(definition))
    shifting.begin(service)
    rules = DeploymentRules.of(service.members.get("deploymentConfiguration") or {})
    # An alarm that rings before the deployment says nothing about it.
    deployment.ignored_alarms = failure.alarming(service, rules.alarms)


@operation(EC2ContainerServiceResponse)
def update_service(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    with engine().lock:
        backend = self.ecs_backend
        service = _active(self, request)
        members = {**service.members, **_members(request)}
        current = service.primary.revision
        named = request.get("taskDefinition")
        definition = lookup.task_definition(backend, named) if named else current.task_definition
        service_checks.check(backend.account_id, backend.region_name, members, definition)
        service.members = members
        if request.get("desiredCount") is not None:
            service.desired_count = int(request["desiredCount"])
            service.steady = False
        wanted = {name: members[name] for name in REVISION_MEMBERS if members.get(name) is not None}
        if request.get("forceNewDeployment") or not current.same_as(definition, wanted):
            _deploy(service, definition)
        described = service_view.describe(service, tags=True)
    engine().wake()
    return ActionResult({"service": described})


def _active(self: EC2ContainerServiceResponse, request: dict[str, Any]) -> Service:
    cluster = lookup.cluster(self.ecs_backend, request.get("cluster"))
    service = lookup.service(self.ecs_backend, cluster.name, request["service"])
    if service is None:
        raise ServiceNotFoundException
    if service.status != "ACTIVE":
        raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
    return service


@operation(EC2ContainerServiceResponse)
def delete_service(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    with engine().lock:
        cluster = lookup.cluster(self.ecs_backend, request.get("cluster"))
        service = lookup.service(self.ecs_backend, cluster.name, request["service"])
        if service is None or service.status == "INACTIVE":
            raise ServiceNotFoundException
        if service.desired_count > 0 and not request.get("force"):
            raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
        service.status, service.desired_count = "DRAINING", 0
        described = service_view.describe(service, tags=True)
    engine().wake()
    return ActionResult({"service": described})


@operation(EC2ContainerServiceResponse)
def describe_services(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    names = request.get("services") or []
    service_checks.check_size(names, 10, "Services")
    found, failures = [], []
    with engine().lock:
        backend = self.ecs_backend
        cluster = lookup.cluster(backend, request.get("cluster"))
        for name in names:
            service = lookup.service(backend, cluster.name, name)
            if service:
                found.append(service_view.describe(service, "TAGS" in (request.get("include") or [])))
            else:
                arn = name if name.startswith("arn:") else _service_arn(self, cluster.name, name)
                failures.append({"arn": arn, "reason": "MISSING"})
    return ActionResult({"services": found, "failures": failures})


def _service_arn(self: EC2ContainerServiceResponse, cluster: str, name: str) -> str:
    backend = self.ecs_backend
    return f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:service/{cluster}/{name}"


@operation(EC2ContainerServiceResponse)
def list_services(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    with engine().lock:
        cluster = lookup.cluster(self.ecs_backend, request.get("cluster"))
        arns = sorted(
            service.arn
            for service in self.ecs_backend.services.values()
            if service.cluster_name == cluster.name
            and service.status != "INACTIVE"
            and request.get("launchType") in (None, service.launch_type)
            and request.get("schedulingStrategy") in (None, service.scheduling_strategy)
        )
    # Ten to a page unless asked otherwise, unlike the other lists of ECS.
    items, token = lookup.page(arns, request.get("maxResults") or 10, request.get("nextToken"), 100)
    return ActionResult({"serviceArns": items, "nextToken": token} if token else {"serviceArns": items})
