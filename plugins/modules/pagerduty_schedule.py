#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an on-call schedule of PagerDuty."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pagerduty_schedule
version_added: "0.1.0"
short_description: Manage an on-call schedule of PagerDuty
description:
  - Creates, updates or removes one schedule of layers.
  - Options that are omitted, also of a layer that exists, are left as they are; an empty text or list clears.
  - PagerDuty removes no layer. One that is not listed any more ends at once, and is not looked at from then on.
  - A schedule that escalation policies use cannot be removed; remove or change the policies first.
notes:
  - Schedules that PagerDuty calls shift-based have no layers and are not managed by this module.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the schedule. PagerDuty keeps no two schedules whose names differ in case alone.
    type: str
    required: true
  description:
    description: What the schedule is for.
    type: str
  time_zone:
    description: Time zone, such as V(Europe/Berlin). Needed for a new schedule.
    type: str
  schedule_layers:
    description: All layers, the lowest first. A later one takes precedence. Needed for a new schedule.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the layer within the schedule.
        type: str
        required: true
      users:
        description: Users in the order of their turns, by e-mail address or id. Needed for a new layer.
        type: list
        elements: str
      rotation_turn_length_seconds:
        description: Seconds of one turn, V(604800) for a week. Needed for a new layer.
        type: int
      rotation_virtual_start:
        description: When turns are counted from, with offset. O(schedule_layers[].start) of a new layer if omitted.
        type: str
      start:
        description:
          - When the layer begins, with offset. The moment of its creation if omitted, and if it is in the past.
          - Of a layer that has begun it is not changed any more.
        type: str
      end:
        description: When the layer ends, with offset. An empty text lets it go on.
        type: str
      restrictions:
        description: Times of the day or week to which the layer is limited. An empty list lifts all limits.
        type: list
        elements: dict
        suboptions:
          type:
            description: Whether it holds each day or each week.
            type: str
            choices: [daily_restriction, weekly_restriction]
            required: true
          start_time_of_day:
            description: When it begins, as V(09:00:00).
            type: str
            required: true
          start_day_of_week:
            description: With V(weekly_restriction), the day on which it begins, from V(1) (Monday) to V(7).
            type: int
          duration_seconds:
            description: How long it lasts, less than a day or a week.
            type: int
            required: true
  state:
    description: Whether the schedule shall exist.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - trademaster.platform.pagerduty
seealso:
  - module: trademaster.platform.pagerduty_escalation_policy
"""

EXAMPLES = r"""
- name: Turns of a week, with somebody else at night
  trademaster.platform.pagerduty_schedule:
    name: Platform primary
    time_zone: Europe/Berlin
    schedule_layers:
      - name: Weeks
        users: [anna@example.com, ben@example.com]
        rotation_turn_length_seconds: 604800
        rotation_virtual_start: "2030-01-07T09:00:00+01:00"
      - name: Nights
        users: [night@example.com]
        rotation_turn_length_seconds: 86400
        restrictions:
          - type: daily_restriction
            start_time_of_day: "20:00:00"
            duration_seconds: 43200

- name: Remove the schedule
  trademaster.platform.pagerduty_schedule:
    name: Platform primary
    state: absent
"""

RETURN = r"""
schedule:
  description: The schedule; empty when it is absent.
  returned: always
  type: dict
  sample:
    id: PI7DH85
    html_url: https://example.pagerduty.com/schedules/PI7DH85
    name: Platform primary
    time_zone: Europe/Berlin
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "schedule", "key": "Platform primary", "fields": ["schedule_layers"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.schedules import run
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.session import run_module

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "time_zone": {"type": "str"},
    "schedule_layers": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "users": {"type": "list", "elements": "str"},
            "rotation_turn_length_seconds": {"type": "int"},
            "rotation_virtual_start": {"type": "str"},
            "start": {"type": "str"},
            "end": {"type": "str"},
            "restrictions": {
                "type": "list",
                "elements": "dict",
                "options": {
                    "type": {
                        "type": "str",
                        "choices": ["daily_restriction", "weekly_restriction"],
                        "required": True,
                    },
                    "start_time_of_day": {"type": "str", "required": True},
                    "start_day_of_week": {"type": "int"},
                    "duration_seconds": {"type": "int", "required": True},
                },
            },
        },
    },
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
