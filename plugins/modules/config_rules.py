#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of managed rules of AWS Config."""

from __future__ import annotations

DOCUMENTATION = r"""
module: config_rules
version_added: "0.1.0"
short_description: Manage rules of AWS Config as one set
description:
  - Creates, updates and, with O(purge=true), removes managed rules of AWS Config in a single task.
  - The region needs a recorder, which M(trademaster.platform.config_recorders) makes.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  rules:
    description: Rules that shall exist. An empty list with O(purge=true) removes them all.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the rule, unique in the region.
        type: str
        required: true
      source_identifier:
        description:
          - Identifier of the managed rule, such as V(S3_BUCKET_SSL_REQUESTS_ONLY).
          - Required with O(state=present).
        type: str
      description:
        description: What the rule is for.
        type: str
      input_parameters:
        description: Parameters of the rule. Left alone when omitted.
        type: dict
      maximum_execution_frequency:
        description: How often a rule that is not triggered by changes judges. Left alone when omitted.
        type: str
        choices: [One_Hour, Three_Hours, Six_Hours, Twelve_Hours, TwentyFour_Hours]
      resource_types:
        description: Types of resources that are judged. Those that the rule is made for when omitted.
        type: list
        elements: str
  state:
    description: V(absent) removes the listed rules with their results; only their names matter then.
    type: str
    choices: [present, absent]
    default: present
  prefix:
    description: What the names of all rules of the set begin with. Required with O(purge=true).
    type: str
  purge:
    description: Whether to remove rules that are not listed, begin with O(prefix) and carry all of O(tags).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: community.aws.config_rule
    description: Manages a single rule, custom ones included, without check mode.
"""

EXAMPLES = r"""
- name: Judge buckets and keys
  trademaster.platform.config_rules:
    prefix: trademaster-staging-
    purge: true
    rules:
      - name: trademaster-staging-s3-ssl-requests-only
        source_identifier: S3_BUCKET_SSL_REQUESTS_ONLY
        description: "S3.5: buckets refuse plain HTTP"
      - name: trademaster-staging-access-keys-rotated
        source_identifier: ACCESS_KEYS_ROTATED
        input_parameters: {maxAccessKeyAge: 90}
        maximum_execution_frequency: TwentyFour_Hours
    tags:
      Project: trademaster
      Environment: staging

- name: No rule on buckets
  trademaster.platform.config_rules:
    rules: [{name: trademaster-staging-s3-ssl-requests-only}]
    state: absent
"""

RETURN = r"""
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "config_rule", "key": "trademaster-staging-acm", "fields": ["input_parameters"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.config.rules_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

RULE = {
    "name": {"type": "str", "required": True},
    "source_identifier": {"type": "str"},
    "description": {"type": "str"},
    "input_parameters": {"type": "dict"},
    "maximum_execution_frequency": {
        "type": "str",
        "choices": ["One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"],
    },
    "resource_types": {"type": "list", "elements": "str"},
}

ARGUMENT_SPEC = {
    "rules": {"type": "list", "elements": "dict", "required": True, "options": RULE},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "prefix": {"type": "str"},
    "purge": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
