"""What a node tells about itself."""

from __future__ import annotations

import dataclasses
import os
import socket
from collections.abc import Mapping
from typing import Any

from local_cloud.kong import VERSION, memory, schemas
from local_cloud.kong.entities import Catalogue
from local_cloud.kong.kinds import KINDS
from local_cloud.kong.settings import Listener, LogTarget, Settings
from local_cloud.kong.state import State

TAGLINE = "This is a stand-in for Kong"
_SECRET = "******"

PRIORITIES = {
    "pre-function": 1000000,
    "correlation-id": 100001,
    "zipkin": 100000,
    "bot-detection": 2500,
    "cors": 2000,
    "session": 1900,
    "acme": 1705,
    "jwt": 1450,
    "oauth2": 1400,
    "key-auth": 1250,
    "ldap-auth": 1200,
    "basic-auth": 1100,
    "hmac-auth": 1030,
    "grpc-gateway": 998,
    "ip-restriction": 990,
    "request-size-limiting": 951,
    "acl": 950,
    "rate-limiting": 910,
    "response-ratelimiting": 900,
    "request-transformer": 801,
    "response-transformer": 800,
    "redirect": 779,
    "ai-request-transformer": 777,
    "ai-prompt-template": 773,
    "ai-prompt-decorator": 772,
    "ai-prompt-guard": 771,
    "ai-proxy": 770,
    "ai-response-transformer": 768,
    "standard-webhooks": 760,
    "aws-lambda": 750,
    "azure-functions": 749,
    "proxy-cache": 100,
    "opentelemetry": 14,
    "prometheus": 13,
    "http-log": 12,
    "statsd": 11,
    "datadog": 10,
    "file-log": 9,
    "udp-log": 8,
    "tcp-log": 7,
    "loggly": 6,
    "syslog": 4,
    "grpc-web": 3,
    "request-termination": 2,
    "post-function": -1000,
}


@dataclasses.dataclass
class Node:
    """The process, as `/` and `/status` show it."""

    settings: Settings
    node_id: str
    requests: int = 0


def root(node: Node, catalogue: Catalogue, state: State) -> dict[str, Any]:
    used = sorted({plugin["name"] for plugin in state.entities["plugins"].values()})
    available = {name: {"version": VERSION, "priority": PRIORITIES[name]} for name in catalogue.plugins}
    return {
        "tagline": TAGLINE,
        "version": VERSION,
        "edition": "community",
        "hostname": socket.gethostname(),
        "node_id": node.node_id,
        "lua_version": "LuaJIT 2.1",
        "pids": {"master": os.getppid(), "workers": [os.getpid()]},
        "timers": {"running": 0, "pending": 0},
        "plugins": {"available_on_server": available, "enabled_in_cluster": used},
        "configuration": configuration(node.settings, catalogue),
    }


def configuration(settings: Settings, catalogue: Catalogue) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if field.name == "environment":
            continue
        if not field.repr:
            if value:
                shown[field.name] = _SECRET
            continue
        shown[field.name] = _plain(value)
    for name in ("proxy", "admin", "status"):
        listeners = getattr(settings, f"{name}_listen")
        shown[f"{name}_listen"] = [_listen(item) for item in listeners] or ["off"]
        shown[f"{name}_listeners"] = [_listener(item) for item in listeners]
    shown["loaded_plugins"] = dict.fromkeys(catalogue.plugins, True)
    shown["loaded_vaults"] = dict.fromkeys(schemas.VAULTS, True)
    return shown


def _plain(value: Any) -> Any:
    if isinstance(value, LogTarget):
        return " ".join(part for part in (value.path, value.format) if part)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value if isinstance(value, bool | int | float | str) else str(value) if value is not None else None


def _listen(listener: Listener) -> str:
    return " ".join([f"{listener.address}:{listener.port}", *listener.flags])


def _listener(listener: Listener) -> dict[str, Any]:
    flags = ("bind", "deferred", "proxy_protocol", "reuseport")
    return {
        "ip": listener.address,
        "port": listener.port,
        "listener": f"{listener.address}:{listener.port}" + (" ssl" if listener.ssl else ""),
        "ssl": listener.ssl,
        "http2": listener.http2,
        **{flag: flag in listener.flags for flag in flags},
    }


def status(node: Node, proxy: Mapping[str, int], reachable: bool, configuration_hash: str | None) -> dict[str, Any]:
    """`proxy` are the counters of the proxy's connections; the hash is that of a node without a database."""
    used = memory.worker_bytes() / memory.MEBIBYTE
    body: dict[str, Any] = {
        "server": dict(proxy) | {"total_requests": proxy["total_requests"] + node.requests},
        "memory": {
            "workers_lua_vms": [{"pid": os.getpid(), "http_allocated_gc": f"{used:.2f} MiB"}],
            "lua_shared_dicts": {
                name: {"allocated_slabs": "0.00 MiB", "capacity": f"{capacity:.2f} MiB"}
                for name, capacity in memory.SHARED_DICTS.items()
            },
        },
    }
    if configuration_hash is not None:
        return body | {"configuration_hash": configuration_hash}
    return body | {"database": {"reachable": reachable}}


def endpoints() -> list[str]:
    """Every path of the Admin API, entities in braces."""
    paths = set(_OTHER_PATHS)
    for kind in KINDS.values():
        base, one = f"/{kind.path}", f"/{kind.path}/{{{kind.name}}}"
        paths |= {base, one, *(f"{one}/{name}" for name in kind.references)}
        for reference, target in kind.references.items():
            parent = f"/{KINDS[target].path}/{{{target}}}/{kind.nested.get(reference, kind.path)}"
            paths |= {parent, f"{parent}/{{{kind.name}}}"}
    return sorted(paths)


_OTHER_PATHS = (
    "/",
    "/cache",
    "/cache/{key}",
    "/clustering/data-planes",
    "/clustering/status",
    "/config",
    "/debug/node/log-level",
    "/debug/node/log-level/{log_level}",
    "/endpoints",
    "/metrics",
    "/plugins/enabled",
    "/plugins/schema/{name}",
    "/schemas/plugins/validate",
    "/schemas/plugins/{name}",
    "/schemas/vaults/validate",
    "/schemas/vaults/{name}",
    "/schemas/{db_entity_name}/validate",
    "/schemas/{name}",
    "/status",
    "/status/dns",
    "/tags",
    "/tags/{tags}",
    "/timers",
    "/upstreams/{upstreams}/health",
    "/upstreams/{upstreams}/targets/all",
    "/upstreams/{upstreams}/targets/{targets}/healthy",
    "/upstreams/{upstreams}/targets/{targets}/unhealthy",
    "/upstreams/{upstreams}/targets/{targets}/{address}/healthy",
    "/upstreams/{upstreams}/targets/{targets}/{address}/unhealthy",
)
