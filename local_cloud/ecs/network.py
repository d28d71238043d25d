"""awsvpc networking: a network interface per task."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.ec2.exceptions import InvalidSecurityGroupNotFoundError, InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ecs.exceptions import InvalidParameterException


class Interface:
    """The elastic network interface of a task, in moto's EC2."""

    def __init__(self, account: str, region: str, configuration: Mapping[str, Any], number: int, address: str):
        subnets = configuration["subnets"]
        self._backend = ec2_backends[account][region]
        # Tasks are spread over the subnets in turn.
        self._subnet = self._backend.get_subnet(subnets[number % len(subnets)])
        self._eni: NetworkInterface = self._backend.create_network_interface(
            subnet=self._subnet,
            private_ip_address=address,
            group_ids=configuration.get("securityGroups") or _default_group(self._backend, self._subnet.vpc_id),
            description="ECS task",
        )
        self._eni.status = "in-use"
        self._eni.device_index = 0

    @property
    def zone(self) -> str:
        return str(self._subnet.availability_zone)

    @property
    def id(self) -> str:
        return str(self._eni.id)

    def details(self, address: str) -> list[dict[str, str]]:
        return [
            {"name": "subnetId", "value": self._subnet.id},
            {"name": "networkInterfaceId", "value": self._eni.id},
            {"name": "macAddress", "value": self._eni.mac_address},
            {"name": "privateDnsName", "value": f"ip-{address.replace('.', '-')}.ec2.internal"},
            {"name": "privateIPv4Address", "value": address},
        ]

    def delete(self) -> None:
        self._backend.enis.pop(self._eni.id, None)


def check(account: str, region: str, network: Mapping[str, Any] | None) -> None:
    """Refuse a configuration without or with unknown subnets or security groups."""
    if not network:
        raise InvalidParameterException(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    configuration = network["awsvpcConfiguration"]
    if not configuration.get("subnets"):
        raise InvalidParameterException("subnets can not be empty.")
    backend = ec2_backends[account][region]
    try:
        subnets = backend.describe_subnets(subnet_ids=configuration["subnets"])
    except InvalidSubnetIdError as error:
        raise InvalidParameterException(
            f"Error retrieving subnet information for {configuration['subnets']}: {error.message} "
            "(ErrorCode: InvalidSubnetID.NotFound)"
        ) from None
    try:
        groups = backend.describe_security_groups(group_ids=configuration.get("securityGroups") or [])
    except InvalidSecurityGroupNotFoundError as error:
        raise InvalidParameterException(
            f"Error retrieving security group information for {configuration['securityGroups']}: "
            f"{error.message} (ErrorCode: InvalidGroup.NotFound)"
        ) from None
    networks = {subnet.vpc_id for subnet in subnets}
    named = {group.vpc_id for group in groups} if configuration.get("securityGroups") else set()
    if len(networks | named) > 1:
        raise InvalidParameterException("Security groups and subnets must belong to the same VPC.")


def _default_group(backend: Any, vpc_id: str) -> list[str]:
    group = backend.get_security_group_from_name("default", vpc_id)
    return [group.id] if group else []
