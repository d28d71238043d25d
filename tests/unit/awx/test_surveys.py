"""Surveys out of argument specs: types, choices, bounds, defaults, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.plugin_utils.awx_surveys import (
    playbook_options,
    playbook_roles,
    survey,
)

OPTIONS: dict[str, dict[str, Any]] = {
    "shop_name": {"type": "str", "required": True, "description": "Name of the shop, as in O(shop_url). It is shown."},
    "shop_size": {"type": "int", "description": ["How large it is.", "In V(meters)."]},
    "shop_share": {"type": "float"},
    "shop_file": {"type": "path"},
    "shop_key": {"type": "str", "no_log": True},
    "shop_kind": {"type": "str", "choices": ["small", "large"]},
    "shop_open": {"type": "bool"},
    "shop_days": {"type": "list", "elements": "str"},
    "shop_goods": {"type": "list", "elements": "str", "choices": ["bread", "milk"]},
    "shop_shelves": {"type": "list", "elements": "int"},
    "shop_owner": {"type": "dict"},
    "other_name": {},
}
OURS = "trademaster.platform."
PLAYBOOK: list[dict[str, Any]] = [
    {
        "roles": ["trademaster.platform.first", {"role": "second"}],
        "tasks": [
            {
                "block": [{"ansible.builtin.import_role": {"name": f"{OURS}third", "tasks_from": "late"}}],
                "always": [{"ansible.builtin.include_role": {"name": f"{OURS}third"}}],
            },
            {"ansible.builtin.debug": {}},
        ],
    }
]


def asked(variable: str, **more: Any) -> dict[str, Any]:
    made = survey("rows", "playbook", [{"variable": variable, **more}], OPTIONS)
    (question,) = made["spec"]
    return dict(question)


@pytest.mark.parametrize(
    ("variable", "row", "expected"),
    [
        ("shop_name", {}, {"type": "text", "required": True, "min": 1, "max": 1024}),
        ("shop_name", {"required": False}, {"type": "text", "required": False, "min": 0}),
        ("shop_name", {"multiline": True}, {"type": "textarea"}),
        ("shop_name", {"default": "corner", "max": 8}, {"default": "corner", "max": 8}),
        ("shop_size", {"min": 1, "max": 9, "default": "3"}, {"type": "integer", "min": 1, "max": 9, "default": 3}),
        ("shop_share", {"default": 0.5}, {"type": "float", "default": 0.5, "required": False}),
        ("shop_file", {}, {"type": "text"}),
        ("shop_key", {}, {"type": "password"}),
        ("shop_kind", {"default": "large"}, {"type": "multiplechoice", "choices": ["small", "large"]}),
        ("shop_kind", {"choices": ["small"]}, {"choices": ["small"]}),
        ("shop_open", {"default": False}, {"type": "multiplechoice", "choices": ["true", "false"], "default": "false"}),
        ("shop_days", {"choices": ["mo", "tu"], "default": ["mo", "tu"]}, {"type": "multiselect", "default": "mo\ntu"}),
        ("shop_goods", {}, {"type": "multiselect", "choices": ["bread", "milk"]}),
        ("other_name", {}, {"type": "text"}),
    ],
)
def test_a_question_is_what_the_option_is(variable: str, row: dict[str, Any], expected: dict[str, Any]) -> None:
    question = asked(variable, **row)

    assert {name: question.get(name) for name in expected} == expected


def test_a_number_has_the_bounds_that_are_given() -> None:
    assert not {"min", "max", "default", "choices"} & set(asked("shop_size"))


def test_the_words_are_those_of_the_role() -> None:
    question = asked("shop_name")
    assert question["question_name"] == "Name of the shop, as in shop_url"
    assert question["question_description"] == "It is shown."
    assert asked("shop_size")["question_description"] == "In meters."
    assert asked("shop_name", question="Which one?")["question_name"] == "Which one?"


def test_nothing_asked_is_no_survey() -> None:
    assert survey("rows", "playbook", [], OPTIONS) == {}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            {"variable": "shop_nam"},
            "rows[0].variable: 'shop_nam' is no variable of the roles of play: choose from shop_days,",
        ),
        (
            {"variable": "nothing"},
            "rows[0].variable: 'nothing' is no variable of the roles of play: choose from other_name,",
        ),
        ({"variable": "shop_owner"}, "rows[0].variable: 'shop_owner' is a dict, which a survey cannot ask for: give"),
        ({"variable": "shop_days"}, "rows[0].variable: 'shop_days' is a list, which a survey cannot ask for: give"),
        (
            {"variable": "shop_shelves", "choices": ["1"]},
            "rows[0].choices: ['1'] are texts, and the role takes a list of",
        ),
        (
            {"variable": "shop_kind", "choices": ["huge"]},
            "rows[0].choices: 'huge' is not taken by the role: choose from small,",
        ),
        (
            {"variable": "shop_kind", "default": "huge"},
            "rows[0].default: 'huge' cannot be chosen: choose from small, large",
        ),
        ({"variable": "shop_key", "default": "x"}, "rows[0].default: '…' would show a secret: take it away"),
        ({"variable": "shop_size", "default": "much"}, "rows[0].default: 'much' is no integer"),
        ({"variable": "shop_size", "default": 9, "max": 8}, "rows[0].default: 9 is not between any and 8"),
        ({"variable": "shop_size", "min": 3, "max": 2}, "rows[0].min: 3 is more than max, 2"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(row: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        survey("rows", "play", [row], OPTIONS)
    assert str(refused.value).startswith(message)
    assert "\n" not in str(refused.value)


def test_a_variable_is_asked_for_once() -> None:
    with pytest.raises(InvalidInput, match=r"rows\[1\].variable: 'shop_name' is asked twice"):
        survey("rows", "play", [{"variable": "shop_name"}, {"variable": "shop_name"}], OPTIONS)


def test_roles_of_a_playbook_are_found_wherever_they_are_named() -> None:
    assert playbook_roles(PLAYBOOK) == [("first", "main"), ("second", "main"), ("third", "late"), ("third", "main")]


def test_options_are_those_of_the_entry_points() -> None:
    specs = {
        "first": {"main": {"options": {"first_a": {"type": "int"}}}},
        "third": {"late": {"options": {"third_a": {"type": "str"}}}, "other": {"options": {"third_b": {}}}},
    }
    assert playbook_options(PLAYBOOK, specs) == {"first_a": {"type": "int"}, "third_a": {"type": "str"}}
