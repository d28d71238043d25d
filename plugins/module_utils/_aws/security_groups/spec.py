# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specs of security groups, for every module that takes them."""

from __future__ import annotations

from typing import Any

PEERS = ("cidr_ipv4", "cidr_ipv6", "prefix_list", "group")

RULE: dict[str, Any] = {
    "protocol": {"type": "str", "default": "tcp"},
    "from_port": {"type": "int"},
    "to_port": {"type": "int"},
    "cidr_ipv4": {"type": "str"},
    "cidr_ipv6": {"type": "str"},
    "prefix_list": {"type": "str"},
    "group": {"type": "str"},
    "description": {"type": "str"},
    "tags": {"type": "dict"},
}

RULES: dict[str, Any] = {
    "type": "list",
    "elements": "dict",
    "default": [],
    "options": RULE,
    "mutually_exclusive": [PEERS],
    "required_one_of": [PEERS],
}

GROUP: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str", "required": True},
    "ingress": RULES,
    "egress": RULES,
    "tags": {"type": "dict"},
}

GROUPS: dict[str, Any] = {"type": "list", "elements": "dict", "required": True, "options": GROUP}
