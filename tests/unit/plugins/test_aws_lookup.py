"""Where lookups that ask AWS take their connection from."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.trademaster.platform.plugins.plugin_utils.aws_lookup import AwsLookup


class AnyLookup(AwsLookup):
    def run(self, *_terms: Any, **_options: Any) -> list[Any]:
        return []


@pytest.mark.parametrize(
    ("written", "meant"),
    [("{{ omit }}", None), ("{{ where }}", "http://127.0.0.1:1"), ("http://127.0.0.1:2", "http://127.0.0.1:2")],
)
def test_options_are_what_the_inventory_means(monkeypatch: pytest.MonkeyPatch, written: str, meant: str | None) -> None:
    loader = DataLoader()
    lookup = AnyLookup(loader=loader, templar=Templar(loader=loader, variables={"where": "http://127.0.0.1:1"}))
    monkeypatch.setattr(lookup, "get_option", {"endpoint_url": trust_as_template(written)}.get)
    assert lookup.given("endpoint_url") == meant
