#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: what Prometheus answers to a query."""

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_query_info
version_added: "0.2.0"
short_description: Ask Prometheus a query
description:
  - Asks Prometheus, through Grafana, what a query comes to now.
  - Reads only. Grafana's password comes from Secrets Manager and is shown nowhere.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  grafana:
    description: Grafana, through which Prometheus is asked.
    type: dict
    required: true
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
  query:
    description: The query, which comes to an instant vector.
    type: str
    required: true
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
  - module: trademaster.platform.metrics_check
"""

EXAMPLES = r"""
- name: Count the tasks that answer
  trademaster.platform.prometheus_query_info:
    grafana:
      url: https://grafana.example.com
      secret_id: trademaster/staging/grafana/admin
    query: sum by (job) (up)
"""

RETURN = r"""
series:
  description: The series of the answer. None where nothing has the metric.
  returned: success
  type: list
  elements: dict
  sample: [{"labels": {"job": "auth-service"}, "value": 2.0}]
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
from ansible_collections.trademaster.platform.plugins.module_utils._verify.grafana import OPTIONS as GRAFANA
from ansible_collections.trademaster.platform.plugins.module_utils._verify.query_run import run

ARGUMENT_SPEC = {
    "grafana": {"type": "dict", "required": True, "options": GRAFANA},
    "query": {"type": "str", "required": True},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
