#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the record of a release."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_record
version_added: "0.1.0"
short_description: Keep what became of a release
description:
  - Writes one JSON event to the stream of the service in a log group of CloudWatch Logs, and counts the release in the
    state of the service in Parameter Store.
  - A release is recorded and counted once, however often the task is repeated with the same O(record.id).
  - Lines that look like secrets are masked in texts, and long texts lose their middle.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  log_group:
    description: Log group that keeps the records. The stream is made when it is not there.
    type: str
    required: true
  state_path:
    description: Parameter with the state of the service. Its name ends with that of the service.
    type: str
    required: true
  record:
    description: What became of the release.
    type: dict
    required: true
    suboptions:
      id:
        description: Id of the release.
        type: str
        required: true
      service:
        description: Logical name of the service.
        type: str
        required: true
      verb:
        description: What was asked for.
        type: str
        choices: [deploy, rollback]
        required: true
      by:
        description: Who asked for it.
        type: str
      reason:
        description: Why.
        type: str
      from:
        description: The release that was live before.
        type: dict
      to:
        description: The release that was to be live.
        type: dict
      started_at:
        description: When it began, in ISO 8601.
        type: str
        required: true
      ended_at:
        description: When it was over, in ISO 8601.
        type: str
        required: true
      phases:
        description: Phases with C(name) and C(seconds).
        type: list
        elements: dict
      steps:
        description:
          - Steps in which customers were moved, with C(weight), C(seconds) and what was measured.
          - Of a release that was taken back, they tell for how long customers were on it.
        type: list
        elements: dict
      migrations:
        description: What became of the schema of the database.
        type: dict
      commit_at:
        description: When the commit was made that was released, in ISO 8601. Lead time is counted from it.
        type: str
      verdict:
        description:
          - V(completed) when customers are on the release, V(rolled_back) when some of them were and it was taken back,
            V(failed) when none ever was.
          - V(reverted) for a rollback that succeeded.
        type: str
        choices: [completed, rolled_back, failed, reverted]
        required: true
      why:
        description: What the verdict was made for, or what went wrong.
        type: str
      lock:
        description: From whom the lock was taken over, or by whom it was broken.
        type: str
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
seealso:
  - module: trademaster.platform.releases_info
  - module: trademaster.platform.release_lock
"""

EXAMPLES = r"""
- name: Keep what became of the release
  trademaster.platform.release_record:
    log_group: /trademaster/staging/releases
    state_path: /trademaster/staging/releases/auth-service
    record:
      id: 20261123T090000Z-5f2c9a
      service: auth-service
      verb: deploy
      by: alice
      from: {version: 1.4.1, digest: "sha256:1f0c…"}
      to: {version: 1.4.2, digest: "sha256:9b3e…"}
      started_at: "2026-11-23T09:00:00Z"
      ended_at: "2026-11-23T09:11:20Z"
      commit_at: "2026-11-23T08:12:05Z"
      verdict: completed
"""

RETURN = r"""
record:
  description: The record as it is kept.
  returned: success
  type: dict
  sample:
    {"id": "20261123T090000Z-5f2c9a", "service": "auth-service", "verb": "deploy", "by": "alice",
     "verdict": "completed", "started_at": "2026-11-23T09:00:00Z", "ended_at": "2026-11-23T09:11:20Z"}
changes:
  description: What was changed, or in check mode would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "release", "key": "20261123T090000Z-5f2c9a", "fields": ["service", "verb", "verdict"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._release.record_run import record_run

RECORD = {
    "id": {"type": "str", "required": True},
    "service": {"type": "str", "required": True},
    "verb": {"type": "str", "choices": ["deploy", "rollback"], "required": True},
    "by": {"type": "str"},
    "reason": {"type": "str"},
    "from": {"type": "dict"},
    "to": {"type": "dict"},
    "started_at": {"type": "str", "required": True},
    "ended_at": {"type": "str", "required": True},
    "phases": {"type": "list", "elements": "dict"},
    "steps": {"type": "list", "elements": "dict"},
    "migrations": {"type": "dict"},
    "commit_at": {"type": "str"},
    "verdict": {"type": "str", "choices": ["completed", "rolled_back", "failed", "reverted"], "required": True},
    "why": {"type": "str"},
    "lock": {"type": "str"},
}
ARGUMENT_SPEC = {
    "log_group": {"type": "str", "required": True},
    "state_path": {"type": "str", "required": True},
    "record": {"type": "dict", "required": True, "options": RECORD},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, record_run)


if __name__ == "__main__":
    main()
