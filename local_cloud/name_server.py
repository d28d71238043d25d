"""A small DNS server for the namespaces of Cloud Map, on loopback, UDP and TCP."""

from __future__ import annotations

import random
from collections.abc import Iterator

from dnslib import QTYPE, RCODE, RR, SRV, A, DNSRecord
from dnslib.server import BaseResolver, DNSHandler, DNSLogger, DNSServer
from moto.servicediscovery.models import Namespace, Service, ServiceInstance, servicediscovery_backends

from local_cloud.runtime import Runtime

_MOST_ANSWERS = 8
_DEFAULT_TTL = 60


class CloudMapResolver(BaseResolver):
    """Answers `service.namespace` (A, SRV) and `instance.service.namespace` (A)."""

    def resolve(self, request: DNSRecord, _handler: DNSHandler) -> DNSRecord:
        reply = request.reply()
        name = str(request.q.qname).rstrip(".").lower()
        service = _service(name)
        if service is None:
            reply.header.rcode = RCODE.NXDOMAIN
            return reply
        for record in _records(service, name, QTYPE[request.q.qtype]):
            reply.add_answer(record)
        return reply


def start(runtime: Runtime) -> None:
    """Serve until the local cloud stops. Raises OSError when the port is taken."""
    settings = runtime.settings
    for tcp in (False, True):
        server = DNSServer(
            CloudMapResolver(),
            address=settings.dns_address,
            port=settings.dns_port,
            tcp=tcp,
            logger=DNSLogger(log="-request,-reply,-truncated", prefix=False),
        )
        server.start_thread()
        runtime.at_stop(server.stop)


def _service(name: str) -> Service | None:
    """The service that a name, or its part after the first dot, stands for."""
    candidates = {f"{service.name}.{namespace.name}".lower(): service for namespace, service in _services()}
    return candidates.get(name) or candidates.get(name.partition(".")[2])


def _services() -> Iterator[tuple[Namespace, Service]]:
    for regions in list(servicediscovery_backends.values()):
        for backend in list(regions.values()):
            for service in list(backend.services.values()):
                namespace = backend.namespaces.get(service.namespace_id)
                if namespace and namespace.type != "HTTP":
                    yield namespace, service


def _records(service: Service, name: str, kind: str) -> list[RR]:
    instances = _chosen(service)
    host = name.partition(".")[0]
    by_id = [instance for instance in service.instances if instance.instance_id == host]
    ttl = _ttl(service, kind)
    if by_id or host != service.name.lower():
        return [_address(name, instance, ttl) for instance in by_id if kind == "A"]
    if kind not in _kinds(service):
        return []
    record = _address if kind == "A" else _location
    return [record(name, instance, ttl) for instance in instances]


def _kinds(service: Service) -> set[str]:
    """The types of records that the service was created with, as far as they are answered here."""
    records = (service.dns_config or {}).get("DnsRecords") or []
    return {record["Type"] for record in records} & {"A", "SRV"}


def _chosen(service: Service) -> list[ServiceInstance]:
    """Healthy instances; all of them when none is healthy. Weighted routing answers with one."""
    healthy = [instance for instance in service.instances if instance.health_status == "HEALTHY"]
    instances = healthy or list(service.instances)
    random.shuffle(instances)
    weighted = (service.dns_config or {}).get("RoutingPolicy") == "WEIGHTED"
    return instances[: 1 if weighted else _MOST_ANSWERS]


def _address(name: str, instance: ServiceInstance, ttl: int) -> RR:
    return RR(name, QTYPE.A, rdata=A(instance.attributes["AWS_INSTANCE_IPV4"]), ttl=ttl)


def _location(name: str, instance: ServiceInstance, ttl: int) -> RR:
    port = int(instance.attributes.get("AWS_INSTANCE_PORT", 0))
    return RR(name, QTYPE.SRV, rdata=SRV(1, 1, port, f"{instance.instance_id}.{name}"), ttl=ttl)


def _ttl(service: Service, kind: str) -> int:
    records = (service.dns_config or {}).get("DnsRecords") or []
    return next((int(record["TTL"]) for record in records if record["Type"] == kind), _DEFAULT_TTL)
