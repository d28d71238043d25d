"""NAT gateways: pending, available, deleting, deleted; while there they hold their address and interface."""

from __future__ import annotations

import threading
import time

from moto.ec2.models.nat_gateways import NatGateway

from local_cloud import strict
from local_cloud.latency import scaled

_CREATION_SECONDS = 105.0
_DELETION_SECONDS = 60.0


def follow_the_clock() -> None:
    """The state, which moto sets to available or deleted at once, follows the clock."""
    NatGateway.state = property(_state, _set_state)


def _set_state(gateway: NatGateway, state: str) -> None:
    if state == "available":
        gateway.available_at = time.time() + scaled(_CREATION_SECONDS)
        gateway.gone_at = None
        return
    gateway.gone_at = time.time() + max(scaled(_DELETION_SECONDS), strict.delay(_DELETION_SECONDS))
    delay = max(0.0, gateway.gone_at - time.time())
    # What the gateway holds is freed then, whether or not somebody looks at it.
    timer = threading.Timer(delay, _free, [gateway])
    timer.daemon = True
    if delay:
        timer.start()
    else:
        _free(gateway)


def _state(gateway: NatGateway) -> str:
    now = time.time()
    if gateway.gone_at is not None:
        return "deleted" if now >= gateway.gone_at else "deleting"
    return "available" if now >= gateway.available_at else "pending"


def _free(gateway: NatGateway) -> None:
    backend = gateway.ec2_backend
    for entry in gateway.address_set:
        if entry.get("publicIp"):
            backend.disassociate_address(address=entry["publicIp"])
        backend.enis.pop(entry["networkInterfaceId"], None)
