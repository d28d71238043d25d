"""AWS/NATGateway, through which nothing passes here, and what AWS/ApplicationELB has without traffic."""

from __future__ import annotations

from moto.ec2.models import ec2_backends
from moto.elbv2.models import elbv2_backends

from local_cloud.metrics.publish import Datum, every_backend, put

_NAT_METRICS = {
    "ActiveConnectionCount": "Count",
    "BytesOutToDestination": "Bytes",
    "ErrorPortAllocation": "Count",
    "PacketsDropCount": "Count",
}


def measure() -> None:
    for backend in every_backend(ec2_backends):
        for gateway in list(backend.nat_gateways.values()):
            if gateway.state == "available":
                put(
                    backend,
                    (
                        Datum("AWS/NATGateway", name, {"NatGatewayId": gateway.id}, 0.0, unit)
                        for name, unit in _NAT_METRICS.items()
                    ),
                )
    for backend in every_backend(elbv2_backends):
        for balancer in list(backend.load_balancers.values()):
            if balancer.type == "application" and balancer.state == "active":
                # added to what the access log says
                name = balancer.arn.split(":loadbalancer/")[1]
                put(backend, [Datum("AWS/ApplicationELB", "RequestCount", {"LoadBalancer": name}, 0.0, "Count")])
