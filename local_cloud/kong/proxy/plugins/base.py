"""What a plugin is to the gateway."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from local_cloud.kong.proxy.exchange import Exchange


@dataclass(frozen=True, eq=False)
class Plugin:
    """A configured plugin; `config` holds no references to secrets any more."""

    id: str
    name: str
    config: Mapping[str, Any]
    handler: Handler
    route_id: str | None = None
    service_id: str | None = None
    consumer_id: str | None = None
    instance_name: str | None = None


class Handler:
    """The code of one kind of plugin; one object serves all plugins of its kind on a node.

    `rewrite` and `access` may raise Exit or Failed; any other error is answered with status 500.
    """

    name: ClassVar[str]
    priority: ClassVar[int]

    async def rewrite(self, plugin: Plugin, exchange: Exchange) -> None:
        """Before routing; global plugins only."""

    async def access(self, plugin: Plugin, exchange: Exchange) -> None:
        """Before the request goes to the upstream."""

    def header_filter(self, plugin: Plugin, exchange: Exchange) -> None:
        """When status and headers of the answer are known."""

    def changes_body(self, plugin: Plugin, exchange: Exchange) -> bool:
        """Whether `body_filter` wants the whole body."""
        return False

    def body_filter(self, plugin: Plugin, exchange: Exchange, body: bytes) -> bytes:
        return body

    def log(self, plugin: Plugin, exchange: Exchange) -> None:
        """After the answer."""

    def configured(self, plugin: Plugin) -> None:
        """A plugin of this kind is there from now on, new or as before."""

    def forget(self, live: frozenset[str]) -> None:
        """Drop what was compiled for plugins whose id is not in `live`."""

    async def close(self) -> None:
        """The node stops."""
