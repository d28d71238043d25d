"""Keeps Envoy and the health checks in step with moto's elbv2."""

from __future__ import annotations

import gzip
import itertools
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from moto.acm.models import acm_backends
from moto.elbv2.models import ELBv2Backend, FakeListener, FakeLoadBalancer, FakeTargetGroup, elbv2_backends

from local_cloud.load_balancer import config, firewall, metrics, web_acls
from local_cloud.load_balancer.access_log import Tail, parse_all
from local_cloud.load_balancer.conditions import status_codes
from local_cloud.load_balancer.envoy import Envoy
from local_cloud.load_balancer.health import INITIAL, HealthChecks, Settings, Target, Verdict
from local_cloud.runtime import Runtime

ROUND_SECONDS = 0.2
LOG_SECONDS = 5.0
_HOST_COUNT_SECONDS = 60.0
_sequence = itertools.count(1)


def backends() -> Iterator[ELBv2Backend]:
    """Of all accounts and regions in use."""
    for account in list(elbv2_backends.values()):
        yield from list(account.values())


class Controller:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._envoy = Envoy(runtime)
        self._health = HealthChecks()
        self._tails: dict[str, Tail] = {}
        self._published: dict[str, Any] = {}
        self._counted: dict[str, tuple[list[str], float]] = {}

    # -- one round --------------------------------------------------------------------------------

    def round(self) -> None:
        """Look at the whole state and bring everything in line with it."""
        _activate()
        _expire_draining()
        used = {arn: group for backend in backends() for arn, group in _used_groups(backend)}
        self._watch(used)
        known = {arn: cluster_name(group) for arn, group in used.items()}
        listeners = [
            row
            for backend in backends()
            for balancer in list(backend.load_balancers.values())
            if balancer.state == "active" and balancer.type == "application"
            for row in self._listeners(backend, balancer)
        ]
        groups = [self._target_group(group) for group in used.values()]
        self._envoy.apply(
            [config.listener(row, self._envoy.routes(row.name)) for row in listeners],
            {row.name: config.route_configuration(row, known) for row in listeners},
            [config.cluster(row, self._envoy.endpoints(row.name)) for row in groups],
            {row.name: config.load_assignment(row) for row in groups},
        )
        self._publish()

    def _watch(self, used: Mapping[str, FakeTargetGroup]) -> None:
        wanted = {
            Target(arn, str(row["Id"]), int(row["Port"])): health_settings(group)
            for arn, group in used.items()
            if group.health_check_enabled
            for row in list(group.targets.values())
        }
        self._health.update(wanted)
        self._health.run()

    # -- listeners --------------------------------------------------------------------------------

    def address(self, balancer: FakeLoadBalancer) -> str:
        return self._runtime.addresses.allocate(f"elbv2/{balancer.name}")

    def _listeners(self, backend: ELBv2Backend, balancer: FakeLoadBalancer) -> Iterator[config.Listener]:
        address, settings = self.address(balancer), self._runtime.settings
        own = {int(row.port): config.local_port(int(row.port)) for row in balancer.listeners.values()}
        edge = {"HTTPS": settings.https_port, "HTTP": settings.http_port}
        ports = [int(row.port) for row in balancer.listeners.values()]
        for row in list(balancer.listeners.values()):
            bind = config.Bind(address, config.local_port(int(row.port)))
            yield self._listener(backend, balancer, row, bind, own)
            first = next(other for other in balancer.listeners.values() if other.protocol == row.protocol)
            if balancer.name == settings.edge and row is first and row.protocol in edge:
                published = {
                    port: edge.get(other.protocol, own[port])
                    for port, other in zip(ports, balancer.listeners.values(), strict=True)
                }
                yield self._listener(backend, balancer, row, config.Bind("127.0.0.1", edge[row.protocol]), published)

    def _listener(
        self,
        backend: ELBv2Backend,
        balancer: FakeLoadBalancer,
        row: FakeListener,
        bind: config.Bind,
        ports: Mapping[int, int],
    ) -> config.Listener:
        secure = row.protocol == "HTTPS"
        log = self._log(balancer)
        log.parent.mkdir(parents=True, exist_ok=True)
        return config.Listener(
            name=f"{balancer.name}/{row.port}/{bind.address}",
            bind=bind,
            port=int(row.port),
            protocol=row.protocol,
            rules=list(row.rules.values()),
            ports=ports,
            log=log,
            arn=row.arn,
            load_balancer=balancer.arn.split(":loadbalancer/")[1],
            idle_seconds=int(balancer.attrs.get("idle_timeout.timeout_seconds", 60)),
            forwarded_for=str(balancer.attrs.get("routing.http.xff_header_processing.mode", "append")),
            certificates=[self._pem(backend, balancer, arn) for arn in row.certificates] if secure else (),
            tls_versions=tls_versions(row.ssl_policy) if secure else (),
            firewall=firewall.lua(web_acls.protecting(backend, balancer)),
            firewall_log=self._firewall_log(balancer),
        )

    def _log(self, balancer: FakeLoadBalancer) -> Path:
        return self._runtime.settings.state / "load_balancer" / "logs" / f"{balancer.name}.log"

    def _firewall_log(self, balancer: FakeLoadBalancer) -> Path:
        return self._log(balancer).with_suffix(".firewall.log")

    def _pem(self, backend: ELBv2Backend, balancer: FakeLoadBalancer, arn: str) -> config.Pem:
        from local_cloud.aws import acm

        bundle = acm_backends[backend.account_id][backend.region_name].get_certificate(arn)
        if "local_names" in bundle.__dict__:
            acm.equip(bundle, {self.address(balancer)})
        folder = self._runtime.settings.state / "load_balancer" / "certificates"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # a new certificate is a new file, so that Envoy sees the change
        base = folder / f"{arn.rsplit('/', 1)[-1]}-{bundle._cert.serial_number:x}"  # noqa: SLF001 - parsed once
        certificate, key = base.with_suffix(".pem"), base.with_suffix(".key")
        if not key.exists():
            certificate.write_bytes(bundle.cert + b"\n" + bundle.chain)
            key.touch(mode=0o600)
            key.write_bytes(bundle.key)
        return config.Pem(certificate, key, tuple(bundle.sans))

    # -- targets ----------------------------------------------------------------------------------

    def _target_group(self, group: FakeTargetGroup) -> config.TargetGroup:
        healthy: list[config.Bind] = []
        others: list[config.Bind] = []
        for row in list(group.targets.values()):
            verdict = self.verdict(group, str(row["Id"]), int(row["Port"]))
            bind = config.Bind(str(row["Id"]), int(row["Port"]))
            (healthy if verdict.state == "healthy" else others).append(bind)
        return config.TargetGroup(
            name=cluster_name(group),
            protocol=group.protocol or "HTTP",
            protocol_version=group.protocol_version or "HTTP1",
            algorithm=str(group.attributes.get("load_balancing.algorithm.type")),
            # without a healthy target the load balancer fails open
            endpoints=[bind for bind in healthy or others if bind.address.startswith("127.")],
            source=self._source(group),
        )

    def _source(self, group: FakeTargetGroup) -> str | None:
        """Targets may trust what the load balancer's address tells them of the client."""
        owners = [
            balancer
            for backend in backends()
            for arn, balancer in list(backend.load_balancers.items())
            if arn in group.load_balancer_arns
        ]
        return self.address(owners[0]) if owners else None

    def verdict(self, group: FakeTargetGroup, address: str, port: int | None = None) -> Verdict:
        """What DescribeTargetHealth says of one target."""
        if address in group.terminated_targets:
            return Verdict("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
        row = group.targets.get(address)
        if row is None or port not in {None, int(row["Port"])}:
            return Verdict("unused", "Target.NotRegistered", "Target is not registered to the target group")
        if not group.load_balancer_arns:
            reason = "Target group is not configured to receive traffic from the load balancer"
            return Verdict("unused", "Target.NotInUse", reason)
        if not group.health_check_enabled:
            return Verdict("unavailable", "Target.HealthCheckDisabled", "Health checks are disabled")
        return self._health.verdict(Target(group.arn, address, int(row["Port"]))) or INITIAL

    # -- what others see --------------------------------------------------------------------------

    def _publish(self) -> None:
        now = {}
        for backend in backends():
            for balancer in list(backend.load_balancers.values()):
                address = self.address(balancer)
                now[balancer.name] = {
                    "address": address,
                    "dns_name": balancer.dns_name,
                    "state": balancer.state,
                    "listeners": {
                        str(row.port): f"{row.protocol.lower()}://{address}:{config.local_port(int(row.port))}"
                        for row in list(balancer.listeners.values())
                    },
                }
        for name in set(self._published) - set(now):
            self._runtime.endpoints.withdraw("load_balancers", name)
            self._runtime.addresses.release(f"elbv2/{name}")
        for name, row in now.items():
            if self._published.get(name) != row:
                self._runtime.endpoints.publish("load_balancers", name, row)
        self._published = now

    # -- access logs ------------------------------------------------------------------------------

    def read_logs(self) -> None:
        """Metrics of new requests, and copies into the bucket where one is named."""
        for backend in backends():
            for balancer in list(backend.load_balancers.values()):
                tail = self._tails.setdefault(balancer.arn, Tail(self._log(balancer)))
                lines = tail.read()
                names = {cluster_name(group): group.arn for group in list(backend.target_groups.values())}
                metrics.put_requests(backend, parse_all(lines), names)
                if lines and balancer.attrs.get("access_logs.s3.enabled") == "true":
                    _store(backend, balancer, lines)
                verdicts = self._tails.setdefault(f"{balancer.arn} firewall", Tail(self._firewall_log(balancer)))
                web_acls.store(backend, verdicts.read())
            for group in list(backend.target_groups.values()):
                self._count_hosts(backend, group)

    def _count_hosts(self, backend: ELBv2Backend, group: FakeTargetGroup) -> None:
        """At every change, and once a minute."""
        states = sorted(self.verdict(group, str(row["Id"])).state for row in list(group.targets.values()))
        counted, when = self._counted.get(group.arn, ([], 0.0))
        if states != counted or time.monotonic() >= when + _HOST_COUNT_SECONDS:
            self._counted[group.arn] = (states, time.monotonic())
            metrics.put_hosts(backend, group, states)


def _store(backend: ELBv2Backend, balancer: FakeLoadBalancer, lines: list[str]) -> None:
    from moto.s3.models import s3_backends

    now = time.gmtime()
    prefix = balancer.attrs.get("access_logs.s3.prefix")
    folder = f"AWSLogs/{backend.account_id}/elasticloadbalancing/{backend.region_name}/{time.strftime('%Y/%m/%d', now)}"
    identity = balancer.arn.split(":loadbalancer/")[1].replace("/", ".")
    name = (
        f"{backend.account_id}_elasticloadbalancing_{backend.region_name}_{identity}_"
        f"{time.strftime('%Y%m%dT%H%MZ', now)}_127.0.0.1_{next(_sequence):08x}.log.gz"
    )
    s3_backends[backend.account_id]["aws"].put_object(
        str(balancer.attrs["access_logs.s3.bucket"]),
        f"{prefix}/{folder}/{name}" if prefix else f"{folder}/{name}",
        gzip.compress("\n".join([*lines, ""]).encode()),
    )


def cluster_name(group: FakeTargetGroup) -> str:
    return str(group.arn.split(":targetgroup/")[1])


def health_settings(group: FakeTargetGroup) -> Settings:
    codes = (group.matcher or {}).get("HttpCode") if group.health_check_protocol != "TCP" else None
    return Settings(
        protocol=group.health_check_protocol or "HTTP",
        port=_health_port(group),
        path=group.health_check_path or "/",
        interval=float(group.health_check_interval_seconds or 30),
        timeout=float(group.health_check_timeout_seconds or 5),
        healthy_threshold=int(group.healthy_threshold_count or 5),
        unhealthy_threshold=int(group.unhealthy_threshold_count or 2),
        codes=status_codes(codes or "200"),
    )


def _health_port(group: FakeTargetGroup) -> str:
    """moto fills in the group's own port where none is given: that means each target's."""
    port = str(group.health_check_port or "traffic-port")
    return "traffic-port" if port == str(group.port) else port


def tls_versions(policy: str | None) -> list[str]:
    from moto.elbv2.ssl_policies import SSL_POLICIES

    return list(SSL_POLICIES[policy or "ELBSecurityPolicy-2016-08"]["ssl_protocols"])


def _used_groups(backend: ELBv2Backend) -> Iterator[tuple[str, FakeTargetGroup]]:
    for arn, group in list(backend.target_groups.items()):
        if group.load_balancer_arns:
            yield arn, group


def _activate() -> None:
    """Whether or not somebody asks for its state."""
    for backend in backends():
        for balancer in list(backend.load_balancers.values()):
            if balancer.state == "provisioning":
                balancer.activate()


def _expire_draining() -> None:
    """Targets deregistered through the API are forgotten after the deregistration delay."""
    now = time.monotonic()
    for backend in backends():
        for group in list(backend.target_groups.values()):
            for address, row in list(group.terminated_targets.items()):
                if now >= row.get("DrainedAt", float("inf")):
                    group.terminated_targets.pop(address, None)
