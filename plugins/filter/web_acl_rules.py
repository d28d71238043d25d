# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible filter: the rules of a web ACL out of what an environment wants of its firewall."""

from __future__ import annotations

DOCUMENTATION = r"""
name: web_acl_rules
version_added: "0.1.0"
short_description: Make rules of a web ACL out of what is wanted of a firewall
description:
  - Answers rules as M(trademaster.platform.wafv2_web_acls) takes them. First come the lists of addresses, which act
    always, then limits by address, the size of bodies, and groups of rules that AWS manages.
  - Of paths that the gateway takes for the same, such as with parts that are URL-encoded, none goes past a limit.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
positional: _input
options:
  _input:
    description: Options of the role edge, those of C(edge_waf) with C(rate_limits).
    type: dict
    required: true
  allowed:
    description: Name of the IP set of addresses to which nothing else applies.
    type: str
    required: true
  denied:
    description: Name of the IP set of addresses that are refused.
    type: str
    required: true
  mode:
    description: Whether what matches is refused, or only counted. Lists of addresses act in both.
    type: str
    choices: [block, count]
    default: block
"""

EXAMPLES = r"""
rules: >-
  {{ {'rate_limits': [{'name': 'sign-in', 'path': '/api/v1/auth/login', 'methods': ['POST'], 'limit': 100}],
      'body_size_bytes': 8192,
      'managed_rule_groups': [{'name': 'AWSManagedRulesCommonRuleSet'}]}
     | trademaster.platform.web_acl_rules(allowed='staging-allowed', denied='staging-denied', mode='count') }}
"""

RETURN = r"""
_value:
  description: Rules by ascending priority.
  type: list
  elements: dict
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Rule = dict[str, Any]
Statement = dict[str, Any]

NONE = [{"priority": 0, "type": "NONE"}]
# As the gateway reads paths before it looks for a route.
PATH = [{"priority": 0, "type": "URL_DECODE"}, {"priority": 1, "type": "NORMALIZE_PATH"}]
LOWERCASE = [{"priority": 0, "type": "LOWERCASE"}]
# Of the common rules the one that the limit of bodies stands for, which knows hosts that it leaves alone.
OWN_LIMIT = {"AWSManagedRulesCommonRuleSet": ["SizeRestrictions_BODY"]}
# Priorities leave room for rules in between.
LIMITS = 100
BODY = 200
GROUPS = 300


def web_acl_rules(wanted: Mapping[str, Any], *, allowed: str, denied: str, mode: str = "block") -> list[Rule]:
    hosts = wanted.get("exempt_hosts") or []
    size = wanted.get("body_size_bytes") or 0
    limits = wanted.get("rate_limits") or []
    groups = wanted.get("managed_rule_groups") or []
    return [
        _addresses("allowed-addresses", 0, "allow", allowed),
        _addresses("denied-addresses", 1, "block", denied),
        *(_limit(limit, LIMITS + index, mode) for index, limit in enumerate(limits)),
        *([_body(size, hosts, mode)] if size else []),
        *(_group(group, GROUPS + index, hosts, mode) for index, group in enumerate(groups)),
    ]


def _addresses(name: str, priority: int, action: str, ip_set: str) -> Rule:
    statement = {"ip_set_reference_statement": {"arn": ip_set}}
    return {"name": name, "priority": priority, "action": action, "statement": statement}


def _limit(limit: Mapping[str, Any], priority: int, mode: str) -> Rule:
    statement: Statement = {
        "limit": limit["limit"],
        "aggregate_key_type": "IP",
        "evaluation_window_sec": limit.get("window_seconds") or 300,
    }
    scope = [_match({"uri_path": {}}, limit["path"], "STARTS_WITH", PATH)] if limit.get("path") else []
    methods = [_match({"method": {}}, method, "EXACTLY", NONE) for method in limit.get("methods") or []]
    scope += [_any(methods)] if methods else []
    if scope:
        statement["scope_down_statement"] = _all(scope)
    return {
        "name": f"{limit['name']}-rate",
        "priority": priority,
        "action": mode,
        "statement": {"rate_based_statement": statement},
    }


def _body(size: int, hosts: Sequence[str], mode: str) -> Rule:
    """WAF sees the first 8 kilobytes of a body: a larger one is larger than any size it can compare with."""
    larger = {
        "size_constraint_statement": {
            "field_to_match": {"body": {"oversize_handling": "MATCH"}},
            "comparison_operator": "GT",
            "size": size,
            "text_transformations": NONE,
        }
    }
    statement = _all([larger, *_other_hosts(hosts)])
    rule: Rule = {"name": "body-size", "priority": BODY, "action": mode, "statement": statement}
    return {**rule, "custom_response": {"response_code": 413}} if mode == "block" else rule


def _group(group: Mapping[str, Any], priority: int, hosts: Sequence[str], mode: str) -> Rule:
    name = group["name"]
    statement: Statement = {"vendor_name": "AWS", "name": name}
    if group.get("version"):
        statement["version"] = group["version"]
    counted = sorted({*(group.get("counted_rules") or []), *OWN_LIMIT.get(name, [])})
    if counted:
        statement["rule_action_overrides"] = [{"name": rule, "action_to_use": {"count": {}}} for rule in counted]
    if group.get("bot_control_level"):
        level = {"inspection_level": group["bot_control_level"]}
        statement["managed_rule_group_configs"] = [{"aws_managed_rules_bot_control_rule_set": level}]
    if hosts and not group.get("all_hosts"):
        statement["scope_down_statement"] = _all(_other_hosts(hosts))
    return {
        "name": name,
        "priority": priority,
        "override_action": "count" if mode == "count" else "none",
        "statement": {"managed_rule_group_statement": statement},
    }


def _other_hosts(hosts: Sequence[str]) -> list[Statement]:
    named = [_match({"single_header": {"name": "host"}}, host.lower(), "EXACTLY", LOWERCASE) for host in hosts]
    return [{"not_statement": {"statement": _any(named)}}] if named else []


def _match(field: Mapping[str, Any], text: str, constraint: str, transformations: Sequence[Any]) -> Statement:
    return {
        "byte_match_statement": {
            "field_to_match": field,
            "search_string": text,
            "positional_constraint": constraint,
            "text_transformations": transformations,
        }
    }


def _any(statements: list[Statement]) -> Statement:
    return statements[0] if len(statements) == 1 else {"or_statement": {"statements": statements}}


def _all(statements: list[Statement]) -> Statement:
    return statements[0] if len(statements) == 1 else {"and_statement": {"statements": statements}}


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"web_acl_rules": web_acl_rules}
