# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that works on a repository of GitHub.

A module is its documentation, its argument spec and `run_module(ARGUMENT_SPEC, run)`. `run(session)` reads the current
state, plans (pure), applies unless in check mode, and answers an `Outcome`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .._core.errors import InvalidInput
from .._core.rest_session import connection_of, connection_options, run_with
from .._core.session import Outcome, Session
from .client import Client, path_of

__all__ = ["CONNECTION", "GitHub", "Outcome", "run_module"]

CONNECTION = {
    **connection_options("https://api.github.com", "GITHUB", "GITHUB_TOKEN"),
    "repository": {"type": "str", "required": True},
}
REPOSITORY = re.compile(r"[A-Za-z0-9_-]+/[A-Za-z0-9._-]+")


@dataclass
class GitHub(Session):
    """What a run works with: options, the client of the REST API, and the repository."""

    @cached_property
    def client(self) -> Client:
        return Client(connection_of(self.params), self.clock)

    @cached_property
    def owner(self) -> str:
        return self._names[0]

    @cached_property
    def _names(self) -> tuple[str, str]:
        given = self.params["repository"]
        if not REPOSITORY.fullmatch(given):
            raise InvalidInput("repository", given, "has to be owner/name, as in the address of the repository")
        owner, name = given.split("/")
        return owner, name

    def path(self, *segments: object) -> str:
        """A path below that of the repository."""
        return path_of("repos", *self._names, *segments)

    def need_repository(self) -> None:
        """Raises InvalidInput where the token sees no such repository."""
        if self.client.find(self.path()) is None:
            given = self.params["repository"]
            raise InvalidInput("repository", given, "does not exist, or api_token may not see it; correct either")


def run_module(argument_spec: Mapping[str, Any], run: Callable[[GitHub], Outcome], **constraints: Any) -> None:
    """Build the module, run it, and leave through exit_json or fail_json."""
    run_with(GitHub, {**CONNECTION, **argument_spec}, run, **constraints)
