"""AWS/ECS: of what a service's tasks have reserved, how much they use."""

from __future__ import annotations

from collections.abc import Iterator

from moto.ecs.models import ecs_backends

from local_cloud.ecs.model import Service
from local_cloud.metrics.publish import Datum, every_backend, put
from local_cloud.metrics.rates import Rates
from local_cloud.metrics.usage import Snapshot

NAMESPACE = "AWS/ECS"
_UNITS_PER_CORE = 1024
_MEBIBYTE = 2**20


class Services:
    def __init__(self) -> None:
        self._rates = Rates()

    def measure(self, processes: Snapshot) -> None:
        seen: set[str] = set()
        for backend in every_backend(ecs_backends):
            for service in list(backend.services.values()):
                put(backend, self._service(service, processes, seen))
        self._rates.keep(seen)

    def _service(self, service: Service, processes: Snapshot, seen: set[str]) -> Iterator[Datum]:
        dimensions = {"ClusterName": service.cluster_name, "ServiceName": service.name}
        cores_used = cores_reserved = memory_used = memory_reserved = 0.0
        for task in service.live_tasks():
            leaders = [container.pid for container in task.containers]
            used = processes.of(pid for pid in leaders if pid)
            seen.add(task.id)
            growth = self._rates.growth(task.id, {"cpu": used.cpu_seconds})
            memory_used += used.memory_bytes
            memory_reserved += float(task.request.task_definition.memory) * _MEBIBYTE
            if growth:
                cores_used += growth.rate("cpu")
                cores_reserved += float(task.request.task_definition.cpu) / _UNITS_PER_CORE
        if cores_reserved:
            yield Datum(NAMESPACE, "CPUUtilization", dimensions, 100 * cores_used / cores_reserved, "Percent")
        if memory_used:
            yield Datum(NAMESPACE, "MemoryUtilization", dimensions, 100 * memory_used / memory_reserved, "Percent")
