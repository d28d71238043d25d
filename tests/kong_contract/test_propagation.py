"""Changes reach the proxy without a restart, within a few seconds, and other nodes as well."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from tests.kong_contract.cases import Case, Runner, case, through
from tests.kong_contract.client import Plane, json_body, wait_until
from tests.kong_contract.site import Site

WITHIN_S = 30
KEY = {"apikey": "{key}"}


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site]) -> Site:
    """Publish a few things, see them work, and change them all at once."""
    site = new_site()
    one = site.service("one", url=f"http://{site.backend('one').address}")
    two = site.service("two", url=f"http://{site.backend('two').address}")
    consumer = site.consumer("consumer")
    site.variables["key"] = f"{site.name}-key"
    routes = {key: site.route(key, one) for key in ("moved", "deleted", "renamed", "limited", "opened")}
    closed = site.plugin("request-termination", {"status_code": 403}, route=routes["opened"])
    site.guarded("keyed", one, key_auth={})
    site.route("switched", site.service("switched", url=one_url(one)))
    site.publish()
    assert {key: site.request("GET", f"/{key}").status for key in routes} == {
        **dict.fromkeys(routes, 200),
        "opened": 403,
    }

    admin = site.planes["admin"]
    site.route("created", one)
    changes = (
        ("PATCH", f"/routes/{routes['moved']['id']}", {"service": {"id": two["id"]}}),
        ("PATCH", f"/routes/{routes['renamed']['id']}", {"paths": [f"/{site.name}/new-path"]}),
        ("PATCH", f"/services/{site.variables['service_switched']['id']}", {"enabled": False}),
        ("DELETE", f"/routes/{routes['deleted']['id']}", None),
        ("DELETE", f"/plugins/{closed['id']}", None),
    )
    for method, path, body in changes:
        assert admin.request(method, path, json_body(body) if body else None).status in (200, 204)
    site.plugin("request-termination", {"status_code": 409}, route=routes["limited"])
    site.create(f"/consumers/{consumer['id']}/key-auth", key=site.variables["key"])
    return site


def one_url(service: dict[str, object]) -> str:
    return f"{service['protocol']}://{service['host']}:{service['port']}"


CASES = [
    case("a route that is created", through("GET", "/created").gives(200, {"server": "one"}).within(WITHIN_S)),
    case(
        "a route that is moved to another service",
        through("GET", "/moved").gives(200, {"server": "two"}).within(WITHIN_S),
    ),
    case(
        "a route that is given another path",
        through("GET", "/new-path").gives(200).within(WITHIN_S),
        through("GET", "/renamed").gives(404).within(WITHIN_S),
    ),
    case("a route that is deleted", through("GET", "/deleted").gives(404).within(WITHIN_S)),
    case("a service that is switched off", through("GET", "/switched").gives(404).within(WITHIN_S)),
    case("a plugin that is added", through("GET", "/limited").gives(409).within(WITHIN_S)),
    case("a plugin that is deleted", through("GET", "/opened").gives(200).within(WITHIN_S)),
    case("a credential that is created", through("GET", "/keyed", KEY).gives(200).within(WITHIN_S)),
]


def test_propagation(case: Case, run: Runner, site: Site) -> None:
    run(case)


@pytest.fixture
def second_node() -> dict[str, Plane]:
    """The Admin API and the proxy of another node on the same database."""
    given = {name: os.environ.get(f"KONG_NODE2_{name.upper()}_URL") for name in ("admin", "proxy")}
    if not all(given.values()):
        pytest.skip("KONG_NODE2_ADMIN_URL and KONG_NODE2_PROXY_URL do not name a second node")
    token = os.environ.get("KONG_ADMIN_TOKEN")
    headers = {"Kong-Admin-Token": token} if token else {}
    return {"admin": Plane(given["admin"] or "", headers), "proxy": Plane(given["proxy"] or "")}


def test_another_node_knows_every_entity(site: Site, second_node: dict[str, Plane]) -> None:
    route = second_node["admin"].request("GET", f"/routes/{site.name}-created").json
    assert route["id"] == site.variables["route_created"]["id"]


def test_another_node_serves_every_route(site: Site, second_node: dict[str, Plane]) -> None:
    wait_until(
        "the second node serves the route",
        lambda: second_node["proxy"].request("GET", f"/{site.name}/created").status == 200,
        WITHIN_S,
    )
