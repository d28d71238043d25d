"""Faults between the client of Kong and its Admin API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from ansible_collections.trademaster.platform.plugins.module_utils._kong.client import Client, KongError

Mode = Literal["refused", "error", "error_after", "lost"]
MODES: tuple[Mode, ...] = ("refused", "error", "error_after", "lost")
LASTING = 4  # calls: longer than the client tries again, so that the change fails for good


@dataclass
class Fault:
    """What happens to the write of the given number: refused by Kong, an error inside it, before or after the fact,
    or an answer that never comes. Looking for the outcome fails for a while too.
    """

    number: int
    mode: Mode
    hits: int = 0
    _order: dict[str, int] = field(default_factory=dict)
    _place: str = ""

    def strike(self, method: str, path: str, body: Any) -> Iterator[bool]:
        """Whether the call reaches Kong; raises where it fails whatever happens there."""
        if not self._is_hit(method, path, body):
            yield True
            return
        self.hits += 1
        if self.mode == "refused":
            raise KongError(f"{method} {path}", 400, "refused by the test", code=2)
        yield self.hits == 1 and self.mode in {"error_after", "lost"}
        status = 0 if self.mode == "lost" else 500
        raise KongError(f"{method} {path}", status, "broken by the test")

    def _is_hit(self, method: str, path: str, body: Any) -> bool:
        if self._place and method == "GET":
            return path.startswith(self._place) and self.hits < LASTING
        if method == "GET" or path.endswith("/validate"):
            return False
        call = json.dumps([method, path, body], sort_keys=True)
        number = self._order.setdefault(call, len(self._order))
        if number != self.number or self.hits >= LASTING:
            return False
        self._place = f"{path}/{body['id']}" if method == "POST" else path
        return True


@contextmanager
def fault(number: int, mode: Mode) -> Iterator[Fault]:
    """Let the write of that number fail in the block."""
    original = Client.request
    struck = Fault(number, mode)

    def request(client: Client, method: str, path: str, body: Any = None) -> Any:
        answer = None
        for reaches in struck.strike(method, path, body):
            if reaches:
                answer = original(client, method, path, body)
        return answer

    Client.request = request  # type: ignore[method-assign]
    try:
        yield struck
    finally:
        Client.request = original  # type: ignore[method-assign]
