"""Periodic work of the data planes."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

LOG = logging.getLogger(__name__)


class Background:
    """Runs functions again and again until stopped; an error is logged and the next round goes on."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        self._wakes: list[threading.Event] = []

    def every(self, seconds: float, work: Callable[[], None], name: str) -> threading.Event:
        """Call `work` every `seconds`, and at once whenever the returned event is set."""
        wake = threading.Event()
        thread = threading.Thread(target=self._loop, args=(seconds, work, wake, name), daemon=True, name=name)
        self._threads.append(thread)
        self._wakes.append(wake)
        thread.start()
        return wake

    def stop(self, timeout: float = 2.0) -> None:
        self._stopped.set()
        for wake in self._wakes:
            wake.set()
        deadline = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _loop(self, seconds: float, work: Callable[[], None], wake: threading.Event, name: str) -> None:
        while not self._stopped.is_set():
            wake.clear()
            try:
                work()
            except Exception:
                LOG.exception("%s failed; trying again in %s s", name, seconds)
            if not self._stopped.is_set():
                wake.wait(seconds)
