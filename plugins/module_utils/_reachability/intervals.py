# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sets of addresses and of ports as intervals of integers. Pure.

Nothing is sampled: "the internet" is every address there is, and what is left after a rule is computed, not tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import ip_network

IPV4, IPV6 = 4, 6


@dataclass(frozen=True)
class Intervals:
    """A set of integers as sorted intervals that neither overlap nor touch."""

    parts: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, *parts: tuple[int, int]) -> Intervals:
        """The union of intervals, both ends included."""
        merged: list[tuple[int, int]] = []
        for first, last in sorted(part for part in parts if part[0] <= part[1]):
            if merged and first <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
            else:
                merged.append((first, last))
        return cls(tuple(merged))

    def __bool__(self) -> bool:
        return bool(self.parts)

    def __iter__(self) -> Iterator[tuple[int, int]]:
        return iter(self.parts)

    def __contains__(self, value: int) -> bool:
        return any(first <= value <= last for first, last in self.parts)

    def __or__(self, other: Intervals) -> Intervals:
        return Intervals.of(*self.parts, *other.parts)

    def __and__(self, other: Intervals) -> Intervals:
        found = []
        for first, last in self.parts:
            for start, end in other.parts:
                if start <= last and first <= end:
                    found.append((max(first, start), min(last, end)))
        return Intervals(tuple(found))

    def __sub__(self, other: Intervals) -> Intervals:
        left = list(self.parts)
        for start, end in other.parts:
            left = [
                piece
                for first, last in left
                for piece in ((first, min(last, start - 1)), (max(first, end + 1), last))
                if piece[0] <= piece[1]
            ]
        return Intervals(tuple(left))

    @property
    def first(self) -> int:
        return self.parts[0][0]


NOTHING = Intervals()
EVERY_PORT = Intervals.of((0, 65535))
# The ports that clients open connections from: those of load balancers, NAT gateways and clients at large, and those
# of Linux, on which tasks run.
EPHEMERAL = Intervals.of((1024, 65535))
LINUX_EPHEMERAL = Intervals.of((32768, 60999))


def addresses(*cidrs: str) -> dict[int, Intervals]:
    """Address ranges as sets, by family."""
    found: dict[int, list[tuple[int, int]]] = {}
    for cidr in cidrs:
        network = ip_network(cidr, strict=False)
        span = (int(network.network_address), int(network.broadcast_address))
        found.setdefault(network.version, []).append(span)
    return {family: Intervals.of(*spans) for family, spans in found.items()}


def of_family(sets: dict[int, Intervals], family: int) -> Intervals:
    return sets.get(family, NOTHING)


EVERYWHERE = addresses("0.0.0.0/0", "::/0")
# What routers of the internet do not carry. Ranges for documentation count as the internet: one more is no harm.
_NOT_PUBLIC = addresses(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/3",
)
PUBLIC = {IPV4: EVERYWHERE[IPV4] - _NOT_PUBLIC[IPV4], IPV6: addresses("2000::/3")[IPV6]}


def in_words(ports: Intervals) -> str:
    """`80, 443, 8000-8100`; nothing for all ports."""
    if ports == EVERY_PORT:
        return "any port"
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in ports)


def union(sets: Iterable[Intervals]) -> Intervals:
    return Intervals.of(*(part for each in sets for part in each))
