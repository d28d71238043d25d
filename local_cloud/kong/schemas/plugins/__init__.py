"""The schemas of the bundled plugins."""

from local_cloud.kong.schemas.fields import Field
from local_cloud.kong.schemas.plugins import (
    ai,
    authentication,
    observability,
    serverless,
    traffic,
    transformation,
)

PLUGINS: dict[str, Field] = {
    name: schema
    for module in (authentication, traffic, transformation, serverless, observability, ai)
    for name, schema in module.PLUGINS.items()
}
