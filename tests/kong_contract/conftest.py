"""The node under test, and what every case needs."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.kong_contract.cases import Runner
from tests.kong_contract.cleanup import Journal, sweep
from tests.kong_contract.client import Plane
from tests.kong_contract.material import Material, new_material
from tests.kong_contract.site import Site

EVERY_PLANE = {"proxy": "KONG_PROXY_URL", "proxy_ssl": "KONG_PROXY_SSL_URL", "status": "KONG_STATUS_URL"}


@dataclass
class Node:
    """A Kong and a name for this run, that all entities of the run begin with."""

    planes: Mapping[str, Plane]
    about: Mapping[str, Any]
    run: str
    _count: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def admin(self) -> Plane:
        return self.planes["admin"]

    @property
    def configuration(self) -> Mapping[str, Any]:
        configuration: Mapping[str, Any] = self.about["configuration"]
        return configuration

    def new_name(self) -> str:
        return f"{self.run}-{next(self._count)}"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", metafunc.module.CASES)


@pytest.fixture(scope="session")
def node() -> Iterator[Node]:
    missing = [name for name in ("KONG_ADMIN_URL", "KONG_PROXY_URL") if name not in os.environ]
    assert not missing, f"{' and '.join(missing)} must name the Kong under test"
    token = os.environ.get("KONG_ADMIN_TOKEN")
    admin = Plane(os.environ["KONG_ADMIN_URL"], {"Kong-Admin-Token": token} if token else {}, keep_alive=True)
    others = {name: Plane(os.environ[variable]) for name, variable in EVERY_PLANE.items() if variable in os.environ}
    about = admin.request("GET", "/").json
    assert about["version"] == "3.9.1", f"the cases are about Kong 3.9.1, this is {about['version']}"
    run = f"kct-{secrets.token_hex(4)}{os.environ.get('PYTEST_XDIST_WORKER', '')}"
    yield Node({"admin": admin, **others}, about, run)
    sweep(admin, run)


@pytest.fixture(scope="session")
def material() -> Material:
    return new_material()


@pytest.fixture
def run(node: Node, material: Material, request: pytest.FixtureRequest) -> Iterator[Runner]:
    """Makes the calls of a case; the entities that they create are gone after it."""
    site = request.getfixturevalue("site") if "site" in request.fixturenames else None
    journal = Journal(node.admin)
    yield Runner.named(node.new_name(), node.planes, journal, {**material.named(), **(site.variables if site else {})})
    journal.clear()


@pytest.fixture(scope="module")
def new_site(node: Node) -> Iterator[Callable[[], Site]]:
    sites: list[Site] = []

    def make() -> Site:
        sites.append(Site(node.new_name(), node.run, node.planes, node.about))
        return sites[-1]

    yield make
    for site in sites:
        site.close()
