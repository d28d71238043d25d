"""Plugins that limit, refuse, answer or redirect."""

from __future__ import annotations

from local_cloud.kong.schemas.fields import (
    HTTP,
    NO_CONSUMER,
    NO_ROUTE,
    NO_SERVICE,
    array,
    boolean,
    deprecated,
    flat_redis,
    header_name,
    host,
    integer,
    ip_or_cidr,
    map_of,
    number,
    one_of,
    path,
    plugin,
    port,
    protocols,
    record,
    redis,
    string,
    strings,
    timeout,
    url,
)
from local_cloud.kong.schemas.rules import at_least_one_of, custom, when

PLUGINS = {
    "rate-limiting": plugin(
        {
            "second": number(gt=0),
            "minute": number(gt=0),
            "hour": number(gt=0),
            "day": number(gt=0),
            "month": number(gt=0),
            "year": number(gt=0),
            "limit_by": one_of(["consumer", "credential", "ip", "service", "header", "path"], default="consumer"),
            "header_name": header_name(),
            "path": path(),
            "policy": one_of(["local", "cluster", "redis"], default="local", len_min=0),
            "fault_tolerant": boolean(True, required=True),
            "redis": redis(),
            "hide_client_headers": boolean(False, required=True),
            "error_code": number(default=429, gt=0),
            "error_message": string(default="API rate limit exceeded"),
            "sync_rate": number(required=True, default=-1),
        },
        protocols=protocols(*HTTP),
        checks=[
            at_least_one_of(
                "config.second", "config.minute", "config.hour", "config.day", "config.month", "config.year"
            ),
            when("config.policy", {"eq": "redis"}, "config.redis.host", {"required": True}),
            when("config.policy", {"eq": "redis"}, "config.redis.port", {"required": True}),
            when("config.policy", {"eq": "redis"}, "config.redis.timeout", {"required": True}),
            when("config.limit_by", {"eq": "header"}, "config.header_name", {"required": True}),
            when("config.limit_by", {"eq": "path"}, "config.path", {"required": True}),
        ],
        shorthands=flat_redis("rate-limiting"),
        check="growing_limits",
    ),
    "response-ratelimiting": plugin(
        {
            "header_name": string(default="x-kong-limit"),
            "limit_by": one_of(["consumer", "credential", "ip"], default="consumer"),
            "policy": one_of(["local", "cluster", "redis"], default="local"),
            "fault_tolerant": boolean(True, required=True),
            "redis": redis(),
            "block_on_first_violation": boolean(False, required=True),
            "hide_client_headers": boolean(False, required=True),
            "limits": map_of(
                string(),
                record(
                    {
                        "second": number(gt=0),
                        "minute": number(gt=0),
                        "hour": number(gt=0),
                        "day": number(gt=0),
                        "month": number(gt=0),
                        "year": number(gt=0),
                    },
                    checks=[at_least_one_of("second", "minute", "hour", "day", "month", "year")],
                    check="growing_limits",
                    required=True,
                ),
                required=True,
                len_min=1,
            ),
        },
        protocols=protocols(*HTTP),
        checks=[
            when("config.policy", {"eq": "redis"}, "config.redis.host", {"required": True}),
            when("config.policy", {"eq": "redis"}, "config.redis.port", {"required": True}),
            when("config.policy", {"eq": "redis"}, "config.redis.timeout", {"required": True}),
        ],
        shorthands=flat_redis("response-ratelimiting"),
    ),
    "request-size-limiting": plugin(
        {
            "allowed_payload_size": integer(default=128),
            "size_unit": one_of(["megabytes", "kilobytes", "bytes"], required=True, default="megabytes"),
            "require_content_length": boolean(False, required=True),
        },
        protocols=protocols(*HTTP),
    ),
    "request-termination": plugin(
        {
            "status_code": integer(required=True, default=503, between=[100, 599]),
            "message": string(),
            "content_type": string(),
            "body": string(),
            "echo": boolean(False, required=True),
            "trigger": header_name(),
        },
        protocols=protocols(*HTTP),
        check="one_answer",
    ),
    "proxy-cache": plugin(
        {
            "response_code": array(integer(between=[100, 900]), required=True, default=[200, 301, 404], len_min=1),
            "request_method": array(
                one_of(["HEAD", "GET", "POST", "PATCH", "PUT"]), required=True, default=["GET", "HEAD"]
            ),
            "content_type": strings(required=True, default=["text/plain", "application/json"]),
            "cache_ttl": integer(default=300, gt=0),
            "strategy": one_of(["memory"], required=True),
            "cache_control": boolean(False, required=True),
            "ignore_uri_case": boolean(False, required=False),
            "storage_ttl": integer(),
            "memory": record(
                {
                    "dictionary_name": string(required=True, default="kong_db_cache"),
                },
                required=True,
            ),
            "vary_query_params": strings(),
            "vary_headers": strings(),
            "response_headers": record(
                {
                    "age": boolean(True),
                    "X-Cache-Status": boolean(True),
                    "X-Cache-Key": boolean(True),
                },
                required=True,
            ),
        },
        protocols=protocols(),
        checks=[custom("cache_memory", "config")],
    ),
    "redirect": plugin(
        {
            "status_code": integer(required=True, default=301, between=[100, 599]),
            "location": url(required=True),
            "keep_incoming_path": boolean(False),
        },
        protocols=protocols(*HTTP),
    ),
    "ip-restriction": plugin(
        {
            "allow": array(ip_or_cidr()),
            "deny": array(ip_or_cidr()),
            "status": number(required=False),
            "message": string(required=False),
        },
        protocols=protocols(default=["http", "https", "tcp", "tls", "grpc", "grpcs"]),
        checks=[at_least_one_of("config.allow", "config.deny")],
    ),
    "bot-detection": plugin(
        {
            "allow": array(string(is_regex=True), default=[]),
            "deny": array(string(is_regex=True), default=[]),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
    ),
    "cors": plugin(
        {
            "origins": array(string(check="cors_origin")),
            "headers": strings(),
            "exposed_headers": strings(),
            "methods": array(
                one_of(["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT"]),
                default=["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT"],
            ),
            "max_age": number(),
            "credentials": boolean(False, required=True),
            "private_network": boolean(False, required=True),
            "preflight_continue": boolean(False, required=True),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
    ),
    "acme": plugin(
        {
            "account_email": string(required=True, encrypted=True, match="%w*%p*@+%w*%.?%w*", referenceable=True),
            "account_key": record(
                {
                    "key_id": string(required=True),
                    "key_set": string(),
                },
                required=False,
            ),
            "api_uri": url(default="https://acme-v02.api.letsencrypt.org/directory"),
            "tos_accepted": boolean(False),
            "eab_kid": string(encrypted=True, referenceable=True),
            "eab_hmac_key": url(encrypted=True, referenceable=True),
            "cert_type": one_of(["rsa", "ecc"], default="rsa"),
            "rsa_key_size": number(default=4096, one_of=[2048, 3072, 4096]),
            "renew_threshold_days": number(default=14),
            "domains": array(
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
            "allow_any_domain": boolean(False),
            "fail_backoff_minutes": number(default=5),
            "storage": one_of(["kong", "shm", "redis", "consul", "vault"], default="shm"),
            "storage_config": record(
                {
                    "shm": record(
                        {
                            "shm_name": string(default="kong"),
                        },
                        required=True,
                    ),
                    "kong": record({}, required=True),
                    "redis": record(
                        {
                            "host": host(),
                            "port": port(default=6379),
                            "timeout": timeout(2000),
                            "username": string(referenceable=True),
                            "password": string(encrypted=True, len_min=0, referenceable=True),
                            "database": integer(default=0),
                            "ssl": boolean(False, required=False),
                            "ssl_verify": boolean(False, required=False),
                            "server_name": string(required=False),
                            "extra_options": record(
                                {
                                    "namespace": string(required=True, default="", len_min=0),
                                    "scan_count": number(required=False, default=10),
                                },
                                required=True,
                            ),
                        },
                        shorthands={
                            "auth": deprecated("acme", "auth", "password", string(len_min=0)),
                            "ssl_server_name": deprecated("acme", "ssl_server_name", "server_name", string()),
                            "namespace": deprecated("acme", "namespace", "extra_options.namespace", string(len_min=0)),
                            "scan_count": deprecated("acme", "scan_count", "extra_options.scan_count", integer()),
                        },
                        required=True,
                    ),
                    "consul": record(
                        {
                            "https": boolean(False),
                            "host": host(),
                            "port": port(),
                            "kv_path": string(),
                            "timeout": number(),
                            "token": string(referenceable=True),
                        },
                        required=True,
                    ),
                    "vault": record(
                        {
                            "https": boolean(False),
                            "host": host(),
                            "port": port(),
                            "kv_path": string(),
                            "timeout": number(),
                            "token": string(referenceable=True),
                            "tls_verify": boolean(True),
                            "tls_server_name": string(),
                            "auth_method": one_of(["token", "kubernetes"], default="token"),
                            "auth_path": string(),
                            "auth_role": string(),
                            "jwt_path": string(),
                        },
                        required=True,
                    ),
                },
                required=True,
            ),
            "preferred_chain": string(),
            "enable_ipv4_common_name": boolean(True),
        },
        scope={**NO_CONSUMER, **NO_SERVICE, **NO_ROUTE},
        protocols=protocols(*HTTP),
        checks=[
            when(
                "config.api_uri",
                {"one_of": ["https://acme-v02.api.letsencrypt.org", "https://acme-staging-v02.api.letsencrypt.org"]},
                "config.tos_accepted",
                {"eq": True},
                err="terms of service must be accepted, see https://letsencrypt.org/repository/",
            ),
            when("config.storage", {"eq": "redis"}, "config.storage_config.redis.host", {"required": True}),
            when("config.storage", {"eq": "redis"}, "config.storage_config.redis.port", {"required": True}),
            custom("nothing", "config.storage"),
        ],
    ),
    "standard-webhooks": plugin(
        {
            "secret_v1": string(required=True, encrypted=True, referenceable=True),
            "tolerance_second": integer(required=True, default=300, gt=-1),
        },
        scope=NO_CONSUMER,
        protocols=protocols(*HTTP),
    ),
}
