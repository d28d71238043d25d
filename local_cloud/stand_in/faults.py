"""Errors that a test asks a stand-in for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aiohttp import web


@dataclass
class Fault:
    """What the next `times` requests get instead of an answer, where method and start of the path fit.

    With `after` they have had their effect before. `reset_seconds` is after what time a limit ends.
    """

    status: int
    times: int = 1
    method: str = ""
    path: str = "/"
    reset_seconds: int = 1
    after: bool = False

    def fits(self, request: web.Request) -> bool:
        return self.times > 0 and self.method in ("", request.method) and request.path.startswith(self.path)


def due(faults: Iterable[Fault], request: web.Request, *, after: bool) -> Fault | None:
    """The fault that this request meets, which has then happened once more."""
    for fault in faults:
        if fault.after == after and fault.fits(request):
            fault.times -= 1
            return fault
    return None


async def read_faults(request: web.Request) -> list[Fault]:
    """Those of `{"faults": [{"status": 429, "times": 2}]}`."""
    return [Fault(**fault) for fault in (await request.json())["faults"]]
