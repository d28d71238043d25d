"""Operations of the ECS API on service deployments and service revisions."""

from __future__ import annotations

from collections.abc import Iterator

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ServiceNotFoundException
from moto.ecs.responses import EC2ContainerServiceResponse

from local_cloud.ecs import lookup, service_checks, service_view
from local_cloud.ecs.current import engine
from local_cloud.ecs.model import Deployment, Revision, Service
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
        known: dict[str, tuple[Service, Revision]] = {
            deployment.revision.arn: (service, deployment.revision) for service, deployment in _deployments(self)
        }
        found = [service_view.revision(*known[arn]) for arn in arns if arn in known]
    missing = [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]
    return ActionResult({"serviceRevisions": found, "failures": missing})


def _deployments(self: EC2ContainerServiceResponse) -> Iterator[tuple[Service, Deployment]]:
    for service in self.ecs_backend.services.values():
        for deployment in service.history:
            yield service, deployment
