"""The cases of modules whose options are all theirs edit every one of them."""

from __future__ import annotations

import importlib

import pytest

from tests.contract.test_contract import CASES

# What finds an entity cannot be edited.
FOUND_BY = {"pagerduty_service_integration": {"name", "service"}}


@pytest.mark.parametrize("module", sorted({case.module for case in CASES if case.api in ("github", "pager")}))
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
    assert set(spec) - edited - FOUND_BY.get(module, {"name"}) - {"state"} == set()
