"""Gateway states of any size, as a decK file holds them. The same size gives the same state."""

from __future__ import annotations

import copy
import uuid
from typing import Any

State = dict[str, Any]
SPACE = uuid.UUID("5d0e7a52-91f0-4f0e-9d5c-2f6d1e6b9a11")
LIMITS = (100, 1_000, 5_000)
PER_SERVICE = 10  # a service, two routes, a plugin, an upstream, two targets, a consumer, a key, an ACL group


def gateway_state(entities: int) -> State:
    """A state of about `entities` entities (a multiple of ten): services with what usually hangs on them."""
    numbers = range(entities // PER_SERVICE)
    return {
        "_format_version": "3.0",
        "services": [_service(number) for number in numbers],
        "upstreams": [_upstream(number) for number in numbers],
        "consumers": [_consumer(number) for number in numbers],
    }


def with_edits(state: State, share: float) -> State:
    """A copy in which `share` (at most a tenth) of the entities, all services, have another read timeout."""
    edited = copy.deepcopy(state)
    amount = max(1, round(len(state["services"]) * PER_SERVICE * share))
    for number, service in enumerate(edited["services"][:amount]):
        service["read_timeout"] = 30_000 + number
    return edited


def _service(number: int) -> State:
    return {
        "name": f"bench-{number}",
        "host": f"bench-{number}.internal",
        "port": 8080,
        "protocol": "http",
        "retries": 3,
        "routes": [_route(number, "read", ["GET"]), _route(number, "write", ["POST", "PUT"])],
        "plugins": [{"name": "rate-limiting", "config": {"minute": LIMITS[number % len(LIMITS)], "policy": "local"}}],
    }


def _route(number: int, use: str, methods: list[str]) -> State:
    return {"name": f"bench-{number}-{use}", "paths": [f"/bench/{number}/{use}"], "methods": methods}


def _upstream(number: int) -> State:
    return {
        "name": f"bench-{number}.internal",
        "targets": [{"target": f"192.0.2.{1 + host}:{8000 + number % 1000}", "weight": 100} for host in range(2)],
    }


def _consumer(number: int) -> State:
    return {
        "username": f"bench-{number}",
        "keyauth_credentials": [{"key": uuid.uuid5(SPACE, str(number)).hex}],
        "acls": [{"group": "bench"}],
    }
