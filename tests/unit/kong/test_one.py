"""What the modules for one entity make of their options, and how they find and call an entity. All of it is pure."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._kong import find, hashes, health, one
from ansible_collections.trademaster.platform.plugins.module_utils._kong.entities import KINDS
from ansible_collections.trademaster.platform.plugins.module_utils._kong.fields import FIELDS, argument_spec


@pytest.mark.parametrize(
    ("collection", "params", "expected"),
    [
        pytest.param("services", {"name": "a", "port": None, "state": "present"}, {"name": "a"}, id="left out"),
        pytest.param("services", {"path": "", "tags": []}, {"path": None, "tags": []}, id="cleared"),
        pytest.param("services", {"retries": 0, "enabled": False}, {"retries": 0, "enabled": False}, id="falsy"),
        pytest.param(
            "upstreams",
            {
                "healthchecks": {
                    "active": {"timeout": None, "healthy": {"interval": 1.0, "successes": None}},
                    "passive": None,
                }
            },
            {"healthchecks": {"active": {"healthy": {"interval": 1.0}}}},
            id="suboptions left out",
        ),
        pytest.param(
            "routes", {"sources": [{"ip": "192.0.2.1", "port": None}]}, {"sources": [{"ip": "192.0.2.1"}]}, id="l"
        ),
        pytest.param("plugins", {"config": {"hour": None}}, {"config": {"hour": None}}, id="a null that is meant"),
    ],
)
def test_options_that_are_given(collection: str, params: dict[str, Any], expected: dict[str, Any]) -> None:
    assert one.given_options(params, collection) == expected


def test_a_patch_merges_maps_and_replaces_lists() -> None:
    entity = {"a": {"b": 1, "c": [1]}, "d": {"e": 1}, "f": None}
    assert one.merged(entity, {"a": {"c": [2]}, "d": None, "f": {"g": 1}}) == {
        "a": {"b": 1, "c": [2]},
        "d": None,
        "f": {"g": 1},
    }


@pytest.mark.parametrize(
    ("collection", "given", "expected"),
    [
        ("services", {"name": "auth", "host": "h"}, "auth"),
        ("services", {"id": "1"}, "1"),
        ("consumers", {"username": "alice", "custom_id": "c"}, "alice"),
        ("consumers", {"custom_id": "c"}, "c"),
        ("jwt_secrets", {"consumer": "alice", "key": "iss"}, "alice/iss"),
        ("acls", {"consumer": "alice", "group": "staff"}, "alice/staff"),
        ("oauth2_credentials", {"consumer": "alice", "name": "app"}, "alice/app"),
        ("targets", {"upstream": "auth", "target": "192.0.2.1:80"}, "auth/192.0.2.1:80"),
        ("plugins", {"name": "cors"}, "cors of all"),
        ("plugins", {"name": "acl", "route": "r", "consumer": "c"}, "acl of route r and consumer c"),
        ("certificates", {"cert": "PEM", "snis": ["a.example.com"]}, "a.example.com"),
        ("certificates", {"cert": "PEM"}, f"sha256:{hashlib.sha256(b'PEM').hexdigest()[:16]}"),
        ("vaults", {"prefix": "my-env", "name": "env"}, "my-env"),
        ("keys", {"kid": "1"}, "1"),
    ],
)
def test_how_an_entity_is_called(collection: str, given: dict[str, Any], expected: str) -> None:
    assert find.key(KINDS[collection], given) == expected


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("192.0.2.1", "192.0.2.1:8000"),
        ("192.0.2.1:80", "192.0.2.1:80"),
        ("auth.internal", "auth.internal:8000"),
        ("AUTH.internal:8080", "AUTH.internal:8080"),
        ("2001:db8::1", "[2001:0db8:0000:0000:0000:0000:0000:0001]:8000"),
        ("[2001:db8::1]", "[2001:0db8:0000:0000:0000:0000:0000:0001]:8000"),
        ("[2001:db8::1]:80", "[2001:0db8:0000:0000:0000:0000:0000:0001]:80"),
    ],
)
def test_an_address_as_kong_stores_it(written: str, stored: str) -> None:
    assert find.address(written) == stored


def test_hashed_secrets() -> None:
    # Recorded from Kong: the password pw of this consumer.
    owner = {"consumer": {"id": "42ba03f1-8a0a-4437-b0ab-642845a07476"}}
    assert hashes.fits("pw", "4a6570ae7ee06f39709453ecb4a3df671abc93d8", owner)
    assert not hashes.fits("pw2", "4a6570ae7ee06f39709453ecb4a3df671abc93d8", owner)
    assert hashes.fits("plain", "plain", {})


@pytest.mark.parametrize(
    ("healthchecks", "expected"),
    [
        ({}, False),
        ({"active": {"healthy": {"interval": 0}}, "passive": {"unhealthy": {"timeouts": 0}}}, False),
        ({"active": {"unhealthy": {"interval": 5}}}, True),
        ({"passive": {"unhealthy": {"tcp_failures": 1}}}, True),
    ],
)
def test_upstreams_that_check_health(healthchecks: dict[str, Any], expected: bool) -> None:
    assert health.has_checks(healthchecks) is expected


def test_options_are_as_strict_as_kong() -> None:
    spec = argument_spec("upstreams", "name", "slots", "algorithm", "healthchecks", required=("name",))
    assert spec["name"] == {"type": "str", "required": True}
    assert spec["slots"] == {"type": "int"}
    assert "round-robin" in spec["algorithm"]["choices"]
    active = spec["healthchecks"]["options"]["active"]["options"]
    assert active["healthy"]["options"]["http_statuses"] == {"type": "list", "elements": "int"}


def test_no_option_that_holds_a_secret_is_logged() -> None:
    for collection, rows in FIELDS.items():
        for name, option in argument_spec(collection, *rows).items():
            assert bool(option.get("no_log")) is rows[name].secret, f"{collection}.{name}"
