"""The cases of Kong's modules leave no option out."""

from __future__ import annotations

import importlib

import pytest

from tests.contract.test_contract import CASES

# What finds an entity cannot be edited, other than by its id, which test_kong_modules covers.
FOUND_BY = {
    "kong_service": {"name", "url"},
    "kong_route": {"name"},
    "kong_upstream": {"name"},
    "kong_target": {"upstream", "target"},
    "kong_consumer": {"username"},
    "kong_credential": {"type", "consumer", "key", "username", "client_id", "group"},
    "kong_plugin": {"name", "service", "route", "consumer"},
    "kong_sni": {"name"},
    "kong_vault": {"prefix"},
}
# What Kong gives back in another form, or alone allows one value of.
ELSEWHERE = {
    "kong_credential": {"hash_secret"},
    "kong_vault": {"name"},
    "kong_certificate": {"cert_alt", "key_alt"},
}


@pytest.mark.parametrize("module", sorted({case.module for case in CASES if case.api == "kong"} - {"kong_config"}))
def test_every_option_is_edited_by_a_case(module: str) -> None:
    spec = importlib.import_module(f"ansible_collections.trademaster.platform.plugins.modules.{module}").ARGUMENT_SPEC
    edited = {
        name
        for case in CASES
        if case.module == module
        for edit in case.edits.values()
        for name, value in edit.items()
        if case.present.get(name) != value
    }
    assert set(spec) - edited - FOUND_BY.get(module, set()) - ELSEWHERE.get(module, set()) - {"id", "state"} == set()
