# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that works on PagerDuty: its connection options, its client, and how it answers.

A module is its documentation, its argument spec and `run_module(ARGUMENT_SPEC, run)`. `run(session)` reads the current
state, plans (pure), applies unless in check mode, and answers an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .._core.rest_session import connection_of, connection_options, run_with
from .._core.session import Outcome, Session
from .client import Client

__all__ = ["CONNECTION", "Outcome", "PagerDuty", "run_module"]

CONNECTION = connection_options("https://api.pagerduty.com", "PAGERDUTY", "PAGERDUTY_API_TOKEN")


@dataclass
class PagerDuty(Session):
    """What a run works with: options and the client of the REST API."""

    @cached_property
    def client(self) -> Client:
        return Client(connection_of(self.params), self.clock)


def run_module(argument_spec: Mapping[str, Any], run: Callable[[PagerDuty], Outcome], **constraints: Any) -> None:
    """Build the module, run it, and leave through exit_json or fail_json."""
    run_with(PagerDuty, {**CONNECTION, **argument_spec}, run, **constraints)
