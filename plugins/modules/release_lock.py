#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the lock that a release holds."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_lock
version_added: "0.1.0"
short_description: Hold the lock of a service while it is released
description:
  - Takes a lock that one run can hold at a time, and lets go of it. A run that meets the lock of another fails with one
    line that says who holds it, on which host, what for, since when, until when, and how to break it.
  - A lock that has expired is taken over, and so is one whose run has ended on this very machine without letting go.
    O(broken_by) takes it from whoever has it. Each of these is said in a warning and kept with the lock.
  - A lock that is held already by O(holder) is renewed when less than half of its lease is left.
  - The lock is an item of a DynamoDB table that is only written conditionally. Time is that of DynamoDB.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  table:
    description: Name of a DynamoDB table whose hash key is the string C(name).
    type: str
    required: true
  name:
    description: Name of the lock, such as the name of the service.
    type: str
    required: true
  holder:
    description: Id of the run that takes the lock, or lets go of it. Unique to the run.
    type: str
    required: true
  owner:
    description: Who takes the lock. Needed with O(state=present).
    type: str
  reason:
    description: What for. Needed with O(state=present).
    type: str
  lease_seconds:
    description: Seconds after which the lock can be taken over unless it is renewed.
    type: int
    default: 900
  broken_by:
    description:
      - Why the lock of another run is broken. Whoever held it finds out when it is renewed, and fails.
      - With O(state=absent) nobody holds it then.
    type: str
  wait_timeout:
    description: Seconds to wait for a run that has the lock, before failing. In check mode nobody waits.
    type: int
    default: 0
  how_to_break:
    description: What the failure of a run that was kept out shall say about breaking the lock.
    type: str
    default: "wait, or break it: broken_by takes the reason"
  pid:
    description:
      - Process of this machine without which the run is over.
      - The playbook's, when omitted and the module runs in its process. Else only time frees a lock.
    type: int
  state:
    description: V(present) takes or renews the lock, V(absent) lets go of it.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
seealso:
  - module: trademaster.platform.dynamodb_tables
"""

EXAMPLES = r"""
- name: Release under a lock
  block:
    - name: Keep others out
      trademaster.platform.release_lock:
        table: trademaster-staging-locks
        name: auth-service
        holder: 3f0e7a52-9a51-4f1c-9d3c-58f1f9f6b1d0
        owner: alice
        reason: deploy 1.4.2
  always:
    - name: Let go
      trademaster.platform.release_lock:
        table: trademaster-staging-locks
        name: auth-service
        holder: 3f0e7a52-9a51-4f1c-9d3c-58f1f9f6b1d0
        state: absent

- name: Break a lock that somebody took on holiday
  trademaster.platform.release_lock:
    table: trademaster-staging-locks
    name: auth-service
    holder: 8d2f5b1e-4f4b-4f0d-8f43-9f0a8f7b2c11
    owner: bob
    broken_by: Alice's machine is off, and the service has to be rolled back
    state: absent
"""

RETURN = r"""
lock:
  description: The lock as it is held. Empty with O(state=absent).
  returned: success
  type: dict
  sample:
    {"holder": "3f0e7a52-9a51-4f1c-9d3c-58f1f9f6b1d0", "owner": "alice", "reason": "deploy 1.4.2", "host": "build-1",
     "pid": 4711, "lease_seconds": 900, "acquired_at": "2026-11-23T09:00:00Z", "expires_at": "2026-11-23T09:15:00Z"}
note:
  description: From whom the lock was taken over and why, or who broke it. Empty when nobody was in the way.
  returned: success
  type: str
  sample: "the lock of bob on laptop since 2026-11-23T08:00:00Z until 2026-11-23T08:15:00Z: deploy 1.4.1: taken over by
    alice because it has expired"
changes:
  description: What was changed, or in check mode would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "lock", "key": "auth-service", "fields": ["holder", "owner", "reason", "lease_seconds"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "lock auth-service", "seconds": 95.3}]
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._release.lock_run import run

ARGUMENT_SPEC = {
    "table": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "holder": {"type": "str", "required": True},
    "owner": {"type": "str"},
    "reason": {"type": "str"},
    "lease_seconds": {"type": "int", "default": 900},
    "broken_by": {"type": "str"},
    "wait_timeout": {"type": "int", "default": 0},
    "how_to_break": {"type": "str", "default": "wait, or break it: broken_by takes the reason"},
    "pid": {"type": "int"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
