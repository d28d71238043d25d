#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of DynamoDB tables."""

from __future__ import annotations

DOCUMENTATION = r"""
module: dynamodb_tables
version_added: "0.1.0"
short_description: Manage DynamoDB tables as one set
description:
  - Creates and updates tables with their encryption, backups and protection in a single task, and removes them with
    O(state=absent).
  - Tables are paid for by request. Secondary indexes, streams and replicas are left alone.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  tables:
    description: Tables that shall exist.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the table.
        type: str
        required: true
      hash_key:
        description: Attribute that items are found by. Needed with O(state=present), and cannot be changed.
        type: dict
        suboptions:
          name:
            description: Name of the attribute.
            type: str
            required: true
          type:
            description: V(S) is text, V(N) a number, V(B) bytes.
            type: str
            choices: [S, N, B]
            default: S
      range_key:
        description: Attribute by which items of the same O(tables[].hash_key) are told apart. Cannot be changed.
        type: dict
        suboptions:
          name:
            description: Name of the attribute.
            type: str
            required: true
          type:
            description: V(S) is text, V(N) a number, V(B) bytes.
            type: str
            choices: [S, N, B]
            default: S
      point_in_time_recovery:
        description: Whether the table can be restored to any moment of the last 35 days.
        type: bool
      deletion_protection:
        description:
          - Whether DynamoDB refuses to remove the table.
          - To remove a protected table, give V(false) together with O(state=absent).
        type: bool
      kms_key_id:
        description:
          - KMS key, by ARN, id or alias, that encrypts the table. An empty text stands for the key that DynamoDB owns.
        type: str
  timeout:
    description: Seconds to wait for a table to be made, changed or removed.
    type: float
    default: 600.0
  state:
    description: V(absent) removes those of the tables, with their items, that carry all of O(tags).
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: community.aws.dynamodb_table
    description: Manages a single table with its capacity and indexes, but not its encryption, backups and protection.
"""

EXAMPLES = r"""
- name: A table of locks
  trademaster.platform.dynamodb_tables:
    tables:
      - name: trademaster-staging-locks
        hash_key: {name: name}
        point_in_time_recovery: true
        deletion_protection: true
        kms_key_id: alias/trademaster-staging-secrets
    tags: &tags
      Project: trademaster
      Environment: staging

- name: No table
  trademaster.platform.dynamodb_tables:
    tables: [{name: trademaster-staging-locks, deletion_protection: false}]
    state: absent
    tags: *tags
"""

RETURN = r"""
tables:
  description: ARN by name, for every table of O(tables). Nothing with O(state=absent).
  returned: always
  type: dict
  sample:
    trademaster-staging-locks:
      arn: arn:aws:dynamodb:eu-central-1:123456789012:table/trademaster-staging-locks
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "table", "key": "trademaster-staging-locks", "fields": ["deletion_protection"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "table trademaster-staging-locks usable", "seconds": 8.1}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.dynamodb.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

KEY = {
    "name": {"type": "str", "required": True, "no_log": False},
    "type": {"type": "str", "choices": ["S", "N", "B"], "default": "S"},
}
TABLE = {
    "name": {"type": "str", "required": True},
    "hash_key": {"type": "dict", "options": KEY, "no_log": False},
    "range_key": {"type": "dict", "options": KEY, "no_log": False},
    "point_in_time_recovery": {"type": "bool"},
    "deletion_protection": {"type": "bool"},
    "kms_key_id": {"type": "str"},
}
ARGUMENT_SPEC = {
    "tables": {"type": "list", "elements": "dict", "required": True, "options": TABLE},
    "timeout": {"type": "float", "default": 600.0},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
