"""Strict mode: what EC2 has just created is not found by its descriptions for a moment."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.responses import EC2Response

from local_cloud import strict
from local_cloud.extensions import around
from local_cloud.runtime import Runtime

# kind: (member of the creation's and of the description's answer, parameter with ids, code of the error)
_KINDS = {
    "vpc": ("Vpc", "Vpcs", "VpcIds", "InvalidVpcID.NotFound"),
    "subnet": ("Subnet", "Subnets", "SubnetIds", "InvalidSubnetID.NotFound"),
    "route_table": ("RouteTable", "RouteTables", "RouteTableIds", "InvalidRouteTableID.NotFound"),
    "internet_gateway": (
        "InternetGateway",
        "InternetGateways",
        "InternetGatewayIds",
        "InvalidInternetGatewayID.NotFound",
    ),
    "nat_gateway": ("NatGateway", "NatGateways", "NatGatewayIds", "NatGatewayNotFound"),
}
_born: dict[str, float] = {}


def install(runtime: Runtime) -> None:
    if not runtime.settings.strict:
        return
    for kind, (created, described, ids, code) in _KINDS.items():
        _remember_creation(kind, created)
        _hide_new(f"{kind}s", described, ids, code)


def _remember_creation(kind: str, member: str) -> None:
    @around(EC2Response, f"create_{kind}")
    def create(original: Callable[..., ActionResult], self: EC2Response) -> ActionResult:
        answer = original(self)
        result: Any = answer.result
        _born[result[member].id] = time.time()
        return answer


def _hide_new(plural: str, member: str, ids: str, code: str) -> None:
    @around(EC2Response, f"describe_{plural}")
    def describe(original: Callable[..., ActionResult], self: EC2Response) -> ActionResult:
        new = [item for item in self._get_param(ids) or [] if not _visible(item)]
        if new:
            raise EC2ClientError(code, f"The ID '{new[0]}' does not exist")
        answer = original(self)
        result: Any = answer.result
        return ActionResult({**result, member: [item for item in result[member] if _visible(item.id)]})


def _visible(name: str) -> bool:
    return strict.settled(_born.get(name, 0.0), strict.VISIBILITY_SECONDS)
