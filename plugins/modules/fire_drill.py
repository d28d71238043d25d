#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: breaking an environment on purpose, to see whether the pager is told."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fire_drill
version_added: "0.1.0"
short_description: Prove that critical conditions reach the pager
description:
  - Brings critical conditions about, one after the other or together where they do not disturb each other, and measures
    for every alert how long it takes until PagerDuty has an incident, and until that is resolved after the repair.
  - The environment is restored in any case, also when an alert does not come, a call fails, or the drill is told to
    stop. What has to be undone is noted in O(journal) before anything is done. When a drill was killed, the next one
    begins with restoring what is noted there; with an empty O(only) it does nothing else.
  - Refuses to begin while an incident is open, a critical alert fires, or a service of the cluster is being deployed.
  - Not for environments that people rely on.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  cluster:
    description: ARN of the ECS cluster.
    type: str
    required: true
  scenarios:
    description: What can be brought about.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the scenario.
        type: str
        required: true
      inject:
        description: What to do.
        type: dict
        required: true
        suboptions:
          kind:
            description:
              - V(stop_services) scales O(scenarios[].inject.services) to nothing, their automatic scaling suspended.
              - V(stop_database) stops the RDS instance O(scenarios[].inject.database).
              - V(misbehave) sets O(scenarios[].inject.switches) in every task of O(scenarios[].inject.services), which
                has to offer C(PUT /sample/misbehaviour).
            type: str
            choices: [stop_services, stop_database, misbehave]
            required: true
          services:
            description: Names of ECS services.
            type: list
            elements: str
          database:
            description: Identifier of the RDS instance.
            type: str
          port:
            description: Port of its tasks.
            type: int
          switches:
            description: Switches and what they are set to.
            type: dict
      alerts:
        description: Alerts, or CloudWatch alarms, that have to reach the pager. Titles of incidents have these names.
        type: list
        elements: str
        required: true
      traffic:
        description: Whether the service needs requests for the condition to be seen.
        type: bool
        default: false
      beside:
        description: Scenarios that give the same name here run together. Without one, a scenario has all to itself.
        type: str
  only:
    description: Names of the scenarios to play. All of them when omitted, none when empty.
    type: list
    elements: str
  pager:
    description: The service at PagerDuty whose incidents are looked at.
    type: dict
    required: true
    suboptions:
      service_id:
        description: Id of the service.
        type: str
        required: true
      api_url:
        description: Address of the REST API.
        type: str
        default: https://api.pagerduty.com
      api_token:
        description: Token of the REST API; one that can only read is enough.
        type: str
        required: true
      ca_cert:
        description: File with the authorities to trust, instead of those of the system.
        type: path
  grafana:
    description: Grafana, through which Prometheus is asked whether alerts fire already. Not asked when omitted.
    type: dict
    suboptions:
      url:
        description: Address where Grafana is reached.
        type: str
        required: true
      server_name:
        description: Name of Grafana, where it is not the one in O(grafana.url).
        type: str
      ca_file:
        description: File with the authorities to trust, instead of those of the system.
        type: path
      secret_id:
        description: Name or ARN of the secret of an account of Grafana, JSON with C(username) and C(password).
        type: str
        required: true
      datasource_uid:
        description: C(uid) of the data source in Grafana that is Prometheus.
        type: str
        default: prometheus
  traffic:
    description: The account whose requests flow through the gateway while a scenario needs them.
    type: dict
    suboptions:
      url:
        description: Address of the service.
        type: str
        required: true
      ca_file:
        description: File with the authorities to trust, instead of those of the system.
        type: path
      email:
        description: Account that signs in.
        type: str
        required: true
      secret_id:
        description: Name or ARN of the account's secret, JSON with C(password).
        type: str
        required: true
      requests_per_minute:
        description: Requests to make, below the limit of the account's tier.
        type: int
        default: 90
  api_key_secret:
    description: Name or ARN of the secret with the API key that opens the switches of V(misbehave).
    type: str
  journal:
    description: Name of the parameter in Parameter Store that holds what has to be undone.
    type: str
    required: true
  page_timeout:
    description: Seconds within which an alert has to reach the pager.
    type: float
    default: 900.0
  resolve_timeout:
    description: Seconds within which it has to be resolved there, and within which the environment has to be restored.
    type: float
    default: 1800.0
  poll_seconds:
    description: Seconds between looks at the pager.
    type: float
    default: 2.0
attributes:
  check_mode:
    description: Breaks nothing and asks no pager; says which scenarios would be played.
    support: full
  diff_mode:
    description: Shows the scenarios that were played.
    support: full
  idempotent:
    description: A second drill is another drill.
    support: none
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: trademaster.platform.pagerduty_incidents_info
"""

EXAMPLES = r"""
- name: See whether the pager is told when nothing serves
  trademaster.platform.fire_drill:
    cluster: arn:aws:ecs:us-east-1:123456789012:cluster/trademaster-staging
    scenarios:
      - name: service-down
        inject: {kind: stop_services, services: [trademaster-staging-auth]}
        alerts: [AuthServiceDown]
    pager:
      service_id: PABC123
      api_token: "{{ lookup('ansible.builtin.env', 'PAGERDUTY_API_TOKEN') }}"
    journal: /trademaster/staging/drill
  register: drill

- name: Show how long it took
  ansible.builtin.debug:
    msg: "{{ drill.table }}"
"""

RETURN = r"""
alerts:
  description:
    - One item for each alert, with the seconds from the injection until the pager had it, and from the repair until it
      was resolved. Empty times mean never.
  returned: always
  type: list
  elements: dict
  sample:
    - {"scenario": "service-down", "alert": "AuthServiceDown", "paged_seconds": 24.1, "resolved_seconds": 41.7,
       "ok": true, "problem": ""}
table:
  description: The same, as lines of text.
  returned: always
  type: list
  elements: str
  sample: ["scenario      alert            paged after  resolved after"]
repaired:
  description: Scenarios of an earlier drill that had to be undone first.
  returned: always
  type: list
  elements: str
  sample: []
other_incidents:
  description: Titles of incidents that no scenario asked for. They are consequences that are not silenced, or chance.
  returned: always
  type: list
  elements: str
  sample: []
changes:
  description: The scenarios that were played.
  returned: success
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "scenario", "key": "service-down", "fields": ["played"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from collections.abc import Callable
from functools import partial

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._drill.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._verify import grafana

INJECTION = {
    "kind": {"type": "str", "required": True, "choices": ["stop_services", "stop_database", "misbehave"]},
    "services": {"type": "list", "elements": "str"},
    "database": {"type": "str"},
    "port": {"type": "int"},
    "switches": {"type": "dict"},
}
NEEDS = [
    ("kind", "stop_services", ["services"]),
    ("kind", "stop_database", ["database"]),
    ("kind", "misbehave", ["services", "port", "switches"]),
]
SCENARIO = {
    "name": {"type": "str", "required": True},
    "inject": {"type": "dict", "required": True, "options": INJECTION, "required_if": NEEDS},
    "alerts": {"type": "list", "elements": "str", "required": True},
    "traffic": {"type": "bool", "default": False},
    "beside": {"type": "str"},
}
PAGER = {
    "service_id": {"type": "str", "required": True},
    "api_url": {"type": "str", "default": "https://api.pagerduty.com"},
    "api_token": {"type": "str", "required": True, "no_log": True},
    "ca_cert": {"type": "path"},
}
TRAFFIC = {
    "url": {"type": "str", "required": True},
    "ca_file": {"type": "path"},
    "email": {"type": "str", "required": True},
    "secret_id": {"type": "str", "required": True, "no_log": False},
    "requests_per_minute": {"type": "int", "default": 90},
}
ARGUMENT_SPEC = {
    "cluster": {"type": "str", "required": True},
    "scenarios": {"type": "list", "elements": "dict", "required": True, "options": SCENARIO},
    "only": {"type": "list", "elements": "str"},
    "pager": {"type": "dict", "required": True, "options": PAGER},
    "grafana": {"type": "dict", "options": dict(grafana.OPTIONS)},
    "traffic": {"type": "dict", "options": TRAFFIC},
    "api_key_secret": {"type": "str", "no_log": False},
    "journal": {"type": "str", "required": True},
    "page_timeout": {"type": "float", "default": 900.0},
    "resolve_timeout": {"type": "float", "default": 1800.0},
    "poll_seconds": {"type": "float", "default": 2.0},
}


def silent(_line: str) -> None:
    """Where nobody watches, the timeline in the result has to do."""


def main(report: Callable[[str], None] = silent) -> None:
    """`report` shows a line to whoever watches."""
    run_module(ARGUMENT_SPEC, partial(run, report=report))


if __name__ == "__main__":
    main()
