"""An AWS endpoint before another one that lets through what the policies of a role allow, and refuses the rest."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from permissions import calls, questions
from permissions.calls import Call
from permissions.evaluation import Asked, allowed
from permissions.questions import Account

_HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server")
_QUERY = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>{}</Message></Error></ErrorResponse>"
)
_EC2 = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>{}</Message></Error></Errors></Response>"
_S3 = "<Error><Code>AccessDenied</Code><Message>{}</Message></Error>"

Answer = tuple[int, list[tuple[str, str]], bytes]


@dataclass
class Gate:
    """`upstream` is the URL of the endpoint behind; `refused` and `asked` are kept for who wants to know."""

    upstream: str
    role: str
    documents: Sequence[Mapping[str, Any]]
    account: Account
    refused: list[Asked] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    @contextmanager
    def open(self) -> Iterator[str]:
        """Answer until the end of the block; gives the URL."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def refusal(self, call: Call) -> Asked | None:
        """The first thing a call asks that no policy allows."""
        asked = questions.questions(call, self.account)
        self.asked |= {one.action for one in asked}
        return next((one for one in asked if not allowed(self.documents, one)), None)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        call = calls.read(method, path, headers, body)
        refused = self.refusal(call) if call else None
        if call and refused:
            self.refused.append(refused)
            return _refusal(call, refused, self.role)
        return self._forward(method, path, headers, body)

    def _forward(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc, timeout=120)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        gate = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, content = gate.answer(self.command, self.path, dict(self.headers), body)
                self.send_response(status)
                for name, value in headers:
                    if name.lower() not in _HOP_BY_HOP:
                        self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_any  # noqa: N815

            def log_message(self, *_arguments: Any) -> None:
                """Say nothing."""

        return Handler


def _refusal(call: Call, refused: Asked, role: str) -> Answer:
    """As the service would say it: codes and shapes differ by protocol."""
    text = (
        f"User: {role} is not authorized to perform: {refused.action} on resource: {refused.resource} "
        f"because no identity-based policy allows the {refused.action} action"
    )
    if "json" in call.protocol:
        body = json.dumps({"__type": "AccessDeniedException", "message": text}).encode()
        headers = [("Content-Type", "application/x-amz-json-1.1"), ("x-amzn-ErrorType", "AccessDeniedException")]
        return (403 if call.protocol == "rest-json" else 400), headers, body
    shape = _EC2 if call.protocol == "ec2" else _S3 if call.client == "s3" else _QUERY
    return 403, [("Content-Type", "text/xml")], shape.format(text).encode()
