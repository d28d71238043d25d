#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of customer-managed KMS keys."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kms_keys
version_added: "0.1.0"
short_description: Manage customer-managed KMS keys as one set
description:
  - Creates symmetric encryption keys, found again by their alias, with rotation on and a least-privilege policy.
  - Every key policy lets the account administer the key through IAM; O(keys[].statements) adds who may use it.
  - KMS deletes keys only after a waiting period. A removed key is disabled at once and scheduled for deletion; its
    alias stays, so that running the task again before the end of the period takes the deletion back.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  prefix:
    description: Start of every alias, such as V(trademaster-staging-).
    type: str
    required: true
  keys:
    description: Keys that shall exist.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Purpose of the key. With O(prefix) it makes the alias.
        type: str
        required: true
      description:
        description: What the key encrypts.
        type: str
      log_groups:
        description: Whether the log groups of this account and region may be encrypted with the key.
        type: bool
        default: false
      alarms:
        description: Whether CloudWatch alarms of this account and region may publish to topics encrypted with the key.
        type: bool
        default: false
      trails:
        description: Whether CloudTrail may encrypt the log files of trails of this account and region with the key.
        type: bool
        default: false
      config_recorders:
        description: Whether AWS Config may encrypt what it delivers on behalf of this account with the key.
        type: bool
        default: false
      statements:
        description: Further policy statements that let services or roles use the key.
        type: list
        elements: dict
        default: []
  rotation_days:
    description: Days between two automatic rotations of the key material, from V(90) to V(2560).
    type: int
    default: 365
  pending_window_days:
    description: Days until a removed key is really gone, from V(7) to V(30).
    type: int
    default: 7
  purge:
    description: Whether to remove keys whose alias starts with O(prefix), that carry O(tags) and are not listed.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: amazon.aws.kms_key
    description: Manages a single key, with grants.
"""

EXAMPLES = r"""
- name: Keys by purpose
  trademaster.platform.kms_keys:
    prefix: trademaster-staging-
    keys:
      - name: database
        description: Storage and backups of the database
      - name: logs
        description: CloudWatch log groups
        log_groups: true
      - name: alarms
        description: Topics that alarms notify
        alarms: true
      - name: audit
        description: What CloudTrail and AWS Config write
        trails: true
        config_recorders: true
    tags: {Project: trademaster, Environment: staging}
"""

RETURN = r"""
arns:
  description: Key ARNs by name. In check mode a key to be created has the ARN V((known after apply)).
  returned: always
  type: dict
  sample:
    database: arn:aws:kms:us-east-1:111122223333:key/1b6f3c1e-6f7e-4a53-9d39-0f6a3b1f7f11
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "key", "key": "alias/trademaster-staging-logs", "fields": ["policy"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.kms.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

KEY = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "log_groups": {"type": "bool", "default": False},
    "alarms": {"type": "bool", "default": False},
    "trails": {"type": "bool", "default": False},
    "config_recorders": {"type": "bool", "default": False},
    "statements": {"type": "list", "elements": "dict", "default": []},
}

ARGUMENT_SPEC = {
    "prefix": {"type": "str", "required": True},
    "keys": {"type": "list", "elements": "dict", "required": True, "options": KEY, "no_log": False},
    "rotation_days": {"type": "int", "default": 365},
    "pending_window_days": {"type": "int", "default": 7},
    "purge": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
