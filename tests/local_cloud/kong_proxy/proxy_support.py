"""What the proxy's tests are made of: configurations, nodes in threads of their own, upstreams, requests."""

from __future__ import annotations

import asyncio
import http.client
import http.server
import json
import os
import secrets
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis
import uvloop
from local_cloud_support import REPOSITORY, eventually

from local_cloud.certificates import Authority
from local_cloud.kong import schemas
from local_cloud.kong.proxy import Gateway
from local_cloud.kong.schema import fill
from local_cloud.kong.settings import from_environment
from local_cloud.kong.snapshot import Snapshot
from local_cloud.ports import free_ports
from local_cloud.tools import Tools

Entity = dict[str, Any]
Headers = Sequence[tuple[str, str]]


class World:
    """Entities as the Admin API answers them; every change reaches the nodes that watch."""

    def __init__(self) -> None:
        self.entities: dict[str, dict[str, Entity]] = {}
        self.watchers: list[Callable[[Snapshot], None]] = []
        self._version = 0

    def add(self, kind: str, **data: Any) -> Entity:
        return self._keep(kind, fill(schemas.entity(kind), data, "insert"))

    def service(self, upstream: Echo | str, **data: Any) -> Entity:
        url = upstream if isinstance(upstream, str) else upstream.url
        return self.add("services", name=data.pop("name", f"service-{secrets.token_hex(3)}"), url=url, **data)

    def route(self, service: Entity | None, **data: Any) -> Entity:
        return self.add("routes", service={"id": service["id"]} if service else None, **data)

    def plugin(self, name: str, config: dict[str, Any] | None = None, **scopes: Any) -> Entity:
        """`scopes`: service=, route=, consumer= as entities; other fields as they are."""
        data = {
            scope: {"id": value["id"]} if scope in ("service", "route", "consumer") else value
            for scope, value in scopes.items()
        }
        return self._keep(
            "plugins", fill(schemas.plugin(name), {"name": name, "config": config or {}, **data}, "insert")
        )

    def remove(self, kind: str, entity: Entity) -> None:
        del self.entities[kind][entity["id"]]
        self._changed()

    def snapshot(self) -> Snapshot:
        return Snapshot(self._version, {kind: dict(entities) for kind, entities in self.entities.items()})

    def _keep(self, kind: str, entity: Entity) -> Entity:
        self.entities.setdefault(kind, {})[entity["id"]] = entity
        self._changed()
        return entity

    def _changed(self) -> None:
        self._version += 1
        for watcher in self.watchers:
            watcher(self.snapshot())


@dataclass
class Answer:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    def seen(self, name: str) -> str | None:
        """The header as the upstream has received it."""
        found: str | None = self.json["headers"].get(name.lower())
        return found


def send(
    port: int,
    path: str = "/",
    headers: Headers = (),
    *,
    method: str = "GET",
    body: bytes | str | None = None,
    context: ssl.SSLContext | None = None,
    server_name: str | None = None,
) -> Answer:
    """One request on a connection of its own, with exactly these headers (and Host)."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    stream = context.wrap_socket(plain, server_hostname=server_name or "localhost") if context else plain
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.sock = stream
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        if not any(name.lower() == "host" for name, _ in headers):
            connection.putheader("Host", f"127.0.0.1:{port}")
        for name, value in headers:
            connection.putheader(name, value)
        content = body.encode() if isinstance(body, str) else body
        if content is not None and not any(name.lower() == "transfer-encoding" for name, _ in headers):
            connection.putheader("Content-Length", str(len(content)))
        connection.endheaders(content)
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())
    finally:
        connection.close()


class Node:
    """A gateway in a thread of its own."""

    def __init__(self, world: World, folder: Path, variables: dict[str, str]) -> None:
        self.port, self.tls_port = free_ports(2)
        self.access_log = folder / "access.log"
        folder.mkdir()
        given = {
            "PROXY_LISTEN": f"127.0.0.1:{self.port}, 127.0.0.1:{self.tls_port} ssl",
            "PROXY_ACCESS_LOG": str(self.access_log),
            "PREFIX": str(folder),
            **variables,
        }
        environment = {name if name.startswith("PLAIN_") else f"KONG_{name}": value for name, value in given.items()}
        self._world = world
        self._loop = uvloop.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.gateway = self.call(self._start, from_environment(environment), world.snapshot())
        world.watchers.append(self._update)

    @staticmethod
    async def _start(settings: Any, snapshot: Snapshot) -> Gateway:
        gateway = Gateway(settings)
        await gateway.start()
        gateway.update(snapshot)
        return gateway

    def _update(self, snapshot: Snapshot) -> None:
        async def update() -> None:
            self.gateway.update(snapshot)

        self.call(update)

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a coroutine function in the node's thread."""
        return asyncio.run_coroutine_threadsafe(function(*arguments), self._loop).result(20)

    def send(self, path: str = "/", headers: Headers = (), **options: Any) -> Answer:
        return send(options.pop("port", self.port), path, headers, **options)

    def health(self, upstream: Entity) -> list[str]:
        async def look() -> list[str]:
            return [target.health for target in self.gateway.health(upstream["id"]).values()]

        found: list[str] = self.call(look)
        return found

    def stop(self) -> None:
        self._world.watchers.remove(self._update)
        self.call(self.gateway.stop)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


@dataclass
class Behaviour:
    status: int = 200
    delay: float = 0.0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes | None = None
    drop: bool = False
    """Close the connection instead of answering."""
    missing: int = 0
    """So many bytes of the body are announced and do not come."""


class Echo:
    """An upstream that answers with the request it got, as JSON, or as told."""

    def __init__(self, address: str, port: int, context: ssl.SSLContext | None = None) -> None:
        self.behaviour = Behaviour()
        self.requests: list[str] = []
        self._server = _EchoServer((address, port), _EchoHandler)
        self._server.echo = self
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.address, self.port = address, int(self._server.server_address[1])
        self.url = f"http{'s' if context else ''}://{address}:{self.port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def target(self) -> str:
        return f"{self.address}:{self.port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _EchoServer(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512
    echo: Echo

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A gateway that no longer listens is what some tests are about."""


class _EchoHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _EchoServer

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        content = self._content()
        echo = self.server.echo
        behaviour = echo.behaviour
        echo.requests.append(self.path)
        if behaviour.drop:
            self.close_connection = True
            return
        time.sleep(behaviour.delay)
        seen = {
            "server": echo.target,
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): ", ".join(self.headers.get_all(name, [])) for name in self.headers},
            "body": content.decode("latin-1"),
        }
        body = json.dumps(seen).encode() if behaviour.body is None else behaviour.body
        self.send_response(behaviour.status)
        if not any(name == "Content-Type" for name, _ in behaviour.headers):
            self.send_header("Content-Type", "application/json")
        for name, value in behaviour.headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) + behaviour.missing))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()
        self.close_connection = self.close_connection or bool(behaviour.missing)

    def _content(self) -> bytes:
        if self.headers.get("Transfer-Encoding") == "chunked":
            parts = []
            while size := int(self.rfile.readline(), 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing to say."""


class RedisServer:
    def __init__(self, authority: Authority, folder: Path) -> None:
        folder.mkdir()
        self.password = secrets.token_hex(12)
        self.authority = authority.certificate
        (self.port,) = free_ports(1)
        pair = authority.issue("redis.local.example.com", ["redis.local.example.com"])
        tool = Tools(REPOSITORY / ".venv" / "debian").find("redis-server")
        configuration = folder / "redis.conf"
        configuration.touch(mode=0o600)
        configuration.write_text(
            f'bind 127.0.0.1\nport 0\ntls-port {self.port}\ntls-cert-file "{pair.certificate}"\n'
            f'tls-key-file "{pair.key}"\ntls-ca-cert-file "{authority.certificate}"\ntls-auth-clients no\n'
            f'requirepass {self.password}\nsave ""\ndir "{folder}"\n'
        )
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(tool.path), str(configuration)], stdout=log, env={**os.environ, **tool.env}
            )
        eventually(self._answers, what="redis answers")

    @property
    def client(self) -> redis.Redis:
        return redis.Redis(
            port=self.port,
            password=self.password,
            ssl=True,
            ssl_ca_certs=str(self.authority),
            ssl_check_hostname=False,
            decode_responses=True,
        )

    def _answers(self) -> bool:
        try:
            return bool(self.client.ping())
        except redis.ConnectionError:
            return False

    def record(self, **changes: Any) -> Entity:
        """The `redis` of a plugin's configuration; the password is a reference to PLAIN_REDIS_PASSWORD."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "password": "{vault://env/plain-redis-password}",
            "ssl": True,
            "ssl_verify": True,
            "server_name": "redis.local.example.com",
            **changes,
        }

    def variables(self) -> dict[str, str]:
        return {
            "PLAIN_REDIS_PASSWORD": self.password,
            "LUA_SSL_TRUSTED_CERTIFICATE": str(self.authority),
        }

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
