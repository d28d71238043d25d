"""Strict mode: requests above a rate are throttled, as every AWS API does it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

# Generous beside AWS, yet below what one eager client can send.
_RATE = 60.0
_BURST = 60.0
_XML = "<Response><Errors><Error><Code>{code}</Code><Message>{text}</Message></Error></Errors></Response>"
_QUERY = "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{text}</Message></Error></ErrorResponse>"


class Bucket:
    """A token bucket."""

    def __init__(self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic):
        self._rate, self._burst, self._clock = rate, burst, clock
        self._tokens, self._seen = burst, clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        with self._lock:
            now = self._clock()
            self._tokens = min(self._burst, self._tokens + (now - self._seen) * self._rate)
            self._seen = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class Throttling:
    """WSGI middleware: one bucket per service. S3 and other REST services are left alone."""

    def __init__(self, application: Application, rate: float = _RATE, burst: float = _BURST):
        self._application = application
        self._rate, self._burst = rate, burst
        self._buckets: dict[str, Bucket] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        service = _service(environ)
        refusal = _refusal(service, str(environ.get("CONTENT_TYPE", "")))
        bucket = self._buckets.setdefault(service, Bucket(self._rate, self._burst))
        if refusal is None or bucket.take():
            return self._application(environ, start_response)
        status, kind, body = refusal
        # The request has to be read before the connection can be used again.
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body)))])
        return [body]


def _service(environ: dict[str, Any]) -> str:
    """From the credential scope of the signature; empty when unsigned."""
    scope = str(environ.get("HTTP_AUTHORIZATION", "")).partition("Credential=")[2].partition(",")[0].split("/")
    return scope[3] if len(scope) == 5 else ""


def _refusal(service: str, content_type: str) -> tuple[str, str, bytes] | None:
    """Status, content type and body as the service's protocol wants them; None for other protocols."""
    if not service:
        return None
    if "x-amz-json" in content_type:
        body = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"})
        return "400 Bad Request", content_type, body.encode()
    if "x-www-form-urlencoded" in content_type:
        if service == "ec2":
            body = _XML.format(code="RequestLimitExceeded", text="Request limit exceeded.")
            return "503 Service Unavailable", "text/xml", body.encode()
        return "400 Bad Request", "text/xml", _QUERY.format(code="Throttling", text="Rate exceeded").encode()
    return None
