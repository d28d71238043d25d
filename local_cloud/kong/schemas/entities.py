"""The entities of Kong."""

from __future__ import annotations

from local_cloud.kong.schemas.fields import (
    PROTOCOLS,
    array,
    boolean,
    defaulted,
    empty_segments,
    foreign,
    header_name,
    host,
    integer,
    ip_or_cidr,
    map_of,
    number,
    one_of,
    path,
    port,
    record,
    set_of,
    string,
    strings,
    tags,
    timestamp,
    unique_name,
    uuid,
    wildcard_host,
)
from local_cloud.kong.schemas.rules import (
    at_least_one_of,
    custom,
    distinct,
    hidden,
    mutually_exclusive,
    mutually_required,
    when,
)

# What passive health checks count as healthy.
PASSED = (*range(200, 209), 226, *range(300, 309))

ENTITIES = {
    "acls": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "consumer": foreign("consumers", required=True, on_delete="cascade"),
            "group": string(required=True),
            "tags": tags(),
        }
    ),
    "acme_storage": record(
        {
            "id": string(auto=True, uuid=True),
            "key": string(required=True, auto=True, unique=True),
            "value": string(required=True, auto=True),
            "created_at": timestamp(),
        }
    ),
    "basicauth_credentials": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "consumer": foreign("consumers", required=True, on_delete="cascade"),
            "username": string(required=True, unique=True),
            "password": string(required=True, encrypted=True),
            "tags": tags(),
        }
    ),
    "ca_certificates": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "cert": string(required=True, check="certificate"),
            "cert_digest": string(unique=True),
            "tags": tags(),
        },
        checks=[custom("authority", "cert")],
    ),
    "certificates": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "cert": string(required=True, referenceable=True, check="certificate"),
            "key": string(required=True, encrypted=True, referenceable=True, check="private_key"),
            "cert_alt": string(required=False, referenceable=True, check="certificate"),
            "key_alt": string(required=False, encrypted=True, referenceable=True, check="private_key"),
            "tags": tags(),
            "snis": array(wildcard_host(), required=False, transient=True),
        },
        checks=[
            mutually_required("cert_alt", "key_alt"),
            custom("certificate_pair", "cert", "key"),
            custom("alternative_pair", "cert_alt", "key_alt"),
            custom("different_kinds", "cert", "cert_alt"),
        ],
    ),
    "clustering_data_planes": record(
        {
            "id": string(required=True, auto=True, uuid=True),
            "last_seen": timestamp(),
            "updated_at": timestamp(),
            "ip": string(required=True),
            "config_hash": string(len_eq=32),
            "hostname": host(required=True),
            "version": string(
                match_any={
                    "err": "invalid version number: must be in format of X.Y.Z",
                    "patterns": ["^%d+[%.%d]*$", "^%d+[%.%d]*%-?.*$"],
                },
                match_none=[{"err": "must not have empty version segments", "pattern": "%.%."}],
            ),
            "sync_status": one_of(
                [
                    "unknown",
                    "normal",
                    "kong_version_incompatible",
                    "plugin_set_incompatible",
                    "plugin_version_incompatible",
                    "filter_set_incompatible",
                ],
                required=True,
                default="unknown",
            ),
            "labels": map_of(string(), string()),
            "cert_details": record(
                {
                    "expiry_timestamp": number(required=False, timestamp=True),
                },
                required=True,
            ),
            "rpc_capabilities": set_of(string()),
        }
    ),
    "consumers": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "username": string(unique=True),
            "custom_id": string(unique=True),
            "tags": tags(),
        },
        checks=[at_least_one_of("custom_id", "username")],
    ),
    "filter_chains": record(
        {
            "id": string(auto=True, uuid=True),
            "name": string(unique=True),
            "enabled": boolean(True, required=True),
            "route": foreign("routes", default=None, unique=True, on_delete="cascade"),
            "service": foreign("services", default=None, unique=True, on_delete="cascade"),
            "filters": array(
                record(
                    {
                        "name": one_of([], required=True, err="no such filter"),
                        "enabled": boolean(True, required=True),
                        "config": string(),
                    }
                ),
                required=True,
                len_min=1,
            ),
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "tags": tags(),
        },
        checks=[
            mutually_exclusive("service", "route"),
            at_least_one_of("service", "route"),
            custom("nothing", "filters", run_with_invalid_fields=True),
        ],
    ),
    "hmacauth_credentials": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "consumer": foreign("consumers", required=True, on_delete="cascade"),
            "username": string(required=True, unique=True),
            "secret": string(auto=True),
            "tags": tags(),
        }
    ),
    "jwt_secrets": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "consumer": foreign("consumers", required=True, on_delete="cascade"),
            "key": string(required=False, auto=True, unique=True),
            "secret": string(auto=True),
            "rsa_public_key": string(),
            "algorithm": one_of(
                [
                    "HS256",
                    "HS384",
                    "HS512",
                    "RS256",
                    "RS384",
                    "RS512",
                    "ES256",
                    "ES384",
                    "ES512",
                    "PS256",
                    "PS384",
                    "PS512",
                    "EdDSA",
                ],
                default="HS256",
            ),
            "tags": tags(),
        },
        checks=[
            when(
                "algorithm",
                {
                    "match_any": {
                        "patterns": ["^RS256$", "^RS384$", "^RS512$", "^PS256$", "^PS384$", "^PS512$", "^EdDSA$"]
                    }
                },
                "rsa_public_key",
                {"required": True, "check": "public_key"},
            )
        ],
    ),
    "key_sets": record(
        {
            "id": string(auto=True, uuid=True),
            "name": string(required=False, unique=True, check="utf8_name"),
            "tags": tags(),
            "created_at": timestamp(),
            "updated_at": timestamp(),
        }
    ),
    "keyauth_credentials": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "consumer": foreign("consumers", required=True, on_delete="cascade"),
            "key": string(required=False, auto=True, unique=True),
            "tags": tags(),
        }
    ),
    "keys": record(
        {
            "id": string(auto=True, uuid=True),
            "set": foreign("key_sets", required=False, on_delete="cascade"),
            "name": string(required=False, unique=True, check="utf8_name"),
            "kid": string(required=True, unique=False),
            "jwk": string(encrypted=True, referenceable=True),
            "pem": record(
                {
                    "private_key": string(required=False, encrypted=True, referenceable=True),
                    "public_key": string(required=False, referenceable=True),
                },
                checks=[at_least_one_of("private_key", "public_key")],
                check="key_pair",
                required=False,
            ),
            "tags": tags(),
            "created_at": timestamp(),
            "updated_at": timestamp(),
        },
        checks=[
            mutually_exclusive("jwk", "pem"),
            at_least_one_of("jwk", "pem"),
            custom("json_web_key", "jwk", "pem", "kid"),
        ],
    ),
    "oauth2_authorization_codes": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "service": foreign("services", default=None, on_delete="cascade"),
            "credential": foreign("oauth2_credentials", required=True, on_delete="cascade"),
            "code": string(required=False, auto=True, unique=True),
            "authenticated_userid": string(required=False),
            "scope": string(),
            "challenge": string(required=False),
            "challenge_method": one_of(["S256"], required=False),
            "plugin": foreign("plugins", default=None, on_delete="cascade"),
        }
    ),
    "oauth2_credentials": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "consumer": foreign("consumers", required=True, on_delete="cascade"),
            "name": string(required=True),
            "client_id": string(required=False, auto=True, unique=True),
            "client_secret": string(required=False, auto=True, encrypted=True),
            "hash_secret": boolean(False, required=True),
            "redirect_uris": strings(required=False),
            "tags": tags(),
            "client_type": one_of(["confidential", "public"], required=True, default="confidential"),
        }
    ),
    "oauth2_tokens": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "service": foreign("services", default=None, on_delete="cascade"),
            "credential": foreign("oauth2_credentials", required=True, on_delete="cascade"),
            "token_type": one_of(["bearer"], required=True, default="bearer"),
            "expires_in": integer(required=True),
            "access_token": string(required=False, auto=True, unique=True),
            "refresh_token": string(required=False, unique=True),
            "authenticated_userid": string(required=False),
            "scope": string(),
        }
    ),
    "parameters": record(
        {
            "created_at": timestamp(),
            "key": string(required=True, unique=True),
            "value": string(required=True),
        }
    ),
    "plugins": record(
        {
            "id": string(auto=True, uuid=True),
            "name": string(required=True),
            "instance_name": unique_name(),
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "route": foreign("routes", default=None, on_delete="cascade"),
            "service": foreign("services", default=None, on_delete="cascade"),
            "consumer": foreign("consumers", default=None, on_delete="cascade"),
            "config": record({}, abstract=True),
            "protocols": set_of(one_of(PROTOCOLS), required=True, default=["grpc", "grpcs", "http", "https"]),
            "enabled": boolean(True, required=True),
            "tags": tags(),
        }
    ),
    "ratelimiting_metrics": record(
        {
            "identifier": string(required=True, len_min=0),
            "period": string(required=True),
            "period_date": integer(required=True, timestamp=True),
            "service_id": string(required=True, uuid=True),
            "route_id": string(required=True, uuid=True),
            "value": integer(required=True),
        }
    ),
    "routes": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "name": unique_name(),
            "protocols": set_of(
                one_of(PROTOCOLS),
                required=True,
                default=["http", "https"],
                len_min=1,
                mutually_exclusive_subsets=[
                    ["http", "https"],
                    ["tcp", "tls", "udp"],
                    ["tls_passthrough"],
                    ["grpc", "grpcs"],
                ],
            ),
            "https_redirect_status_code": integer(required=True, default=426, one_of=[426, 301, 302, 307, 308]),
            "strip_path": boolean(True, required=True),
            "preserve_host": boolean(False, required=True),
            "request_buffering": boolean(True, required=True),
            "response_buffering": boolean(True, required=True),
            "tags": tags(),
            "service": foreign("services"),
            "snis": set_of(wildcard_host()),
            "sources": set_of(
                record(
                    {
                        "ip": ip_or_cidr(),
                        "port": port(),
                    },
                    checks=[at_least_one_of("ip", "port")],
                )
            ),
            "destinations": set_of(
                record(
                    {
                        "ip": ip_or_cidr(),
                        "port": port(),
                    },
                    checks=[at_least_one_of("ip", "port")],
                )
            ),
            "methods": set_of(string(match="^%u+$")),
            "hosts": array(
                string(
                    match_all=[
                        {"err": "invalid wildcard: must have at most one wildcard", "pattern": "^[^*]*%*?[^*]*$"}
                    ],
                    match_any={
                        "err": "invalid wildcard: must be placed at leftmost or rightmost label",
                        "patterns": ["^%*%.", "%.%*$", "^[^*]*$"],
                    },
                    check="router_host",
                )
            ),
            "paths": array(
                string(
                    match_any={
                        "err": "should start with: / (fixed path) or ~/ (regex path)",
                        "patterns": ["^/", "^~/"],
                    },
                    match_none=[empty_segments()],
                    check="router_path",
                )
            ),
            "headers": map_of(
                header_name(
                    match_none=[
                        {
                            "err": "cannot contain 'host' header, which must be specified in the 'hosts' attribute",
                            "pattern": "^[Hh][Oo][Ss][Tt]$",
                        }
                    ]
                ),
                strings(),
            ),
            "regex_priority": integer(default=0),
            "path_handling": one_of(["v0", "v1"], default="v0"),
        },
        checks=[
            when(
                "protocols",
                {"elements": {"not_one_of": ["grpcs", "https", "tls", "tls_passthrough"], "type": "string"}},
                "snis",
                {"len_eq": 0},
                err="'snis' can only be set when 'protocols' is 'grpcs', 'https', 'tls' or 'tls_passthrough'",
            ),
            custom("nothing", "path_handling"),
            custom(
                "nothing",
                "id",
                "protocols",
                "snis",
                "sources",
                "destinations",
                "methods",
                "hosts",
                "paths",
                "headers",
                "expression",
                "regex_priority",
                "priority",
                run_with_missing_fields=True,
            ),
            hidden("http_matchers", "protocols", "methods", "hosts", "headers", "paths", "snis"),
            hidden("stream_matchers", "protocols", "sources", "destinations", "snis"),
            hidden("forbidden_matchers", "protocols"),
        ],
    ),
    "services": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "name": unique_name(),
            "retries": integer(default=5, between=[0, 32767]),
            "protocol": one_of(PROTOCOLS, required=True, default="http"),
            "host": host(required=True),
            "port": port(required=True, default=80),
            "path": path(),
            "connect_timeout": integer(default=60000, between=[1, 2147483646]),
            "write_timeout": integer(default=60000, between=[1, 2147483646]),
            "read_timeout": integer(default=60000, between=[1, 2147483646]),
            "tags": tags(),
            "client_certificate": foreign("certificates"),
            "tls_verify": boolean(),
            "tls_verify_depth": integer(default=None, between=[0, 64]),
            "ca_certificates": array(uuid()),
            "enabled": boolean(True, required=True),
        },
        checks=[
            when("protocol", {"one_of": ["tcp", "tls", "udp", "grpc", "grpcs"]}, "path", {"eq": None}),
            when("protocol", {"not_one_of": ["https", "tls"]}, "client_certificate", {"eq": None}),
            when("protocol", {"not_one_of": ["https", "tls"]}, "tls_verify", {"eq": None}),
            when("protocol", {"not_one_of": ["https", "tls"]}, "tls_verify_depth", {"eq": None}),
            when("protocol", {"not_one_of": ["https", "tls"]}, "ca_certificates", {"eq": None}),
        ],
        shorthands={"url": string(expand="service_url")},
    ),
    "sessions": record(
        {
            "id": string(auto=True, uuid=True),
            "session_id": string(required=True, unique=True),
            "expires": integer(),
            "data": string(),
            "created_at": timestamp(),
        }
    ),
    "snis": record(
        {
            "id": string(auto=True, uuid=True),
            "name": wildcard_host(required=True, unique=True, unique_across_ws=True),
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "tags": tags(),
            "certificate": foreign("certificates", required=True),
        }
    ),
    "tags": record(
        {
            "tag": string(required=True),
            "entity_name": string(required=True),
            "entity_id": string(required=True, auto=True, uuid=True),
        }
    ),
    "targets": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": number(auto=True, timestamp=True),
            "updated_at": number(auto=True, timestamp=True),
            "upstream": foreign("upstreams", required=True, on_delete="cascade"),
            "target": string(required=True, check="target"),
            "weight": integer(default=100, between=[0, 65535]),
            "tags": tags(),
        }
    ),
    "upstreams": record(
        {
            "id": string(auto=True, uuid=True),
            "created_at": timestamp(),
            "name": string(required=True, unique=True, check="upstream_name"),
            "updated_at": timestamp(),
            "algorithm": one_of(
                ["consistent-hashing", "least-connections", "round-robin", "latency"], default="round-robin"
            ),
            "hash_on": one_of(
                ["none", "consumer", "ip", "header", "cookie", "path", "query_arg", "uri_capture"], default="none"
            ),
            "hash_fallback": one_of(
                ["none", "consumer", "ip", "header", "cookie", "path", "query_arg", "uri_capture"], default="none"
            ),
            "hash_on_header": header_name(),
            "hash_fallback_header": header_name(),
            "hash_on_cookie": string(),
            "hash_on_cookie_path": path(default="/"),
            "hash_on_query_arg": string(len_min=1),
            "hash_fallback_query_arg": string(len_min=1),
            "hash_on_uri_capture": string(len_min=1),
            "hash_fallback_uri_capture": string(len_min=1),
            "slots": integer(default=10000, between=[10, 65536]),
            "healthchecks": record(
                {
                    "active": defaulted(
                        {
                            "headers": map_of(header_name(), strings(), required=False),
                            "unhealthy": defaulted(
                                {
                                    "http_statuses": array(
                                        integer(between=[100, 999]), default=[429, 404, 500, 501, 502, 503, 504, 505]
                                    ),
                                    "interval": number(default=0, between=[0, 65535]),
                                    "tcp_failures": integer(default=0, between=[0, 255]),
                                    "timeouts": integer(default=0, between=[0, 255]),
                                    "http_failures": integer(default=0, between=[0, 255]),
                                }
                            ),
                            "http_path": path(default="/"),
                            "https_sni": string(required=False),
                            "healthy": defaulted(
                                {
                                    "interval": number(default=0, between=[0, 65535]),
                                    "http_statuses": array(integer(between=[100, 999]), default=[200, 302]),
                                    "successes": integer(default=0, between=[0, 255]),
                                }
                            ),
                            "timeout": number(default=1, between=[0, 65535]),
                            "https_verify_certificate": boolean(True, required=True),
                            "concurrency": integer(default=10, between=[1, 2147483648]),
                            "type": one_of(["tcp", "http", "https", "grpc", "grpcs"], default="http"),
                        }
                    ),
                    "passive": defaulted(
                        {
                            "unhealthy": defaulted(
                                {
                                    "http_failures": integer(default=0, between=[0, 255]),
                                    "tcp_failures": integer(default=0, between=[0, 255]),
                                    "http_statuses": array(integer(between=[100, 999]), default=[429, 500, 503]),
                                    "timeouts": integer(default=0, between=[0, 255]),
                                }
                            ),
                            "type": one_of(["tcp", "http", "https", "grpc", "grpcs"], default="http"),
                            "healthy": defaulted(
                                {
                                    "http_statuses": array(
                                        integer(between=[100, 999]),
                                        default=list(PASSED),
                                    ),
                                    "successes": integer(default=0, between=[0, 255]),
                                }
                            ),
                        }
                    ),
                    "threshold": number(default=0, between=[0, 100]),
                },
                required=True,
                default={
                    "active": {
                        "concurrency": 10,
                        "healthy": {"http_statuses": [200, 302], "interval": 0, "successes": 0},
                        "http_path": "/",
                        "https_verify_certificate": True,
                        "timeout": 1,
                        "type": "http",
                        "unhealthy": {
                            "http_failures": 0,
                            "http_statuses": [429, 404, 500, 501, 502, 503, 504, 505],
                            "interval": 0,
                            "tcp_failures": 0,
                            "timeouts": 0,
                        },
                    },
                    "passive": {
                        "healthy": {
                            "http_statuses": list(PASSED),
                            "successes": 0,
                        },
                        "type": "http",
                        "unhealthy": {
                            "http_failures": 0,
                            "http_statuses": [429, 500, 503],
                            "tcp_failures": 0,
                            "timeouts": 0,
                        },
                    },
                },
            ),
            "tags": tags(),
            "host_header": string(),
            "client_certificate": foreign("certificates"),
            "use_srv_name": boolean(False),
        },
        checks=[
            when("hash_on", {"match": "^header$"}, "hash_on_header", {"required": True}),
            when("hash_fallback", {"match": "^header$"}, "hash_fallback_header", {"required": True}),
            when("hash_on", {"match": "^cookie$"}, "hash_on_cookie", {"required": True}),
            when("hash_fallback", {"match": "^cookie$"}, "hash_on_cookie", {"required": True}),
            when("hash_on", {"match": "^none$"}, "hash_fallback", {"one_of": ["none"]}),
            when("hash_on", {"match": "^cookie$"}, "hash_fallback", {"one_of": ["none"]}),
            when(
                "hash_on",
                {"match": "^consumer$"},
                "hash_fallback",
                {"one_of": ["none", "ip", "header", "cookie", "path", "query_arg", "uri_capture"]},
            ),
            when(
                "hash_on",
                {"match": "^ip$"},
                "hash_fallback",
                {"one_of": ["none", "consumer", "header", "cookie", "path", "query_arg", "uri_capture"]},
            ),
            when(
                "hash_on",
                {"match": "^path$"},
                "hash_fallback",
                {"one_of": ["none", "consumer", "header", "cookie", "query_arg", "ip", "uri_capture"]},
            ),
            distinct("hash_on_header", "hash_fallback_header"),
            when("hash_on", {"match": "^query_arg$"}, "hash_on_query_arg", {"required": True}),
            when("hash_fallback", {"match": "^query_arg$"}, "hash_fallback_query_arg", {"required": True}),
            distinct("hash_on_query_arg", "hash_fallback_query_arg"),
            when("hash_on", {"match": "^uri_capture$"}, "hash_on_uri_capture", {"required": True}),
            when("hash_fallback", {"match": "^uri_capture$"}, "hash_fallback_uri_capture", {"required": True}),
            distinct("hash_on_uri_capture", "hash_fallback_uri_capture"),
        ],
        shorthands={"algorithm": string(expand="algorithm"), "hash_on": string(expand="hash_on")},
    ),
    "vaults": record(
        {
            "id": string(auto=True, uuid=True),
            "prefix": string(
                required=True, unique=True, unique_across_ws=True, match="^[a-z][a-z%d-]-[a-z%d]+$", not_one_of=["env"]
            ),
            "name": string(required=True),
            "description": string(),
            "config": record({}, abstract=True),
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "tags": tags(),
        }
    ),
    "workspaces": record(
        {
            "id": string(auto=True, uuid=True),
            "name": string(
                required=True,
                unique=True,
                len_min=1,
                not_one_of=[
                    "workspaces",
                    "consumers",
                    "certificates",
                    "services",
                    "routes",
                    "snis",
                    "upstreams",
                    "targets",
                    "plugins",
                    "tags",
                    "ca_certificates",
                    "clustering_data_planes",
                    "parameters",
                    "vaults",
                    "key_sets",
                    "keys",
                    "filter_chains",
                ],
            ),
            "comment": string(),
            "created_at": timestamp(),
            "updated_at": timestamp(),
            "meta": record({}, required=True),
            "config": record({}, required=True),
        }
    ),
}
