#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the releases of a service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: releases_info
version_added: "0.1.0"
short_description: List the releases of a service
description:
  - Reads the records that M(trademaster.platform.release_record) keeps, and computes from them how often the service is
    deployed, how long a commit takes to reach customers, how many deployments fail and how soon that is repaired.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  log_group:
    description: Log group that keeps the records.
    type: str
    required: true
  service:
    description: Logical name of the service.
    type: str
    required: true
  limit:
    description: How many releases to list, from the newest.
    type: int
    default: 20
  days:
    description: Days over which the measures are computed.
    type: int
    default: 30
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
seealso:
  - module: trademaster.platform.release_record
"""

EXAMPLES = r"""
- name: Read the history
  trademaster.platform.releases_info:
    log_group: /trademaster/staging/releases
    service: auth-service
    limit: 5
  register: history

- name: Show it
  ansible.builtin.debug:
    msg: "{{ history.table }}"
"""

RETURN = r"""
releases:
  description: The records, the newest first.
  returned: success
  type: list
  elements: dict
  sample:
    - {"id": "20261123T090000Z-5f2c9a", "service": "auth-service", "verb": "deploy", "by": "alice",
       "verdict": "completed", "started_at": "2026-11-23T09:00:00Z", "ended_at": "2026-11-23T09:11:20Z"}
delivery:
  description:
    - The measures over O(days) days. Durations are medians in seconds; none where there is nothing to tell from.
    - A deployment is a release that customers got; it failed when it was taken back, by the rollout or by a rollback.
      C(restore_seconds) is how long customers were on what was taken back, some of them at least.
  returned: success
  type: dict
  sample:
    {"days": 30, "deployments": 12, "deployments_per_day": 0.4, "lead_seconds": 3555.0, "failure_ratio": 0.0833,
     "restore_seconds": 31.5}
table:
  description: Both as lines of text.
  returned: success
  type: list
  elements: str
  sample: ["when (UTC)           who    what    from → to      took         verdict    why"]
changes:
  description: Always empty.
  returned: success
  type: list
  elements: dict
  sample: []
waits:
  description: Waits this task went through, in seconds.
  returned: success
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._release.record_run import info_run

ARGUMENT_SPEC = {
    "log_group": {"type": "str", "required": True},
    "service": {"type": "str", "required": True},
    "limit": {"type": "int", "default": 20},
    "days": {"type": "int", "default": 30},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, info_run)


if __name__ == "__main__":
    main()
