#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the metric filters of a CloudWatch log group."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_metric_filters
version_added: "0.1.0"
short_description: Manage the metric filters of a CloudWatch log group as one set
description:
  - Creates, updates and removes the filters that turn events of a log group into data of a metric, in a single task.
  - Metric filters have no tags. Which are of a set, their names tell.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  log_group_name:
    description: Log group whose events are looked at.
    type: str
    required: true
  metric_filters:
    description: Filters that shall exist.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the filter, unique in its log group.
        type: str
        required: true
      filter_pattern:
        description: Which events count, such as V({ $.eventName = "DeleteTrail" }). Required with O(state=present).
        type: str
      metric_name:
        description: Name of the metric. Required with O(state=present).
        type: str
      metric_namespace:
        description: Namespace of the metric. Required with O(state=present).
        type: str
      metric_value:
        description: What an event adds, a number, or a field of the event such as V($.latency).
        type: str
        default: "1"
      default_value:
        description: Value of periods in which there are events but none that counts.
        type: float
      dimensions:
        description: Fields of the event by the name of the dimension that they are the value of, three at most.
        type: dict
      unit:
        description: Unit of the metric.
        type: str
  state:
    description: V(absent) removes the listed filters; only their names matter then.
    type: str
    choices: [present, absent]
    default: present
  prefix:
    description: What the names of all filters of the set begin with. Required with O(purge=true).
    type: str
  purge:
    description: Whether to remove filters of the log group that are not listed and begin with O(prefix).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
seealso:
  - module: community.aws.cloudwatchlogs_log_group_metric_filter
    description: Manages a single filter.
  - module: trademaster.platform.cloudwatch_alarms
    description: Rings when the metric says so.
"""

EXAMPLES = r"""
- name: Count sign-ins to the console without a second factor
  trademaster.platform.cloudwatch_metric_filters:
    log_group_name: /trademaster-staging/audit
    prefix: trademaster-staging-
    purge: true
    metric_filters:
      - name: trademaster-staging-console-without-mfa
        filter_pattern: '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") }'
        metric_namespace: trademaster-staging/audit
        metric_name: console-without-mfa

- name: No filter
  trademaster.platform.cloudwatch_metric_filters:
    log_group_name: /trademaster-staging/audit
    metric_filters: [{name: trademaster-staging-console-without-mfa}]
    state: absent
"""

RETURN = r"""
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "metric_filter", "key": "trademaster-staging-root", "fields": ["filter_pattern"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.logs.filter_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

METRIC_FILTER = {
    "name": {"type": "str", "required": True},
    "filter_pattern": {"type": "str"},
    "metric_name": {"type": "str"},
    "metric_namespace": {"type": "str"},
    "metric_value": {"type": "str", "default": "1"},
    "default_value": {"type": "float"},
    "dimensions": {"type": "dict"},
    "unit": {"type": "str"},
}

ARGUMENT_SPEC = {
    "log_group_name": {"type": "str", "required": True},
    "metric_filters": {"type": "list", "elements": "dict", "required": True, "options": METRIC_FILTER},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "prefix": {"type": "str"},
    "purge": {"type": "bool", "default": False},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
