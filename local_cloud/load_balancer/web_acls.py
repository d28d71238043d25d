"""The web ACLs of moto's wafv2 that protect load balancers, and their logs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from moto.elbv2.models import ELBv2Backend, FakeLoadBalancer
from moto.logs.exceptions import ResourceAlreadyExistsException
from moto.logs.models import logs_backends
from moto.wafv2.models import FakeWebACL, WAFV2Backend, wafv2_backends

from local_cloud.load_balancer.firewall import Acl, parse


def protecting(backend: ELBv2Backend, balancer: FakeLoadBalancer) -> Acl | None:
    waf = wafv2_backends[backend.account_id][backend.region_name]
    acl = waf.get_web_acl_for_resource(balancer.arn)
    if acl is None:
        return None
    return Acl(
        arn=acl.arn,
        default_action=acl.default_action,
        rules=[rule.to_dict() for rule in acl.rules],
        addresses={arn: list(ip_set.addresses) for arn, ip_set in list(waf.ip_sets.items())},
        bodies=acl.custom_response_bodies or {},
        source=balancer.arn.split(":loadbalancer/")[1],
        redacted=_redacted(waf, acl),
    )


def _redacted(waf: WAFV2Backend, acl: FakeWebACL) -> frozenset[str]:
    configuration = waf.logging_configurations.get(acl.arn)
    fields = (configuration.redacted_fields or []) if configuration else []
    return frozenset(row["SingleHeader"]["Name"].lower() for row in fields if "SingleHeader" in row)


def store(backend: ELBv2Backend, lines: Sequence[str]) -> None:
    """Copy what was decided into the log groups of the web ACLs that have one."""
    waf = wafv2_backends[backend.account_id][backend.region_name]
    by_acl: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in lines:
        record = parse(line)
        if record:
            by_acl[record["webaclId"]].append({"timestamp": record["timestamp"], "message": line})
    for arn, events in by_acl.items():
        configuration = waf.logging_configurations.get(arn)
        for destination in configuration.log_destination_configs if configuration else []:
            _put(backend, destination.removesuffix(":*").rpartition(":")[2], arn.split("/")[2], events)


def _put(backend: ELBv2Backend, group_name: str, acl_name: str, events: list[dict[str, Any]]) -> None:
    group = logs_backends[backend.account_id][backend.region_name].groups.get(group_name)
    if group is None:
        return
    stream = f"{backend.region_name}_{acl_name}_0"
    with suppress(ResourceAlreadyExistsException):
        group.create_log_stream(stream)
    group.put_log_events(stream, events)
