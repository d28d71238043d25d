# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway, described in the words of the product, consists of in Kong. Everything in this file is pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
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
PREVIEW = "-preview"
KINDS = tuple(kind for kinds in GROUPS.values() for kind in kinds)

# Each route names its methods: Kong prefers a route that matches more attributes to one with a longer path.
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

TIER_HEADER = "X-Tier-Key"
USER_HEADER = "X-User-ID"
API_KEY_HEADER = "X-API-Key"
PREVIEW_HEADER = "X-Release-Preview"
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
    services = [entrance for service in gateway["services"] for entrance in _entrances(service, secrets)]
    return {
        "services": [
            kong for service in services for kong in _services(gateway, service, functions["identity"], secrets)
        ],
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


def _entrances(service: Data, secrets: Data) -> Iterable[Data]:
    """A service as customers reach it, and before that, if it has colours, with a token whoever releases it."""
    yield service
    if service["colours"]:
        name = f"{service['name']}{PREVIEW}"
        token = (secrets.get("preview_tokens") or {}).get(service["name"]) or _not_yet(name)
        yield {**service, "name": name, "callers": service["name"], "preview_token": token}


def _services(gateway: Data, service: Data, identity: str, secrets: Data) -> Iterable[Data]:
    public = gateway["limits"]["public"]
    others = _transformer(service)
    plugins: Mapping[str, Callable[[], list[Data]]] = {
        SIGNED_IN: lambda: [*_for_browsers(gateway, service), *_signed_in(service, identity, _token_key(secrets))],
        OPEN: lambda: [*_for_browsers(gateway, service), _limit(gateway, public, limit_by="ip"), *others],
        HEALTH: lambda: others,
        INTERNAL: lambda: [*_from_inside(gateway, service), *others],
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
        "plugins": _route_plugins(gateway, service, route),
    }
    if service.get("hosts"):
        made["hosts"] = service["hosts"]
    if "preview_token" in service:
        made["headers"] = {PREVIEW_HEADER: [service["preview_token"]]}
    return made


def _methods(route: Data) -> list[str]:
    asked = route.get("methods") or METHODS
    preflight = ["OPTIONS"] if route["kind"] in (*GROUPS[SIGNED_IN], "public") else []
    return list(dict.fromkeys([*asked, *preflight]))


def _route_plugins(gateway: Data, service: Data, route: Data) -> list[Data]:
    plugins = []
    if route.get("rewrite"):
        # It takes the place of the service's own request-transformer, and so has to do what that does.
        signed_in = route["kind"] in GROUPS[SIGNED_IN]
        plugins += _transformer(service, KONG_IDENTITY if signed_in else (), replace={"uri": route["rewrite"]})
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


def _transformer(service: Data, removed: Iterable[str] = (), **config: Any) -> list[Data]:
    """What is taken from a request before the service has it: with colours also the token, with or without preview."""
    headers = [*removed, *((PREVIEW_HEADER,) if service["colours"] else ())]
    config = {**config, **({"remove": {"headers": headers}} if headers else {})}
    return [_plugin("request-transformer", **config)] if config else []


def _signed_in(service: Data, identity: str, token_key: Data) -> list[Data]:
    """Both have to pass: jwt proves the token, key-auth makes its tier the consumer. Neither has `anonymous`."""
    return [
        _plugin("pre-function", access=[identity]),
        _plugin("jwt", claims_to_verify=["exp"], uri_param_names=[], cookie_names=[], **token_key),
        _plugin("key-auth", key_names=[TIER_HEADER], hide_credentials=True, key_in_query=False, key_in_body=False),
        # A service may believe these headers on its internal paths; here they would name a tier.
        *_transformer(service, KONG_IDENTITY),
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


def _targets(service: Data) -> Iterable[Data]:
    """One, or one for each colour: all requests to the live one, and to a preview none before there is a release."""
    name, _dot, domain = service["host"].partition(".")
    for colour in service["colours"]:
        weight = 100 if colour == service["live"] and "preview_token" not in service else 0
        yield {"target": f"{name}-{colour}.{domain}:{service['port']}", "weight": weight}
    if not service["colours"]:
        yield {"target": f"{service['host']}:{service['port']}", "weight": 100}


def _upstream(service: Data) -> Data:
    health = service["health"]
    upstream: Data = {"name": service["name"], "targets": list(_targets(service))}
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
    by_algorithm = _by_algorithm(secrets)
    credentials = {issuer: (jwt_algorithm(jwt), jwt)} | {name: (name, secret) for name, secret in by_algorithm.items()}
    signer = {
        "username": issuer,
        "jwt_secrets": [
            {"key": key, "algorithm": algorithm, "secret": secret} for key, (algorithm, secret) in credentials.items()
        ],
    }
    tiers = [_tier(gateway, secrets, tier, per_minute) for tier, per_minute in gateway["tiers"].items()]
    callers = [
        _caller(f"{service['name']}{INTERNAL}", _texts((secrets.get("api_keys") or {}).get(service["name"])), service)
        for service in gateway["services"]
        if any(route["kind"] == "internal" for route in service["routes"])
    ]
    return [signer, *tiers, *callers]


def _by_algorithm(secrets: Data) -> dict[str, str]:
    """While the secret of tokens is rotated, both by the algorithm of their tokens; else nothing.

    All tokens name one issuer, and Kong knows one secret for each name. Secrets that take turns in length sign with
    algorithms that take turns, and what a token says of its algorithm tells which of the two has signed it.
    """
    accepted = {jwt_algorithm(secret): secret for secret in _texts(secrets.get("accepted_jwt"))}
    return accepted if len(accepted) > 1 else {}


def _token_key(secrets: Data) -> Data:
    return {"key_claim_name": "alg"} if _by_algorithm(secrets) else {}


def _tier(gateway: Data, secrets: Data, tier: str, per_minute: int) -> Data:
    """While the keys are rotated a tier has two, of which the function that names tiers knows the current one."""
    given = [secrets.get("tier_keys") or {}, *(secrets.get("accepted_tier_keys") or [])]
    keys = dict.fromkeys(_texts([known.get(tier) for known in given])) or [_not_yet(tier)]
    return {
        "username": f"tier-{tier}",
        "keyauth_credentials": [{"key": key} for key in keys],
        "acls": [{"group": tier}],
        "plugins": [_limit(gateway, {"minute": per_minute}, limit_by="header", header_name=USER_HEADER)],
    }


def _caller(name: str, keys: Sequence[str], service: Data) -> Data:
    """While its key is rotated a caller has two."""
    return {
        "username": name,
        "keyauth_credentials": [{"key": key} for key in keys or [_not_yet(name)]],
        "acls": [{"group": _internal_group(service)}],
    }


def _texts(given: Any) -> list[str]:
    """One text, or several: those that are given."""
    return [str(text) for text in ([given] if isinstance(given, str) else given or []) if text]


def _not_yet(owner: str) -> str:
    """A key is unique in Kong, also while it is not known."""
    return f"{owner} {KNOWN_AFTER_APPLY}"


def _internal_group(service: Data) -> str:
    return f"{service.get('callers', service['name'])}{INTERNAL}"


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
        *_tracing(gateway["tracing"]),
    ]


def _tracing(tracing: Data) -> list[Data]:
    """Spans go to a collector; services are told of the trace in W3C's headers."""
    if not tracing["endpoint"]:
        return []
    return [
        _plugin(
            "opentelemetry",
            traces_endpoint=f"{tracing['endpoint']}/v1/traces",
            resource_attributes={"service.name": tracing["service_name"]},
            propagation={"extract": ["w3c"], "inject": ["w3c"], "default_format": "w3c"},
        )
    ]


def _plugin(name: str, /, **config: Any) -> Data:
    return {"name": name, "config": config}
