"""EC2 networks: a deleted subnet leaves its route table and ACL, an endpoint changes as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.vpcs import VPCEndPoint
from moto.ec2.responses import EC2Response

from local_cloud.extensions import around, operation
from local_cloud.runtime import Runtime

Original = Callable[..., Any]


def install(_runtime: Runtime) -> None:
    around(EC2Backend, "delete_subnet")(delete_subnet)
    around(EC2Backend, "delete_vpc_endpoints")(delete_vpc_endpoints)
    operation(EC2Response)(modify_vpc_endpoint)


def delete_subnet(original: Original, self: EC2Backend, subnet_id: str) -> Any:
    answer = original(self, subnet_id)
    for table in self.route_tables.values():
        for association, target in list(table._associations.items()):  # noqa: SLF001 - moto has no other way
            if target == subnet_id:
                self.disassociate_route_table(association)
    for acl in self.network_acls.values():
        for association, item in list(acl._associations.items()):  # noqa: SLF001 - moto has no other way
            if item.subnet_id == subnet_id:
                acl._associations.pop(association)  # noqa: SLF001
    return answer


def delete_vpc_endpoints(_original: Original, self: EC2Backend, vpce_ids: list[str] | None = None) -> None:
    for identifier in vpce_ids or []:
        endpoint = self.vpc_end_points.pop(identifier, None)
        if endpoint is not None:
            endpoint.subnet_ids = []
            endpoint.route_table_ids = []
            _follow(self, endpoint)


def modify_vpc_endpoint(self: EC2Response) -> ActionResult:
    backend = self.ec2_backend
    endpoint = backend.describe_vpc_endpoints(vpc_end_point_ids=[self._get_param("VpcEndpointId")])[0]
    for option, field in (
        ("SubnetIds", "subnet_ids"),
        ("RouteTableIds", "route_table_ids"),
        ("SecurityGroupIds", "security_group_ids"),
    ):
        removed, added = self._get_param(f"Remove{option}", []), self._get_param(f"Add{option}", [])
        kept = [item for item in getattr(endpoint, field) or [] if item not in removed]
        setattr(endpoint, field, [*kept, *(item for item in added if item not in kept)])
    policy = self._get_param("PolicyDocument")
    if policy:
        endpoint.policy_document = policy
    private_dns = self._get_param("PrivateDnsEnabled")
    if private_dns is not None:
        endpoint.private_dns_enabled = private_dns
    _follow(backend, endpoint)
    return ActionResult({"Return": True})


def _follow(backend: EC2Backend, endpoint: VPCEndPoint) -> None:
    """Bring an endpoint's network interfaces and routes in line with its subnets and route tables."""
    if (endpoint.vpc_endpoint_type or "Gateway").lower() == "interface":
        present = {backend.enis[id_].subnet.id: id_ for id_ in endpoint.network_interface_ids if id_ in backend.enis}
        for subnet, interface in present.items():
            if subnet not in endpoint.subnet_ids:
                backend.enis.pop(interface)
        added = [subnet for subnet in endpoint.subnet_ids if subnet not in present]
        made = [backend.create_network_interface(subnet, None).id for subnet in added]
        endpoint.network_interface_ids = [*(id_ for id_ in present.values() if id_ in backend.enis), *made]
        return
    prefix_list = endpoint.destination_prefix_list_id
    for table in backend.route_tables.values():
        routed = [route for route in table.routes if route.gateway_id == endpoint.id]
        if table.id not in endpoint.route_table_ids:
            for _route in routed:
                backend.delete_route(table.id, prefix_list)
        elif not routed and prefix_list:
            backend.create_route(table.id, None, gateway_id=endpoint.id, destination_prefix_list_id=prefix_list)
