"""EC2: what is in use cannot be removed, and NAT gateways take their time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.elbv2.models import elbv2_backends
from moto.rds.models import rds_backends

from local_cloud.aws import ec2_nat
from local_cloud.extensions import around
from local_cloud.runtime import Runtime


def install(_runtime: Runtime) -> None:
    ec2_nat.follow_the_clock()


@around(EC2Backend, "_delete_security_group")
def delete_security_group(original: Callable[..., None], self: EC2Backend, vpc_id: str | None, group_id: str) -> None:
    if any(holder for holder in _holders_of_group(self, group_id)):
        raise DependencyViolationError(f"resource {group_id} has a dependent object")
    original(self, vpc_id, group_id)


def _holders_of_group(backend: EC2Backend, group_id: str) -> Iterator[str]:
    for eni in list(backend.enis.values()):
        if any(group.id == group_id for group in eni.group_set):
            yield eni.id
    for groups in list(backend.groups.values()):
        for group in list(groups.values()):
            rules = [*group.ingress_rules, *group.egress_rules]
            if group.id != group_id and any(rule.source_group.get("GroupId") == group_id for rule in rules):
                yield group.id
    for balancer in elbv2_backends[backend.account_id][backend.region_name].load_balancers.values():
        if group_id in (balancer.security_groups or []):
            yield balancer.name
    for database in rds_backends[backend.account_id][backend.region_name].databases.values():
        if group_id in database.vpc_security_group_ids:
            yield database.db_instance_identifier


@around(EC2Backend, "delete_subnet")
def delete_subnet(original: Callable[..., Any], self: EC2Backend, subnet_id: str) -> Any:
    if any(eni.subnet.id == subnet_id for eni in list(self.enis.values())):
        raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    return original(self, subnet_id)


@around(EC2Backend, "detach_internet_gateway")
def detach_internet_gateway(
    original: Callable[..., None], self: EC2Backend, internet_gateway_id: str, vpc_id: str
) -> None:
    public = [eni for eni in self.enis.values() if eni.public_ip and eni.subnet.vpc_id == vpc_id]
    if public:
        raise DependencyViolationError(
            f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) "
            "before detaching the gateway."
        )
    original(self, internet_gateway_id, vpc_id)


@around(EC2Backend, "delete_vpc")
def delete_vpc(original: Callable[..., Any], self: EC2Backend, vpc_id: str) -> Any:
    gateways = [gateway for gateway in self.internet_gateways.values() if gateway.vpc and gateway.vpc.id == vpc_id]
    groups = [group for group in self.groups.get(vpc_id, {}).values() if group.name != "default"]
    if gateways or groups:
        raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    return original(self, vpc_id)


@around(EC2Backend, "release_address")
def release_address(
    original: Callable[..., None],
    self: EC2Backend,
    address: str | None = None,
    allocation_id: str | None = None,
) -> None:
    found = self.address_by_allocation([allocation_id]) if allocation_id else self.address_by_ip([address])
    if found[0].eni or found[0].instance:
        raise EC2ClientError(
            "InvalidIPAddress.InUse", f"The address with allocation id [{found[0].allocation_id}] is in use."
        )
    original(self, address, allocation_id)
