#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the scaling of an ECS service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: application_autoscaling
version_added: "0.1.0"
short_description: Manage limits, target tracking and schedules of an ECS service's scaling
description:
  - Manages the scalable target of an ECS service with its target tracking policies and scheduled actions in one task.
  - Reads with three list calls and, with O(tags), one tag lookup.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  service:
    description: Name of the service.
    type: str
    required: true
  state:
    description: V(absent) removes limits, policies and scheduled actions. The number of tasks stays as it is.
    type: str
    choices: [present, absent]
    default: present
  min_capacity:
    description: Least number of tasks. Required with O(state=present).
    type: int
  max_capacity:
    description: Greatest number of tasks. Required with O(state=present).
    type: int
  keep_limits:
    description:
      - Whether limits that exist stay as they are, for services whose number of tasks a release owns.
        O(min_capacity) and O(max_capacity) are then for the first time only, and O(purge) spares what is scheduled for
        one time, V(at(…)).
    type: bool
    default: false
  policies:
    description: Target tracking policies.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the policy.
        type: str
        required: true
      metric:
        description: Metric to keep at O(policies[].target_value).
        type: str
        choices: [ECSServiceAverageCPUUtilization, ECSServiceAverageMemoryUtilization, ALBRequestCountPerTarget]
        required: true
      target_value:
        description: Percent of what is reserved, or requests per target and minute.
        type: float
        required: true
      resource_label:
        description: Load balancer and target group, as V(app/<name>/<id>/targetgroup/<name>/<id>).
        type: str
      scale_in_cooldown:
        description: Seconds between scale-ins.
        type: int
        default: 300
      scale_out_cooldown:
        description: Seconds between scale-outs.
        type: int
        default: 300
      disable_scale_in:
        description: Whether the policy only ever adds tasks.
        type: bool
        default: false
  scheduled_actions:
    description: Changes of the limits at set times.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the action.
        type: str
        required: true
      schedule:
        description: When, as V(cron(…)), V(rate(…)) or V(at(…)).
        type: str
        required: true
      timezone:
        description: Time zone of the schedule.
        type: str
        default: UTC
      min_capacity:
        description: Least number of tasks from then on.
        type: int
      max_capacity:
        description: Greatest number of tasks from then on.
        type: int
  purge:
    description: Whether to remove policies and scheduled actions of this service that are not listed.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.ecs_service
"""

EXAMPLES = r"""
- name: Two to ten tasks by CPU and by requests, none at night
  trademaster.platform.application_autoscaling:
    cluster: trademaster-staging
    service: auth
    min_capacity: 2
    max_capacity: 10
    policies:
      - name: cpu
        metric: ECSServiceAverageCPUUtilization
        target_value: 60
      - name: requests
        metric: ALBRequestCountPerTarget
        target_value: 1000
        resource_label: "{{ load_balancer_suffix }}/{{ target_group_suffix }}"
    scheduled_actions:
      - name: night
        schedule: cron(0 20 * * ? *)
        timezone: Europe/Berlin
        min_capacity: 0
        max_capacity: 0
      - name: morning
        schedule: cron(0 6 * * ? *)
        timezone: Europe/Berlin
        min_capacity: 2
        max_capacity: 10
    purge: true
"""

RETURN = r"""
resource_id:
  description: What scales, as Application Auto Scaling names it.
  returned: always
  type: str
  sample: service/trademaster-staging/auth
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "scaling_policy", "key": "cpu", "fields": ["target_value"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.autoscaling.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

METRICS = ["ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization", "ALBRequestCountPerTarget"]
POLICY = {
    "name": {"type": "str", "required": True},
    "metric": {"type": "str", "choices": METRICS, "required": True},
    "target_value": {"type": "float", "required": True},
    "resource_label": {"type": "str"},
    "scale_in_cooldown": {"type": "int", "default": 300},
    "scale_out_cooldown": {"type": "int", "default": 300},
    "disable_scale_in": {"type": "bool", "default": False},
}
SCHEDULED_ACTION = {
    "name": {"type": "str", "required": True},
    "schedule": {"type": "str", "required": True},
    "timezone": {"type": "str", "default": "UTC"},
    "min_capacity": {"type": "int"},
    "max_capacity": {"type": "int"},
}

ARGUMENT_SPEC = {
    "cluster": {"type": "str", "required": True},
    "service": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "min_capacity": {"type": "int"},
    "max_capacity": {"type": "int"},
    "keep_limits": {"type": "bool", "default": False},
    "policies": {"type": "list", "elements": "dict", "options": POLICY},
    "scheduled_actions": {"type": "list", "elements": "dict", "options": SCHEDULED_ACTION},
    "purge": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run, required_if=[("state", "present", ["min_capacity", "max_capacity"])])


if __name__ == "__main__":
    main()
