#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the GuardDuty detector of a region."""

from __future__ import annotations

DOCUMENTATION = r"""
module: guardduty_detectors
version_added: "0.1.0"
short_description: Manage the GuardDuty detector of a region
description:
  - Turns GuardDuty on with the features that are wanted, and off again with O(state=absent).
  - An account has one detector in a region. One that somebody else has made is used as it is, and never removed.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Kept as the tag C(Name) of the detector, by which it is known to be ours.
    type: str
    required: true
  enable:
    description: Whether the detector looks for threats. Suspended, it keeps its findings.
    type: bool
    default: true
  finding_publishing_frequency:
    description: How often findings that come again are published.
    type: str
    choices: [FIFTEEN_MINUTES, ONE_HOUR, SIX_HOURS]
  features:
    description: What is looked at beyond CloudTrail, flow logs and DNS. Features that are not named are left alone.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the feature, such as V(S3_DATA_EVENTS), V(RDS_LOGIN_EVENTS) or V(RUNTIME_MONITORING).
        type: str
        required: true
      enabled:
        description: Whether it is on.
        type: bool
        default: true
      additional_configuration:
        description: Parts of a feature. Those that are not named are left alone.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the part, such as V(ECS_FARGATE_AGENT_MANAGEMENT).
            type: str
            required: true
          enabled:
            description: Whether it is on.
            type: bool
            default: true
  state:
    description: V(absent) removes the detector with its findings, if it carries O(name) and all of O(tags).
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
"""

EXAMPLES = r"""
- name: Look for threats to tasks, buckets and databases
  trademaster.platform.guardduty_detectors:
    name: trademaster-staging
    finding_publishing_frequency: FIFTEEN_MINUTES
    features:
      - name: S3_DATA_EVENTS
      - name: RDS_LOGIN_EVENTS
      - name: RUNTIME_MONITORING
        additional_configuration: [{name: ECS_FARGATE_AGENT_MANAGEMENT}]
    tags: &tags
      Project: trademaster
      Environment: staging

- name: Look for threats no longer
  trademaster.platform.guardduty_detectors:
    name: trademaster-staging
    state: absent
    tags: *tags
"""

RETURN = r"""
detector_id:
  description: Id of the detector of the region. Empty with O(state=absent).
  returned: always
  type: str
  sample: 12abc34d567e8fa901bc2d34e56789f0
ours:
  description: Whether the detector is managed by this task, and not somebody else's.
  returned: always
  type: bool
  sample: true
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "detector", "key": "trademaster-staging", "fields": ["features"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.guardduty.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

PART = {
    "name": {"type": "str", "required": True},
    "enabled": {"type": "bool", "default": True},
}

FEATURE = {
    "name": {"type": "str", "required": True},
    "enabled": {"type": "bool", "default": True},
    "additional_configuration": {"type": "list", "elements": "dict", "options": PART},
}

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "enable": {"type": "bool", "default": True},
    "finding_publishing_frequency": {"type": "str", "choices": ["FIFTEEN_MINUTES", "ONE_HOUR", "SIX_HOURS"]},
    "features": {"type": "list", "elements": "dict", "options": FEATURE},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
