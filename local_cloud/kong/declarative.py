"""A node without a database: all entities come from one declarative configuration."""

from __future__ import annotations

from local_cloud.kong.admin.requests import Request, Response
from local_cloud.kong.admin.resources import Place, Referred
from local_cloud.kong.entities import Catalogue
from local_cloud.kong.store import MemoryStore

EMPTY_HASH = "0" * 32


class Declarative:
    def __init__(self, store: MemoryStore, catalogue: Catalogue):
        self._store = store
        self._catalogue = catalogue
        self.hash = EMPTY_HASH

    @property
    def loaded(self) -> bool:
        return self.hash != EMPTY_HASH

    async def show(self, request: Request) -> Response:
        raise NotImplementedError

    async def load(self, request: Request) -> Response:
        raise NotImplementedError

    async def refuse(self, request: Request, place: Place | Referred) -> Response:
        raise NotImplementedError
