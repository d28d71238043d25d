"""The load balancers' access logs: their format, their way into S3, and the metrics they hold.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-access-logs.html
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

# {type} and {load_balancer} are filled in per listener.
FORMAT = (
    "{type} %START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)% {load_balancer} %DOWNSTREAM_REMOTE_ADDRESS% %UPSTREAM_HOST% "
    "%REQUEST_DURATION% %DURATION% %RESPONSE_TX_DURATION% %RESPONSE_CODE% "
    "%RESPONSE_CODE_DETAILS% %BYTES_RECEIVED% %BYTES_SENT% "
    '"%REQ(:METHOD)% %REQ(X-FORWARDED-PROTO)%://%REQ(:AUTHORITY)%%REQ(:PATH)% %PROTOCOL%" "%REQ(USER-AGENT)%" '
    "%DOWNSTREAM_TLS_CIPHER% %DOWNSTREAM_TLS_VERSION% %UPSTREAM_CLUSTER% "
    '"%REQ(X-AMZN-TRACE-ID)%" "%REQUESTED_SERVER_NAME%" "-" %ROUTE_NAME% '
    '%START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)% "-" "-" "%RESPONSE_FLAGS%" "%UPSTREAM_HOST%" "%RESPONSE_CODE%" "-" "-" -\n'
)
_FIELDS = 16


@dataclass(frozen=True)
class Request:
    """What the metrics need of a line."""

    load_balancer: str
    target_group: str | None
    status: int
    from_target: bool
    seconds: float


def parse(line: str) -> Request | None:
    """None for a line that is not whole."""
    try:
        parts = shlex.split(line)
        if len(parts) <= _FIELDS:
            return None
        status, duration = int(parts[8]), float(parts[6])
    except ValueError:
        return None
    cluster = parts[16]
    return Request(
        load_balancer=parts[2],
        target_group=None if cluster == "-" else cluster,
        status=status,
        from_target=parts[9] == "via_upstream",
        seconds=duration / 1000,
    )


class Tail:
    """New whole lines of a growing file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._position = 0

    def read(self) -> list[str]:
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._position)
            content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        self._position += len(whole)
        return whole.decode(errors="replace").splitlines()


def parse_all(lines: Iterable[str]) -> list[Request]:
    return [request for request in map(parse, lines) if request]
