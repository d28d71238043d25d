"""CloudWatch metrics of load balancers and target groups."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from moto.cloudwatch.models import cloudwatch_backends
from moto.core.utils import utcnow
from moto.elbv2.models import ELBv2Backend, FakeTargetGroup

from local_cloud.load_balancer.access_log import Request

NAMESPACE = "AWS/ApplicationELB"
Dimensions = tuple[tuple[str, str], ...]


def put_requests(backend: ELBv2Backend, requests: Sequence[Request], groups: Mapping[str, str]) -> None:
    """Counts and times by load balancer, and by load balancer and target group."""
    if not requests:
        return
    counts: Counter[tuple[str, Dimensions]] = Counter()
    times: dict[Dimensions, list[float]] = defaultdict(list)
    for request in requests:
        for dimensions in _dimensions(request, groups):
            for name in _names(request):
                counts[name, dimensions] += 1
            if request.from_target:
                times[dimensions].append(request.seconds)
    _put(
        backend,
        [_row(name, dimensions, [float(count)], "Count") for (name, dimensions), count in counts.items()]
        + [_row("TargetResponseTime", dimensions, values, "Seconds") for dimensions, values in times.items()],
    )


def _dimensions(request: Request, groups: Mapping[str, str]) -> list[Dimensions]:
    own: Dimensions = (("LoadBalancer", request.load_balancer),)
    if request.target_group not in groups:
        return [own]
    return [own, (*own, ("TargetGroup", f"targetgroup/{request.target_group}"))]


def _names(request: Request) -> list[str]:
    side = "Target" if request.from_target else "ELB"
    names = ["RequestCount"]
    if request.from_target or request.status >= 300:
        names.append(f"HTTPCode_{side}_{request.status // 100}XX_Count")
    return names


def put_hosts(backend: ELBv2Backend, group: FakeTargetGroup, states: Sequence[str]) -> None:
    for arn in group.load_balancer_arns:
        dimensions: Dimensions = (
            ("LoadBalancer", arn.split(":loadbalancer/")[1]),
            ("TargetGroup", group.arn.rpartition(":")[2]),
        )
        healthy, unhealthy = states.count("healthy"), states.count("unhealthy")
        _put(
            backend,
            [
                _row("HealthyHostCount", dimensions, [float(healthy)], "Count"),
                _row("UnHealthyHostCount", dimensions, [float(unhealthy)], "Count"),
            ],
        )


def _row(name: str, dimensions: Dimensions, values: Sequence[float], unit: str) -> dict[str, object]:
    return {
        "MetricName": name,
        "Dimensions": [{"Name": key, "Value": value} for key, value in dimensions],
        "Values": list(values),
        "Unit": unit,
        "Timestamp": utcnow(),
    }


def _put(backend: ELBv2Backend, rows: list[dict[str, object]]) -> None:
    cloudwatch_backends[backend.account_id][backend.region_name].put_metric_data(NAMESPACE, rows)
