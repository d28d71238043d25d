#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the incidents of a service of PagerDuty."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pagerduty_incidents_info
version_added: "0.1.0"
short_description: Gather the incidents of a service of PagerDuty
description:
  - Tells which incidents a service had, with their alerts, such as to prove that a page arrived.
  - Changes nothing.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  service:
    description: Service, by name or id.
    type: str
    required: true
  since:
    description: Tells only incidents that were created at this time or later, with offset. All of them if omitted.
    type: str
  until:
    description: Tells only incidents that were created before this time, with offset.
    type: str
  statuses:
    description: Tells only incidents in one of these states.
    type: list
    elements: str
    choices: [triggered, acknowledged, resolved]
    default: [triggered, acknowledged, resolved]
  alerts:
    description: Whether to tell the alerts of each incident, for which each is asked.
    type: bool
    default: true
extends_documentation_fragment:
  - trademaster.platform.pagerduty
seealso:
  - module: trademaster.platform.pagerduty_service
"""

EXAMPLES = r"""
- name: Open incidents of the last hour
  trademaster.platform.pagerduty_incidents_info:
    service: trademaster-staging
    since: "{{ '%Y-%m-%dT%H:%M:%SZ' | ansible.builtin.strftime((now(utc=true).timestamp() - 3600), utc=true) }}"
    statuses: [triggered, acknowledged]
  register: open
"""

RETURN = r"""
incidents:
  description: The incidents, the oldest first.
  returned: always
  type: list
  elements: dict
  contains:
    id:
      description: Id of the incident.
      type: str
      returned: always
    title:
      description: Its title.
      type: str
      returned: always
    status:
      description: V(triggered), V(acknowledged) or V(resolved).
      type: str
      returned: always
    urgency:
      description: V(high) or V(low).
      type: str
      returned: always
    created_at:
      description: When it was created, to the second.
      type: str
      returned: always
    resolved_at:
      description: When it was resolved, empty while it is open.
      type: str
      returned: always
    alerts:
      description: Its alerts, with the key by which their source tells them apart.
      type: list
      elements: dict
      returned: with O(alerts=true)
  sample:
    - id: PT4KHLK
      incident_number: 1234
      title: "AuthServiceDown"
      status: resolved
      urgency: high
      created_at: "2030-01-07T09:00:00Z"
      resolved_at: "2030-01-07T09:01:10Z"
      html_url: https://example.pagerduty.com/incidents/PT4KHLK
      alerts:
        - id: PXPGF42
          alert_key: 3f6f1e
          summary: "AuthServiceDown"
          status: resolved
          severity: critical
          created_at: "2030-01-07T09:00:00Z"
          details: {"firing": "1"}
changes:
  description: Always empty.
  returned: always
  type: list
  elements: dict
  sample: []
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.incidents import run
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.session import run_module

STATUSES = ["triggered", "acknowledged", "resolved"]
ARGUMENT_SPEC = {
    "service": {"type": "str", "required": True},
    "since": {"type": "str"},
    "until": {"type": "str"},
    "statuses": {"type": "list", "elements": "str", "choices": STATUSES, "default": STATUSES},
    "alerts": {"type": "bool", "default": True},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
