#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of CloudWatch log groups."""

from __future__ import annotations

DOCUMENTATION = r"""
module: log_groups
version_added: "0.1.0"
short_description: Manage CloudWatch log groups as one set
description:
  - Creates, updates and, with O(purge=true), removes log groups in a single task.
  - A group that a service made before this task did, without retention or key, is brought to its state.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  log_groups:
    description: Log groups that shall exist. An empty list with O(purge=true) removes them all.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the group, such as V(/trademaster-staging/auth).
        type: str
        required: true
      retention_in_days:
        description:
          - Days after which events expire, one of the numbers that AWS offers, such as V(30), V(90) or V(365).
          - V(0) keeps them for ever. Left alone when omitted.
        type: int
      kms_key_id:
        description:
          - KMS key, by ARN, id or alias, that encrypts the events. Its policy has to let CloudWatch Logs use it.
          - An empty text goes back to the key of AWS. Left alone when omitted.
        type: str
      log_group_class:
        description: Class of the group. Cannot be changed once the group exists; AWS takes V(STANDARD) when omitted.
        type: str
        choices: [STANDARD, INFREQUENT_ACCESS, DELIVERY]
  state:
    description: V(absent) removes the listed groups with their events; only their names matter then.
    type: str
    choices: [present, absent]
    default: present
  prefix:
    description: What the names of all groups begin with that O(purge) may remove.
    type: str
  purge:
    description: Whether to remove groups that are not listed, begin with O(prefix) and carry all of O(tags).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: amazon.aws.cloudwatchlogs_log_group
    description: Manages a single log group.
"""

EXAMPLES = r"""
- name: Log groups of the environment
  trademaster.platform.log_groups:
    prefix: /trademaster-staging/
    purge: true
    log_groups:
      - name: /trademaster-staging/auth
        retention_in_days: 90
        kms_key_id: alias/trademaster-staging-logs
      - name: /trademaster-staging/access
        retention_in_days: 365
        log_group_class: INFREQUENT_ACCESS
    tags:
      Project: trademaster
      Environment: staging

- name: No log group of the batch jobs
  trademaster.platform.log_groups:
    log_groups:
      - name: /trademaster-staging/batch
    state: absent
"""

RETURN = r"""
log_groups:
  description: ARN by name, for every group of O(log_groups). Nothing with O(state=absent).
  returned: always
  type: dict
  sample:
    /trademaster-staging/auth:
      arn: arn:aws:logs:eu-central-1:123456789012:log-group:/trademaster-staging/auth
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "log_group", "key": "/trademaster-staging/auth", "fields": ["retention_in_days"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "log groups are listed", "seconds": 0.4}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.logs.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

LOG_GROUP = {
    "name": {"type": "str", "required": True},
    "retention_in_days": {"type": "int"},
    "kms_key_id": {"type": "str"},
    "log_group_class": {"type": "str", "choices": ["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"]},
}

ARGUMENT_SPEC = {
    "log_groups": {"type": "list", "elements": "dict", "required": True, "options": LOG_GROUP},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "prefix": {"type": "str"},
    "purge": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
