# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small HTTP client whose requests all look alike.

The service binds tokens to the headers of the request that signed in, so every request carries the same ones. TLS is
verified always; answers are read as JSON where they are JSON.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

HEADERS = {
    "User-Agent": "trademaster.platform/sign-in-check",
    "Accept": "application/json",
    "Accept-Language": "en",
    "Accept-Encoding": "identity",
}


class Unreachable(Exception):
    """No answer: the text says from where, and why."""


class Untrusted(Exception):
    """The server's certificate does not verify: the text says why."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Mapping[str, Any]
    tls: str = ""

    def header(self, name: str) -> str:
        """A header, in whatever case it came; empty when it is missing."""
        return next((value for key, value in self.headers.items() if key.lower() == name.lower()), "")

    def text(self, name: str) -> str:
        """A field of the body; empty when it is missing."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""


@dataclass(frozen=True)
class Request:
    """`bearer` is a token; `url` overrides the client's, for requests that go elsewhere; `headers` add to its own."""

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    bearer: str = ""
    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Send = Callable[[Request], Answer]


@dataclass(frozen=True)
class Client:
    """Sends requests to `url`, an origin such as `https://auth.example.com`."""

    url: str
    ca_file: str | None = None
    timeout: float = 10.0
    headers: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, request: Request) -> Answer:
        """Raises Unreachable, Untrusted."""
        url = request.url or self.url
        connection = self._connection(url)
        given = {**HEADERS, **self.headers, **request.headers}
        if request.bearer:
            given["Authorization"] = f"Bearer {request.bearer}"
        data = None
        if request.body is not None:
            data = json.dumps(request.body).encode()
            given["Content-Type"] = "application/json"
        try:
            connection.request(request.method, request.path, data, given)
            tls = _tls(connection)
            answer = connection.getresponse()
            return Answer(answer.status, dict(answer.getheaders()), _json(answer.read()), tls)
        except ssl.SSLCertVerificationError as error:
            raise Untrusted(error.verify_message) from error
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(f"{url}: {_reason(error)}") from error
        finally:
            connection.close()

    def _connection(self, url: str) -> http.client.HTTPConnection:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port, timeout=self.timeout)
        context = ssl.create_default_context(cafile=self.ca_file)
        return http.client.HTTPSConnection(host, parts.port, timeout=self.timeout, context=context)


def _tls(connection: http.client.HTTPConnection) -> str:
    """Version and end of validity: `TLSv1.3, certificate valid until Jan  1 00:00:00 2027 GMT`."""
    secured = connection.sock
    if not isinstance(secured, ssl.SSLSocket):
        return ""
    certificate = secured.getpeercert() or {}
    return f"{secured.version()}, certificate valid until {certificate.get('notAfter', 'an unknown day')}"


def _json(content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _reason(error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return f"the name does not resolve ({error.strerror})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
