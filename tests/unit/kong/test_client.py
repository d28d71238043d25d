"""What the client makes of answers that are none of Kong's, and of options that fit into no call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._kong.client import Client, Connection, KongError
from ansible_collections.trademaster.platform.plugins.module_utils._kong.schemas import Schemas

NO_ROUTE = b'{"message": "no Route matched with those values", "request_id": "8f2d"}'
NOT_FOUND = b'{"message": "Not found"}'


@contextmanager
def answering(status: int, body: bytes) -> Iterator[Client]:
    """A client of a server that answers everything alike."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Keep quiet."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield Client(Connection(f"http://127.0.0.1:{server.server_port}"))
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body"),
    [(404, NO_ROUTE), (404, b"<html>not here</html>"), (200, b"<html>hello</html>"), (200, b"[]"), (200, b'{"a": 1}')],
)
def test_nothing_is_missing_or_there_because_another_server_says_so(status: int, body: bytes) -> None:
    with answering(status, body) as client:
        for call in (lambda: client.find("/services/a"), lambda: client.pages("/services"), lambda: client.node):
            with pytest.raises(KongError, match="this is no answer of Kong's Admin API; check admin_url"):
                call()


def test_a_neighbour_is_asked_where_a_node_is_gone() -> None:
    with answering(200, b'{"id": "1"}') as alive:
        gone = "http://127.0.0.1:9"  # where nothing listens
        assert Client(Connection(gone, neighbours=(alive.connection.url,))).find("/services/a") == {"id": "1"}
        with pytest.raises(KongError, match="cannot be reached"):
            Client(Connection(gone, neighbours=(gone,))).find("/services/a")


def test_what_kong_does_not_have_is_missing() -> None:
    with answering(404, NOT_FOUND) as client:
        assert client.find("/services/a") is None
        with pytest.raises(KongError, match="GET /schemas/services: 404: this is no answer of Kong"):
            Schemas(client).load({"services"}, ())


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "check admin_token"), (403, "check admin_token"), (302, "check admin_url")],
)
def test_an_answer_of_what_stands_before_kong(status: int, message: str) -> None:
    with answering(status, b"") as client, pytest.raises(KongError, match=message):
        client.get("/")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"url": "http://h:99999"}, "admin_url: .* is no URL"),
        ({"url": "http://me:pa55@h"}, r"admin_url: '\*+' cannot hold a user and password"),
        ({"token": "pa55\n"}, r"admin_token: '\*+' holds a line break"),
        ({"token": "pa55\u20ac"}, "admin_token: "),
        ({"token_header": "a: b"}, "admin_token_header: 'a: b' has to be the name of a header"),
        ({"timeout_seconds": 0.0}, "timeout_seconds: 0.0 has to be more than 0"),
    ],
)
def test_options_that_fit_into_no_call(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message) as caught:
        Client(Connection(**{"url": "http://h", **given}))
    assert "pa55" not in str(caught.value)
