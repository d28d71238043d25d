# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Customer managed policies of IAM as comparable states. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, plan_set
from ..._core.errors import InvalidInput
from .. import policy
from ..tagging import of_interest, owns

KIND = "policy"
NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
PATH = re.compile(r"/([!-~]+/)?")
SIZE = 6144  # characters of a document, white space aside
VERSIONS = 5


def desired_states(
    path: str, policies: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Desired states by name. Raises InvalidInput for what IAM would refuse."""
    if not PATH.fullmatch(path):
        raise InvalidInput("path", path, "is no path: begin and end it with a slash, as in /project/environment/")
    states: dict[str, dict[str, Any]] = {}
    for index, wanted in enumerate(policies):
        name, option = wanted["name"], f"policies[{index}]"
        if not NAME.fullmatch(name):
            raise InvalidInput(f"{option}.name", name, "is no policy name: up to 128 of A-Z a-z 0-9 + = , . @ _ -")
        if name in states:
            raise InvalidInput(f"{option}.name", name, "is given twice: keep one of them")
        document = _document(f"{option}.policy", wanted["policy"])
        states[name] = {"path": path, "policy": document} | ({} if tags is None else {"tags": tags})
    return states


def _document(option: str, document: Any) -> dict[str, Any]:
    parsed = policy.parsed(option, document)
    if not parsed:
        raise InvalidInput(option, document, "is empty: give a policy, or leave it out")
    normalised = policy.normalised(parsed)
    size = len(policy.text(normalised))
    if size > SIZE:
        raise InvalidInput(option, f"{size} characters", f"is too much: IAM takes {SIZE}, so make two policies of it")
    return normalised


def current_state(
    listed: Mapping[str, Any],
    document: Mapping[str, Any],
    all_tags: Mapping[str, str],
    tags: Mapping[str, str] | None,
) -> dict[str, Any]:
    return {
        "arn": listed["Arn"],
        "path": listed["Path"],
        "policy": policy.normalised(document),
        "tags": of_interest(all_tags, tags),
        "owned": owns(all_tags, tags),
    }


def in_scope(
    listed: Iterable[Mapping[str, Any]], desired: Mapping[str, State], path: str, *, purge: bool
) -> list[Mapping[str, Any]]:
    """The listed policies that are named, or that purge may look at."""
    return [item for item in listed if item["PolicyName"] in desired or (purge and item["Path"].startswith(path))]


def plan(current: Mapping[str, State], desired: Mapping[str, State], *, purge: bool) -> list[Change]:
    """Changes to policies; removals come last, when what they allowed may be in another one.

    Raises InvalidInput for another path, which would be another policy under a name that is taken.
    """
    scope = {name: state for name, state in current.items() if name in desired or state["owned"]}
    changes = plan_set(KIND, scope, desired, purge=purge, delete_level=1)
    for change in changes:
        if change.op == "update" and "path" in change.fields:
            remedy = f"is not where {change.key} is ({change.current['path']}), and cannot be changed: remove it first"
            raise InvalidInput("path", change.desired["path"], remedy)
    return changes


def superseded(versions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Ids of the versions that do not hold, the oldest first."""
    ordered = sorted(versions, key=lambda version: int(version["VersionId"].removeprefix("v")))
    return [version["VersionId"] for version in ordered if not version["IsDefaultVersion"]]
