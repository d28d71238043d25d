#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an integration of a service of PagerDuty."""

from __future__ import annotations

DOCUMENTATION = r"""
module: pagerduty_service_integration
version_added: "0.1.0"
short_description: Manage an integration of a service of PagerDuty
description:
  - Creates or removes one integration of a service, through which a monitoring tool sends its events.
  - Its key is neither answered nor shown. The lookup P(trademaster.platform.pagerduty_integration_key#lookup) hands it
    to whoever keeps it.
  - An integration of another type or vendor is another integration with another key, so it is replaced. The new one
    is made before the old one is removed.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the integration within the service.
    type: str
    required: true
  service:
    description: Service, by name or id.
    type: str
    required: true
  type:
    description: Type of the integration. Needed for a new one.
    type: str
    choices:
      - aws_cloudwatch_inbound_integration
      - cloudkick_inbound_integration
      - event_transformer_api_inbound_integration
      - events_api_v2_inbound_integration
      - generic_events_api_inbound_integration
      - keynote_inbound_integration
      - nagios_inbound_integration
      - pingdom_inbound_integration
      - sql_monitor_inbound_integration
  vendor:
    description: Vendor whose events are understood, by name or id, such as V(Amazon CloudWatch). An empty text is none.
    type: str
  state:
    description: Whether the integration shall exist.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - trademaster.platform.pagerduty
seealso:
  - module: trademaster.platform.pagerduty_service
  - plugin: trademaster.platform.pagerduty_integration_key
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Alertmanager reaches the service
  trademaster.platform.pagerduty_service_integration:
    name: Alertmanager
    service: trademaster
    type: events_api_v2_inbound_integration

- name: Keep the key where Alertmanager finds it
  trademaster.platform.secretsmanager_secrets:
    prefix: trademaster/staging
    secrets:
      - name: pagerduty/events
        value: "{{ lookup('trademaster.platform.pagerduty_integration_key', 'Alertmanager', service='trademaster') }}"

- name: Alarms of CloudWatch reach it too
  trademaster.platform.pagerduty_service_integration:
    name: Amazon CloudWatch
    service: trademaster
    type: aws_cloudwatch_inbound_integration
"""

RETURN = r"""
integration:
  description: The integration without its key; empty when it is absent.
  returned: always
  type: dict
  sample:
    id: PQ12345
    html_url: https://example.pagerduty.com/services/PIJ90N7/integrations/PQ12345
    name: Alertmanager
    type: events_api_v2_inbound_integration
    vendor: ""
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "integration", "key": "trademaster/Alertmanager", "fields": ["type"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.integrations import TYPES, run
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.session import run_module

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "service": {"type": "str", "required": True},
    "type": {"type": "str", "choices": list(TYPES)},
    "vendor": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
