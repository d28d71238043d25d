"""What the Admin API tells about schemas, and their use without storing anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from local_cloud.kong import schemas
from local_cloud.kong.admin.requests import READ, Request, Response, Route
from local_cloud.kong.entities import Catalogue, validated
from local_cloud.kong.errors import AdminError
from local_cloud.kong.kinds import KINDS
from local_cloud.kong.schema import Field

_VALIDATE = ("POST", "OPTIONS")


class SchemaApi:
    def __init__(self, catalogue: Catalogue):
        self._catalogue = catalogue

    def routes(self) -> list[Route]:
        return [
            Route("/plugins/enabled", READ, self._enabled),
            Route("/plugins/schema/*", READ, self._plugin_configuration),
            Route("/schemas/*/validate", _VALIDATE, self._validate),
            Route("/schemas/plugins/*", READ, self._plugin),
            Route("/schemas/vaults/*", READ, self._vault),
            Route("/schemas/*", READ, self._entity),
        ]

    async def _enabled(self, request: Request) -> Response:
        return Response(200, {"enabled_plugins": list(self._catalogue.plugins)})

    async def _entity(self, request: Request) -> Response:
        name = request.segments[1]
        if name not in schemas.ENTITIES:
            raise _unknown("entity", name)
        return Response(200, schemas.describe_entity(schemas.ENTITIES[name]))

    async def _plugin(self, request: Request) -> Response:
        return Response(200, schemas.describe_entity(schemas.PLUGINS[self._plugin_name(request)]))

    async def _plugin_configuration(self, request: Request) -> Response:
        return Response(200, schemas.describe_entity(schemas.PLUGINS[self._plugin_name(request)]["fields"]["config"]))

    def _plugin_name(self, request: Request) -> str:
        name = request.segments[2]
        if name not in self._catalogue.plugins:
            raise _unknown("plugin", name)
        return name

    async def _vault(self, request: Request) -> Response:
        name = request.segments[2]
        if name not in schemas.VAULTS:
            raise _unknown("vault", name)
        config = schemas.VAULTS[name]
        return Response(200, schemas.describe_entity({"type": "record", "fields": {"config": config}}))

    async def _validate(self, request: Request) -> Response:
        name = request.segments[1]
        if name not in KINDS:
            raise _unknown("entity", name)
        kind = KINDS[name]

        def schema(given: Mapping[str, Any]) -> Field:
            return self._catalogue.schema(kind, given)[0]

        data = {key: value for key, value in request.data(schema).items() if not (kind.ttl and key == "ttl")}
        validated(self._catalogue, None, kind, data, "insert")
        return Response(200, {"message": "schema validation successful"})


def _unknown(what: str, name: str) -> AdminError:
    return AdminError(404, {"message": f"No {what} named '{name}'"})
