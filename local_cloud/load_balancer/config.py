"""Envoy's configuration out of the state of elbv2. Pure: no files, no processes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local_cloud.load_balancer.access_log import FORMAT
from local_cloud.load_balancer.conditions import SOURCE_HEADER, expand, route_match

Resource = dict[str, Any]

# Ports below this need root.
_PRIVILEGED = 1024
_SHIFT = 8000
_TYPE = "type.googleapis.com/envoy"
_FILTERS = f"{_TYPE}.extensions.filters"
_TLS = f"{_TYPE}.extensions.transport_sockets.tls.v3"
_VERSIONS = {"TLSv1": "TLSv1_0", "TLSv1.1": "TLSv1_1", "TLSv1.2": "TLSv1_2", "TLSv1.3": "TLSv1_3"}
SERVER = "envoy (local stand-in for awselb/2.0)"

_REQUEST_FILTER = f"""
FIREWALL
math.randomseed(os.time() + tonumber(tostring({{}}):match("0x(%x+)"), 16) % 2^31)

local function trace()
  local random = {{}}
  for index = 1, 24 do random[index] = string.format("%x", math.random(0, 15)) end
  return string.format("1-%08x-%s", os.time(), table.concat(random))
end

function envoy_on_request(handle)
  local headers = handle:headers()
  local given = headers:get("x-amzn-trace-id")
  if given == nil or not given:find("Root=", 1, true) then
    headers:replace("x-amzn-trace-id", "Root=" .. trace())
  else
    headers:replace("x-amzn-trace-id", "Self=" .. trace() .. ";" .. given)
  end
  local address = handle:streamInfo():downstreamDirectRemoteAddress()
  address = address:gsub(":%d+$", "")
  headers:replace("{SOURCE_HEADER}", address)
  local forwarded = headers:get("x-forwarded-for")
  if "MODE" == "append" then
    headers:replace("x-forwarded-for", forwarded and forwarded .. ", " .. address or address)
  elseif "MODE" == "remove" then
    headers:remove("x-forwarded-for")
  end
  firewall(handle, address)
end
"""


@dataclass(frozen=True)
class Pem:
    """A certificate of a listener: files, and the DNS names it is chosen for."""

    certificate: Path
    key: Path
    names: tuple[str, ...]


@dataclass(frozen=True)
class Bind:
    """Where a listener is reached here: on its load balancer's address, or at the edge."""

    address: str
    port: int


@dataclass
class Listener:
    """One listener of a load balancer on one address."""

    name: str
    bind: Bind
    port: int
    protocol: str
    rules: Sequence[Any]
    ports: Mapping[int, int]
    """Local port by AWS port of this load balancer, for redirects."""
    log: Path
    arn: str = ""
    load_balancer: str = ""
    idle_seconds: int = 60
    forwarded_for: str = "append"
    """append, preserve or remove: routing.http.xff_header_processing.mode"""
    certificates: Sequence[Pem] = ()
    tls_versions: Sequence[str] = ()
    firewall: str = "local function firewall() end"
    """Lua that judges a request: local_cloud/load_balancer/firewall.py"""
    firewall_log: Path | None = None


@dataclass
class TargetGroup:
    name: str
    protocol: str
    protocol_version: str = "HTTP1"
    algorithm: str = "round_robin"
    endpoints: list[Bind] = field(default_factory=list)
    source: str | None = None
    """Address that targets see: the load balancer's"""


def local_port(port: int) -> int:
    return port + _SHIFT if port < _PRIVILEGED else port


def file_source(path: Path) -> Resource:
    """A file that is replaced as a whole."""
    return {
        "path_config_source": {"path": str(path), "watched_directory": {"path": str(path.parent)}},
        "resource_api_version": "V3",
    }


def bootstrap(folder: Path) -> Resource:
    return {
        "node": {"id": "load-balancer", "cluster": "local-cloud"},
        "dynamic_resources": {
            "lds_config": file_source(folder / "listeners.json"),
            "cds_config": file_source(folder / "clusters.json"),
        },
    }


# -- listeners ----------------------------------------------------------------------------------------


def listener(row: Listener, routes: Path) -> Resource:
    chains = _tls_chains(row, routes) if row.protocol == "HTTPS" else [{"filters": [_manager(row, routes)]}]
    resource: Resource = {
        "@type": f"{_TYPE}.config.listener.v3.Listener",
        "name": row.name,
        "address": _socket(row.bind),
        "filter_chains": chains,
    }
    if row.protocol == "HTTPS":
        resource["listener_filters"] = [
            {
                "name": "envoy.filters.listener.tls_inspector",
                "typed_config": {"@type": f"{_FILTERS}.listener.tls_inspector.v3.TlsInspector"},
            }
        ]
    return resource


def _socket(bind: Bind) -> Resource:
    return {"socket_address": {"address": bind.address, "port_value": bind.port}}


def _tls_chains(row: Listener, routes: Path) -> list[Resource]:
    """The default certificate for everything but the names that a further certificate alone has."""
    chains = []
    taken = set(row.certificates[0].names)
    for pem in row.certificates[1:]:
        names = [name for name in pem.names if name not in taken]
        taken.update(names)
        if names:
            chains.append({"filter_chain_match": {"server_names": names}, **_tls_chain(row, pem, routes)})
    return [*chains, _tls_chain(row, row.certificates[0], routes)]


def _tls_chain(row: Listener, pem: Pem, routes: Path) -> Resource:
    versions = [_VERSIONS[version] for version in row.tls_versions if version in _VERSIONS]
    context = {
        "@type": f"{_TLS}.DownstreamTlsContext",
        "common_tls_context": {
            "tls_params": {
                "tls_minimum_protocol_version": min(versions),
                "tls_maximum_protocol_version": max(versions),
            },
            "tls_certificates": [
                {
                    "certificate_chain": {"filename": str(pem.certificate)},
                    "private_key": {"filename": str(pem.key)},
                }
            ],
            "alpn_protocols": ["h2", "http/1.1"],
        },
    }
    return {
        "filters": [_manager(row, routes)],
        "transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context},
    }


def _manager(row: Listener, routes: Path) -> Resource:
    http = f"{_FILTERS}.http"
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": f"{_FILTERS}.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "alb",
            "use_remote_address": True,
            # of a client on loopback Envoy would append the machine's address: the request filter does it
            "skip_xff_append": True,
            # every client is on loopback: none is "internal" in Envoy's sense
            "internal_address_config": {"cidr_ranges": [{"address_prefix": "255.255.255.255", "prefix_len": 32}]},
            "generate_request_id": False,
            "preserve_external_request_id": True,
            "server_name": SERVER,
            "server_header_transformation": "APPEND_IF_ABSENT",
            "stream_idle_timeout": f"{row.idle_seconds}s",
            "common_http_protocol_options": {"idle_timeout": "3600s"},
            "delayed_close_timeout": "1s",
            "upgrade_configs": [{"upgrade_type": "websocket"}],
            "rds": {"route_config_name": row.name, "config_source": file_source(routes)},
            "http_filters": [
                {
                    "name": "envoy.filters.http.lua",
                    "typed_config": {
                        "@type": f"{http}.lua.v3.Lua",
                        "default_source_code": {"inline_string": _request_filter(row)},
                    },
                },
                {
                    "name": "envoy.filters.http.router",
                    "typed_config": {"@type": f"{http}.router.v3.Router", "suppress_envoy_headers": True},
                },
            ],
            "local_reply_config": {"mappers": _error_mappers()},
            "access_log": [_access_log(row), *_firewall_log(row)],
        },
    }


def _request_filter(row: Listener) -> str:
    return _REQUEST_FILTER.replace("MODE", row.forwarded_for).replace("FIREWALL", row.firewall)


def _error_mappers() -> list[Resource]:
    """ALB answers 502 where the target refuses or breaks off, 504 where it is silent."""
    return [
        _error_mapper(["UF", "UC", "UPE", "LR", "UR"], 502, "Bad Gateway"),
        _error_mapper(["UT", "SI"], 504, "Gateway Time-out"),
        _error_mapper(["UH", "NC", "UO"], 503, "Service Temporarily Unavailable"),
    ]


def _error_mapper(flags: list[str], status: int, title: str) -> Resource:
    heading = f"{status} {title}"
    body = f"<html>\r\n<head><title>{heading}</title></head>\r\n<body><h1>{heading}</h1></body>\r\n</html>\r\n"
    return {
        "filter": {"response_flag_filter": {"flags": flags}},
        "status_code": status,
        "body_format_override": {"text_format_source": {"inline_string": body}, "content_type": "text/html"},
    }


def _access_log(row: Listener) -> Resource:
    kind = "https" if row.protocol == "HTTPS" else "http"
    return _log(row.log, FORMAT.replace("{type}", kind).replace("{load_balancer}", row.load_balancer))


def _firewall_log(row: Listener) -> list[Resource]:
    return [_log(row.firewall_log, "%DYNAMIC_METADATA(firewall:record)%\n")] if row.firewall_log else []


def _log(path: Path, line: str) -> Resource:
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": f"{_TYPE}.extensions.access_loggers.file.v3.FileAccessLog",
            "path": str(path),
            "log_format": {"text_format_source": {"inline_string": line}},
        },
    }


# -- routes -------------------------------------------------------------------------------------------


def route_configuration(row: Listener, known: Mapping[str, str]) -> Resource:
    """`known`: cluster name by target group ARN."""
    rules = sorted(row.rules, key=_precedence)
    return {
        "@type": f"{_TYPE}.config.route.v3.RouteConfiguration",
        "name": row.name,
        "virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [_route(row, rule, known) for rule in rules]}],
        "request_headers_to_add": [
            {
                "header": {"key": "x-forwarded-port", "value": str(row.port)},
                "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
            }
        ],
        "request_headers_to_remove": ["x-envoy-external-address", "x-envoy-expected-rq-timeout-ms", SOURCE_HEADER],
    }


def _precedence(rule: Any) -> tuple[int, int]:
    return (1, 0) if rule.is_default else (0, int(rule.priority))


def _route(row: Listener, rule: Any, known: Mapping[str, str]) -> Resource:
    action = max(rule.actions, key=lambda found: int(found.data.get("Order") or 1)).data
    match = route_match([] if rule.is_default else rule.conditions)
    name = {"name": f"rule-{rule.priority}"}
    if any(str(found.data["Type"]).startswith("authenticate") for found in rule.actions):
        return {**name, "match": match, **_fixed({"StatusCode": "500", "MessageBody": "sign-in is not emulated"})}
    if action["Type"] == "redirect":
        return {**name, "match": match, "redirect": _redirect(row, action["RedirectConfig"])}
    if action["Type"] == "fixed-response":
        return {**name, "match": match, **_fixed(action["FixedResponseConfig"])}
    return {**name, "match": match, **_forward(action, known)}


def _fixed(config: Mapping[str, Any]) -> Resource:
    body = config.get("MessageBody")
    answer: Resource = {"direct_response": {"status": int(config["StatusCode"])}}
    if body:
        answer["direct_response"]["body"] = {"inline_string": body}
    kind = {"key": "content-type", "value": config.get("ContentType") or "text/plain"}
    answer["response_headers_to_add"] = [{"header": kind, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}]
    return answer


def _forward(action: Mapping[str, Any], known: Mapping[str, str]) -> Resource:
    groups = (action.get("ForwardConfig") or {}).get("TargetGroups") or [
        {"TargetGroupArn": action.get("TargetGroupArn"), "Weight": 1}
    ]
    weights: list[Resource] = [
        {"name": known[group["TargetGroupArn"]], "weight": int(group.get("Weight", 1))}
        for group in groups
        if group["TargetGroupArn"] in known
    ]
    if not sum(weight["weight"] for weight in weights):
        return _fixed({"StatusCode": "503"})
    return {
        "route": {
            "weighted_clusters": {"clusters": weights},
            "timeout": "0s",
            # a kept-alive connection that the target closes at the same moment
            "retry_policy": {"retry_on": "reset-before-request", "num_retries": 1},
        }
    }


_REDIRECT_CODES = {"HTTP_301": "MOVED_PERMANENTLY", "HTTP_302": "FOUND"}


def _redirect(row: Listener, config: Mapping[str, Any]) -> Resource:
    own = {"protocol": row.protocol, "port": str(row.port)}
    protocol = expand(config.get("Protocol"), own) or row.protocol
    port = int(expand(config.get("Port"), own) or row.port)
    answer: Resource = {
        "scheme_redirect": protocol.lower(),
        "port_redirect": row.ports.get(port, port),
        "response_code": _REDIRECT_CODES[config.get("StatusCode") or "HTTP_301"],
    }
    host = config.get("Host") or "#{host}"
    if "#{host}" not in host:
        answer["host_redirect"] = host
    return answer | _redirect_path(config.get("Path") or "/#{path}", config.get("Query", "#{query}"))


def _redirect_path(path: str, query: str) -> Resource:
    keeps_query = query == "#{query}"
    if path == "/#{path}":
        return {} if keeps_query else {"strip_query": True}
    if "#{path}" in path:
        substitution = path.replace("\\", "").replace("#{path}", r"\1")
        rewrite = {"pattern": {"regex": "^/(.*)$"}, "substitution": substitution}
        return {"regex_rewrite": rewrite} | ({} if keeps_query else {"strip_query": True})
    return {"path_redirect": path if keeps_query or not query else f"{path}?{query}", "strip_query": not keeps_query}


# -- clusters -----------------------------------------------------------------------------------------


def cluster(row: TargetGroup, endpoints: Path) -> Resource:
    resource: Resource = {
        "@type": f"{_TYPE}.config.cluster.v3.Cluster",
        "name": row.name,
        "type": "EDS",
        "eds_cluster_config": {"eds_config": file_source(endpoints)},
        "connect_timeout": "10s",
        "lb_policy": "LEAST_REQUEST" if row.algorithm == "least_outstanding_requests" else "ROUND_ROBIN",
        "common_lb_config": {"healthy_panic_threshold": {"value": 0}},
        "typed_extension_protocol_options": _protocol(row.protocol_version),
    }
    if row.source:
        resource["upstream_bind_config"] = {"source_address": {"address": row.source, "port_value": 0}}
    if row.protocol == "HTTPS":
        resource["transport_socket"] = {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {"@type": f"{_TLS}.UpstreamTlsContext"},
        }
    return resource


def _protocol(version: str) -> Resource:
    name = f"{_TYPE}.extensions.upstreams.http.v3.HttpProtocolOptions"
    own = "http_protocol_options" if version == "HTTP1" else "http2_protocol_options"
    return {
        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
            "@type": name,
            "explicit_http_config": {own: {}},
            "common_http_protocol_options": {"idle_timeout": "60s"},
        }
    }


def load_assignment(row: TargetGroup) -> Resource:
    return {
        "@type": f"{_TYPE}.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": row.name,
        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _socket(bind)}} for bind in row.endpoints]}],
    }
