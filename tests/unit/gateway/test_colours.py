"""What a service with two colours becomes in Kong: an entrance for customers, and one for whoever releases it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.trademaster.platform.plugins.filter.gateway_state import gateway_state
from ansible_collections.trademaster.platform.plugins.module_utils._kong import files

from tests.unit.gateway.description import FUNCTIONS, SECRETS, gateway

TOKEN = "t" * 64
HEADER = "X-Release-Preview"
WITH_TOKEN = {**SECRETS, "preview_tokens": {"auth": TOKEN}}


def coloured(**fields: Any) -> dict[str, Any]:
    """The description with colours for its only service."""
    description = gateway()
    description["services"][0].update({"colours": ["blue", "green"], "preview_secret": "kong/preview-token", **fields})
    return description


def state_of(description: dict[str, Any], secrets: dict[str, Any] = WITH_TOKEN) -> dict[str, Any]:
    return gateway_state(description, secrets, FUNCTIONS)


STATE = state_of(coloured())
SERVICES = {service["name"]: service for service in STATE["services"]}
PAIRS = [(name, name.replace("auth", "auth-preview", 1)) for name in SERVICES if not name.startswith("auth-preview")]


def weights(state: dict[str, Any], upstream: str) -> dict[str, int]:
    (found,) = [one for one in state["upstreams"] if one["name"] == upstream]
    return {target["target"]: target["weight"] for target in found["targets"]}


def removed(owner: dict[str, Any]) -> list[str]:
    """Headers that the transformer of a service or route takes away."""
    return [
        header
        for plugin in owner["plugins"]
        if plugin["name"] == "request-transformer"
        for header in plugin["config"].get("remove", {}).get("headers", [])
    ]


def test_customers_get_the_first_colour_and_a_preview_gets_nothing_until_there_is_a_release() -> None:
    blue, green = "auth-blue.example.internal:8080", "auth-green.example.internal:8080"
    assert weights(STATE, "auth") == {blue: 100, green: 0}
    assert weights(STATE, "auth-preview") == {blue: 0, green: 0}


def test_a_gateway_that_is_made_anew_leads_to_the_colour_that_is_live() -> None:
    state = state_of(coloured(live="green"))
    assert list(weights(state, "auth").values()) == [0, 100]
    assert list(weights(state, "auth-preview").values()) == [0, 0]


def test_both_entrances_check_their_tasks_alike() -> None:
    checks = [upstream["healthchecks"] for upstream in STATE["upstreams"]]
    assert len(checks) == 2
    assert checks[0] == checks[1]


def test_kong_can_read_it() -> None:
    document = files.read({"_format_version": "3.0", **STATE})
    assert [str(problem) for problem in files.problems(document)] == []


@pytest.mark.parametrize(("served", "preview"), PAIRS)
def test_a_preview_proves_what_customers_get(served: str, preview: str) -> None:
    ours, theirs = SERVICES[preview], SERVICES[served]
    differing = {name for name in ours if ours[name] != theirs[name]}
    assert differing == {"name", "host", "routes"}
    assert (theirs["host"], ours["host"]) == ("auth", "auth-preview")
    for route, preview_route in zip(theirs["routes"], ours["routes"], strict=True):
        assert preview_route == {
            **route,
            "name": route["name"].replace("auth-", "auth-preview-", 1),
            "headers": {HEADER: [TOKEN]},
        }


def test_customers_need_no_token() -> None:
    assert not [route for served, _ in PAIRS for route in SERVICES[served]["routes"] if "headers" in route]


def test_no_service_ever_sees_the_token() -> None:
    for service in SERVICES.values():
        for route in service["routes"]:
            own = [plugin["name"] for plugin in route["plugins"]]
            # A plugin of the route takes the place of the service's.
            assert HEADER in removed(route if "request-transformer" in own else service), route["name"]


def test_identities_are_still_kept_back() -> None:
    assert {"X-Consumer-ID", HEADER} <= set(removed(SERVICES["auth"]))


def test_the_preview_of_internal_routes_takes_the_same_callers() -> None:
    (caller,) = [one for one in STATE["consumers"] if one["username"] == "auth-internal"]
    allowed = [
        plugin["config"]["allow"]
        for name in ("auth-internal", "auth-preview-internal")
        for plugin in SERVICES[name]["plugins"]
        if plugin["name"] == "acl"
    ]
    assert allowed == [[caller["acls"][0]["group"]]] * 2


def test_it_can_be_planned_before_there_is_a_token() -> None:
    planned = state_of(coloured(), {})
    headers = [route["headers"][HEADER] for one in planned["services"] for route in one["routes"] if "headers" in route]
    assert headers
    assert all("(known after apply)" in value for values in headers for value in values)


@pytest.mark.parametrize(
    ("fields", "token", "message"),
    [
        ({"host": "192.0.2.7"}, TOKEN, r"services\[0\].host: '192.0.2.7' has to be a name with a domain"),
        ({"host": "auth"}, TOKEN, r"services\[0\].host: 'auth' has to be a name with a domain"),
        ({"live": "red"}, TOKEN, r"services\[0\].live: 'red' is no colour: choose from blue, green"),
        ({"preview_secret": ""}, TOKEN, r"services\[0\].preview_secret: '' is missing"),
        ({}, "guessable", r"services\[0\].preview_secret: 'kong/preview-token' holds fewer than 32 letters"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(fields: dict[str, Any], token: str, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message) as refused:
        state_of(coloured(**fields), {**SECRETS, "preview_tokens": {"auth": token}})
    assert token not in str(refused.value)
