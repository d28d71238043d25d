"""Operations of the ECS API on service deployments and service revisions."""

from __future__ import annotations

from collections.abc import Iterator

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException, InvalidParameterException, ServiceNotFoundException
from moto.ecs.responses import EC2ContainerServiceResponse

from local_cloud.ecs import lookup, service_checks, service_view
from local_cloud.ecs.current import engine
from local_cloud.ecs.hooks import AWAITING_ACTION, CONTINUE, ROLLBACK
from local_cloud.ecs.model import Deployment, Service
from local_cloud.ecs.requests import parameters
from local_cloud.extensions import operation

_LARGEST = 20


@operation(EC2ContainerServiceResponse)
def list_service_deployments(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    with engine().lock:
        cluster = lookup.cluster(self.ecs_backend, request.get("cluster"))
        service = lookup.service(self.ecs_backend, cluster.name, request["service"])
        if service is None:
            raise ServiceNotFoundException
        briefs = [service_view.service_deployment_brief(service, deployment) for deployment in service.history]
    wanted = request.get("status")
    briefs = [brief for brief in briefs if not wanted or brief["status"] in wanted]
    items, token = lookup.page(briefs, request.get("maxResults"), request.get("nextToken"), 100)
    result = {"serviceDeployments": items}
    return ActionResult({**result, "nextToken": token} if token else result)


@operation(EC2ContainerServiceResponse)
def describe_service_deployments(self: EC2ContainerServiceResponse) -> ActionResult:
    arns = parameters(self).get("serviceDeploymentArns") or []
    service_checks.check_size(arns, _LARGEST, "serviceDeploymentArns")
    with engine().lock:
        known = {deployment.arn: (service, deployment) for service, deployment in _deployments(self)}
        found = [service_view.service_deployment(*known[arn]) for arn in arns if arn in known]
    missing = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]
    return ActionResult({"serviceDeployments": found, "failures": missing})


@operation(EC2ContainerServiceResponse)
def describe_service_revisions(self: EC2ContainerServiceResponse) -> ActionResult:
    arns = parameters(self).get("serviceRevisionArns") or []
    service_checks.check_size(arns, _LARGEST, "serviceRevisionArns")
    with engine().lock:
        known = {deployment.revision.arn: (service, deployment) for service, deployment in _deployments(self)}
        found = [service_view.revision(*known[arn]) for arn in arns if arn in known]
    missing = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]
    return ActionResult({"serviceRevisions": found, "failures": missing})


@operation(EC2ContainerServiceResponse)
def stop_service_deployment(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    with engine().lock:
        deployment = _under_way(self, request["serviceDeploymentArn"])
        kind = request.get("stopType") or ROLLBACK
        if kind not in {"ABORT", ROLLBACK}:
            raise InvalidParameterException(f"Invalid stopType {kind}: use ABORT or ROLLBACK.")
        deployment.requested = kind
    engine().wake()
    return ActionResult({"serviceDeploymentArn": deployment.arn})


@operation(EC2ContainerServiceResponse)
def continue_service_deployment(self: EC2ContainerServiceResponse) -> ActionResult:
    request = parameters(self)
    with engine().lock:
        deployment = _under_way(self, request["serviceDeploymentArn"])
        paused = deployment.passage.hooks if deployment.passage else []
        hook = next((item for item in paused if item.id == request["hookId"]), None)
        if hook is None or hook.status != AWAITING_ACTION:
            raise InvalidParameterException(f"The hook {request['hookId']} does not await an action.")
        action = request.get("action") or CONTINUE
        hook.act(action)
        if action == ROLLBACK:
            deployment.requested = ROLLBACK
    engine().wake()
    return ActionResult({"serviceDeploymentArn": deployment.arn})


def _under_way(self: EC2ContainerServiceResponse, arn: str) -> Deployment:
    """A deployment that can still be stopped or continued."""
    deployment = next((deployment for _, deployment in _deployments(self) if deployment.arn == arn), None)
    if deployment is None:
        raise ECSException("ServiceDeploymentNotFoundException", f"The service deployment {arn} does not exist.")
    status = service_view.deployment_status(deployment)
    if status != "IN_PROGRESS":
        raise ECSException("ConflictException", f"The service deployment {arn} is {status}, and no longer under way.")
    return deployment


def _deployments(self: EC2ContainerServiceResponse) -> Iterator[tuple[Service, Deployment]]:
    for service in self.ecs_backend.services.values():
        for deployment in service.history:
            yield service, deployment
