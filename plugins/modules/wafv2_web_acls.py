#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the web ACLs of WAF with their IP sets, logs and what they protect."""

from __future__ import annotations

DOCUMENTATION = r"""
module: wafv2_web_acls
version_added: "0.1.0"
short_description: Manage web ACLs of WAF with IP sets, logs and the load balancers they protect
description:
  - Creates, changes and, with O(purge=true), removes regional web ACLs and the IP sets their rules use in a single
    task, logs what they decide and lets them protect application load balancers.
  - Statements are given as WAF has them, in snake_case, and are checked against the description of the API that
    botocore has, so that every kind of statement is available and a misspelled one fails before the first write.
  - What WAF fills in by itself, and lists whose order means nothing, are no difference.
  - Before rules are written WAF is asked what they take, in check mode too. Rules that it would refuse, or that take
    more than O(web_acls[].max_capacity), fail there.
  - A change by somebody else in between is met by reading again, what is new and not known everywhere by trying again
    for a minute.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  web_acls:
    description: Web ACLs that shall exist. An empty list with O(purge=true) removes all that carry O(tags).
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the web ACL.
        type: str
        required: true
      description:
        description: What it is for. An empty text removes it.
        type: str
      default_action:
        description: What happens to requests that no rule decides about.
        type: str
        choices: [allow, block]
        default: allow
      rules:
        description:
          - All rules of the web ACL; others are removed, with an empty list all. Left alone when omitted.
          - A rule that is given is compared as a whole.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the rule, unique in its web ACL.
            type: str
            required: true
          priority:
            description: Rules are tried from the lowest to the highest, which no two may share.
            type: int
            required: true
          statement:
            description:
              - One statement as WAF has it, in snake_case, such as C(rate_based_statement),
                C(managed_rule_group_statement), C(ip_set_reference_statement), C(size_constraint_statement),
                C(byte_match_statement), C(and_statement) or C(not_statement). What is inside is in snake_case too.
              - The C(arn) of an C(ip_set_reference_statement) may be the name of an IP set.
              - See U(https://docs.aws.amazon.com/waf/latest/APIReference/API_Statement.html).
            type: dict
            required: true
          action:
            description: What a rule does that is not a group.
            type: str
            choices: [allow, block, count, captcha, challenge]
          override_action:
            description: Whether the rules of a group do what they do, or V(count) only. V(none) when omitted.
            type: str
            choices: [none, count]
          custom_response:
            description: What is answered where O(web_acls[].rules[].action=block). WAF answers 403 when omitted.
            type: dict
            suboptions:
              response_code:
                description: Status code.
                type: int
                required: true
              custom_response_body_key:
                description: Key of one of O(web_acls[].custom_response_bodies).
                type: str
              response_headers:
                description: Headers by name.
                type: dict
          rule_labels:
            description: Labels that a request gets which matches, for rules after this one.
            type: list
            elements: str
          visibility_config: &visibility
            description: Metrics and samples of requests. Both are on when omitted.
            type: dict
            suboptions:
              metric_name:
                description: Name of the metric. That of what it belongs to when omitted.
                type: str
              cloud_watch_metrics_enabled:
                description: Whether there is a metric.
                type: bool
              sampled_requests_enabled:
                description: Whether samples of requests are kept.
                type: bool
      visibility_config: *visibility
      custom_response_bodies:
        description: Bodies by key, each with C(content_type) and C(content). An empty dictionary removes them.
        type: dict
      max_capacity:
        description:
          - What the rules may take together. Up to V(1500) capacity units are in the price of a web ACL.
          - WAF itself takes up to V(5000).
        type: int
        default: 1500
      associations:
        description:
          - ARNs of all application load balancers that the web ACL protects. Others are let go, with an empty list all.
          - One that another web ACL protects changes over without a gap. Left alone when omitted.
        type: list
        elements: str
      logging:
        description: Where it is logged what the web ACL decides. Left alone when omitted.
        type: dict
        suboptions:
          log_destination:
            description:
              - ARN of a log group, bucket or delivery stream, whose name has to begin with C(aws-waf-logs-).
              - An empty text turns logging off.
            type: str
            required: true
          redacted_headers:
            description: Headers whose values are left out of the log.
            type: list
            elements: str
            default: []
          redacted_fields:
            description: Further parts of requests that are left out of the log.
            type: list
            elements: str
            choices: [uri_path, query_string, method]
            default: []
          filter:
            description:
              - Which requests are logged, as WAF has it, in snake_case. All when omitted.
              - See U(https://docs.aws.amazon.com/waf/latest/APIReference/API_LoggingFilter.html).
            type: dict
  ip_sets:
    description: IP sets that shall exist. Left alone, also by O(purge=true), when omitted.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the IP set.
        type: str
        required: true
      addresses:
        description: All its networks, and single addresses. May be empty.
        type: list
        elements: str
        required: true
      ip_address_version:
        description: Kind of its addresses. Cannot be changed.
        type: str
        choices: [IPV4, IPV6]
        default: IPV4
      description:
        description: What it is for. An empty text removes it.
        type: str
  state:
    description: V(absent) removes the web ACLs and IP sets that are listed and carry all of O(tags).
    type: str
    choices: [present, absent]
    default: present
  purge:
    description: Whether to remove web ACLs and IP sets that carry all of O(tags) and are not listed.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: community.aws.wafv2_web_acl
    description: Manages a single web ACL, of CloudFront too, without its log.
"""

EXAMPLES = r"""
- name: Known attacks are blocked, floods of sign-ins are cut off
  trademaster.platform.wafv2_web_acls:
    web_acls:
      - name: trademaster-staging
        rules:
          - name: denied-networks
            priority: 0
            action: block
            statement:
              ip_set_reference_statement: {arn: trademaster-staging-denied}
          - name: common
            priority: 10
            override_action: none
            statement:
              managed_rule_group_statement:
                vendor_name: AWS
                name: AWSManagedRulesCommonRuleSet
                rule_action_overrides:
                  - name: NoUserAgent_HEADER
                    action_to_use: {count: {}}
          - name: sign-in-flood
            priority: 20
            action: block
            custom_response: {response_code: 429}
            statement:
              rate_based_statement:
                limit: 100
                aggregate_key_type: IP
                evaluation_window_sec: 300
                scope_down_statement:
                  byte_match_statement:
                    search_string: /api/v1/auth/login
                    positional_constraint: EXACTLY
                    field_to_match: {uri_path: {}}
                    text_transformations: [{priority: 0, type: NORMALIZE_PATH}]
        associations:
          - arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/trademaster-staging/50dc6c495c0c9188
        logging:
          log_destination: arn:aws:logs:eu-central-1:123456789012:log-group:aws-waf-logs-trademaster-staging
          redacted_headers: [authorization, cookie]
    ip_sets:
      - name: trademaster-staging-denied
        addresses: [192.0.2.0/24]
    tags: &tags
      Project: trademaster
      Environment: staging

- name: No firewall
  trademaster.platform.wafv2_web_acls:
    web_acls: []
    ip_sets: []
    purge: true
    tags: *tags
"""

RETURN = r"""
web_acls:
  description: ARN by name, for every web ACL of O(web_acls). Nothing with O(state=absent).
  returned: always
  type: dict
  sample:
    trademaster-staging:
      arn: arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/trademaster-staging/473e64fd-f30b-4765
ip_sets:
  description: ARN by name, for every IP set of O(ip_sets). Nothing with O(state=absent).
  returned: always
  type: dict
  sample:
    trademaster-staging-denied:
      arn: arn:aws:wafv2:eu-central-1:123456789012:regional/ipset/trademaster-staging-denied/19d8d2b0-6a2d
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "web_acl", "key": "trademaster-staging", "fields": ["rule sign-in-flood"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._aws.wafv2.run import run

VISIBILITY = {
    "type": "dict",
    "options": {
        "metric_name": {"type": "str"},
        "cloud_watch_metrics_enabled": {"type": "bool"},
        "sampled_requests_enabled": {"type": "bool"},
    },
}

CUSTOM_RESPONSE = {
    "response_code": {"type": "int", "required": True},
    "custom_response_body_key": {"type": "str", "no_log": False},
    "response_headers": {"type": "dict"},
}

RULE = {
    "name": {"type": "str", "required": True},
    "priority": {"type": "int", "required": True},
    "statement": {"type": "dict", "required": True},
    "action": {"type": "str", "choices": ["allow", "block", "count", "captcha", "challenge"]},
    "override_action": {"type": "str", "choices": ["none", "count"]},
    "custom_response": {"type": "dict", "options": CUSTOM_RESPONSE},
    "rule_labels": {"type": "list", "elements": "str"},
    "visibility_config": VISIBILITY,
}

LOGGING = {
    "log_destination": {"type": "str", "required": True},
    "redacted_headers": {"type": "list", "elements": "str", "default": []},
    "redacted_fields": {
        "type": "list",
        "elements": "str",
        "choices": ["uri_path", "query_string", "method"],
        "default": [],
    },
    "filter": {"type": "dict"},
}

WEB_ACL = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "default_action": {"type": "str", "choices": ["allow", "block"], "default": "allow"},
    "rules": {"type": "list", "elements": "dict", "options": RULE},
    "visibility_config": VISIBILITY,
    "custom_response_bodies": {"type": "dict"},
    "max_capacity": {"type": "int", "default": 1500},
    "associations": {"type": "list", "elements": "str"},
    "logging": {"type": "dict", "options": LOGGING},
}

IP_SET = {
    "name": {"type": "str", "required": True},
    "addresses": {"type": "list", "elements": "str", "required": True},
    "ip_address_version": {"type": "str", "choices": ["IPV4", "IPV6"], "default": "IPV4"},
    "description": {"type": "str"},
}

ARGUMENT_SPEC = {
    "web_acls": {"type": "list", "elements": "dict", "required": True, "options": WEB_ACL},
    "ip_sets": {"type": "list", "elements": "dict", "options": IP_SET},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "purge": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
