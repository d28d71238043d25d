"""Free ports for what is started next, from where the system takes none for outgoing connections."""

from __future__ import annotations

import random
import socket
from contextlib import ExitStack, suppress

# Below the ephemeral range: a port of that is free now and a client's in the next moment.
_FIRST, _LAST = 20000, 32767
# What a local cloud takes a port of 127.0.0.1 for.
_PARTS = ("AWS", "HTTPS", "HTTP", "PAGER", "GITHUB", "AWX")


def free_ports(count: int, address: str = "127.0.0.1") -> list[int]:
    """Ports that nothing listens on, all different, chosen by chance, as others choose at the same time."""
    with ExitStack() as held:
        found: list[int] = []
        while len(found) < count:
            port = random.randint(_FIRST, _LAST)  # noqa: S311 - no secret
            with suppress(OSError):
                held.enter_context(socket.create_server((address, port)))
                found.append(port)
        return found


def free_port_settings(*more: str) -> dict[str, str]:
    """The variables LOCAL_CLOUD_*_PORT of a local cloud beside others; `more` may name DNS, which has a network."""
    names = (*_PARTS, *more)
    return {f"LOCAL_CLOUD_{name}_PORT": str(port) for name, port in zip(names, free_ports(len(names)), strict=True)}
