"""The bundled plugins with the least configuration: what they fill in, and that their answers can be put back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.kong_contract.cases import Case, Runner, patch, post, put
from tests.kong_contract.matching import GENERATED, PRESENT

REDIS = {
    "host": None,
    "port": 6379,
    "timeout": 2000,
    "username": None,
    "password": None,
    "database": 0,
    "ssl": False,
    "ssl_verify": False,
    "server_name": None,
}
QUEUE = {
    "concurrency_limit": 1,
    "initial_retry_delay": 0.01,
    "max_batch_size": 1,
    "max_bytes": None,
    "max_coalescing_delay": 1,
    "max_entries": 10000,
    "max_retry_delay": 60,
    "max_retry_time": 60,
}

SERVICE = put("/services/{n}", {"host": "h"})


def defaults(plugin: str, given: dict[str, Any], filled: dict[str, Any]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Name a plugin, the configuration it cannot do without, and what becomes of the rest."""
    return plugin, given, filled


PLUGINS = [
    defaults(
        "acl", {"allow": ["a"]}, {"always_use_authenticated_groups": False, "deny": None, "hide_groups_header": False}
    ),
    defaults(
        "ai-prompt-decorator",
        {"prompts": {"prepend": [{"role": "system", "content": "x"}]}},
        {"llm_format": "openai", "max_request_body_size": 8192},
    ),
    defaults(
        "ai-prompt-guard",
        {"allow_patterns": ["x"]},
        {
            "allow_all_conversation_history": False,
            "deny_patterns": None,
            "llm_format": "openai",
            "match_all_roles": False,
            "max_request_body_size": 8192,
        },
    ),
    defaults(
        "ai-prompt-template",
        {"templates": [{"name": "n", "template": "t"}]},
        {"allow_untemplated_requests": True, "log_original_request": False, "max_request_body_size": 8192},
    ),
    defaults(
        "ai-proxy",
        {
            "route_type": "llm/v1/chat",
            "model": {"provider": "openai", "name": "gpt-4"},
            "auth": {"header_name": "Authorization", "header_value": "x"},
        },
        {
            "llm_format": "openai",
            "logging": {"log_payloads": False, "log_statistics": False},
            "max_request_body_size": 8192,
            "model_name_header": True,
            "response_streaming": "allow",
        },
    ),
    defaults(
        "aws-lambda",
        {"function_name": "f", "aws_region": "us-east-1"},
        {
            "aws_assume_role_arn": None,
            "aws_imds_protocol_version": "v1",
            "aws_key": None,
            "aws_role_session_name": "kong",
            "aws_secret": None,
            "aws_sts_endpoint_url": None,
            "awsgateway_compatible": False,
            "base64_encode_body": True,
            "disable_https": False,
            "empty_arrays_mode": "legacy",
            "forward_request_body": False,
            "forward_request_headers": False,
            "forward_request_method": False,
            "forward_request_uri": False,
            "host": None,
            "invocation_type": "RequestResponse",
            "is_proxy_integration": False,
            "keepalive": 60000,
            "log_type": "Tail",
            "port": 443,
            "proxy_url": None,
            "qualifier": None,
            "skip_large_bodies": True,
            "timeout": 60000,
            "unhandled_status": None,
        },
    ),
    defaults(
        "azure-functions",
        {"functionname": "f", "appname": "a"},
        {
            "apikey": None,
            "clientid": None,
            "hostdomain": "azurewebsites.net",
            "https": True,
            "https_verify": False,
            "keepalive": 60000,
            "routeprefix": "api",
            "timeout": 600000,
        },
    ),
    defaults("basic-auth", {}, {"anonymous": None, "hide_credentials": False, "realm": "service"}),
    defaults("bot-detection", {}, {"allow": [], "deny": []}),
    defaults(
        "correlation-id", {}, {"echo_downstream": False, "generator": "uuid#counter", "header_name": "Kong-Request-ID"}
    ),
    defaults(
        "cors",
        {},
        {
            "credentials": False,
            "exposed_headers": None,
            "headers": None,
            "max_age": None,
            "methods": ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS", "TRACE", "CONNECT"],
            "origins": None,
            "preflight_continue": False,
            "private_network": False,
        },
    ),
    defaults(
        "datadog",
        {},
        {
            "consumer_tag": "consumer",
            "flush_timeout": None,
            "host": "localhost",
            "port": 8125,
            "prefix": "kong",
            "queue": QUEUE,
            "queue_size": None,
            "retry_count": None,
            "service_name_tag": "name",
            "status_tag": "status",
        },
    ),
    defaults("file-log", {"path": "/usr/local/kong/f.log"}, {"custom_fields_by_lua": None, "reopen": False}),
    defaults("grpc-web", {}, {"allow_origin_header": "*", "pass_stripped_path": None, "proto": None}),
    defaults(
        "hmac-auth",
        {},
        {
            "algorithms": ["hmac-sha1", "hmac-sha256", "hmac-sha384", "hmac-sha512"],
            "anonymous": None,
            "clock_skew": 300,
            "enforce_headers": [],
            "hide_credentials": False,
            "realm": None,
            "validate_request_body": False,
        },
    ),
    defaults(
        "http-log",
        {"http_endpoint": "http://127.0.0.1:1/"},
        {
            "content_type": "application/json",
            "custom_fields_by_lua": None,
            "flush_timeout": None,
            "headers": None,
            "keepalive": 60000,
            "method": "POST",
            "queue": QUEUE,
            "queue_size": None,
            "retry_count": None,
            "timeout": 10000,
        },
    ),
    defaults("ip-restriction", {"allow": ["127.0.0.1"]}, {"deny": None, "message": None, "status": None}),
    defaults(
        "jwt",
        {},
        {
            "anonymous": None,
            "claims_to_verify": None,
            "cookie_names": [],
            "header_names": ["authorization"],
            "key_claim_name": "iss",
            "maximum_expiration": 0,
            "realm": None,
            "run_on_preflight": True,
            "secret_is_base64": False,
            "uri_param_names": ["jwt"],
        },
    ),
    defaults(
        "key-auth",
        {},
        {
            "anonymous": None,
            "hide_credentials": False,
            "key_in_body": False,
            "key_in_header": True,
            "key_in_query": True,
            "key_names": ["apikey"],
            "realm": None,
            "run_on_preflight": True,
        },
    ),
    defaults(
        "ldap-auth",
        {"base_dn": "dc=x", "attribute": "cn", "ldap_host": "127.0.0.1"},
        {
            "anonymous": None,
            "cache_ttl": 60,
            "header_type": "ldap",
            "hide_credentials": False,
            "keepalive": 60000,
            "ldap_port": 389,
            "ldaps": False,
            "realm": None,
            "start_tls": False,
            "timeout": 10000,
            "verify_ldap_host": False,
        },
    ),
    defaults(
        "loggly",
        {"key": "k"},
        {
            "client_errors_severity": "info",
            "custom_fields_by_lua": None,
            "host": "logs-01.loggly.com",
            "log_level": "info",
            "port": 514,
            "server_errors_severity": "info",
            "successful_severity": "info",
            "tags": ["kong"],
            "timeout": 10000,
        },
    ),
    defaults(
        "oauth2",
        {"enable_client_credentials": True, "scopes": ["s"]},
        {
            "provision_key": GENERATED,
            "accept_http_if_already_terminated": False,
            "anonymous": None,
            "auth_header_name": "authorization",
            "enable_authorization_code": False,
            "enable_implicit_grant": False,
            "enable_password_grant": False,
            "global_credentials": False,
            "hide_credentials": False,
            "mandatory_scope": False,
            "pkce": "lax",
            "realm": None,
            "refresh_token_ttl": 1209600,
            "reuse_refresh_token": False,
            "token_expiration": 7200,
        },
    ),
    defaults(
        "opentelemetry",
        {"traces_endpoint": "http://127.0.0.1:1/"},
        {
            "batch_flush_delay": None,
            "batch_span_count": None,
            "connect_timeout": 1000,
            "header_type": "preserve",
            "headers": None,
            "http_response_header_for_traceid": None,
            "logs_endpoint": None,
            "propagation": {"extract": None, "inject": None, "default_format": "w3c", "clear": None},
            "queue": {**QUEUE, "max_batch_size": 200},
            "read_timeout": 5000,
            "resource_attributes": None,
            "sampling_rate": None,
            "send_timeout": 5000,
        },
    ),
    defaults(
        "post-function",
        {"access": ["return 1"]},
        {"body_filter": [], "certificate": [], "header_filter": [], "log": [], "rewrite": []},
    ),
    defaults(
        "pre-function",
        {"access": ["return 1"]},
        {"body_filter": [], "certificate": [], "header_filter": [], "log": [], "rewrite": []},
    ),
    defaults(
        "prometheus",
        {},
        {
            "ai_metrics": False,
            "bandwidth_metrics": False,
            "latency_metrics": False,
            "per_consumer": False,
            "status_code_metrics": False,
            "upstream_health_metrics": False,
        },
    ),
    defaults(
        "proxy-cache",
        {"strategy": "memory"},
        {
            "cache_control": False,
            "cache_ttl": 300,
            "content_type": ["text/plain", "application/json"],
            "ignore_uri_case": False,
            "memory": {"dictionary_name": "kong_db_cache"},
            "request_method": ["GET", "HEAD"],
            "response_code": [200, 301, 404],
            "response_headers": {"X-Cache-Status": True, "age": True, "X-Cache-Key": True},
            "storage_ttl": None,
            "vary_headers": None,
            "vary_query_params": None,
        },
    ),
    defaults(
        "rate-limiting",
        {"minute": 1},
        {
            "day": None,
            "error_code": 429,
            "error_message": "API rate limit exceeded",
            "fault_tolerant": True,
            "header_name": None,
            "hide_client_headers": False,
            "hour": None,
            "limit_by": "consumer",
            "month": None,
            "path": None,
            "policy": "local",
            "redis": REDIS,
            "second": None,
            "sync_rate": -1,
            "year": None,
        },
    ),
    defaults("redirect", {"location": "http://x.y/"}, {"keep_incoming_path": False, "status_code": 301}),
    defaults(
        "request-size-limiting",
        {},
        {"allowed_payload_size": 128, "require_content_length": False, "size_unit": "megabytes"},
    ),
    defaults(
        "request-termination",
        {},
        {"body": None, "content_type": None, "echo": False, "message": None, "status_code": 503, "trigger": None},
    ),
    defaults(
        "request-transformer",
        {},
        {
            "add": {"body": [], "querystring": [], "headers": []},
            "append": {"body": [], "querystring": [], "headers": []},
            "http_method": None,
            "remove": {"body": [], "querystring": [], "headers": []},
            "rename": {"body": [], "querystring": [], "headers": []},
            "replace": {"uri": None, "querystring": [], "body": [], "headers": []},
        },
    ),
    defaults(
        "response-ratelimiting",
        {"limits": {"v": {"minute": 1}}},
        {
            "block_on_first_violation": False,
            "fault_tolerant": True,
            "header_name": "x-kong-limit",
            "hide_client_headers": False,
            "limit_by": "consumer",
            "limits": {"v": {"second": None, "minute": 1, "hour": None, "day": None, "month": None, "year": None}},
            "policy": "local",
            "redis": REDIS,
        },
    ),
    defaults(
        "response-transformer",
        {},
        {
            "add": {"json_types": [], "json": [], "headers": []},
            "append": {"json_types": [], "json": [], "headers": []},
            "remove": {"json": [], "headers": []},
            "rename": {"json": [], "headers": []},
            "replace": {"json_types": [], "json": [], "headers": []},
        },
    ),
    defaults(
        "session",
        {},
        {
            "secret": PRESENT,
            "absolute_timeout": 86400,
            "audience": "default",
            "cookie_domain": None,
            "cookie_http_only": True,
            "cookie_name": "session",
            "cookie_path": "/",
            "cookie_same_site": "Strict",
            "cookie_secure": True,
            "idling_timeout": 900,
            "logout_methods": ["POST", "DELETE"],
            "logout_post_arg": "session_logout",
            "logout_query_arg": "session_logout",
            "read_body_for_logout": False,
            "remember": False,
            "remember_absolute_timeout": 2592000,
            "remember_cookie_name": "remember",
            "remember_rolling_timeout": 604800,
            "request_headers": None,
            "response_headers": None,
            "rolling_timeout": 3600,
            "stale_ttl": 10,
            "storage": "cookie",
        },
    ),
    defaults("standard-webhooks", {"secret_v1": "x"}, {"tolerance_second": 300}),
    defaults(
        "statsd",
        {},
        {
            "allow_status_codes": None,
            "consumer_identifier_default": "custom_id",
            "flush_timeout": None,
            "host": "localhost",
            "hostname_in_prefix": False,
            "port": 8125,
            "prefix": "kong",
            "queue": QUEUE,
            "queue_size": None,
            "retry_count": None,
            "service_identifier_default": "service_name_or_host",
            "tag_style": None,
            "udp_packet_size": 0,
            "use_tcp": False,
            "workspace_identifier_default": "workspace_id",
        },
    ),
    defaults(
        "syslog",
        {},
        {
            "client_errors_severity": "info",
            "custom_fields_by_lua": None,
            "facility": "user",
            "log_level": "info",
            "server_errors_severity": "info",
            "successful_severity": "info",
        },
    ),
    defaults(
        "tcp-log",
        {"host": "127.0.0.1", "port": 1},
        {"custom_fields_by_lua": None, "keepalive": 60000, "timeout": 10000, "tls": False, "tls_sni": None},
    ),
    defaults("udp-log", {"host": "127.0.0.1", "port": 1}, {"custom_fields_by_lua": None, "timeout": 10000}),
    defaults(
        "zipkin",
        {},
        {
            "connect_timeout": 2000,
            "default_header_type": "b3",
            "default_service_name": None,
            "header_type": "preserve",
            "http_endpoint": None,
            "http_response_header_for_traceid": None,
            "http_span_name": "method",
            "include_credential": True,
            "local_service_name": "kong",
            "phase_duration_flavor": "annotations",
            "propagation": {"extract": None, "inject": None, "default_format": "b3", "clear": None},
            "queue": QUEUE,
            "read_timeout": 5000,
            "sample_ratio": 0.001,
            "send_timeout": 5000,
            "static_tags": None,
            "tags_header": "Zipkin-Tags",
            "traceid_byte_count": 16,
        },
    ),
]


def created(plugin: str, given: dict[str, Any]) -> Any:
    return post("/services/{n}/plugins", {"name": plugin, "config": given, "enabled": False}).kept("plugin")


@pytest.mark.parametrize(("plugin", "given", "filled"), PLUGINS, ids=[row[0] for row in PLUGINS])
def test_what_is_not_given_is_filled_in(
    plugin: str, given: dict[str, Any], filled: dict[str, Any], run: Runner
) -> None:
    run(Case(plugin, (SERVICE, created(plugin, given).gives(201, {"name": plugin, "config": {**given, **filled}}))))


@pytest.mark.parametrize(("plugin", "given"), [row[:2] for row in PLUGINS], ids=[row[0] for row in PLUGINS])
def test_an_answer_put_back_or_patched_in_changes_nothing(plugin: str, given: dict[str, Any], run: Runner) -> None:
    unchanged = {
        "id": "{plugin.id}",
        "config": "{plugin.config}",
        "created_at": "{plugin.created_at}",
        "enabled": False,
    }
    run(
        Case(
            plugin,
            (
                SERVICE,
                created(plugin, given),
                put("/plugins/{plugin.id}", "{plugin}").gives(200, unchanged),
                patch("/plugins/{plugin.id}", {"config": "{plugin.config}"}).gives(200, unchanged),
            ),
        )
    )
