"""What extensions share: one Runtime per server process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from local_cloud.addresses import Addresses
from local_cloud.background import Background
from local_cloud.certificates import Authority
from local_cloud.ecs.images import ImageTable
from local_cloud.endpoints import Endpoints
from local_cloud.processes import Processes
from local_cloud.settings import Settings
from local_cloud.tools import Tools


@dataclass
class Runtime:
    settings: Settings
    processes: Processes
    addresses: Addresses
    authority: Authority
    tools: Tools
    endpoints: Endpoints
    images: ImageTable
    background: Background = field(default_factory=Background)
    _at_stop: list[Callable[[], None]] = field(default_factory=list)

    def at_stop(self, action: Callable[[], None]) -> None:
        """Call `action` when the local cloud stops, latest registration first, before processes are stopped."""
        self._at_stop.append(action)

    def stop(self) -> None:
        self.background.stop()
        for action in reversed(self._at_stop):
            action()
        self.processes.stop_all()


_current: list[Runtime] = []


def set_runtime(current: Runtime) -> None:
    _current[:] = [current]


def runtime() -> Runtime:
    """The runtime of this process. Raises RuntimeError outside the server."""
    if not _current:
        raise RuntimeError("the local cloud's server is not running in this process")
    return _current[0]
