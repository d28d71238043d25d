"""A global plugin. It does nothing to requests without a header of its own, and is gone afterwards."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kong_contract.cases import Case, Runner, case, through
from tests.kong_contract.client import json_body
from tests.kong_contract.matching import ABSENT
from tests.kong_contract.site import Site

# Every function begins with the question whether the request is meant for it.
FUNCTION = """return function()
  if kong.request.get_header("X-Kct-Run") ~= "{run}" then return end
  kong.service.request.set_header("X-Kct-Chosen", "yes")
  kong.service.request.clear_header("X-User-ID")
end"""


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site]) -> Site:
    site = new_site()
    service = site.service("echo", url=f"http://{site.backend('echo').address}")
    site.route("chosen", service, headers={"x-kct-chosen": ["yes"]})
    site.route("plain", service)
    own = 'return function() kong.service.request.set_header("X-Own", "1") end'
    site.guarded("own", service, pre_function={"access": [own]})
    function = {"rewrite": [FUNCTION.replace("{run}", site.name)]}
    probe = {"name": "pre-function", "config": function}
    validated = site.planes["admin"].request("POST", "/schemas/plugins/validate", json_body(probe))
    assert validated.status == 200, validated
    others = [
        plugin
        for plugin in site.planes["admin"].request("GET", "/plugins?size=1000").json["data"]
        if plugin["name"] == "pre-function" and not any(plugin[scope] for scope in ("service", "route", "consumer"))
    ]
    if others:
        pytest.skip("this node has a global pre-function already")
    site.plugin("pre-function", function)
    site.publish()
    return site


MINE = {"X-Kct-Run": "{site}"}

CASES = [
    case(
        "a header that the rewrite phase sets is matched by a route",
        through("GET", "/chosen", MINE).gives(200, {"headers": {"x-kct-chosen": "yes"}}),
        through("GET", "/chosen").gives(404),
    ),
    case(
        "a header that the rewrite phase clears does not reach the service",
        through("GET", "/plain", {**MINE, "X-User-ID": "1"}).gives(200, {"headers": {"x-user-id": ABSENT}}),
        through("GET", "/plain", {"X-User-ID": "1"}).gives(200, {"headers": {"x-user-id": "1"}}),
    ),
    case(
        "the rewrite phase runs also where a route has functions of its own",
        through("GET", "/own", {**MINE, "X-User-ID": "1"}).gives(200, {"headers": {"x-user-id": ABSENT, "x-own": "1"}}),
    ),
]


def test_global(case: Case, run: Runner, site: Site) -> None:
    run(case)
