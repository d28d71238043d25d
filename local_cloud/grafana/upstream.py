"""Requests to data sources. Their names are looked up at the name server of Cloud Map."""

from __future__ import annotations

import socket
from typing import Any

import aiohttp
import dns.asyncresolver
import dns.exception
from aiohttp import hdrs, web
from aiohttp.abc import AbstractResolver, ResolveResult

from local_cloud.grafana.errors import Refused
from local_cloud.grafana.provisioning import DataSource

_TIMEOUT = aiohttp.ClientTimeout(total=30)
_DNS_SECONDS = 5.0
# Of the connection, or of the person and not for the data source.
_NOT_PASSED = frozenset(
    "authorization connection content-length cookie host keep-alive te trailer transfer-encoding upgrade".split()
)
# What Grafana lets through to Prometheus by POST.
_POST_TO_PROMETHEUS = frozenset(
    "api/v1/query api/v1/query_range api/v1/series api/v1/labels api/v1/query_exemplars".split()
)


class NameServer(AbstractResolver):
    """Asks one name server; `address` is `host:port`."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._resolver = dns.asyncresolver.Resolver(configure=False)
        self._resolver.nameservers = [host]
        self._resolver.port = int(port)
        self._resolver.lifetime = _DNS_SECONDS

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        try:
            answer = await self._resolver.resolve(host, "A")
        except dns.exception.DNSException as error:
            raise OSError(f"lookup {host}: no such host") from error
        return [
            ResolveResult(
                hostname=host, host=str(record), port=port, family=socket.AF_INET, proto=0, flags=socket.AI_NUMERICHOST
            )
            for record in answer
        ]

    async def close(self) -> None:
        """Nothing is held open."""


class Upstream:
    """Is made inside the event loop."""

    def __init__(self, name_server: str) -> None:
        connector = aiohttp.TCPConnector(resolver=NameServer(name_server) if name_server else None)
        self._session = aiohttp.ClientSession(connector=connector, timeout=_TIMEOUT, auto_decompress=False)

    async def close(self) -> None:
        await self._session.close()

    async def health(self, source: DataSource) -> dict[str, Any]:
        """Raises Refused: 400 when the data source does not answer as it should, 404 when its kind has no check."""
        if source.type != "prometheus":
            raise Refused(404, "Method not implemented", messageId="plugin.notImplemented", statusCode=404, traceID="")
        url = f"{source.url.rstrip('/')}/api/v1/query"
        try:
            async with self._session.get(url, params={"query": "1+1"}, auth=_auth(source)) as answer:
                succeeded = answer.status == 200 and (await answer.json()).get("status") == "success"
                problem = f"{answer.status} {answer.reason}"
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            succeeded, problem = False, f'Post "{url}": {error}'
        if not succeeded:
            message = f"{problem} - There was an error returned querying the Prometheus API."
            raise Refused(400, message, status="ERROR", details={})
        details = {"application": "Prometheus", "features": {"rulerApiEnabled": False}}
        return {"status": "OK", "message": "Successfully queried the Prometheus API.", "details": details}

    async def forward(self, source: DataSource, path: str, request: web.Request) -> web.Response:
        """Raises Refused."""
        _check_method(source, path, request.method)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_PASSED}
        url = f"{source.url.rstrip('/')}/{path}"
        try:
            async with self._session.request(
                request.method,
                url,
                params=request.query,
                data=await request.read() or None,
                headers=headers,
                auth=_auth(source),
                allow_redirects=False,
            ) as answer:
                kept = {n: v for n, v in answer.headers.items() if n in (hdrs.CONTENT_TYPE, hdrs.CONTENT_ENCODING)}
                kept["Content-Security-Policy"] = "sandbox"
                return web.Response(status=answer.status, body=await answer.read(), headers=kept)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Refused(502, f"failed to reach data source {source.name}: {error}") from error


def _auth(source: DataSource) -> aiohttp.BasicAuth | None:
    if not source.basic_auth_user:
        return None
    return aiohttp.BasicAuth(source.basic_auth_user, source.basic_auth_password)


def _check_method(source: DataSource, path: str, method: str) -> None:
    if source.type != "prometheus" or method in ("GET", "HEAD"):
        return
    if method != "POST" or path.strip("/") not in _POST_TO_PROMETHEUS:
        raise Refused(403, f"non allow-listed {method}s not allowed on proxied Prometheus datasource")
