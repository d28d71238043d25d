# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that works on Kong: its connection options, its client, and how it answers.

A module is its documentation, its argument spec and `run_module(ARGUMENT_SPEC, run)`. `run(kong)` reads the current
state, plans (pure), applies unless in check mode, and answers an `Outcome`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible.module_utils.basic import AnsibleModule, env_fallback

from .._core.errors import InvalidInput
from .._core.session import Outcome, Session, finish
from .client import Client, Connection

__all__ = ["CONNECTION", "Kong", "Outcome", "run_module"]

CONNECTION: Mapping[str, Mapping[str, Any]] = {
    "admin_url": {"type": "str", "fallback": (env_fallback, ["KONG_ADMIN_URL"])},
    "admin_token": {"type": "str", "no_log": True, "fallback": (env_fallback, ["KONG_ADMIN_TOKEN"])},
    "admin_token_header": {"type": "str", "default": "Kong-Admin-Token", "no_log": False},
    "ca_cert": {"type": "str"},
    "client_cert": {"type": "str"},
    "client_key": {"type": "str", "no_log": True},
    "server_name": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "timeout_seconds": {"type": "float", "default": 30.0},
}


@dataclass
class Kong(Session):
    """What a run works with: options, the client of the Admin API, waiting."""

    @cached_property
    def client(self) -> Client:
        """The client of the gateway that the options name."""
        options = self.params
        if not options["admin_url"]:
            raise InvalidInput("admin_url", None, "is not given; set the option, or the variable KONG_ADMIN_URL")
        return Client(
            Connection(
                url=options["admin_url"],
                token=options["admin_token"] or "",
                token_header=options["admin_token_header"],
                ca_cert=options["ca_cert"] or "",
                client_cert=options["client_cert"] or "",
                client_key=options["client_key"] or "",
                server_name=options["server_name"] or "",
                validate_certs=options["validate_certs"],
                timeout_seconds=options["timeout_seconds"],
            ),
            self.clock,
        )


def run_module(argument_spec: Mapping[str, Any], run: Callable[[Kong], Outcome], **constraints: Any) -> None:
    """Build the module, run it, and leave through exit_json or fail_json.

    `constraints` are AnsibleModule's (`required_if`, `mutually_exclusive`, …).
    """
    spec = {**CONNECTION, **argument_spec}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True, **constraints)
    finish(Kong(module), run, str)
