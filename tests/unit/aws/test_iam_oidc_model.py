"""Planning of OpenID Connect providers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.iam_oidc import model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TAGS = {"Project": "trademaster"}
OURS = [{"Key": "Project", "Value": "trademaster"}]
HOST = "token.example.com"
THUMBPRINT = "0a" * 20


def provider(**options: Any) -> dict[str, Any]:
    return {"url": f"https://{HOST}", **options}


def there(**fields: Any) -> dict[str, Any]:
    return {"Url": HOST, "ClientIDList": ["b", "a"], "ThumbprintList": [THUMBPRINT], "Tags": OURS, **fields}


def planned(wanted: list[Any], found: dict[str, Any] | None, *, purge: bool = True) -> list[tuple[str, Any]]:
    current = {HOST: model.current_state(found, "arn", TAGS)} if found else {}
    changes = model.plan(current, model.desired_states(wanted, TAGS), purge=purge)
    return [(change.op, change.fields) for change in changes]


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        pytest.param([provider()], there(), [], id="left alone"),
        pytest.param([provider(client_id_list=["a", "b"])], there(), [], id="in any order"),
        pytest.param(
            [provider(client_id_list=["a"])], there(), [("update", ("client_id_list",))], id="one audience fewer"
        ),
        pytest.param([provider(client_id_list=[])], there(), [("update", ("client_id_list",))], id="no audience"),
        pytest.param([provider(thumbprint_list=[THUMBPRINT.upper()])], there(), [], id="digits in upper case"),
        pytest.param(
            [provider(thumbprint_list=["1b" * 20])], there(), [("update", ("thumbprint_list",))], id="thumbprint"
        ),
        pytest.param([provider()], None, [("create", ("url", "tags"))], id="new"),
        pytest.param([], there(), [("delete", ())], id="purged"),
        pytest.param([], there(Tags=[]), [], id="not ours"),
    ],
)
def test_plan(wanted: list[Any], found: dict[str, Any] | None, expected: Any) -> None:
    assert planned(wanted, found) == expected


def test_without_purge_nothing_is_removed() -> None:
    assert planned([], there(), purge=False) == []


@pytest.mark.parametrize("found", [[], [{"Key": "Project", "Value": "other"}, {"Key": "Owner", "Value": "platform"}]])
def test_a_provider_of_others_is_refused(found: list[Any]) -> None:
    wanted = model.desired_states([provider()], {"Project": "trademaster", "Owner": "platform"})
    current = {HOST: model.current_state(there(Tags=found), "arn", {"Project": "trademaster", "Owner": "platform"})}
    with pytest.raises(InvalidInput, match=f"providers: 'https://{HOST}' is there already and has not our tags"):
        model.plan(current, wanted, purge=True)


def test_a_tag_may_be_added() -> None:
    more = {**TAGS, "Owner": "platform"}
    changes = model.plan(
        {HOST: model.current_state(there(), "arn", more)}, model.desired_states([provider()], more), purge=True
    )
    assert [(change.op, change.fields) for change in changes] == [("update", ("tags",))]


@pytest.mark.parametrize(
    ("wanted", "variable"),
    [
        ([{"url": "http://token.example.com"}], "providers[0].url"),
        ([{"url": "https://token.example.com:8443"}], "providers[0].url"),
        ([{"url": "https://token.example.com?tenant=1"}], "providers[0].url"),
        ([provider(), provider()], "providers[1].url"),
        ([provider(client_id_list=["a"] * 101)], "providers[0].client_id_list"),
        ([provider(thumbprint_list=[])], "providers[0].thumbprint_list"),
        ([provider(thumbprint_list=["short"])], "providers[0].thumbprint_list"),
    ],
)
def test_bad_input_is_named(wanted: list[Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        model.desired_states(wanted, TAGS)
    assert str(refused.value).startswith(f"{variable}: ")
