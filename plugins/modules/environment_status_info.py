#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an environment at a glance."""

from __future__ import annotations

DOCUMENTATION = r"""
module: environment_status_info
version_added: "0.1.0"
short_description: Show an environment at a glance
description:
  - Shows the services of a cluster with their tasks, revisions and versions, who takes the customers of services with
    colours, what alarms and alerts are on, and how the last release ended or how far one is that is under way.
  - Who cannot be asked is named with the reason, and the rest is shown nevertheless.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: What the environment is called.
    type: str
    required: true
  cluster:
    description: Name or ARN of the ECS cluster.
    type: str
    required: true
  prefix:
    description: Beginning that names of services and alarms have in common. Other alarms are not looked at.
    type: str
  services:
    description:
      - Services with colours, by name. Each is a dictionary with C(colours), which has C(service) and C(target) by
        colour, the C(upstream) of the gateway that has the targets, and C(state_path), the parameter with the state of
        its releases.
    type: dict
  gateway:
    description: The Admin API of Kong. Not asked when omitted.
    type: dict
    suboptions:
      admin_url:
        description: Its address; empty where none is known.
        type: str
      token_secret:
        description: Name or ARN of the secret with what it asks for in the header C(Kong-Admin-Token).
        type: str
      certificate_secret:
        description: Name or ARN of the secret with its certificate, JSON with C(certificate).
        type: str
      server_name:
        description: Name in its certificate, where that is not the one in the address.
        type: str
  grafana:
    description: Grafana, through which Prometheus is asked for alerts. Not asked when omitted.
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
  locks_table:
    description: Table of the locks that releases hold.
    type: str
  format:
    description: Whether to show lines for people, or JSON for programs.
    type: str
    choices: [text, json]
    default: text
attributes:
  check_mode:
    description: The same with and without.
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
seealso:
  - module: trademaster.platform.ecs_logs
"""

EXAMPLES = r"""
- name: Show how the environment is
  trademaster.platform.environment_status_info:
    name: trademaster-staging
    cluster: trademaster-staging
    prefix: trademaster-staging-
    services:
      auth-service:
        colours:
          blue: {service: trademaster-staging-auth-blue, target: "auth-service-blue.trademaster.internal:8080"}
          green: {service: trademaster-staging-auth-green, target: "auth-service-green.trademaster.internal:8080"}
        upstream: auth-service
        state_path: /trademaster/staging/releases/auth-service
    locks_table: trademaster-staging-locks
"""

RETURN = r"""
status:
  description: What was found. A part that could not be asked is empty and named in C(unknown) with the reason.
  returned: success
  type: dict
  sample:
    name: trademaster-staging
    at: "2026-11-23 06:12:33 UTC"
    services:
      - name: auth-service
        colour: blue
        service: trademaster-staging-auth-blue
        weight: 100
        running: 2
        desired: 2
        revision: trademaster-staging-auth:17
        version: 1.4.2
        state: steady
    alarms: []
    alerts: [{name: AuthServiceLatencyHigh, severity: warning}]
    releases:
      auth-service: {live: blue, last: null, rollout: null, lock: {standing: free, holder: ""}}
    unknown: {}
table:
  description: The same, as lines for people.
  returned: success
  type: list
  elements: str
  sample: ["service       colour  weight  tasks  revision                     version  state"]
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

from collections.abc import Callable
from functools import partial

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._status.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._verify.grafana import OPTIONS as GRAFANA

GATEWAY = {
    "admin_url": {"type": "str"},
    "token_secret": {"type": "str", "no_log": False},
    "certificate_secret": {"type": "str", "no_log": False},
    "server_name": {"type": "str"},
}
ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "cluster": {"type": "str", "required": True},
    "prefix": {"type": "str"},
    "services": {"type": "dict"},
    "gateway": {"type": "dict", "options": GATEWAY},
    "grafana": {"type": "dict", "options": GRAFANA},
    "locks_table": {"type": "str"},
    "format": {"type": "str", "choices": ["text", "json"], "default": "text"},
}


def silent(_line: str) -> None:
    """Where nobody watches, the result has to do."""


def main(report: Callable[[str], None] = silent) -> None:
    """`report` shows a line to whoever watches."""
    run_module(ARGUMENT_SPEC, partial(run, report=report))


if __name__ == "__main__":
    main()
