# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options that Elastic Load Balancing keeps as attributes: pairs of text. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NAME = re.compile(r"^(?!internal-)[A-Za-z0-9]([A-Za-z0-9-]{0,30}[A-Za-z0-9])?$")

LOAD_BALANCER = {
    "deletion_protection": "deletion_protection.enabled",
    "idle_timeout_seconds": "idle_timeout.timeout_seconds",
    "http2": "routing.http2.enabled",
    "drop_invalid_header_fields": "routing.http.drop_invalid_header_fields.enabled",
    "desync_mitigation_mode": "routing.http.desync_mitigation_mode",
    "tls_version_and_cipher_suite_headers": "routing.http.x_amzn_tls_version_and_cipher_suite.enabled",
    "waf_fail_open": "waf.fail_open.enabled",
    "access_logs.enabled": "access_logs.s3.enabled",
    "access_logs.bucket": "access_logs.s3.bucket",
    "access_logs.prefix": "access_logs.s3.prefix",
    "connection_logs.enabled": "connection_logs.s3.enabled",
    "connection_logs.bucket": "connection_logs.s3.bucket",
    "connection_logs.prefix": "connection_logs.s3.prefix",
}
TARGET_GROUP = {
    "deregistration_delay_seconds": "deregistration_delay.timeout_seconds",
    "slow_start_seconds": "slow_start.duration_seconds",
    "load_balancing_algorithm": "load_balancing.algorithm.type",
    "stickiness.enabled": "stickiness.enabled",
    "stickiness.duration_seconds": "stickiness.lb_cookie.duration_seconds",
}


def as_attributes(options: Mapping[str, Any], table: Mapping[str, str]) -> dict[str, str] | None:
    """Attributes that options ask for: those named in `table`, over the free ones in `attributes`; None without any."""
    given = dict(options.get("attributes") or {})
    for option, key in table.items():
        outer, _dot, inner = option.partition(".")
        value = options.get(outer)
        if inner and value is not None:
            value = value.get(inner)
        if value is not None:
            given[key] = value
    return {key: _text(value) for key, value in given.items()} or None


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
