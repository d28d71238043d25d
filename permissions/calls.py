"""A request to an AWS API, read off the wire: which operation, with which parameters."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model

# Names of botocore's clients, where they are not what the signature names the service.
_CLIENTS = {
    "access-analyzer": "accessanalyzer",
    "elasticfilesystem": "efs",
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "servicequotas": "service-quotas",
    "tagging": "resourcegroupstaggingapi",
}
# S3's settings of an account are signed for the same service as those of buckets.
_ACCOUNT_OF_S3 = "/v20180820/"


@dataclass(frozen=True)
class Call:
    """An operation of a botocore client and what it was given."""

    client: str
    operation: str
    parameters: Mapping[str, Any]
    region: str
    protocol: str


def read(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Call | None:
    """The call that a request makes; None, where it is not signed and so asks in nobody's name."""
    scope = headers.get("Authorization", "").partition("Credential=")[2].partition(",")[0].split("/")
    if len(scope) != 5:
        return None
    client = "s3control" if path.startswith(_ACCOUNT_OF_S3) else _CLIENTS.get(scope[3], scope[3])
    model, request = get_service_model(client), _request(method, path, headers, body)
    protocol = determine_request_protocol(model, request.content_type)
    operation, named = _operation(client, request)
    parsed = PROTOCOL_PARSERS[protocol](model.operation_model(operation)).parse(
        {
            "method": method,
            "values": request.values,
            "headers": request.headers,
            "body": body,
            "url_path": request.path,
            "url_params": named,
        }
    )
    return Call(client, operation, parsed, scope[2], protocol)


def _operation(client: str, request: Request) -> tuple[str, Mapping[str, Any]]:
    target = request.headers.get("X-Amz-Target")
    if target:
        return str(target).rpartition(".")[2], {}
    if "Action" in request.values:
        return str(request.values["Action"]), {}
    found, named = get_service_router(client).match(request)
    return str(found.name), named


def _request(method: str, path: str, headers: Mapping[str, str], body: bytes) -> Request:
    parts = urlsplit(path)
    environment: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": parts.path,
        "QUERY_STRING": parts.query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "wsgi.url_scheme": "http",
        "wsgi.input": BytesIO(body),
        "RAW_URI": path,
        **{_key(name): value for name, value in headers.items()},
        "CONTENT_LENGTH": str(len(body)),
    }
    return Request(environment)


@functools.cache
def _key(name: str) -> str:
    plain = name.upper().replace("-", "_")
    return plain if plain in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{plain}"
