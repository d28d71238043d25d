"""The proxy of the Kong stand-in: routing, balancing, health checks, plugins. It knows nothing of storage."""

from local_cloud.kong.proxy.gateway import Gateway
from local_cloud.kong.proxy.upstreams import AddressHealth, TargetHealth

PLUGINS_RUN = frozenset(
    "acl basic-auth bot-detection correlation-id cors file-log http-log ip-restriction jwt key-auth post-function "
    "pre-function prometheus rate-limiting request-size-limiting request-termination request-transformer "
    "response-transformer".split()
)
"""Names of the plugins that have an effect; any other is stored, and warned about once in the log."""

__all__ = ["PLUGINS_RUN", "AddressHealth", "Gateway", "TargetHealth"]
