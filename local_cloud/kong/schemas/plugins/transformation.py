"""Plugins that change requests and answers."""

from __future__ import annotations

from local_cloud.kong.schemas.fields import (
    HTTP,
    array,
    boolean,
    header_name,
    one_of,
    pair,
    plugin,
    protocols,
    record,
    string,
    strings,
)

PLUGINS = {
    "request-transformer": plugin(
        {
            "http_method": string(match="^%u+$"),
            "remove": record(
                {
                    "body": strings(required=True, default=[]),
                    "headers": strings(required=True, default=[]),
                    "querystring": strings(required=True, default=[]),
                },
                required=True,
            ),
            "rename": record(
                {
                    "body": strings(required=True, default=[]),
                    "headers": array(pair(), required=True, default=[]),
                    "querystring": strings(required=True, default=[]),
                },
                required=True,
            ),
            "replace": record(
                {
                    "body": strings(required=True, default=[]),
                    "headers": array(pair(), required=True, default=[]),
                    "querystring": strings(required=True, default=[]),
                    "uri": string(),
                },
                required=True,
            ),
            "add": record(
                {
                    "body": strings(required=True, default=[]),
                    "headers": array(pair(), required=True, default=[]),
                    "querystring": strings(required=True, default=[]),
                },
                required=True,
            ),
            "append": record(
                {
                    "body": strings(required=True, default=[]),
                    "headers": array(pair(), required=True, default=[]),
                    "querystring": strings(required=True, default=[]),
                },
                required=True,
            ),
        },
        protocols=protocols(),
    ),
    "response-transformer": plugin(
        {
            "remove": record(
                {
                    "json": strings(required=True, default=[]),
                    "headers": strings(required=True, default=[]),
                },
                required=True,
            ),
            "rename": record(
                {
                    "json": array(pair(), required=True, default=[]),
                    "headers": array(pair(), required=True, default=[]),
                },
                required=True,
            ),
            "replace": record(
                {
                    "json": array(pair(), required=True, default=[]),
                    "json_types": array(one_of(["boolean", "number", "string"]), required=True, default=[]),
                    "headers": array(pair(), required=True, default=[]),
                },
                required=True,
            ),
            "add": record(
                {
                    "json": array(pair(), required=True, default=[]),
                    "json_types": array(one_of(["boolean", "number", "string"]), required=True, default=[]),
                    "headers": array(pair(), required=True, default=[]),
                },
                required=True,
            ),
            "append": record(
                {
                    "json": array(pair(), required=True, default=[]),
                    "json_types": array(one_of(["boolean", "number", "string"]), required=True, default=[]),
                    "headers": array(pair(), required=True, default=[]),
                },
                required=True,
            ),
        },
        protocols=protocols(*HTTP),
    ),
    "correlation-id": plugin(
        {
            "header_name": header_name(default="Kong-Request-ID"),
            "generator": one_of(["uuid", "uuid#counter", "tracker"], required=True, default="uuid#counter"),
            "echo_downstream": boolean(False, required=True),
        },
        protocols=protocols(*HTTP),
    ),
    "grpc-web": plugin(
        {
            "proto": string(required=False),
            "pass_stripped_path": boolean(required=False),
            "allow_origin_header": string(required=False, default="*"),
        },
        protocols=protocols(),
    ),
    "grpc-gateway": plugin(
        {
            "proto": string(required=False),
        },
        protocols=protocols(),
    ),
}
