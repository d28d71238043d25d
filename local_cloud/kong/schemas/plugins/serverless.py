"""Plugins that run functions."""

from __future__ import annotations

from local_cloud.kong.schemas.fields import (
    HTTP,
    NO_CONSUMER,
    Field,
    array,
    boolean,
    host,
    integer,
    number,
    one_of,
    plugin,
    port,
    protocols,
    string,
    url,
)
from local_cloud.kong.schemas.rules import at_least_one_of, custom, mutually_required

PHASES = ("certificate", "rewrite", "access", "header_filter", "body_filter", "log")


def _functions() -> Field:
    return plugin(
        {phase: array(string(required=False, check="lua_function"), required=True, default=[]) for phase in PHASES},
        scope=NO_CONSUMER,
        protocols=protocols(),
        checks=[at_least_one_of(*[f"config.{phase}" for phase in PHASES])],
    )


PLUGINS = {
    "pre-function": _functions(),
    "post-function": _functions(),
    "aws-lambda": plugin(
        {
            "timeout": number(required=True, default=60000),
            "keepalive": number(required=True, default=60000),
            "aws_key": string(encrypted=True, referenceable=True),
            "aws_secret": string(encrypted=True, referenceable=True),
            "aws_assume_role_arn": string(encrypted=True, referenceable=True),
            "aws_role_session_name": string(default="kong"),
            "aws_sts_endpoint_url": url(),
            "aws_region": host(),
            "function_name": string(required=False),
            "qualifier": string(),
            "invocation_type": one_of(["RequestResponse", "Event", "DryRun"], required=True, default="RequestResponse"),
            "log_type": one_of(["Tail", "None"], required=True, default="Tail"),
            "host": host(),
            "port": port(default=443),
            "disable_https": boolean(False),
            "unhandled_status": integer(between=[100, 999]),
            "forward_request_method": boolean(False),
            "forward_request_uri": boolean(False),
            "forward_request_headers": boolean(False),
            "forward_request_body": boolean(False),
            "is_proxy_integration": boolean(False),
            "awsgateway_compatible": boolean(False),
            "proxy_url": url(),
            "skip_large_bodies": boolean(True),
            "base64_encode_body": boolean(True),
            "aws_imds_protocol_version": one_of(["v1", "v2"], required=True, default="v1"),
            "empty_arrays_mode": one_of(["legacy", "correct"], required=True, default="legacy"),
        },
        protocols=protocols(*HTTP),
        checks=[mutually_required("config.aws_key", "config.aws_secret"), custom("proxy_url", "config.proxy_url")],
    ),
    "azure-functions": plugin(
        {
            "timeout": number(default=600000),
            "keepalive": number(default=60000),
            "https": boolean(True),
            "https_verify": boolean(False),
            "apikey": string(encrypted=True, referenceable=True),
            "clientid": string(encrypted=True, referenceable=True),
            "appname": string(required=True),
            "hostdomain": string(required=True, default="azurewebsites.net"),
            "routeprefix": string(default="api"),
            "functionname": string(required=True),
        },
        protocols=protocols(),
    ),
}
