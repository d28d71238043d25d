"""Host names, addresses and ports as Kong takes them apart."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

_LABEL = re.compile(r"[A-Za-z0-9_-]*[A-Za-z0-9_]")
_PORT = re.compile(r"(?P<host>.*):(?P<port>\d+)", re.DOTALL)


@dataclass(frozen=True)
class Address:
    kind: Literal["name", "ipv4", "ipv6"]
    host: str
    port: int | None

    def with_port(self, default: int) -> str:
        host = f"[{self.host}]" if self.kind == "ipv6" else self.host
        return f"{host}:{default if self.port is None else self.port}"


def parse(text: str) -> Address | None:
    """None when it is neither a name nor an address, or its port is out of range; IPv6 comes back written out."""
    host, port = _split(text)
    if port is not None and port > 65535:
        return None
    if ":" in host:
        return _ipv6(host, port)
    if re.fullmatch(r"[\d.]+", host):
        return _ipv4(host, port)
    if not host or not all(_LABEL.fullmatch(label) for label in host.split(".")):
        return None
    return Address("name", host, port)


def _split(text: str) -> tuple[str, int | None]:
    if text.startswith("["):
        match = re.fullmatch(r"\[(?P<host>[^\]]*)\](:(?P<port>\d+))?", text)
        return (match["host"], int(match["port"]) if match["port"] else None) if match else (text, None)
    match = _PORT.fullmatch(text) if text.count(":") == 1 else None
    return (match["host"], int(match["port"])) if match else (text, None)


def _ipv6(host: str, port: int | None) -> Address | None:
    try:
        return Address("ipv6", ipaddress.IPv6Address(host).exploded, port)
    except ValueError:
        return None


def _ipv4(host: str, port: int | None) -> Address | None:
    try:
        return Address("ipv4", str(ipaddress.IPv4Address(host)), port)
    except ValueError:
        return None


def is_ip_or_cidr(text: str) -> bool:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return False
    return True
