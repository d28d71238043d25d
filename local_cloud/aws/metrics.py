"""CloudWatch metrics of databases, caches, services and network."""

from __future__ import annotations

from collections.abc import Callable

from local_cloud.metrics import network
from local_cloud.metrics.caches import Caches
from local_cloud.metrics.databases import Databases
from local_cloud.metrics.services import Services
from local_cloud.metrics.usage import Snapshot
from local_cloud.runtime import Runtime

# CloudWatch has them once a minute, or every five.
ROUND_SECONDS = 10.0


def install(runtime: Runtime) -> None:
    for source in (Databases(), Caches(), Services()):
        runtime.background.every(ROUND_SECONDS, _measuring(source.measure), f"metrics of {type(source).__name__}")
    runtime.background.every(ROUND_SECONDS, network.measure, "metrics of the network")


def _measuring(measure: Callable[[Snapshot], None]) -> Callable[[], None]:
    return lambda: measure(Snapshot())
