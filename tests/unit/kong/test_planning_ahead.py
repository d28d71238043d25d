"""Check mode before the gateway is there, and what a gateway says of its Lua."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY
from ansible_collections.trademaster.platform.plugins.module_utils._kong.client import Client, Connection
from ansible_collections.trademaster.platform.plugins.module_utils._kong.session import Kong
from ansible_collections.trademaster.platform.plugins.module_utils._kong.sync import run

CONFIG = {
    "services": [{"name": "auth", "host": "auth", "routes": [{"name": "sign-in", "paths": ["/login"]}]}],
    "plugins": [{"name": "prometheus"}],
}


class Module:
    check_mode = True

    def __init__(self, **params: Any) -> None:
        self.no_log_values: set[str] = set()
        empty = dict.fromkeys(("config", "src", "select_tags", "secrets", "token_issuers"))
        flags = {"purge": True, "allow_empty": False, "validate": True, "lint": "enforce"}
        self.params = {**empty, **flags, "state": "present", **params}


def planned(**params: Any) -> Any:
    return run(Kong(Module(admin_url=f"https://{KNOWN_AFTER_APPLY}:8444", **params)))


def test_all_that_is_listed_would_be_created() -> None:
    outcome = planned(config=CONFIG)
    changes = {(change.op, change.kind, change.key) for change in outcome.changes}
    assert changes == {
        ("create", "service", "auth"),
        ("create", "route", "sign-in"),
        ("create", "plugin", "prometheus of all"),
    }
    assert outcome.result["summary"]["routes"] == {"created": 1, "updated": 0, "deleted": 0, "unchanged": 0}


def test_there_would_be_nothing_to_remove() -> None:
    assert planned(state="absent", select_tags=["ours"]).changes == ()


def test_what_is_wrong_is_found_all_the_same() -> None:
    with pytest.raises(PlatformError, match=r"services\[0\].port"):
        planned(config={"services": [{"name": "auth", "host": "auth", "port": "many"}]})


@pytest.mark.parametrize(
    ("settings", "modules"),
    [
        ({"untrusted_lua": "sandbox", "untrusted_lua_sandbox_requires": ["cjson.safe"]}, {"cjson.safe"}),
        ({"untrusted_lua": "sandbox", "untrusted_lua_sandbox_requires": {}}, set()),
        ({"untrusted_lua": "on", "untrusted_lua_sandbox_requires": {}}, None),
        ({}, None),
    ],
)
def test_a_node_tells_what_its_functions_may_require(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], modules: set[str] | None
) -> None:
    client = Client(Connection(url="http://127.0.0.1:1"))
    monkeypatch.setattr(Client, "get", lambda _self, _path: {"version": "3.9.1", "configuration": settings})
    assert client.node.lua_modules == modules
