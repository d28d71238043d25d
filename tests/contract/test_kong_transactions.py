"""A state of Kong is applied as a whole or not at all, whatever goes wrong on the way."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._kong import apply, client

from tests.contract.harness import run_module
from tests.contract.kong_admin import Admin
from tests.contract.kong_faults import MODES, Mode, fault

TAG = "contract-transactions"
MOST_FAULTS = 5
COUNT = 40
COLLECTIONS = (
    *("services", "routes", "plugins", "consumers", "upstreams", "vaults", "key-sets", "keys", "jwts", "key-auths"),
    *("hmac-auths", "acls", "oauth2", "basic-auths", "certificates", "snis", "ca_certificates"),
)
JWK = '{"kty":"RSA","kid":"tx","use":"sig","n":"AQAB","e":"AQAB"}'

BEFORE: dict[str, Any] = {
    "services": [
        {
            "name": "tx-kept",
            "host": "kept.example",
            "retries": 3,
            "routes": [{"name": "tx-moved", "paths": ["/tx-moved"], "plugins": [{"name": "correlation-id"}]}],
            "plugins": [{"name": "request-size-limiting", "config": {"allowed_payload_size": 3}}],
        },
        {"name": "tx-gone", "host": "gone.example", "plugins": [{"name": "cors"}]},
    ],
    "upstreams": [{"name": "tx-up", "targets": [{"target": "192.0.2.1:80"}, {"target": "192.0.2.2:80", "weight": 7}]}],
    "consumers": [
        {
            "username": "tx-old",
            "custom_id": "tx-1",
            "jwt_secrets": [{"key": "tx-issuer", "secret": "tx-jwt-secret"}],
            "keyauth_credentials": [{"key": "tx-api-key-1"}],
            "acls": [{"group": "tx-readers"}],
        },
        {"username": "tx-swap", "custom_id": "tx-2"},
    ],
    "vaults": [{"name": "env", "prefix": "tx-env", "config": {"prefix": "TX_"}}],
    "key_sets": [{"name": "tx-set", "keys": [{"name": "tx-key", "kid": "tx", "jwk": JWK}]}],
}
AFTER: dict[str, Any] = {
    "services": [
        {
            "name": "tx-kept",
            "host": "kept.example",
            "plugins": [{"name": "request-size-limiting", "config": {"allowed_payload_size": 4}}],
        },
        {
            "name": "tx-new",
            "host": "new.example",
            "routes": [{"name": "tx-moved", "paths": ["/tx-moved", "/tx-more"], "plugins": [{"name": "cors"}]}],
        },
    ],
    "upstreams": [{"name": "tx-up", "targets": [{"target": "192.0.2.2:80"}, {"target": "192.0.2.3:80"}]}],
    "consumers": [
        {"username": "tx-swap", "custom_id": "tx-1", "jwt_secrets": [{"key": "tx-issuer", "secret": "tx-jwt-secret"}]},
        {"username": "tx-third", "custom_id": "tx-3"},
    ],
    "vaults": [{"name": "env", "prefix": "tx-env", "config": {"prefix": "TXX_"}}],
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between attempts are for gateways that are overloaded."""
    monkeypatch.setattr(client, "FIRST_PAUSE", 0.0)
    monkeypatch.setattr(apply, "SETTLING_SECONDS", 0.0)


@pytest.fixture
def gateway(kong: Admin) -> Iterator[Admin]:
    foreign = kong.made("/services", {"name": "tx-foreign", "host": "h"})
    kong.made("/plugins", {"name": "cors", "service": {"id": foreign["id"]}})
    yield kong
    sync({})


def options(state: dict[str, Any]) -> dict[str, Any]:
    return {"config": copy.deepcopy(state), "select_tags": [TAG], "purge": True, "allow_empty": True, "lint": "skip"}


def sync(state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return dict(run_module("kong_config", {**options(state), **more}).answer)


def dump(admin: Admin) -> dict[str, Any]:
    """All there is, with the times of creation, that undoing keeps. Of what runs down, whether there is any."""
    found = {f"/{name}": admin.get(f"/{name}?size=1000")["data"] for name in COLLECTIONS}
    for upstream in found["/upstreams"]:
        path = f"/upstreams/{upstream['id']}/targets"
        found[path] = admin.get(f"{path}?size=1000")["data"]
    return {path: {entity["id"]: _lasting(entity) for entity in entities} for path, entities in found.items()}


def _lasting(entity: dict[str, Any]) -> dict[str, Any]:
    ttl = {"ttl": entity["ttl"] is not None} if "ttl" in entity else {}
    return {name: value for name, value in entity.items() if name != "updated_at"} | ttl


def number_of_writes() -> int:
    sync(BEFORE)
    run = run_module("kong_config", options(AFTER))
    assert not run.answer.get("failed"), run.answer
    return len(run.calls.writes)


def spread(count: int) -> list[int]:
    most = min(MOST_FAULTS, count)
    return sorted({round(index * (count - 1) / max(1, most - 1)) for index in range(most)})


def test_a_state_is_reached_at_once_and_then_stays(gateway: Admin) -> None:
    for state in (BEFORE, AFTER, BEFORE):
        assert sync(state)["changed"]
        there = dump(gateway)
        again = sync(state)
        assert again["changed"] is False, again["changes"]
        assert dump(gateway) == there


@pytest.mark.parametrize("mode", MODES)
def test_a_fault_leaves_everything_as_it_was(gateway: Admin, mode: Mode, subtests: pytest.Subtests) -> None:
    for number in spread(number_of_writes()):
        assert not sync(BEFORE).get("failed")
        before = dump(gateway)
        with subtests.test(write=number), fault(number, mode) as struck:
            answer = sync(AFTER)
            assert struck.hits
            assert answer["failed"], answer
            assert answer["not_undone"] == []
            assert dump(gateway) == before


def test_a_gateway_that_falls_silent_is_not_waited_for_at_every_change(
    gateway: Admin, monkeypatch: pytest.MonkeyPatch
) -> None:
    original, writes, unanswered = client.Client.request, [], []

    def request(self: client.Client, method: str, path: str, body: Any = None) -> Any:
        if (method == "GET" and not writes) or path.startswith("/schemas"):
            return original(self, method, path, body)
        writes.append(path)
        if len(writes) <= COUNT:
            return original(self, method, path, body)
        unanswered.append(path)
        raise client.KongError(f"{method} {path}", 0, "silence")

    consumers = [{"username": f"tx-{number}"} for number in range(COUNT)]
    state = {"consumers": consumers, "services": [{"name": "tx-last", "host": "h"}]}
    with monkeypatch.context() as patch:
        patch.setattr(client.Client, "request", request)
        answer = sync(state)
    assert len(answer["not_undone"]) == COUNT + 1
    assert any("no longer answers" in text for text in answer["not_undone"])
    assert "and 31 more" in answer["msg"]
    assert len(unanswered) <= client.ATTEMPTS * 3 * client.CONNECTIONS
    assert not sync(state).get("failed")


def test_the_error_names_the_entity_the_path_and_the_reason(gateway: Admin) -> None:
    state = {"services": [{"name": "tx-bad", "host": "h", "routes": [{"name": "tx-r", "paths": ["~/a("]}]}]}
    unchecked = sync(state, validate=False)
    assert "create route tx-r: 400: services[0].routes[0].paths[0]: invalid regex" in unchecked["msg"]
    assert unchecked["msg"].endswith("everything before it was undone")
    checked = sync(state)
    assert checked["msg"].startswith("services[0].routes[0].paths[0]: invalid regex")
    assert "changes" not in checked


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"services": [{"name": "tx-foreign", "host": "h"}]}, "services[0].name: 'tx-foreign' is taken by service"),
        (
            {"plugins": [{"name": "correlation-id", "service": "tx-foreign", "instance_name": "tx-one"}]},
            "plugins[0].instance_name: 'tx-one' is taken by plugin correlation-id",
        ),
    ],
)
def test_what_others_have_is_refused_before_the_first_write(
    gateway: Admin, state: dict[str, Any], message: str
) -> None:
    gateway.made("/plugins", {"name": "correlation-id", "instance_name": "tx-one"})
    run = run_module("kong_config", options({"consumers": [{"username": "tx-new"}], **state}))
    assert run.answer["msg"].startswith(message), run.answer
    assert "which is not ours" in run.answer["msg"]
    assert run.calls.writes == []


def test_the_version_of_the_format_is_a_text(gateway: Admin) -> None:
    answer = sync({"_format_version": 3.0, "services": []})
    assert answer["msg"].startswith("_format_version: 3.0 has to be")


def test_what_cannot_be_undone_is_named(gateway: Admin) -> None:
    hashed = {"username": "tx-b", "basicauth_credentials": [{"username": "tx-b1", "password": "tx-password"}]}
    # It goes first, as it can be brought back, so that the call which fails is always the same.
    sync({"consumers": [hashed, {"username": "tx-c"}]})
    before = dump(gateway)
    with fault(1, "error_after"):
        answer = sync({})
    assert answer["failed"]
    lost = "the password of basic-auth credential tx-b/tx-b1, of which Kong tells the hash only"
    assert any(lost in text for text in answer["not_undone"]), answer["not_undone"]
    assert dump(gateway)["/consumers"].keys() == before["/consumers"].keys()
