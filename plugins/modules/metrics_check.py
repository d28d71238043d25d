#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: whether Prometheus has what dashboards and rules use."""

from __future__ import annotations

DOCUMENTATION = r"""
module: metrics_check
version_added: "0.1.0"
short_description: Prove that targets are up and that dashboards and rules find their metrics
description:
  - Asks Prometheus, through Grafana, whether every job has targets, every target is up, and every metric and label that
    a panel or a rule uses is there.
  - Waits for what is still missing. What is missing in the end is named with the panels and rules that use it.
  - Reads only. Grafana's password comes from Secrets Manager and is shown nowhere.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  url:
    description: Address where Grafana is reached.
    type: str
    required: true
  server_name:
    description: Name of Grafana, for certificate and C(Host) header, where it is not the one in O(url).
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
  contract:
    description:
      - File with what has to be there, JSON with C(jobs), and C(metrics) that each have C(metric), C(job), C(labels),
        C(used_by), and C(appears) where an event has to happen before there is a first series.
      - Metrics that have yet to appear are not missing.
    type: path
    required: true
  timeout:
    description: Seconds that a request may take.
    type: float
    default: 10.0
  wait_timeout:
    description: Seconds to wait for targets and metrics.
    type: int
    default: 120
attributes:
  check_mode:
    description: Reads as ever, and answers nothing where the account is yet to be created.
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
  - module: trademaster.platform.sign_in_check
"""

EXAMPLES = r"""
- name: Prove that dashboards and alerts have what they need
  trademaster.platform.metrics_check:
    url: https://grafana.example.com
    secret_id: trademaster/staging/grafana/admin
    contract: "{{ role_path }}/files/metrics.json"
"""

RETURN = r"""
url:
  description: Address that was asked.
  returned: success
  type: str
  sample: https://grafana.example.com
targets:
  description: Number of targets by job. All of them are up.
  returned: success
  type: dict
  sample: {"auth-service": 2, "kong": 2}
metrics:
  description: Number of metrics that were looked for, counted once a job.
  returned: success
  type: int
  sample: 135
unseen:
  description: Metrics that are yet to appear.
  returned: success
  type: list
  elements: str
  sample: ["aws_applicationelb_httpcode_elb_5_xx_count_sum"]
problems:
  description: What was still missing or down at the end of the wait, one line each.
  returned: failure
  type: list
  elements: str
  sample: ["target 10.20.2.10:8100 of job kong is down: connection refused"]
changes:
  description: Always empty.
  returned: success
  type: list
  elements: dict
  sample: []
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "metrics of https://grafana.example.com", "seconds": 0.3}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._verify.metrics_run import run

ARGUMENT_SPEC = {
    "url": {"type": "str", "required": True},
    "server_name": {"type": "str"},
    "ca_file": {"type": "path"},
    "secret_id": {"type": "str", "required": True, "no_log": False},
    "datasource_uid": {"type": "str", "default": "prometheus"},
    "contract": {"type": "path", "required": True},
    "timeout": {"type": "float", "default": 10.0},
    "wait_timeout": {"type": "int", "default": 120},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
