# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specs of a network, for every module that takes one."""

from __future__ import annotations

from typing import Any

RULE: dict[str, Any] = {
    "rule_number": {"type": "int", "required": True},
    "direction": {"type": "str", "choices": ["ingress", "egress"], "default": "ingress"},
    "rule_action": {"type": "str", "choices": ["allow", "deny"], "default": "allow"},
    "protocol": {"type": "str", "default": "tcp"},
    "cidr_block": {"type": "str", "required": True},
    "from_port": {"type": "int"},
    "to_port": {"type": "int"},
    "icmp_type": {"type": "int"},
    "icmp_code": {"type": "int"},
}

TIER: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "public": {"type": "bool", "default": False},
    "nat": {"type": "bool", "default": False},
    "newbits": {"type": "int"},
    "cidrs": {"type": "list", "elements": "str"},
    "map_public_ip_on_launch": {"type": "bool"},
    "network_acl_rules": {"type": "list", "elements": "dict", "options": RULE},
}

ENDPOINT: dict[str, Any] = {
    "service": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["Gateway", "Interface"]},
    "tiers": {"type": "list", "elements": "str", "required": True},
    "private_dns_enabled": {"type": "bool", "default": True},
    "security_group_ids": {"type": "list", "elements": "str"},
    "policy": {"type": "json"},
}

FLOW_LOG: dict[str, Any] = {
    "name": {"type": "str", "default": "flow-log"},
    "traffic_type": {"type": "str", "choices": ["ACCEPT", "REJECT", "ALL"], "default": "ALL"},
    "log_destination_type": {"type": "str", "choices": ["cloud-watch-logs", "s3"], "default": "cloud-watch-logs"},
    "log_group_name": {"type": "str"},
    "log_destination": {"type": "str"},
    "deliver_logs_permission_arn": {"type": "str"},
    "max_aggregation_interval": {"type": "int", "default": 600},
    "log_format": {"type": "str"},
}

VPC: dict[str, Any] = {
    "name": {"type": "str", "required": True},
    "cidr_block": {"type": "str"},
    "enable_dns_support": {"type": "bool", "default": True},
    "enable_dns_hostnames": {"type": "bool", "default": True},
    "zones": {"type": "int", "default": 2},
    "zone_names": {"type": "list", "elements": "str"},
    "tiers": {"type": "list", "elements": "dict", "options": TIER, "mutually_exclusive": [("newbits", "cidrs")]},
    "nat": {"type": "str", "choices": ["none", "one", "per_zone"], "default": "none"},
    "endpoints": {"type": "list", "elements": "dict", "options": ENDPOINT},
    "flow_logs": {"type": "list", "elements": "dict", "options": FLOW_LOG},
    "restrict_default_security_group": {"type": "bool", "default": True},
    "tags": {"type": "dict"},
}
