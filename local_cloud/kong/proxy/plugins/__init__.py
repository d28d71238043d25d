"""The plugins that the stand-in runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local_cloud.kong.proxy.lua.runtime import Lua
from local_cloud.kong.proxy.plugins.authentication import Acl, BasicAuth, Jwt, KeyAuth
from local_cloud.kong.proxy.plugins.base import Handler
from local_cloud.kong.proxy.plugins.cors import Cors
from local_cloud.kong.proxy.plugins.functions import PostFunction, PreFunction
from local_cloud.kong.proxy.plugins.logs import FileLog, HttpLog
from local_cloud.kong.proxy.plugins.prometheus import Prometheus
from local_cloud.kong.proxy.plugins.rate_limiting import RateLimiting
from local_cloud.kong.proxy.plugins.traffic import (
    BotDetection,
    CorrelationId,
    IpRestriction,
    RequestSizeLimiting,
    RequestTermination,
)
from local_cloud.kong.proxy.plugins.transformers import RequestTransformer, ResponseTransformer
from local_cloud.kong.settings import Settings

if TYPE_CHECKING:
    from local_cloud.kong.proxy.gateway import Gateway

__all__ = ["Handler", "Prometheus", "handlers"]


def handlers(settings: Settings, gateway: Gateway) -> dict[str, Handler]:
    """Name → the code of a plugin, for one node."""
    lua = Lua(settings, gateway.node_id)
    found: list[Handler] = [
        Acl(),
        BasicAuth(),
        BotDetection(),
        CorrelationId(),
        Cors(),
        FileLog(),
        HttpLog(),
        IpRestriction(),
        Jwt(),
        KeyAuth(),
        PostFunction(lua),
        PreFunction(lua),
        Prometheus(gateway),
        RateLimiting(settings),
        RequestSizeLimiting(),
        RequestTermination(),
        RequestTransformer(lua),
        ResponseTransformer(),
    ]
    return {handler.name: handler for handler in found}
