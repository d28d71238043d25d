#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of CloudWatch metric alarms."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudwatch_alarms
version_added: "0.1.0"
short_description: Manage CloudWatch metric alarms as one set
description:
  - Creates, updates and, with O(purge=true), removes alarms on one metric or on metric math in a single task.
  - CloudWatch takes an alarm as a whole, so an option that is omitted is CloudWatch's default. State and history of
    an alarm that is changed stay.
  - State is no matter of this module; an alarm that rings is no change.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  alarms:
    description: Alarms that shall exist. An empty list with O(purge=true) removes them all.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the alarm.
        type: str
        required: true
      alarm_description:
        description: What is wrong when it rings, and what to do.
        type: str
      actions_enabled:
        description: Whether its actions are taken.
        type: bool
        default: true
      alarm_actions:
        description: ARNs of what is notified when the alarm rings, 5 at most.
        type: list
        elements: str
      ok_actions:
        description: ARNs of what is notified when it no longer rings.
        type: list
        elements: str
      insufficient_data_actions:
        description: ARNs of what is notified when there are no data to decide by.
        type: list
        elements: str
      namespace:
        description: Namespace of the metric, such as V(AWS/SNS). Not with O(alarms[].metrics).
        type: str
      metric_name:
        description: Name of the metric.
        type: str
      dimensions:
        description: Value by name of each dimension.
        type: dict
      statistic:
        description: Statistic of each period. Either this or O(alarms[].extended_statistic).
        type: str
        choices: [SampleCount, Average, Sum, Minimum, Maximum]
      extended_statistic:
        description: Percentile of each period, such as V(p99).
        type: str
      period:
        description: Seconds of a period, V(10), V(20), V(30) or a multiple of V(60).
        type: int
      unit:
        description: Unit that the data must have. Seldom wanted, since data of other units then count as missing.
        type: str
      metrics:
        description: Metric math instead of one metric. Exactly one query returns data.
        type: list
        elements: dict
        suboptions:
          id:
            description: Name of the query in expressions, beginning with a small letter.
            type: str
            required: true
          expression:
            description: What is calculated of other queries. Either this or O(alarms[].metrics[].metric_stat).
            type: str
          label:
            description: Name for people.
            type: str
          period:
            description: Seconds of a period of an expression that has no query to take it from.
            type: int
          return_data:
            description: Whether the result is what the threshold is compared with.
            type: bool
            default: true
          metric_stat:
            description: A metric and its statistic.
            type: dict
            suboptions:
              namespace:
                description: Namespace of the metric.
                type: str
                required: true
              metric_name:
                description: Name of the metric.
                type: str
                required: true
              dimensions:
                description: Value by name of each dimension.
                type: dict
              period:
                description: Seconds of a period.
                type: int
                required: true
              stat:
                description: Statistic of each period, such as V(Sum) or V(p99).
                type: str
                required: true
              unit:
                description: Unit that the data must have.
                type: str
      evaluation_periods:
        description: How many of the last periods are looked at. Required with O(state=present).
        type: int
      datapoints_to_alarm:
        description: How many of them have to be beyond the threshold. All when omitted.
        type: int
      threshold:
        description: What the values are compared with. Required with O(state=present).
        type: float
      comparison_operator:
        description: How they are compared. Required with O(state=present).
        type: str
        choices:
          - GreaterThanOrEqualToThreshold
          - GreaterThanThreshold
          - LessThanThreshold
          - LessThanOrEqualToThreshold
      treat_missing_data:
        description: What periods without data count as.
        type: str
        choices: [breaching, notBreaching, ignore, missing]
        default: missing
      evaluate_low_sample_count_percentile:
        description: Whether percentiles of few samples count. They do when omitted.
        type: str
        choices: [evaluate, ignore]
  state:
    description: V(absent) removes the listed alarms; only their names matter then.
    type: str
    choices: [present, absent]
    default: present
  prefix:
    description: What the names of all alarms of the set begin with. Required with O(purge=true).
    type: str
  purge:
    description: Whether to remove metric alarms that are not listed, begin with O(prefix) and carry all of O(tags).
    type: bool
    default: false
  enable_when_ok:
    description:
      - Whether alarms that are created or changed take no actions before they are V(OK). A new alarm on something that
        has yet to begin then notifies nobody of data that cannot be there.
      - It concerns alarms with O(alarms[].actions_enabled=true). Where the wait does not end, or is cut off, their
        actions stay disabled, and the next run waits again.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait at most for alarms to be V(OK) with O(enable_when_ok=true).
    type: int
    default: 600
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: amazon.aws.cloudwatch_metric_alarm
    description: Manages a single alarm.
"""

EXAMPLES = r"""
- name: An alarm that rings when a heartbeat stops, and one on a share
  trademaster.platform.cloudwatch_alarms:
    prefix: trademaster-staging-
    purge: true
    alarms:
      - name: trademaster-staging-heartbeat
        alarm_description: The monitoring has not said for five minutes that it works
        namespace: AWS/SNS
        metric_name: NumberOfMessagesPublished
        dimensions: {TopicName: trademaster-staging-heartbeat}
        statistic: Sum
        period: 60
        evaluation_periods: 5
        threshold: 1
        comparison_operator: LessThanThreshold
        treat_missing_data: breaching
        alarm_actions: [arn:aws:sns:eu-central-1:123456789012:trademaster-staging-pager]
        ok_actions: [arn:aws:sns:eu-central-1:123456789012:trademaster-staging-pager]
      - name: trademaster-staging-errors
        metrics:
          - id: share
            expression: 100 * errors / requests
            label: Requests that fail, in percent
          - id: errors
            return_data: false
            metric_stat:
              namespace: AWS/ApplicationELB
              metric_name: HTTPCode_Target_5XX_Count
              dimensions: {LoadBalancer: app/trademaster-staging/0123456789abcdef}
              period: 60
              stat: Sum
          - id: requests
            return_data: false
            metric_stat:
              namespace: AWS/ApplicationELB
              metric_name: RequestCount
              dimensions: {LoadBalancer: app/trademaster-staging/0123456789abcdef}
              period: 60
              stat: Sum
        evaluation_periods: 3
        threshold: 5
        comparison_operator: GreaterThanThreshold
        treat_missing_data: notBreaching
    tags:
      Project: trademaster
      Environment: staging

- name: An alarm that calls nobody before the first heartbeat
  trademaster.platform.cloudwatch_alarms:
    alarms:
      - name: trademaster-staging-heartbeat
        namespace: AWS/SNS
        metric_name: NumberOfMessagesPublished
        dimensions: {TopicName: trademaster-staging-heartbeat}
        statistic: Sum
        period: 60
        evaluation_periods: 5
        threshold: 1
        comparison_operator: LessThanThreshold
        treat_missing_data: breaching
        alarm_actions: [arn:aws:sns:eu-central-1:123456789012:trademaster-staging-pager]
    enable_when_ok: true

- name: No alarm on the heartbeat
  trademaster.platform.cloudwatch_alarms:
    alarms: [{name: trademaster-staging-heartbeat}]
    state: absent
"""

RETURN = r"""
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "alarm", "key": "trademaster-staging-heartbeat", "fields": ["evaluation_periods"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "alarms are OK", "seconds": 42.1}]
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.cloudwatch.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

METRIC_STAT = {
    "namespace": {"type": "str", "required": True},
    "metric_name": {"type": "str", "required": True},
    "dimensions": {"type": "dict"},
    "period": {"type": "int", "required": True},
    "stat": {"type": "str", "required": True},
    "unit": {"type": "str"},
}

QUERY = {
    "id": {"type": "str", "required": True},
    "expression": {"type": "str"},
    "label": {"type": "str"},
    "period": {"type": "int"},
    "return_data": {"type": "bool", "default": True},
    "metric_stat": {"type": "dict", "options": METRIC_STAT},
}

COMPARISONS = [
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
]

ALARM = {
    "name": {"type": "str", "required": True},
    "alarm_description": {"type": "str"},
    "actions_enabled": {"type": "bool", "default": True},
    "alarm_actions": {"type": "list", "elements": "str"},
    "ok_actions": {"type": "list", "elements": "str"},
    "insufficient_data_actions": {"type": "list", "elements": "str"},
    "namespace": {"type": "str"},
    "metric_name": {"type": "str"},
    "dimensions": {"type": "dict"},
    "statistic": {"type": "str", "choices": ["SampleCount", "Average", "Sum", "Minimum", "Maximum"]},
    "extended_statistic": {"type": "str"},
    "period": {"type": "int"},
    "unit": {"type": "str"},
    "metrics": {"type": "list", "elements": "dict", "options": QUERY},
    "evaluation_periods": {"type": "int"},
    "datapoints_to_alarm": {"type": "int"},
    "threshold": {"type": "float"},
    "comparison_operator": {"type": "str", "choices": COMPARISONS},
    "treat_missing_data": {
        "type": "str",
        "choices": ["breaching", "notBreaching", "ignore", "missing"],
        "default": "missing",
    },
    "evaluate_low_sample_count_percentile": {"type": "str", "choices": ["evaluate", "ignore"]},
}

ARGUMENT_SPEC = {
    "alarms": {"type": "list", "elements": "dict", "required": True, "options": ALARM},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "prefix": {"type": "str"},
    "purge": {"type": "bool", "default": False},
    "enable_when_ok": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 600},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
