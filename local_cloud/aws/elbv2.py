"""ELBv2: load balancers that forward, targets that are checked, and what AWS refuses."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from moto.elbv2 import exceptions
from moto.elbv2.models import (
    ELBv2Backend,
    FakeHealthStatus,
    FakeLoadBalancer,
    FakeTargetGroup,
)

from local_cloud import load_balancer
from local_cloud.extensions import around, attribute
from local_cloud.latency import scaled
from local_cloud.runtime import Runtime

PROVISION_SECONDS = 120.0
# A request that is under way gets this long at least, whatever the scale.
SHORTEST_DRAIN_SECONDS = 0.5

Original = Callable[..., Any]
_NAME = re.compile(r"(?!internal-)(?!-)[A-Za-z0-9-]{1,32}(?<!-)")


class OperationNotPermitted(exceptions.ELBClientError):
    def __init__(self, message: str):
        super().__init__("OperationNotPermitted", message)


class InvalidSecurityGroup(exceptions.ELBClientError):
    def __init__(self, message: str):
        super().__init__("InvalidSecurityGroup", message)


class CertificateNotFound(exceptions.ELBClientError):
    def __init__(self, arn: str):
        super().__init__("CertificateNotFound", f"Certificate '{arn}' not found")


class UnsupportedCertificate(exceptions.ELBClientError):
    def __init__(self, arn: str):
        super().__init__(
            "UnsupportedCertificate",
            f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a "
            "supported key size.",
        )


# -- load balancers -------------------------------------------------------------------------------------


def create_load_balancer(
    original: Original,
    self: ELBv2Backend,
    name: str,
    security_groups: list[str],
    subnet_ids: list[str],
    **options: Any,
) -> FakeLoadBalancer:
    if not _NAME.fullmatch(name):
        raise exceptions.ValidationError(
            f"The load balancer name '{name}' must be 1 to 32 letters, digits and hyphens, and must not begin or end "
            "with a hyphen or begin with 'internal-'"
        )
    if any(balancer.name == name for balancer in self.load_balancers.values()):
        raise exceptions.DuplicateLoadBalancerName
    subnets = [*(subnet_ids or []), *(row["SubnetId"] for row in options.get("subnet_mappings") or [])]
    if (options.get("loadbalancer_type") or "application") == "application":
        _check_zones(self, subnets)
        _check_security_groups(self, security_groups or [])
    created: FakeLoadBalancer = original(self, name, security_groups, subnet_ids, **options)
    created.__dict__["local_created"] = time.monotonic()
    return created


def _check_zones(backend: ELBv2Backend, subnet_ids: list[str]) -> None:
    subnets = [backend.ec2_backend.get_subnet(subnet_id) for subnet_id in subnet_ids]
    zones = [subnet.availability_zone for subnet in subnets if subnet]
    if len(zones) < 2:
        raise exceptions.ValidationError("At least two subnets in two different Availability Zones must be specified")
    if len(set(zones)) < len(zones):
        raise exceptions.InvalidConfigurationRequest(
            "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        )


def _check_security_groups(backend: ELBv2Backend, group_ids: list[str]) -> None:
    known = backend.ec2_backend.describe_security_groups()
    missing = set(group_ids) - {group.id for group in known}
    if missing:
        raise InvalidSecurityGroup(f"One or more security groups are invalid: {', '.join(sorted(missing))}")


def activate(original: Original, self: FakeLoadBalancer) -> None:
    if time.monotonic() >= self.__dict__.get("local_created", 0.0) + scaled(PROVISION_SECONDS):
        original(self)


def delete_load_balancer(original: Original, self: ELBv2Backend, arn: str) -> None:
    balancer = self.load_balancers.get(arn)
    if balancer and balancer.attrs.get("deletion_protection.enabled") == "true":
        raise OperationNotPermitted(f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled")
    original(self, arn)


def modify_load_balancer_attributes(
    original: Original, self: ELBv2Backend, arn: str, attrs: dict[str, Any]
) -> dict[str, Any]:
    if attrs.get("access_logs.s3.enabled") == "true":
        _check_log_bucket(self, str(attrs.get("access_logs.s3.bucket") or ""))
    changed: dict[str, Any] = original(self, arn, attrs)
    return changed


def _check_log_bucket(backend: ELBv2Backend, name: str) -> None:
    """The bucket exists, and its policy lets somebody write."""
    from moto.s3.models import s3_backends

    bucket = s3_backends[backend.account_id]["aws"].buckets.get(name)
    policy = str(bucket.policy or "") if bucket else ""
    if "PutObject" not in policy:
        raise exceptions.InvalidConfigurationRequest(
            f"Access Denied for bucket: {name}. Please check S3bucket permission"
        )


# -- listeners ------------------------------------------------------------------------------------------


def create_listener(original: Original, self: ELBv2Backend, load_balancer_arn: str, **options: Any) -> Any:
    balancer = self.load_balancers.get(load_balancer_arn)
    if balancer and any(str(row.port) == str(options.get("port")) for row in balancer.listeners.values()):
        raise exceptions.DuplicateListenerError
    if options.get("certificate"):
        check_certificate(self, options["certificate"])
    return original(self, load_balancer_arn=load_balancer_arn, **options)


def modify_listener(original: Original, self: ELBv2Backend, arn: str, *args: Any, **options: Any) -> Any:
    certificates = options.get("certificates") or (args[3] if len(args) > 3 else None)
    for row in certificates or []:
        check_certificate(self, row["CertificateArn"])
    return original(self, arn, *args, **options)


def add_listener_certificates(
    original: Original, self: ELBv2Backend, arn: str, certificates: list[dict[str, Any]]
) -> Any:
    for row in certificates:
        check_certificate(self, row["CertificateArn"])
    return original(self, arn, certificates)


def check_certificate(backend: ELBv2Backend, arn: str) -> None:
    """Only an issued certificate can serve."""
    from moto.acm.models import acm_backends

    if ":acm:" not in arn:
        return
    bundles = acm_backends[backend.account_id][backend.region_name]
    if arn not in bundles._certificates:  # noqa: SLF001 - the lookup raises ACM's own error
        raise CertificateNotFound(arn)
    if bundles.get_certificate(arn).status != "ISSUED":
        raise UnsupportedCertificate(arn)


def _load_balancer_arns(group: FakeTargetGroup) -> list[str]:
    """Looked up, so that a listener or rule that went takes its load balancer along."""
    from local_cloud.load_balancer.controller import backends

    return [
        balancer.arn
        for backend in backends()
        for balancer in list(backend.load_balancers.values())
        if any(group.arn in _forwarded(listener) for listener in list(balancer.listeners.values()))
    ]


def _forwarded(listener: Any) -> set[str]:
    found = set()
    for rule in list(listener.rules.values()):
        for action in rule.actions:
            rows = (action.data.get("ForwardConfig") or {}).get("TargetGroups") or []
            found.update({row["TargetGroupArn"] for row in rows} | {action.data.get("TargetGroupArn")})
    return found


def _ignore(_group: FakeTargetGroup, _arns: list[str]) -> None:
    """moto keeps a list that only grows; here it is looked up."""


# -- targets --------------------------------------------------------------------------------------------


def deregister(_original: Original, self: FakeTargetGroup, targets: list[dict[str, Any]]) -> None:
    """Out of service at once; listed as draining until the deregistration delay is over."""
    missing = [row["Id"] for row in targets if row["Id"] not in self.targets]
    if missing:
        raise exceptions.InvalidTargetError
    delay = max(SHORTEST_DRAIN_SECONDS, scaled(float(self.attributes["deregistration_delay.timeout_seconds"])))
    for row in targets:
        draining = self.targets.pop(row["Id"])
        self.terminated_targets[row["Id"]] = {**draining, "DrainedAt": time.monotonic() + delay}


def register(original: Original, self: FakeTargetGroup, targets: list[dict[str, Any]]) -> None:
    original(self, targets)
    for row in targets:
        self.terminated_targets.pop(row["Id"], None)


def describe_target_health(
    _original: Original, self: ELBv2Backend, target_group_arn: str, targets: list[dict[str, Any]]
) -> list[FakeHealthStatus]:
    group = self.target_groups.get(target_group_arn)
    if group is None:
        raise exceptions.TargetGroupNotFoundError
    rows = targets or [*group.targets.values(), *group.terminated_targets.values()]
    return [_health(group, row) for row in rows]


def _health(group: FakeTargetGroup, row: dict[str, Any]) -> FakeHealthStatus:
    port = row.get("Port") or group.targets.get(row["Id"], {}).get("Port", group.port)
    verdict = load_balancer.controller().verdict(group, row["Id"])
    health_port = str(port) if group.health_check_port == "traffic-port" else str(group.health_check_port)
    return FakeHealthStatus(row["Id"], port, health_port, verdict.state, verdict.reason, verdict.description)


def install(runtime: Runtime) -> None:
    attribute(FakeTargetGroup, "load_balancer_arns", _load_balancer_arns, _ignore)
    for function in (
        create_load_balancer,
        delete_load_balancer,
        modify_load_balancer_attributes,
        create_listener,
        modify_listener,
        add_listener_certificates,
        describe_target_health,
    ):
        around(ELBv2Backend, function.__name__)(function)
    around(FakeLoadBalancer, "activate")(activate)
    around(FakeTargetGroup, "register")(register)
    around(FakeTargetGroup, "deregister")(deregister)
    load_balancer.start(runtime)
