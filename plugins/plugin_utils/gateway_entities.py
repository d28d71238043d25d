# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway, described in the words of the product, consists of in Kong. Everything in this file is pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY

Data = dict[str, Any]

# Kinds of routes by the service of Kong that they belong to; its name ends in the key.
SIGNED_IN, OPEN, HEALTH, INTERNAL = "", "-public", "-health", "-internal"
GROUPS = {
    SIGNED_IN: ("protected", "premium", "admin"),
    OPEN: ("public", "closed"),
    HEALTH: ("health",),
    INTERNAL: ("internal",),
}
KINDS = tuple(kind for kinds in GROUPS.values() for kind in kinds)

# Each route names its methods: Kong prefers a route that matches more attributes to one with a longer path.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

TIER_HEADER = "X-Tier-Key"
USER_HEADER = "X-User-ID"
API_KEY_HEADER = "X-API-Key"
KONG_IDENTITY = ("X-Consumer-ID", "X-Consumer-Custom-ID", "X-Consumer-Username", "X-Credential-Identifier")
# What Kong calls the headers of a limit, and what they are called here.
LIMIT_HEADERS = {
    "RateLimit-Limit": "X-RateLimit-Limit",
    "RateLimit-Remaining": "X-RateLimit-Remaining",
    "RateLimit-Reset": "X-RateLimit-Reset",
}
# RFC 7518 asks for a key as long as the hash; the service takes the strongest that its secret allows.
ALGORITHMS = ((64, "HS512"), (48, "HS384"), (32, "HS256"))


def entities(gateway: Data, secrets: Data, functions: Data) -> Data:
    """All of them, nested as in decK files."""
    services = gateway["services"]
    return {
        "services": [kong for service in services for kong in _services(gateway, service, functions["identity"])],
        "upstreams": [_upstream(service) for service in services],
        "consumers": _consumers(gateway, secrets),
        "plugins": _global_plugins(gateway, functions["strip"]),
    }


def jwt_algorithm(secret: str) -> str:
    """The algorithm that the service signs with, which follows from the bytes of its secret."""
    if not secret or secret == KNOWN_AFTER_APPLY:
        return ALGORITHMS[0][1]
    size = len(secret.encode())
    found = next((name for least, name in ALGORITHMS if size >= least), None)
    if found is None:
        raise AnsibleFilterError(
            f"kong_config_jwt.secret: {size} bytes are too few to sign tokens: write a secret of 32 or more"
        )
    return found


# Services and their routes


def _services(gateway: Data, service: Data, identity: str) -> Iterable[Data]:
    plugins: Mapping[str, Callable[[], list[Data]]] = {
        SIGNED_IN: lambda: [*_for_browsers(gateway, service), *_signed_in(identity)],
        OPEN: lambda: [*_for_browsers(gateway, service), _limit(gateway, gateway["limits"]["public"], limit_by="ip")],
        HEALTH: list,
        INTERNAL: lambda: _from_inside(gateway, service),
    }
    for suffix, kinds in GROUPS.items():
        routes = [route for route in service["routes"] if route["kind"] in kinds]
        if routes:
            yield {
                "name": service["name"] + suffix,
                "host": service["name"],  # the upstream
                "port": service["port"],
                "protocol": "http",
                "retries": service["retries"],
                "connect_timeout": service["connect_timeout_ms"],
                "read_timeout": service["read_timeout_ms"],
                "write_timeout": service["write_timeout_ms"],
                "plugins": plugins[suffix](),
                "routes": [_route(gateway, service, route) for route in routes],
            }


def _route(gateway: Data, service: Data, route: Data) -> Data:
    made: Data = {
        "name": f"{service['name']}-{route['name']}",
        "paths": route["paths"],
        "methods": _methods(route),
        "strip_path": False,
        "plugins": _route_plugins(gateway, route),
    }
    if service.get("hosts"):
        made["hosts"] = service["hosts"]
    return made


def _methods(route: Data) -> list[str]:
    asked = route.get("methods") or METHODS
    preflight = ["OPTIONS"] if route["kind"] in (*GROUPS[SIGNED_IN], "public") else []
    return list(dict.fromkeys([*asked, *preflight]))


def _route_plugins(gateway: Data, route: Data) -> list[Data]:
    plugins = []
    if route.get("rewrite"):
        # It takes the place of the service's own request-transformer, and so has to do what that does.
        removed = {"remove": {"headers": list(KONG_IDENTITY)}} if route["kind"] in GROUPS[SIGNED_IN] else {}
        plugins.append(_plugin("request-transformer", replace={"uri": route["rewrite"]}, **removed))
    if route.get("limits"):
        plugins.append(_limit(gateway, route["limits"], limit_by="ip"))
    if route.get("size_limit_kilobytes"):
        plugins.append(_size_limit(route["size_limit_kilobytes"]))
    if route.get("tiers"):
        plugins.append(_plugin("acl", allow=route["tiers"], hide_groups_header=True))
    if route["kind"] == "admin":
        plugins.append(_plugin("ip-restriction", allow=gateway["admin_networks"]))
    if route["kind"] == "closed":
        plugins.append(_plugin("request-termination", status_code=404, message="Not found"))
    return plugins


def _for_browsers(gateway: Data, service: Data) -> list[Data]:
    return [
        *_cors(gateway),
        _plugin("bot-detection", allow=gateway["bots"]["allow"], deny=gateway["bots"]["deny"]),
        _size_limit(service.get("size_limit_kilobytes") or gateway["size_limit_kilobytes"]),
    ]


def _cors(gateway: Data) -> list[Data]:
    cors = gateway["cors"]
    if not cors["origins"]:
        return []  # the plugin takes none for all
    return [
        _plugin(
            "cors",
            origins=cors["origins"],
            methods=list(METHODS),
            headers=cors["headers"],
            exposed_headers=[*LIMIT_HEADERS.values(), "Retry-After", gateway["correlation_header"]],
            credentials=cors["credentials"],
            max_age=cors["max_age_seconds"],
        ),
    ]


def _signed_in(identity: str) -> list[Data]:
    """Both have to pass: jwt proves the token, key-auth makes its tier the consumer. Neither has `anonymous`."""
    return [
        _plugin("pre-function", access=[identity]),
        _plugin("jwt", claims_to_verify=["exp"], uri_param_names=[], cookie_names=[]),
        _plugin("key-auth", key_names=[TIER_HEADER], hide_credentials=True, key_in_query=False, key_in_body=False),
        # A service may believe these headers on its internal paths; here they would name a tier.
        _plugin("request-transformer", remove={"headers": list(KONG_IDENTITY)}),
    ]


def _from_inside(gateway: Data, service: Data) -> list[Data]:
    return [
        _plugin("ip-restriction", allow=gateway["internal_networks"]),
        # The service knows the caller by X-Consumer-*, which only the gateway sets.
        _plugin("key-auth", key_names=[API_KEY_HEADER], hide_credentials=True, key_in_query=False, key_in_body=False),
        _plugin("acl", allow=[_internal_group(service)], hide_groups_header=True),
        _size_limit(service.get("size_limit_kilobytes") or gateway["size_limit_kilobytes"]),
    ]


def _size_limit(kilobytes: int) -> Data:
    return _plugin("request-size-limiting", allowed_payload_size=kilobytes, size_unit="kilobytes")


def _limit(gateway: Data, windows: Mapping[str, int | None], **counted_by: str) -> Data:
    """A limit whose counters all nodes share. `windows` are requests by `minute`, `hour` and the like."""
    redis = gateway["redis"]
    return _plugin(
        "rate-limiting",
        **{window: count for window, count in windows.items() if count},
        **counted_by,
        policy="redis",
        sync_rate=-1,  # anything else counts less than exactly
        fault_tolerant=gateway["limits"]["fault_tolerant"],
        redis={
            "host": redis["host"],
            "port": redis["port"],
            "timeout": redis["timeout_ms"],
            "ssl": redis["ssl"],
            "ssl_verify": redis["ssl"],
            **({"password": redis["password"]} if redis["password"] else {}),
            **({"server_name": redis["server_name"] or redis["host"]} if redis["ssl"] else {}),
        },
    )


def _upstream(service: Data) -> Data:
    health = service["health"]
    upstream: Data = {
        "name": service["name"],
        "targets": [{"target": f"{service['host']}:{service['port']}", "weight": 100}],
    }
    if health["path"]:
        upstream["healthchecks"] = {
            "active": {
                "type": "http",
                "http_path": health["path"],
                "timeout": health["timeout_seconds"],
                "healthy": {"interval": health["interval_seconds"], "successes": 1},
                "unhealthy": {
                    "interval": health["interval_seconds"],
                    "http_failures": health["failures"],
                    "tcp_failures": health["failures"],
                    "timeouts": health["failures"],
                },
            },
            # Answers of the service itself, such as 500, say nothing about the task that gave them.
            "passive": {
                "type": "http",
                "unhealthy": {
                    "http_statuses": [502, 503, 504],
                    "http_failures": health["failures"],
                    "tcp_failures": health["failures"],
                    "timeouts": health["failures"],
                },
            },
        }
    return upstream


# Who calls


def _consumers(gateway: Data, secrets: Data) -> list[Data]:
    jwt = str(secrets.get("jwt") or KNOWN_AFTER_APPLY)
    issuer = gateway["jwt"]["issuer"]
    signer = {
        "username": issuer,
        "jwt_secrets": [{"key": issuer, "algorithm": jwt_algorithm(jwt), "secret": jwt}],
    }
    tiers = [_tier(gateway, secrets, tier, per_minute) for tier, per_minute in gateway["tiers"].items()]
    callers = [
        _caller(f"{service['name']}{INTERNAL}", (secrets.get("api_keys") or {}).get(service["name"]), service)
        for service in gateway["services"]
        if any(route["kind"] == "internal" for route in service["routes"])
    ]
    return [signer, *tiers, *callers]


def _tier(gateway: Data, secrets: Data, tier: str, per_minute: int) -> Data:
    return {
        "username": f"tier-{tier}",
        "keyauth_credentials": [{"key": (secrets.get("tier_keys") or {}).get(tier) or _not_yet(tier)}],
        "acls": [{"group": tier}],
        "plugins": [_limit(gateway, {"minute": per_minute}, limit_by="header", header_name=USER_HEADER)],
    }


def _caller(name: str, key: str | None, service: Data) -> Data:
    return {
        "username": name,
        "keyauth_credentials": [{"key": key or _not_yet(name)}],
        "acls": [{"group": _internal_group(service)}],
    }


def _not_yet(owner: str) -> str:
    """A key is unique in Kong, also while it is not known."""
    return f"{owner} {KNOWN_AFTER_APPLY}"


def _internal_group(service: Data) -> str:
    return f"{service['name']}{INTERNAL}"


# What holds for every request


def _global_plugins(gateway: Data, strip: str) -> list[Data]:
    headers = [f"{name}:{value}" for name, value in gateway["security_headers"].items()]
    return [
        _plugin("pre-function", rewrite=[strip]),
        _plugin(
            "correlation-id",
            header_name=gateway["correlation_header"],
            generator="uuid",
            echo_downstream=True,
        ),
        _plugin(
            "response-transformer",
            rename={"headers": [f"{kong}:{ours}" for kong, ours in LIMIT_HEADERS.items()]},
            replace={"headers": headers},
            add={"headers": headers},
        ),
        _plugin(
            "prometheus",
            status_code_metrics=True,
            latency_metrics=True,
            bandwidth_metrics=True,
            upstream_health_metrics=True,
        ),
    ]


def _plugin(name: str, /, **config: Any) -> Data:
    return {"name": name, "config": config}
