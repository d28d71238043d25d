"""Loopback addresses of one local cloud: every load balancer, database and task gets its own."""

from __future__ import annotations

import threading

_FIRST = 1 << 8  # 127.n.1.0; 127.n.0.* is kept for the local cloud itself
_LAST = (1 << 16) - 1


class Addresses:
    """Hands out addresses of `127.<n>.0.0/16`.

    A released address is handed out again only after all others: clients that still hold connections
    to a gone task do not reach its successor by chance.
    """

    def __init__(self, network: str):
        self._network = network
        self._next = _FIRST
        self._owners: dict[str, str] = {}
        self._lock = threading.Lock()

    def allocate(self, owner: str) -> str:
        with self._lock:
            if owner in self._owners:
                return self._owners[owner]
            taken = set(self._owners.values())
            for _ in range(_LAST):
                address = self._advance()
                if address and address not in taken:
                    self._owners[owner] = address
                    return address
        raise RuntimeError(f"no address is left in {self._network}.0.0/16")

    def release(self, owner: str) -> None:
        with self._lock:
            self._owners.pop(owner, None)

    def _advance(self) -> str | None:
        number = self._next
        self._next = number + 1 if number < _LAST else _FIRST
        high, low = divmod(number, 256)
        return None if low in (0, 255) else f"{self._network}.{high}.{low}"
