# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Surveys of AWX out of the argument specs of the roles that a playbook runs.

A question names a variable; what it is, the argument spec says. Everything here is pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

Option = Mapping[str, Any]
Question = Mapping[str, Any]

COLLECTION = "trademaster.platform."
ROLE_MODULES = ("import_role", "include_role")
# Type of an option -> type of its question. Lists and choices are told apart below.
TYPES = {"str": "text", "path": "text", "raw": "text", "int": "integer", "float": "float"}
NUMBERS = {"integer": int, "float": float}
BOOLEANS = ("true", "false")
# What AWX keeps of an answer as text.
LONGEST_ANSWER = 1024

_MARKUP = re.compile(r"\b[OVRIBCPEM]V?\(([^)]*)\)")
_SENTENCE = re.compile(r"(?<=[.;])\s+")


def playbook_options(
    playbook: Sequence[Mapping[str, Any]], specs: Mapping[str, Mapping[str, Any]]
) -> dict[str, Option]:
    """The options of all entry points of roles of ours that the playbook names, by variable."""
    options: dict[str, Option] = {}
    for role, entry_point in playbook_roles(playbook):
        for name, option in (specs.get(role, {}).get(entry_point, {}).get("options") or {}).items():
            options.setdefault(name, option)
    return options


def playbook_roles(playbook: Sequence[Mapping[str, Any]]) -> list[tuple[str, str]]:
    """Role and entry point, in the order of the playbook."""
    return [found for play in playbook for found in _roles_of(play)]


def _roles_of(play: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for role in play.get("roles") or []:
        yield _own(role if isinstance(role, str) else role.get("role") or role.get("name")), "main"
    for section in ("pre_tasks", "tasks", "post_tasks"):
        yield from _imported(play.get(section) or [])


def _imported(tasks: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for task in tasks:
        for section in ("block", "rescue", "always"):
            yield from _imported(task.get(section) or [])
        for module in ROLE_MODULES:
            named = task.get(f"ansible.builtin.{module}")
            if named:
                yield _own(named["name"]), named.get("tasks_from") or "main"


def _own(name: str) -> str:
    return name.removeprefix(COLLECTION)


def survey(where: str, title: str, questions: Sequence[Question], options: Mapping[str, Option]) -> dict[str, Any]:
    """The survey as AWX stores it; empty where nothing is asked.

    `where` is the path of the questions in the caller's variables. Raises `InvalidInput` for a question that names no
    variable of the playbook or does not fit it.
    """
    names = [question["variable"] for question in questions]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InvalidInput(f"{where}[{index}].variable", name, "is asked twice: ask once")
        if name not in options:
            raise InvalidInput(
                f"{where}[{index}].variable", name, f"is no variable of the roles of {title}: {_near(name, options)}"
            )
    asked = [_asked(f"{where}[{index}]", one, options[one["variable"]]) for index, one in enumerate(questions)]
    return {"name": title, "description": "", "spec": asked} if asked else {}


def _near(name: str, options: Mapping[str, Option]) -> str:
    role = name.partition("_")[0]
    near = sorted(option for option in options if option.startswith(f"{role}_"))
    return f"choose from {', '.join(near or sorted(options)) or 'none, as they have none'}"


def _asked(where: str, question: Question, option: Option) -> dict[str, Any]:
    choices = _choices(where, question, option)
    kind = _kind(where, question, option, choices)
    name, description = _texts(question, option)
    asked: dict[str, Any] = {
        "variable": question["variable"],
        "question_name": name,
        "question_description": description,
        "required": bool(_given(question, option, "required")),
        "type": kind,
    }
    if choices:
        asked["choices"] = choices
    else:
        asked.update(_limits(where, question, kind, required=asked["required"]))
    if question.get("default") is not None:
        asked["default"] = _default(where, question["default"], asked)
    return asked


def _given(question: Question, option: Option, key: str) -> Any:
    return option.get(key) if question.get(key) is None else question[key]


def _kind(where: str, question: Question, option: Option, choices: Sequence[str]) -> str:
    if option.get("no_log"):
        return "password"
    if option.get("type") == "list" and choices:
        return "multiselect"
    if choices:
        return "multiplechoice"
    kind = TYPES.get(option.get("type", "str"))
    if kind is None:
        raise InvalidInput(
            f"{where}.variable",
            question["variable"],
            f"is a {option['type']}, which a survey cannot ask for: give choices, where it is a list of str, or keep it"
            " in the inventory",
        )
    return "textarea" if question.get("multiline") and kind == "text" else kind


def _choices(where: str, question: Question, option: Option) -> list[str]:
    """What can be chosen: all that the role takes, or fewer."""
    if option.get("type") == "bool":
        known: list[str] = list(BOOLEANS)
    else:
        known = [str(choice) for choice in option.get("choices") or []]
    wanted = [str(choice) for choice in question.get("choices") or []]
    for choice in wanted:
        if known and choice not in known:
            raise InvalidInput(f"{where}.choices", choice, f"is not taken by the role: choose from {', '.join(known)}")
    if wanted and option.get("type") == "list" and option.get("elements") != "str":
        raise InvalidInput(f"{where}.choices", wanted, "are texts, and the role takes a list of something else")
    return wanted or known


def _texts(question: Question, option: Option) -> tuple[str, str]:
    """Name and description: what the row says, or the role's own words."""
    described = option.get("description") or ""
    words = _MARKUP.sub(r"\1", " ".join(described if isinstance(described, list) else [described])).strip()
    name, *rest = _SENTENCE.split(words)
    if question.get("question"):
        return question["question"], "" if words == question["question"] else words
    return name.rstrip(".;"), " ".join(rest)


def _limits(where: str, question: Question, kind: str, *, required: bool) -> dict[str, Any]:
    """Bounds of a number, or of the length of a text."""
    low, high = question.get("min"), question.get("max")
    if kind not in NUMBERS:
        low = int(required) if low is None else low
        high = LONGEST_ANSWER if high is None else high
    if low is not None and high is not None and low > high:
        raise InvalidInput(f"{where}.min", low, f"is more than max, {high}")
    # AWX compares with whole numbers only.
    return {name: int(bound) for name, bound in (("min", low), ("max", high)) if bound is not None}


def _default(where: str, given: Any, asked: Mapping[str, Any]) -> Any:
    kind = asked["type"]
    if kind == "password":
        raise InvalidInput(f"{where}.default", "…", "would show a secret: take it away")
    if "choices" in asked:
        return _chosen(where, given, asked)
    default = _converted(where, given, kind)
    size = default if kind in NUMBERS else len(default)
    if size < asked.get("min", size) or size > asked.get("max", size):
        raise InvalidInput(
            f"{where}.default", given, f"is not between {asked.get('min', 'any')} and {asked.get('max', 'any')}"
        )
    return default


def _chosen(where: str, given: Any, asked: Mapping[str, Any]) -> str:
    """One choice, or several, each in a line."""
    several = asked["type"] == "multiselect" and isinstance(given, list)
    chosen = [str(one).lower() if isinstance(one, bool) else str(one) for one in (given if several else [given])]
    for one in chosen:
        if one not in asked["choices"]:
            raise InvalidInput(f"{where}.default", one, f"cannot be chosen: choose from {', '.join(asked['choices'])}")
    return "\n".join(chosen)


def _converted(where: str, given: Any, kind: str) -> Any:
    if kind not in NUMBERS:
        return str(given)
    try:
        return NUMBERS[kind](given)
    except (TypeError, ValueError):
        raise InvalidInput(f"{where}.default", given, f"is no {kind}") from None
