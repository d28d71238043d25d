"""The lookup of integration keys, as a playbook uses it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.pager_api import PagerApi
from tests.contract.templating import templated

LOOKUP = "lookup('trademaster.platform.pagerduty_integration_key', {terms}, service='contract-keys')"


@pytest.fixture
def integrations(pager: PagerApi) -> list[Any]:
    """Two of a service, and two of one name."""
    service = pager.service("contract-keys", pager.policy("contract-keys"))
    names = ("Alertmanager", "Amazon CloudWatch", "Twice", "Twice")
    items = [{"type": "events_api_v2_inbound_integration", "name": name} for name in names]
    path = f"/services/{service['id']}/integrations"
    return [pager.call("POST", path, {"integration": item})["integration"] for item in items]


def looked_up(pager: PagerApi, terms: str, *, check: bool = False, token: str = "") -> tuple[int, str]:
    connection = {
        "pagerduty_api_url": pager.url,
        "pagerduty_api_token": f"{{{{ '{token or pager.token}' }}}}",
        "pagerduty_ca_cert": pager.ca_cert or "",
    }
    run = templated(LOOKUP.format(terms=terms), "http://127.0.0.1:1", check=check, **connection)
    return run.returncode, " ".join((run.stdout + run.stderr).split())


@pytest.mark.parametrize("check", [False, True])
def test_answers_the_keys(pager: PagerApi, integrations: list[Any], check: bool) -> None:
    code, shown = looked_up(pager, "'Alertmanager', 'Amazon CloudWatch'", check=check)

    assert code == 0, shown
    assert all(item["integration_key"] in shown for item in integrations[:2])


def test_a_key_that_a_run_would_make_is_known_later(pager: PagerApi, integrations: list[Any]) -> None:
    code, shown = looked_up(pager, "'None yet'", check=True)

    assert code == 0, shown
    assert "(known after apply)" in shown


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("None", "integration None of the PagerDuty service contract-keys does not exist, or has no key"),
        ("Twice", "integration Twice of the PagerDuty service contract-keys is there several times"),
    ],
)
def test_says_what_is_wrong(pager: PagerApi, integrations: list[Any], name: str, reason: str) -> None:
    code, shown = looked_up(pager, f"'{name}'")

    assert code != 0
    assert reason in shown


def test_a_wrong_token_is_named(pager: PagerApi) -> None:
    code, shown = looked_up(pager, "'Alertmanager'", token="u+wrong-token-1")

    assert code != 0
    assert "401: Authentication failed (code 2006); check api_token" in shown
    assert "u+wrong-token-1" not in shown
