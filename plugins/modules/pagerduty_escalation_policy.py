#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an escalation policy of PagerDuty."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pagerduty_escalation_policy
version_added: "0.1.0"
short_description: Manage an escalation policy of PagerDuty
description:
  - Creates, updates or removes one escalation policy, which says who is called and after how long the next.
  - Options that are omitted are left as they are; an empty text clears.
  - A policy that services use cannot be removed; remove or change the services first.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the policy. PagerDuty keeps no two policies whose names differ in case alone.
    type: str
    required: true
  description:
    description: What the policy is for.
    type: str
  num_loops:
    description: How often the rules are gone through again, from V(0) to V(9), when nobody acknowledges.
    type: int
  on_call_handoff_notifications:
    description: Whether people are told of the end and begin of their turn when no service uses the policy.
    type: str
    choices: [if_has_services, always]
  escalation_rules:
    description: Who is called, in order. Needed for a new policy.
    type: list
    elements: dict
    suboptions:
      escalation_delay_in_minutes:
        description: Minutes after which the next rule follows when nobody has acknowledged.
        type: int
        required: true
      users:
        description: Users to call, by e-mail address or id. They have to be users of the account.
        type: list
        elements: str
      schedules:
        description: Schedules whose user on call is called, by name or id.
        type: list
        elements: str
  state:
    description: Whether the policy shall exist.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - trademaster.platform.pagerduty
seealso:
  - module: trademaster.platform.pagerduty_schedule
  - module: trademaster.platform.pagerduty_service
"""

EXAMPLES = r"""
- name: Call who is on call, after ten minutes the head of the team
  trademaster.platform.pagerduty_escalation_policy:
    name: Platform
    num_loops: 2
    escalation_rules:
      - escalation_delay_in_minutes: 10
        schedules: [Platform primary]
      - escalation_delay_in_minutes: 30
        users: [head@example.com]

- name: Remove the policy
  trademaster.platform.pagerduty_escalation_policy:
    name: Platform
    state: absent
"""

RETURN = r"""
escalation_policy:
  description: The policy; empty when it is absent.
  returned: always
  type: dict
  sample:
    id: PANZZEQ
    html_url: https://example.pagerduty.com/escalation_policies/PANZZEQ
    name: Platform
    num_loops: 2
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "escalation policy", "key": "Platform", "fields": ["num_loops"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.policies import run
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.session import run_module

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "num_loops": {"type": "int"},
    "on_call_handoff_notifications": {"type": "str", "choices": ["if_has_services", "always"]},
    "escalation_rules": {
        "type": "list",
        "elements": "dict",
        "options": {
            "escalation_delay_in_minutes": {"type": "int", "required": True},
            "users": {"type": "list", "elements": "str"},
            "schedules": {"type": "list", "elements": "str"},
        },
    },
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
