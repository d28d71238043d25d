"""Which peer of an upstream gets a request. Pure: peers in, one peer out."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass, field


@dataclass(eq=False)
class Peer:
    """One address of one target."""

    target_id: str
    host: str
    ip: str
    port: int
    weight: int
    healthy: bool = True
    connections: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    """Events since the last change of health: successes, http_failures, tcp_failures, timeouts."""
    current: int = 0

    @property
    def address(self) -> tuple[str, str, int]:
        return self.host, self.ip, self.port


def available(peers: Sequence[Peer], threshold: float) -> list[Peer]:
    """Healthy peers with weight; none at all when less than `threshold` percent of the weight is healthy."""
    total = sum(peer.weight for peer in peers)
    found = [peer for peer in peers if peer.healthy and peer.weight > 0]
    if not total or sum(peer.weight for peer in found) * 100 / total < threshold:
        return []
    return found


def balancer_is_healthy(peers: Sequence[Peer], threshold: float) -> bool:
    return bool(available(peers, threshold))


def _untried(peers: Sequence[Peer], tried: Container[Peer]) -> Sequence[Peer]:
    """A retry prefers peers that have not failed yet."""
    return [peer for peer in peers if peer not in tried] or peers


def round_robin(peers: Sequence[Peer], tried: Container[Peer], key: str | None) -> Peer:
    """Smooth weighted round-robin: in every cycle each peer comes as often as its weight says."""
    candidates = _untried(peers, tried)
    for peer in candidates:
        peer.current += peer.weight
    chosen = max(candidates, key=lambda peer: peer.current)
    chosen.current -= sum(peer.weight for peer in candidates)
    return chosen


def least_connections(peers: Sequence[Peer], tried: Container[Peer], key: str | None) -> Peer:
    return min(_untried(peers, tried), key=lambda peer: (peer.connections + 1) / peer.weight)


def consistent_hashing(peers: Sequence[Peer], tried: Container[Peer], key: str | None) -> Peer:
    """Weighted rendezvous hashing: a peer that leaves moves only its own keys."""
    if key is None:
        return round_robin(peers, tried, key)

    def score(peer: Peer) -> float:
        digest = hashlib.blake2b(f"{key}\0{peer.ip}:{peer.port}".encode(), digest_size=8).digest()
        fraction = (int.from_bytes(digest, "big") + 1) / (2**64 + 2)
        return -peer.weight / math.log(fraction)

    return max(_untried(peers, tried), key=score)


ALGORITHMS: dict[str, Callable[[Sequence[Peer], Container[Peer], str | None], Peer]] = {
    "round-robin": round_robin,
    "least-connections": least_connections,
    "latency": least_connections,
    "consistent-hashing": consistent_hashing,
}
