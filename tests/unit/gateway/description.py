"""A description of a gateway, small enough to read and with one route of each kind."""

from __future__ import annotations

import copy
from typing import Any

SECRETS = {
    "jwt": "j" * 64,
    "tier_keys": {"free": "key-of-free", "smart": "key-of-smart", "premium": "key-of-premium"},
    "api_keys": {"auth": "key-of-callers"},
}
FUNCTIONS = {"strip": "return function() end", "identity": "return function() end -- identity"}

ROUTES: list[dict[str, Any]] = [
    {"name": "sign-in", "kind": "public", "paths": ["/login"], "methods": ["POST"], "limits": {"minute": 10}},
    {"name": "reset", "kind": "public", "paths": ["/reset"]},
    {"name": "devices", "kind": "protected", "paths": ["/devices"], "methods": ["GET"]},
    {"name": "reports", "kind": "premium", "paths": ["/reports"], "tiers": ["smart", "premium"]},
    {"name": "audit", "kind": "admin", "paths": ["/audit"]},
    {"name": "internal", "kind": "internal", "paths": ["/internal"]},
    {"name": "health", "kind": "health", "paths": ["~/health$"], "methods": ["GET"], "rewrite": "/actuator/health"},
    {"name": "actuator", "kind": "closed", "paths": ["/actuator"]},
]
GATEWAY: dict[str, Any] = {
    "services": [
        {
            "name": "auth",
            "host": "auth.example.internal",
            "health": {"path": "/actuator/health"},
            "api_key_secret": "auth/service-api-key",
            "routes": ROUTES,
        }
    ],
    "tiers": {"free": 100, "smart": 1000, "premium": 5000},
    "jwt": {"issuer": "issuer", "secret": "auth/jwt"},
    "limits": {"public": {"minute": 60}, "fault_tolerant": True},
    "redis": {"host": "cache.example.internal", "password": "{vault://env/kong-redis-password}"},
    "cors": {"origins": ["https://app.example.com"]},
    "security_headers": {"X-Frame-Options": "DENY"},
    "size_limit_kilobytes": 1024,
    "bots": {"deny": ["scraper"]},
    "admin_networks": ["192.0.2.0/24"],
    "internal_networks": ["10.20.0.0/16"],
    "correlation_header": "X-Correlation-ID",
    "entities": {},
}


def gateway(**changes: Any) -> dict[str, Any]:
    """The description with other values of some keys."""
    return {**copy.deepcopy(GATEWAY), **changes}


def with_route(**route: Any) -> dict[str, Any]:
    """The description with one further route."""
    changed = gateway()
    changed["services"][0]["routes"].append(route)
    return changed
