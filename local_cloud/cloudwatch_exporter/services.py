"""What YACE knows of AWS services: which resources have metrics, and which dimensions name a resource."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    namespace: str
    alias: str
    resource_types: tuple[str, ...]
    patterns: tuple[re.Pattern[str], ...]
    """Over ARNs; the names of their groups are names of dimensions."""


def _service(namespace: str, alias: str, resource_types: tuple[str, ...], *patterns: str) -> Service:
    return Service(namespace, alias, resource_types, tuple(re.compile(pattern) for pattern in patterns))


# Of YACE's services those that this project watches.
SERVICES = (
    _service(
        "AWS/ApplicationELB",
        "alb",
        ("elasticloadbalancing:loadbalancer/app", "elasticloadbalancing:targetgroup"),
        r":(?P<TargetGroup>targetgroup/.+)",
        r":loadbalancer/(?P<LoadBalancer>.+)$",
    ),
    _service(
        "AWS/ECS",
        "ecs-svc",
        ("ecs:cluster", "ecs:service"),
        r":cluster/(?P<ClusterName>[^/]+)$",
        r":service/(?P<ClusterName>[^/]+)/(?P<ServiceName>[^/]+)$",
    ),
    _service("AWS/ElastiCache", "ec", ("elasticache:cluster",), r"cluster:(?P<CacheClusterId>[^/]+)"),
    _service("AWS/NATGateway", "ngw", ("ec2:natgateway",), r"natgateway/(?P<NatGatewayId>[^/]+)"),
    _service(
        "AWS/RDS",
        "rds",
        ("rds:db", "rds:cluster"),
        r":cluster:(?P<DBClusterIdentifier>[^/]+)",
        r":db:(?P<DBInstanceIdentifier>[^/]+)",
    ),
    _service("AWS/SNS", "sns", ("sns",), r"(?P<TopicName>[^:]+)$"),
)
BY_NAMESPACE = {service.namespace: service for service in SERVICES}
BY_ALIAS = {service.alias: service for service in SERVICES}
