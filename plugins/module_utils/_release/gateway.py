# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Looking at the gateway: who takes the customers, also where that is not as it should be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from .._core.clock import Clock
from .._kong.client import Client, Connection

# The options that say where it is, for the argument spec of modules.
GATEWAY = {
    "admin_url": {"type": "str", "required": True},
    "neighbours": {"type": "list", "elements": "str"},
    "admin_token": {"type": "str", "no_log": True},
    "ca_cert": {"type": "str"},
    "server_name": {"type": "str"},
}


def client(options: Mapping[str, Any], clock: Clock, *, timeout: float = 30.0) -> Client:
    """A client of the Admin API that such options name."""
    return Client(
        Connection(
            url=options["admin_url"],
            token=options["admin_token"] or "",
            ca_cert=options["ca_cert"] or "",
            server_name=options["server_name"] or "",
            timeout_seconds=timeout,
            neighbours=tuple(options.get("neighbours") or ()),
        ),
        clock,
    )


def weights(client: Client, upstream: str) -> dict[str, int] | None:
    """Weights by target; None where the gateway does not have the upstream."""
    path = f"/upstreams/{quote(upstream, safe='')}"
    if client.find(path) is None:
        return None
    return {one["target"]: int(one["weight"]) for one in client.pages(f"{path}/targets")}
