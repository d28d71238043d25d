"""When a peer is healthy: counters of what happened to it, against the thresholds of its upstream. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_cloud.kong.proxy.balancer import Peer

SUCCESS = "successes"
HTTP_FAILURE = "http_failures"
TCP_FAILURE = "tcp_failures"
TIMEOUT = "timeouts"


@dataclass(frozen=True)
class Rules:
    """One side, active or passive, of an upstream's `healthchecks`."""

    thresholds: Mapping[str, int]
    healthy_statuses: frozenset[int]
    unhealthy_statuses: frozenset[int]

    @property
    def enabled(self) -> bool:
        return any(self.thresholds.values())

    def report_status(self, peer: Peer, status: int) -> bool:
        """Whether the peer's health changed."""
        if status in self.healthy_statuses:
            return self.report(peer, SUCCESS)
        if status in self.unhealthy_statuses:
            return self.report(peer, HTTP_FAILURE)
        return False

    def report(self, peer: Peer, event: str) -> bool:
        """Whether the peer's health changed."""
        threshold = self.thresholds[event]
        good = event == SUCCESS
        # Nothing to count: switched off, or a peer without doubts about it.
        if not threshold or (good == peer.healthy and not (good and peer.failures)):
            return False
        peer.failures[event] = peer.failures.get(event, 0) + 1
        if good:
            peer.failures = {SUCCESS: peer.failures[SUCCESS]} if not peer.healthy else peer.failures
        else:
            peer.failures.pop(SUCCESS, None)
        if peer.failures[event] < threshold:
            return False
        changed = peer.healthy != good
        set_health(peer, good)
        return changed


def set_health(peer: Peer, healthy: bool) -> None:
    peer.healthy = healthy
    peer.failures = {}


def rules(side: Mapping[str, Any]) -> Rules:
    """`side`: `healthchecks.active` or `healthchecks.passive`."""
    healthy, unhealthy = side["healthy"], side["unhealthy"]
    thresholds = {SUCCESS: healthy["successes"]}
    thresholds |= {event: unhealthy[event] for event in (HTTP_FAILURE, TCP_FAILURE, TIMEOUT)}
    return Rules(thresholds, frozenset(healthy["http_statuses"] or []), frozenset(unhealthy["http_statuses"] or []))
