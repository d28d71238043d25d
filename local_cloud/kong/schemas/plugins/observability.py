"""Plugins that measure, log and trace."""

from __future__ import annotations

from local_cloud.kong.schemas.fields import (
    HTTP,
    array,
    boolean,
    header_name,
    host,
    integer,
    map_of,
    number,
    one_of,
    plugin,
    port,
    propagation,
    protocols,
    queue,
    record,
    set_of,
    string,
    timeout,
    url,
)
from local_cloud.kong.schemas.rules import at_least_one_of, when

PLUGINS = {
    "prometheus": plugin(
        {
            "per_consumer": boolean(False),
            "status_code_metrics": boolean(False),
            "ai_metrics": boolean(False),
            "latency_metrics": boolean(False),
            "bandwidth_metrics": boolean(False),
            "upstream_health_metrics": boolean(False),
        },
        protocols=protocols(),
    ),
    "http-log": plugin(
        {
            "http_endpoint": url(required=True, encrypted=True, referenceable=True),
            "method": one_of(["POST", "PUT", "PATCH"], default="POST"),
            "content_type": one_of(["application/json", "application/json; charset=utf-8"], default="application/json"),
            "timeout": number(default=10000),
            "keepalive": number(default=60000),
            "retry_count": integer(),
            "queue_size": integer(),
            "flush_timeout": number(),
            "headers": map_of(
                header_name(
                    match_none=[
                        {"err": "cannot contain 'Host' header", "pattern": "^[Hh][Oo][Ss][Tt]$"},
                        {
                            "err": "cannot contain 'Content-Length' header",
                            "pattern": "^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]%-[Ll][Ee][nn][Gg][Tt][Hh]$",
                        },
                        {
                            "err": "cannot contain 'Content-Type' header",
                            "pattern": "^[Cc][Oo][Nn][Tt][Ee][Nn][Tt]%-[Tt][Yy][Pp][Ee]$",
                        },
                    ]
                ),
                string(referenceable=True),
            ),
            "queue": queue(),
            "custom_fields_by_lua": map_of(string(len_min=1), string(len_min=1)),
        },
        protocols=protocols(),
    ),
    "file-log": plugin(
        {
            "path": string(required=True, err="not a valid filename", match="^[^*&%%\\`]+$"),
            "reopen": boolean(False, required=True),
            "custom_fields_by_lua": map_of(string(len_min=1), string(len_min=1)),
        },
        protocols=protocols(),
    ),
    "tcp-log": plugin(
        {
            "host": string(required=True),
            "port": port(required=True),
            "timeout": number(default=10000),
            "keepalive": number(default=60000),
            "tls": boolean(False, required=True),
            "tls_sni": string(),
            "custom_fields_by_lua": map_of(string(len_min=1), string(len_min=1)),
        },
        protocols=protocols(),
    ),
    "udp-log": plugin(
        {
            "host": host(required=True),
            "port": port(required=True),
            "timeout": number(default=10000),
            "custom_fields_by_lua": map_of(string(len_min=1), string(len_min=1)),
        },
        protocols=protocols(),
    ),
    "syslog": plugin(
        {
            "log_level": one_of(
                ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"], required=True, default="info"
            ),
            "successful_severity": one_of(
                ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"], required=True, default="info"
            ),
            "client_errors_severity": one_of(
                ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"], required=True, default="info"
            ),
            "server_errors_severity": one_of(
                ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"], required=True, default="info"
            ),
            "custom_fields_by_lua": map_of(string(len_min=1), string(len_min=1)),
            "facility": one_of(
                [
                    "auth",
                    "authpriv",
                    "cron",
                    "daemon",
                    "ftp",
                    "kern",
                    "lpr",
                    "mail",
                    "news",
                    "syslog",
                    "user",
                    "uucp",
                    "local0",
                    "local1",
                    "local2",
                    "local3",
                    "local4",
                    "local5",
                    "local6",
                    "local7",
                ],
                required=True,
                default="user",
            ),
        },
        protocols=protocols(),
    ),
    "loggly": plugin(
        {
            "host": host(default="logs-01.loggly.com"),
            "port": port(default=514),
            "key": string(required=True, encrypted=True, referenceable=True),
            "tags": set_of(string(), default=["kong"]),
            "log_level": one_of(
                ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"], default="info"
            ),
            "successful_severity": one_of(
                ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"], default="info"
            ),
            "client_errors_severity": one_of(
                ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"], default="info"
            ),
            "server_errors_severity": one_of(
                ["debug", "info", "notice", "warning", "err", "crit", "alert", "emerg"], default="info"
            ),
            "timeout": number(default=10000),
            "custom_fields_by_lua": map_of(string(len_min=1), string(len_min=1)),
        },
        protocols=protocols(),
    ),
    "datadog": plugin(
        {
            "host": host(default="localhost", referenceable=True),
            "port": port(default=8125),
            "prefix": string(default="kong"),
            "service_name_tag": string(default="name"),
            "status_tag": string(default="status"),
            "consumer_tag": string(default="consumer"),
            "retry_count": integer(),
            "queue_size": integer(),
            "flush_timeout": number(),
            "queue": queue(),
            "metrics": array(
                record(
                    {
                        "name": one_of(
                            [
                                "kong_latency",
                                "latency",
                                "request_count",
                                "request_size",
                                "response_size",
                                "upstream_latency",
                            ],
                            required=True,
                        ),
                        "stat_type": one_of(
                            ["counter", "gauge", "histogram", "meter", "set", "timer", "distribution"], required=True
                        ),
                        "tags": array(string(match="^.*[^:]$")),
                        "sample_rate": number(between=[0, 1]),
                        "consumer_identifier": one_of(["consumer_id", "custom_id", "username"]),
                    },
                    checks=[when("stat_type", {"one_of": ["counter", "gauge"]}, "sample_rate", {"required": True})],
                ),
                required=True,
                default=[
                    {
                        "consumer_identifier": "custom_id",
                        "name": "request_count",
                        "sample_rate": 1,
                        "stat_type": "counter",
                        "tags": ["app:kong"],
                    },
                    {"consumer_identifier": "custom_id", "name": "latency", "stat_type": "timer", "tags": ["app:kong"]},
                    {
                        "consumer_identifier": "custom_id",
                        "name": "request_size",
                        "stat_type": "timer",
                        "tags": ["app:kong"],
                    },
                    {
                        "consumer_identifier": "custom_id",
                        "name": "response_size",
                        "stat_type": "timer",
                        "tags": ["app:kong"],
                    },
                    {
                        "consumer_identifier": "custom_id",
                        "name": "upstream_latency",
                        "stat_type": "timer",
                        "tags": ["app:kong"],
                    },
                    {
                        "consumer_identifier": "custom_id",
                        "name": "kong_latency",
                        "stat_type": "timer",
                        "tags": ["app:kong"],
                    },
                ],
            ),
        },
        protocols=protocols(),
    ),
    "statsd": plugin(
        {
            "host": string(default="localhost"),
            "port": port(default=8125),
            "prefix": string(default="kong"),
            "metrics": array(
                record(
                    {
                        "name": one_of(
                            [
                                "kong_latency",
                                "latency",
                                "request_count",
                                "request_per_user",
                                "request_size",
                                "response_size",
                                "status_count",
                                "status_count_per_user",
                                "unique_users",
                                "upstream_latency",
                                "status_count_per_workspace",
                                "status_count_per_user_per_route",
                                "shdict_usage",
                            ],
                            required=True,
                        ),
                        "stat_type": one_of(["counter", "gauge", "histogram", "meter", "set", "timer"], required=True),
                        "sample_rate": number(gt=0),
                        "consumer_identifier": one_of(["consumer_id", "custom_id", "username"]),
                        "service_identifier": one_of(
                            ["service_id", "service_name", "service_host", "service_name_or_host"]
                        ),
                        "workspace_identifier": one_of(["workspace_id", "workspace_name"]),
                    },
                    checks=[when("stat_type", {"one_of": ["counter", "gauge"]}, "sample_rate", {"required": True})],
                ),
                default=[
                    {"name": "request_count", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "latency", "stat_type": "timer"},
                    {"name": "request_size", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "status_count", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "response_size", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "unique_users", "stat_type": "set"},
                    {"name": "request_per_user", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "upstream_latency", "stat_type": "timer"},
                    {"name": "kong_latency", "stat_type": "timer"},
                    {"name": "status_count_per_user", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "status_count_per_workspace", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "status_count_per_user_per_route", "sample_rate": 1, "stat_type": "counter"},
                    {"name": "shdict_usage", "sample_rate": 1, "stat_type": "gauge"},
                ],
            ),
            "allow_status_codes": array(string(match="^[0-9]+-[0-9]+$")),
            "udp_packet_size": number(default=0, between=[0, 65507]),
            "use_tcp": boolean(False),
            "hostname_in_prefix": boolean(False),
            "consumer_identifier_default": one_of(
                ["consumer_id", "custom_id", "username"], required=True, default="custom_id"
            ),
            "service_identifier_default": one_of(
                ["service_id", "service_name", "service_host", "service_name_or_host"],
                required=True,
                default="service_name_or_host",
            ),
            "workspace_identifier_default": one_of(
                ["workspace_id", "workspace_name"], required=True, default="workspace_id"
            ),
            "retry_count": integer(),
            "queue_size": integer(),
            "flush_timeout": number(),
            "tag_style": one_of(["dogstatsd", "influxdb", "librato", "signalfx"], required=False),
            "queue": queue(),
        },
        protocols=protocols(),
    ),
    "zipkin": plugin(
        {
            "local_service_name": string(required=True, default="kong"),
            "http_endpoint": url(),
            "sample_ratio": number(default=0.001, between=[0, 1]),
            "default_service_name": string(),
            "include_credential": boolean(True, required=True),
            "traceid_byte_count": integer(required=True, default=16, one_of=[8, 16]),
            "header_type": one_of(
                ["preserve", "ignore", "b3", "b3-single", "w3c", "jaeger", "ot", "aws", "datadog", "gcp"],
                required=True,
                default="preserve",
            ),
            "default_header_type": one_of(
                ["b3", "b3-single", "w3c", "jaeger", "ot", "aws", "datadog", "gcp"], required=True, default="b3"
            ),
            "tags_header": string(required=True, default="Zipkin-Tags"),
            "static_tags": array(
                record(
                    {
                        "name": string(
                            required=True,
                            not_one_of=[
                                "error",
                                "http.method",
                                "http.path",
                                "http.status_code",
                                "kong.balancer.state",
                                "kong.balancer.try",
                                "kong.consumer",
                                "kong.credential",
                                "kong.node.id",
                                "kong.route",
                                "kong.service",
                                "lc",
                                "peer.hostname",
                            ],
                        ),
                        "value": string(required=True),
                    }
                )
            ),
            "http_span_name": one_of(["method", "method_path"], required=True, default="method"),
            "connect_timeout": timeout(2000),
            "send_timeout": timeout(5000),
            "read_timeout": timeout(5000),
            "http_response_header_for_traceid": string(),
            "phase_duration_flavor": one_of(["annotations", "tags"], required=True, default="annotations"),
            "queue": queue(),
            "propagation": propagation("b3"),
        },
        protocols=protocols(),
    ),
    "opentelemetry": plugin(
        {
            "traces_endpoint": url(referenceable=True),
            "logs_endpoint": url(referenceable=True),
            "headers": map_of(header_name(), string(referenceable=True)),
            "resource_attributes": map_of(string(required=True), string(required=True)),
            "queue": queue(max_batch_size=200),
            "batch_span_count": integer(),
            "batch_flush_delay": integer(),
            "connect_timeout": timeout(1000),
            "send_timeout": timeout(5000),
            "read_timeout": timeout(5000),
            "http_response_header_for_traceid": string(),
            "header_type": one_of(
                ["preserve", "ignore", "b3", "b3-single", "w3c", "jaeger", "ot", "aws", "gcp", "datadog"],
                required=False,
                default="preserve",
            ),
            "sampling_rate": number(required=False, between=[0, 1]),
            "propagation": propagation("w3c"),
        },
        protocols=protocols(*HTTP),
        shorthands={
            "endpoint": url(referenceable=True, becomes="traces_endpoint"),
        },
        config_checks=[at_least_one_of("traces_endpoint", "logs_endpoint")],
    ),
}
