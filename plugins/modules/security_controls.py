#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an environment judged by security controls."""

from __future__ import annotations

DOCUMENTATION = r"""
module: security_controls
version_added: "0.1.0"
short_description: Judge an environment by security controls
description:
  - Judges what carries our tags, and the settings of the account, by the controls of AWS Foundational Security Best
    Practices and of the CIS benchmark that this collection knows.
  - A control whose resource does not exist is not applicable. One whose resource could not be read fails.
  - In check mode at the end of a playbook it judges what the playbook would bring about, so that a database open to
    the internet fails before there is one. For this the callback plugin C(trademaster.platform.planned_changes) has to
    be enabled.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: What the environment is called. Names of task definitions and of policies that are ours have it.
    type: str
    required: true
  tags:
    description: What carries all of these tags is ours.
    type: dict
    required: true
  controls:
    description: Ids of the controls to judge by. All when omitted.
    type: list
    elements: str
  waivers:
    description: What is accepted, and why. Waivers of the judge Prowler begin with C(prowler:) and are left alone here.
    type: list
    elements: dict
    suboptions:
      control:
        description: Id of the control.
        type: str
        required: true
      resource:
        description: Pattern that the name of the resource matches, or its kind and name, with C(*) for any text.
        type: str
        default: "*"
      reason:
        description: Why this is acceptable.
        type: str
        required: true
      expires:
        description: Last day on which it is, as in C(2027-06-30).
        type: str
        required: true
  planned_changes:
    description:
      - Changes to judge as if they were made, each the C(diff) that a module of this collection answers.
      - In check mode, those of the tasks before when omitted.
    type: list
    elements: dict
attributes:
  check_mode:
    description: Nothing is ever changed. In check mode, what the tasks before would change is judged as well.
    support: full
  diff_mode:
    description: There is nothing to show, because nothing is changed.
    support: none
  idempotent:
    description: Nothing is changed.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
"""

EXAMPLES = r"""
- name: Judge the environment
  trademaster.platform.security_controls:
    name: trademaster-staging
    tags: {Project: trademaster, Environment: staging}
    waivers:
      - control: RDS.23
        resource: trademaster-staging
        reason: Only security groups of ours reach the database, whatever its port
        expires: "2027-06-30"
  register: controls

- name: Refuse what is not waived
  ansible.builtin.assert:
    that: not controls.failures
    fail_msg: "{{ controls.failures }}"
"""

RETURN = r"""
findings:
  description: One entry for each control and resource.
  returned: success
  type: list
  elements: dict
  sample:
    - control: RDS.2
      title: The database cannot be reached from the internet
      resource: db_instance trademaster-staging
      status: passed
      reason: ""
      remedy: ""
      waiver: null
failures:
  description: What failed and is not waived, one line each.
  returned: success
  type: list
  elements: str
  sample: ["RDS.8: db_instance trademaster-staging has no deletion protection; database_deletion_protection: true"]
problems:
  description: What is wrong with waivers. They have expired, or waive nothing.
  returned: success
  type: list
  elements: str
  sample: ["waiver of RDS.8 for * expired on 2026-06-30"]
counts:
  description: Findings by status.
  returned: success
  type: dict
  sample: {passed: 310, failed: 0, waived: 12, not_applicable: 9}
controls:
  description: Controls by the worst status of their findings.
  returned: success
  type: dict
  sample: {passed: 110, failed: 0, waived: 8, not_applicable: 6}
account_id:
  description: The account that was judged.
  returned: success
  type: str
  sample: "123456789012"
region:
  description: The region that was judged.
  returned: success
  type: str
  sample: us-east-1
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
from ansible_collections.trademaster.platform.plugins.module_utils._controls.run import run

WAIVER = {
    "control": {"type": "str", "required": True},
    "resource": {"type": "str", "default": "*"},
    "reason": {"type": "str", "required": True},
    "expires": {"type": "str", "required": True},
}
ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "tags": {"type": "dict", "required": True},
    "controls": {"type": "list", "elements": "str"},
    "waivers": {"type": "list", "elements": "dict", "options": WAIVER},
    "planned_changes": {"type": "list", "elements": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
