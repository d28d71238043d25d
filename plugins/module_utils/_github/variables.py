# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables of a repository or of an environment, as the workflows of GitHub Actions read them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .._core.changes import Change, State, plan_set
from .._core.errors import InvalidInput
from .._core.reconcile import Handlers, apply
from .client import Client, path_of
from .session import GitHub, Outcome

KIND = "variable"
NAME = re.compile(r"[A-Z_][A-Z0-9_]*")
LARGEST_VALUE = 48 * 1024


def run(session: GitHub) -> Outcome:
    options = session.params
    wanted, removing = wanted_variables(options["variables"]), options["state"] == "absent"
    if removing and options["purge"]:
        raise InvalidInput("purge", True, "goes with state present; with state absent only what is named is removed")
    path = session.path("actions", "variables")
    current = read(session, path)
    if removing:
        ours = {name: state for name, state in current.items() if name in wanted}
        changes = plan_set(KIND, ours, {}, purge=True)
    else:
        changes = plan_set(KIND, current, wanted, purge=options["purge"])
    if not session.check_mode:
        # One after the other, as GitHub asks for.
        apply(changes, handlers(session.client, path), workers=1)
    return Outcome(changes, {"variables": after(current, changes)})


def wanted_variables(given: Mapping[str, Any]) -> dict[str, State]:
    """Their states by name. Raises InvalidInput for what GitHub would not take, or keep as it is given."""
    wanted: dict[str, State] = {}
    for name, value in given.items():
        if not NAME.fullmatch(name):
            raise InvalidInput("variables", name, "is no name of a variable: it takes A-Z, 0-9 and _, no digit first")
        if name.startswith("GITHUB_"):
            raise InvalidInput("variables", name, "is a name of GitHub's own; let it not begin with GITHUB_")
        if value is None or isinstance(value, (Mapping, list)):
            raise InvalidInput(f"variables.{name}", value, "has to be text; write lists and records as JSON")
        text = str(value).lower() if isinstance(value, bool) else str(value)
        if len(text.encode()) > LARGEST_VALUE:
            raise InvalidInput(f"variables.{name}", f"{text[:20]}…", "is larger than the 48 KB that GitHub takes")
        wanted[name] = {"value": text}
    return wanted


def read(session: GitHub, path: str) -> dict[str, State]:
    """Those that there are. Where there is no such path, it is the repository that is missing."""
    session.need_repository()
    return {item["name"]: {"value": item["value"]} for item in session.client.pages(path, "variables")}


def handlers(client: Client, path: str) -> Handlers:
    def create(change: Change) -> None:
        client.create(path, {"name": change.key, **change.desired}, lambda: client.find(path + path_of(change.key)))

    def update(change: Change) -> None:
        client.patch(path + path_of(change.key), change.desired)

    def delete(change: Change) -> None:
        client.delete(path + path_of(change.key))

    return {(KIND, "create"): create, (KIND, "update"): update, (KIND, "delete"): delete}


def after(current: Mapping[str, State], changes: list[Change]) -> dict[str, str]:
    """The values by name, once the changes are made."""
    states = {**current, **{change.key: change.desired for change in changes if change.after is not None}}
    gone = {change.key for change in changes if change.op == "delete"}
    return {name: str(states[name]["value"]) for name in sorted(states) if name not in gone}
