#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a service of PagerDuty."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pagerduty_service
version_added: "0.1.0"
short_description: Manage a service of PagerDuty
description:
  - Creates, updates or removes one technical service, that which breaks and for which somebody is called.
  - Options that are omitted are left as they are; an empty text or mapping clears.
  - A service that is removed takes its integrations and incidents with it.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the service. PagerDuty keeps no two services whose names differ in case alone.
    type: str
    required: true
  description:
    description: What the service is.
    type: str
  escalation_policy:
    description: Escalation policy, by name or id. Needed for a new service.
    type: str
  auto_resolve_timeout:
    description: Seconds after which an open incident is resolved. V(0) switches it off.
    type: int
  acknowledgement_timeout:
    description: Seconds after which an acknowledged incident is triggered again. V(0) switches it off.
    type: int
  incident_urgency_rule:
    description: How urgent an incident is, which decides how people are notified.
    type: dict
    suboptions:
      type:
        description: Whether the urgency is the same at all times.
        type: str
        choices: [constant, use_support_hours]
        required: true
      urgency:
        description: Urgency at all times. With V(severity_based) that of the alert decides.
        type: str
        choices: [high, low, severity_based]
      during_support_hours:
        description: Urgency within O(support_hours).
        type: dict
        suboptions:
          type:
            description: Whether the urgency is the same for all incidents.
            type: str
            choices: [constant]
            default: constant
          urgency:
            description: The urgency.
            type: str
            choices: [high, low, severity_based]
            required: true
      outside_support_hours:
        description: Urgency at all other times.
        type: dict
        suboptions:
          type:
            description: Whether the urgency is the same for all incidents.
            type: str
            choices: [constant]
            default: constant
          urgency:
            description: The urgency.
            type: str
            choices: [high, low, severity_based]
            required: true
  support_hours:
    description: When the service is supported. An empty mapping clears.
    type: dict
    suboptions:
      type:
        description: Kind of hours.
        type: str
        choices: [fixed_time_per_day]
      time_zone:
        description: Time zone of the hours, such as V(Europe/Berlin).
        type: str
      start_time:
        description: When they begin, as V(09:00:00).
        type: str
      end_time:
        description: When they end, as V(17:00:00).
        type: str
      days_of_week:
        description: Days from V(1) (Monday) to V(7).
        type: list
        elements: int
  alert_creation:
    description: Whether each event becomes an alert in an incident, or an incident alone.
    type: str
    choices: [create_alerts_and_incidents, create_incidents]
  alert_grouping:
    description:
      - How alerts are gathered in one incident. An empty mapping gives each alert an incident of its own.
      - What it may hold depends on the plan of the account.
      - Where it differs it takes the service out of a grouping that is set for several services.
    type: dict
    suboptions:
      type:
        description: By time, by what PagerDuty has learned, or by content.
        type: str
        choices: [time, intelligent, content_based]
      timeout:
        description: With V(time), minutes within which alerts are gathered. With V(0) until it is resolved.
        type: int
      time_window:
        description: With V(intelligent) and V(content_based), seconds within which alerts are gathered.
        type: int
      aggregate:
        description: With V(content_based), whether all or any of the fields have to match.
        type: str
        choices: [all, any]
      fields:
        description: With V(content_based), fields of an alert, such as V(class) or V(custom_details.alertname).
        type: list
        elements: str
  state:
    description: Whether the service shall exist.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - trademaster.platform.pagerduty
seealso:
  - module: trademaster.platform.pagerduty_escalation_policy
  - module: trademaster.platform.pagerduty_service_integration
"""

EXAMPLES = r"""
- name: Service that pages whoever is on call
  trademaster.platform.pagerduty_service:
    name: trademaster-staging
    description: Authentication service of staging
    escalation_policy: Platform
    auto_resolve_timeout: 14400
    acknowledgement_timeout: 1800
    incident_urgency_rule:
      type: constant
      urgency: severity_based
    alert_grouping:
      type: time
      timeout: 5

- name: Give each alert an incident of its own, and never resolve by time
  trademaster.platform.pagerduty_service:
    name: trademaster-staging
    alert_grouping: {}
    auto_resolve_timeout: 0

- name: Remove the service
  trademaster.platform.pagerduty_service:
    name: trademaster-staging
    state: absent
"""

RETURN = r"""
service:
  description: The service; empty when it is absent.
  returned: always
  type: dict
  sample:
    id: PIJ90N7
    escalation_policy_id: PANZZEQ
    html_url: https://example.pagerduty.com/services/PIJ90N7
    name: trademaster-staging
    escalation_policy: Platform
    auto_resolve_timeout: 14400
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "service", "key": "trademaster-staging", "fields": ["auto_resolve_timeout"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.services import run
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.session import run_module

URGENCY = {"type": "str", "choices": ["high", "low", "severity_based"]}
HOURS = {
    "type": "dict",
    "options": {
        "type": {"type": "str", "choices": ["constant"], "default": "constant"},
        "urgency": {**URGENCY, "required": True},
    },
}
ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "escalation_policy": {"type": "str"},
    "auto_resolve_timeout": {"type": "int"},
    "acknowledgement_timeout": {"type": "int"},
    "incident_urgency_rule": {
        "type": "dict",
        "options": {
            "type": {"type": "str", "choices": ["constant", "use_support_hours"], "required": True},
            "urgency": URGENCY,
            "during_support_hours": HOURS,
            "outside_support_hours": HOURS,
        },
        "required_if": [
            ("type", "constant", ("urgency",)),
            ("type", "use_support_hours", ("during_support_hours", "outside_support_hours")),
        ],
    },
    "support_hours": {
        "type": "dict",
        "options": {
            "type": {"type": "str", "choices": ["fixed_time_per_day"]},
            "time_zone": {"type": "str"},
            "start_time": {"type": "str"},
            "end_time": {"type": "str"},
            "days_of_week": {"type": "list", "elements": "int"},
        },
    },
    "alert_creation": {"type": "str", "choices": ["create_alerts_and_incidents", "create_incidents"]},
    "alert_grouping": {
        "type": "dict",
        "options": {
            "type": {"type": "str", "choices": ["time", "intelligent", "content_based"]},
            "timeout": {"type": "int"},
            "time_window": {"type": "int"},
            "aggregate": {"type": "str", "choices": ["all", "any"]},
            "fields": {"type": "list", "elements": "str"},
        },
    },
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
