"""Cloud Map: what moto's lists leave out and its writes allow, and a name server for the namespaces."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.route53.models import route53_backends
from moto.servicediscovery.exceptions import ServiceNotFound
from moto.servicediscovery.models import Namespace, Service, ServiceDiscoveryBackend
from moto.servicediscovery.responses import ServiceDiscoveryResponse

from local_cloud import name_server
from local_cloud.extensions import around, operation
from local_cloud.runtime import Runtime

_PARTITION = "aws"


def install(runtime: Runtime) -> None:
    name_server.start(runtime)


@around(ServiceDiscoveryBackend, "create_private_dns_namespace")
def create_private_dns_namespace(original: Callable[..., str], self: ServiceDiscoveryBackend, **given: Any) -> str:
    """Several namespaces of different names may share a VPC, and the hosted zone has the namespace's name."""
    name, vpc = given["name"], given["vpc"]
    if any(namespace.name == name and namespace.vpc == vpc for namespace in self.namespaces.values()):
        raise JsonRESTError("NamespaceAlreadyExists", f"Namespace with name {name} and VPC {vpc} already exists.")
    unique_vpc = f"{vpc}/{name}"
    operation_id = original(self, **{**given, "vpc": unique_vpc})
    namespace = next(namespace for namespace in self.namespaces.values() if namespace.vpc == unique_vpc)
    namespace.vpc = vpc
    zone_id = namespace.dns_properties["HostedZoneId"].rpartition("/")[2]
    namespace.dns_properties["HostedZoneId"] = zone_id
    zone = _zones(self)[zone_id]
    zone.name = f"{name}."
    zone.add_vpc(vpc, self.region_name)
    return operation_id


@around(ServiceDiscoveryBackend, "delete_namespace")
def delete_namespace(original: Callable[..., str], self: ServiceDiscoveryBackend, namespace_id: str) -> str:
    if any(service.namespace_id == namespace_id for service in self.services.values()):
        raise JsonRESTError("ResourceInUse", "Namespace has associated services and can't be deleted.")
    namespace = self.get_namespace(namespace_id)
    _zones(self).pop(namespace.dns_properties.get("HostedZoneId"), None)
    return original(self, namespace_id=namespace_id)


@around(ServiceDiscoveryBackend, "create_service")
def create_service(original: Callable[..., Service], self: ServiceDiscoveryBackend, **given: Any) -> Service:
    # The namespace may be named in the DNS configuration only.
    namespace_id = given["namespace_id"] or (given["dns_config"] or {}).get("NamespaceId")
    namespace = self.get_namespace(namespace_id)
    if any(s.name == given["name"] and s.namespace_id == namespace.id for s in self.services.values()):
        raise JsonRESTError("ServiceAlreadyExists", f"Service {given['name']} already exists.")
    return original(self, **{**given, "namespace_id": namespace.id})


@around(ServiceDiscoveryBackend, "delete_service")
def delete_service(original: Callable[..., None], self: ServiceDiscoveryBackend, service_id: str) -> None:
    service = self.services.get(service_id)
    if service is None:
        raise ServiceNotFound(service_id)
    if service.instances:
        raise JsonRESTError("ResourceInUse", "Service contains registered instances; delete the instances first.")
    original(self, service_id=service_id)


@around(ServiceDiscoveryBackend, "register_instance")
def register_instance(original: Callable[..., str], self: ServiceDiscoveryBackend, *args: Any, **given: Any) -> str:
    """Registering an instance again replaces it."""
    service_id, instance_id = (*args, given.get("service_id"), given.get("instance_id"))[:2]
    service = self.get_service(str(service_id))
    service.instances = [instance for instance in service.instances if instance.instance_id != instance_id]
    return original(self, *args, **given)


@operation(ServiceDiscoveryResponse)
def list_namespaces(self: ServiceDiscoveryResponse) -> str:
    namespaces: Sequence[Namespace] = list(self.servicediscovery_backend.namespaces.values())
    members = {"TYPE": lambda item: item.type, "NAME": lambda item: item.name, "HTTP_NAME": lambda item: item.name}
    found = _filtered(namespaces, json.loads(self.body).get("Filters"), members)
    return json.dumps({"Namespaces": [namespace.to_json() for namespace in found]})


@operation(ServiceDiscoveryResponse)
def list_services(self: ServiceDiscoveryResponse) -> str:
    services: Sequence[Service] = list(self.servicediscovery_backend.services.values())
    members = {"NAMESPACE_ID": lambda item: item.namespace_id}
    found = _filtered(services, json.loads(self.body).get("Filters"), members)
    return json.dumps({"Services": [{**s.to_json(), "InstanceCount": len(s.instances)} for s in found]})


def _filtered(
    items: Sequence[Any],
    filters: Sequence[Mapping[str, Any]] | None,
    members: Mapping[str, Callable[[Any], str]],
) -> list[Any]:
    def passes(item: Any, entry: Mapping[str, Any]) -> bool:
        value = members[entry["Name"]](item)
        if entry.get("Condition") == "BEGINS_WITH":
            return value.startswith(entry["Values"][0])
        return value in entry["Values"]

    return [item for item in items if all(passes(item, entry) for entry in filters or [])]


def _zones(backend: ServiceDiscoveryBackend) -> dict[str, Any]:
    return route53_backends[backend.account_id][_PARTITION].zones
