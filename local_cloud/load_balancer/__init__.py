"""Load balancers: one Envoy, configured from moto's elbv2, and the health of targets."""

from __future__ import annotations

from local_cloud.load_balancer.controller import LOG_SECONDS, ROUND_SECONDS, Controller
from local_cloud.runtime import Runtime

_current: list[Controller] = []


def start(runtime: Runtime) -> None:
    """Begin to follow elbv2; Envoy itself starts with the first load balancer."""
    controller = Controller(runtime)
    _current[:] = [controller]
    runtime.background.every(ROUND_SECONDS, controller.round, "load-balancer")
    runtime.background.every(LOG_SECONDS, controller.read_logs, "load-balancer-logs")


def controller() -> Controller:
    return _current[0]


def target_health(target_group_arn: str, address: str, port: int) -> str:
    """initial, healthy, unhealthy, draining, unused or unavailable, as DescribeTargetHealth says."""
    from moto.elbv2.models import elbv2_backends

    region, account = target_group_arn.split(":")[3:5]
    group = elbv2_backends[account][region].target_groups.get(target_group_arn)
    if group is None:
        return "unused"
    return controller().verdict(group, address, port).state
