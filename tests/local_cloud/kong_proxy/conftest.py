"""Gateways, upstreams and a Redis server of the tests' own."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from proxy_support import Echo, Node, RedisServer, World

from local_cloud.certificates import Authority


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def start(tmp_path: Path, world: World) -> Iterator[Callable[..., Node]]:
    """Starts a node that works with `world`; variables without the prefix `KONG_`."""
    nodes: list[Node] = []

    def make(**variables: str) -> Node:
        nodes.append(Node(world, tmp_path / f"node{len(nodes)}", variables))
        return nodes[-1]

    yield make
    for node in nodes:
        node.stop()


@pytest.fixture
def echo() -> Iterator[Callable[..., Echo]]:
    """Starts an upstream that answers with what it was asked."""
    servers: list[Echo] = []

    def make(port: int = 0, address: str = "127.0.0.1", **options: object) -> Echo:
        servers.append(Echo(address, port, **options))  # type: ignore[arg-type]
        return servers[-1]

    yield make
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def redis_server(authority: Authority, tmp_path: Path) -> Iterator[RedisServer]:
    """A real Redis that speaks TLS only and wants a password."""
    server = RedisServer(authority, tmp_path / "redis")
    yield server
    server.stop()
