# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of a module that works on the REST API of another company: its connection options, and how it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ansible.module_utils.basic import AnsibleModule, env_fallback

from .rest import Connection
from .session import Outcome, Session, finish

Options = Mapping[str, Mapping[str, Any]]
SessionType = TypeVar("SessionType", bound=Session)


def connection_options(api_url: str, prefix: str, token: str) -> Options:
    """The options. Variables of that prefix, and the one of the token, are taken for what is omitted."""
    return {
        "api_url": {"type": "str", "default": api_url, "fallback": (env_fallback, [f"{prefix}_API_URL"])},
        "api_token": {"type": "str", "no_log": True, "fallback": (env_fallback, [token])},
        "ca_cert": {"type": "path", "fallback": (env_fallback, [f"{prefix}_CA_CERT"])},
        "timeout_seconds": {"type": "float", "default": 30.0},
    }


def connection_of(options: Mapping[str, Any]) -> Connection:
    return Connection(
        url=options["api_url"],
        token=options["api_token"] or "",
        ca_cert=options["ca_cert"] or "",
        timeout_seconds=options["timeout_seconds"],
    )


def run_with(
    session: Callable[[Any], SessionType],
    argument_spec: Mapping[str, Any],
    run: Callable[[SessionType], Outcome],
    **constraints: Any,
) -> None:
    """Build the module, run it, and leave through exit_json or fail_json.

    `constraints` are AnsibleModule's (`required_if`, `mutually_exclusive`, …).
    """
    module = AnsibleModule(argument_spec=dict(argument_spec), supports_check_mode=True, **constraints)
    finish(session(module), run, str)
