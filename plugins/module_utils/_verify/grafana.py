# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prometheus as Grafana reaches it: that is the way in from outside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._aws.secret_reader import current_fields
from .._aws.session import Aws
from .prometheus import Prometheus, Server

OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "url": {"type": "str", "required": True},
    "server_name": {"type": "str"},
    "ca_file": {"type": "path"},
    "secret_id": {"type": "str", "required": True, "no_log": False},
    "datasource_uid": {"type": "str", "default": "prometheus"},
}


def prometheus(aws: Aws, variable: str, options: Mapping[str, Any]) -> Prometheus:
    """Through the data source of Grafana that `options`, given as `variable`, name."""
    account = current_fields(aws, f"{variable}.secret_id", options["secret_id"], "username", "password")
    aws.hide([account["password"]])
    return Prometheus(
        Server(
            url=options["url"],
            prefix=f"/api/datasources/proxy/uid/{options['datasource_uid']}",
            server_name=options["server_name"] or "",
            ca_file=options["ca_file"],
            user=account["username"],
            password=account["password"],
        )
    )
