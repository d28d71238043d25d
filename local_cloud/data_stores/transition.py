"""A resource's way from one state to the next: real work in a thread, and the time AWS would take."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

LOG = logging.getLogger(__name__)
_WORKERS = ThreadPoolExecutor(max_workers=16, thread_name_prefix="data-store")


class Transition:
    """Over once the work is done and at least `seconds` have passed since it began."""

    def __init__(
        self,
        name: str,
        work: Callable[[], None],
        seconds: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._clock = clock
        self._until = clock() + seconds
        self._future: Future[None] = _WORKERS.submit(self._run, work)

    def _run(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException:
            LOG.exception("%s failed", self.name)
            raise

    @property
    def finished(self) -> bool:
        return self._future.done() and self._clock() >= self._until

    @property
    def failed(self) -> bool:
        return self._future.done() and self._future.exception() is not None

    def join(self, timeout: float | None = None) -> None:
        """Wait for the work, not for the clock; raises what the work raised."""
        self._future.result(timeout)
