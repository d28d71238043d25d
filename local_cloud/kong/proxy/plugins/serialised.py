"""What log plugins say about a request. Pure."""

from __future__ import annotations

import time
from typing import Any

from local_cloud.kong.proxy.exchange import Exchange

_HIDDEN = {"authorization", "proxy-authorization"}


def serialise(exchange: Exchange) -> dict[str, Any]:
    """The record of http-log and file-log; latencies in milliseconds."""
    timing = exchange.timing
    end = timing.finished or time.monotonic()
    total = round((end - timing.started) * 1000)
    waited = round(((timing.answered or end) - timing.sent) * 1000) if timing.sent is not None else -1
    started = int(time.time() * 1000) - total
    return {
        "latencies": {"request": total, "kong": total - max(waited, 0), "proxy": waited, "receive": 0},
        "request": {
            "id": exchange.request_id,
            "method": exchange.method,
            "uri": exchange.target,
            "url": f"{exchange.scheme}://{exchange.host}:{exchange.port}{exchange.target}",
            "querystring": _single(exchange.query_values()),
            "headers": _headers(exchange.headers.grouped()),
            "size": exchange.request_bytes,
        },
        "response": {
            "status": exchange.status,
            "headers": _headers(exchange.response_headers.grouped()),
            "size": exchange.bytes_sent,
        },
        "client_ip": exchange.client_address,
        "started_at": started,
        "route": exchange.route,
        "service": exchange.service,
        "consumer": exchange.consumer,
        "tries": exchange.tries,
        "upstream_status": str(exchange.status) if exchange.source == "service" else "",
        "source": "upstream" if exchange.source == "service" else exchange.source,
        "workspace_name": "default",
    } | _authenticated(exchange)


def _authenticated(exchange: Exchange) -> dict[str, Any]:
    if not exchange.credential:
        return {}
    consumer = exchange.consumer["id"] if exchange.consumer else None
    return {"authenticated_entity": {"id": exchange.credential["id"], "consumer_id": consumer}}


def _headers(grouped: dict[str, list[str]]) -> dict[str, Any]:
    return {name: "REDACTED" if name in _HIDDEN else value for name, value in _single(grouped).items()}


def _single(values: dict[str, list[str]]) -> dict[str, Any]:
    return {name: given[0] if len(given) == 1 else given for name, given in values.items()}
