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

from ansible.module_utils.basic import AnsibleModule, env_fallback

from .._core.session import Outcome, Session, finish
from .client import Client, Connection

__all__ = ["CONNECTION", "Outcome", "PagerDuty", "run_module"]

API_URL = "https://api.pagerduty.com"

CONNECTION: Mapping[str, Mapping[str, Any]] = {
    "api_url": {"type": "str", "default": API_URL, "fallback": (env_fallback, ["PAGERDUTY_API_URL"])},
    "api_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["PAGERDUTY_API_TOKEN"])},
    "ca_cert": {"type": "path", "fallback": (env_fallback, ["PAGERDUTY_CA_CERT"])},
    "timeout_seconds": {"type": "float", "default": 30.0},
}


@dataclass
class PagerDuty(Session):
    """What a run works with: options and the client of the REST API."""

    @cached_property
    def client(self) -> Client:
        options = self.params
        connection = Connection(
            url=options["api_url"],
            token=options["api_token"] or "",
            ca_cert=options["ca_cert"] or "",
            timeout_seconds=options["timeout_seconds"],
        )
        return Client(connection, self.clock)


def run_module(argument_spec: Mapping[str, Any], run: Callable[[PagerDuty], Outcome], **constraints: Any) -> None:
    """Build the module, run it, and leave through exit_json or fail_json.

    `constraints` are AnsibleModule's (`required_if`, `mutually_exclusive`, …).
    """
    spec = {**CONNECTION, **argument_spec}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True, **constraints)
    finish(PagerDuty(module), run, str)
