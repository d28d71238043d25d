#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: where the tasks of an ECS service run."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_tasks_info
version_added: "0.1.0"
short_description: Say where the tasks of an ECS service run
description:
  - Answers the running tasks of a service with private address and health, the healthy ones first, and among them the
    oldest.
  - It is for what talks to a task itself, past load balancers, such as the administration of a gateway.
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
  wait:
    description: Whether to wait until a task runs that is not unhealthy. Check mode does not wait.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait.
    type: int
    default: 60
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
seealso:
  - module: trademaster.platform.ecs_service
"""

EXAMPLES = r"""
- name: Find a task of the gateway
  trademaster.platform.ecs_tasks_info:
    cluster: trademaster-staging
    service: trademaster-staging-kong
    wait: true
  register: gateway

- name: Show its address
  ansible.builtin.debug:
    msg: "{{ gateway.tasks[0].private_address }}"
"""

RETURN = r"""
tasks:
  description: The running tasks. None where service or cluster do not exist.
  returned: success
  type: list
  elements: dict
  sample:
    - arn: arn:aws:ecs:us-east-1:123456789012:task/trademaster-staging/0123456789abcdef0123456789abcdef
      id: 0123456789abcdef0123456789abcdef
      task_definition_arn: arn:aws:ecs:us-east-1:123456789012:task-definition/trademaster-staging-kong:4
      private_address: 10.20.32.17
      health: HEALTHY
      runtime_ids:
        kong: 0123456789abcdef0123456789abcdef-1527056392
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

from typing import Any

from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs import api
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws, Outcome, run_module
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import is_placeholder
from ansible_collections.trademaster.platform.plugins.module_utils._core.wait import DONE, Verdict, pending

ARGUMENT_SPEC = {
    "cluster": {"type": "str", "required": True},
    "service": {"type": "str", "required": True},
    "wait": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 60},
}
NOT_THERE = ("ClusterNotFoundException", "ServiceNotFoundException", "ServiceNotActiveException")
# Tasks whose containers have no health check are UNKNOWN for as long as they run.
BY_HEALTH = ("HEALTHY", "UNKNOWN", "UNHEALTHY")


def run(aws: Aws) -> Outcome:
    """Look, or wait until there is something to see."""
    cluster, service = aws.params["cluster"], aws.params["service"]
    if is_placeholder(cluster):
        return Outcome([], {"tasks": []})
    if not aws.params["wait"] or aws.check_mode:
        return Outcome([], {"tasks": _look(aws, cluster, service)})
    name = f"healthy task of {service}"
    tasks = aws.wait(name, lambda: _look(aws, cluster, service), judge, timeout=aws.params["wait_timeout"])
    return Outcome([], {"tasks": tasks})


def _look(aws: Aws, cluster: str, service: str) -> list[dict[str, Any]]:
    arns = aws.found(lambda: api.list_tasks(aws, cluster, serviceName=service, desiredStatus="RUNNING"), *NOT_THERE)
    running = [task for task in api.describe_tasks(aws, cluster, arns or []) if task["lastStatus"] == "RUNNING"]
    return [shown(task) for task in sorted(running, key=order)]


def order(task: dict[str, Any]) -> tuple[int, float, str]:
    """Healthy before unknown before unhealthy, then the oldest."""
    started = task.get("startedAt")
    health = task.get("healthStatus", "UNKNOWN")
    return BY_HEALTH.index(health), started.timestamp() if started else 0.0, task["taskArn"]


def shown(task: dict[str, Any]) -> dict[str, Any]:
    """A task of DescribeTasks, as it is answered."""
    containers = task.get("containers", [])
    addresses = [
        interface["privateIpv4Address"]
        for container in containers
        for interface in container.get("networkInterfaces", [])
        if interface.get("privateIpv4Address")
    ]
    return {
        "arn": task["taskArn"],
        "id": task["taskArn"].rsplit("/", 1)[-1],
        "task_definition_arn": task["taskDefinitionArn"],
        "private_address": addresses[0] if addresses else "",
        "health": task.get("healthStatus", "UNKNOWN"),
        "runtime_ids": {container["name"]: container.get("runtimeId") or "" for container in containers},
    }


def judge(tasks: list[dict[str, Any]]) -> Verdict:
    """Done as soon as one task is not unhealthy."""
    if any(task["health"] != "UNHEALTHY" for task in tasks):
        return DONE
    return pending("all tasks are unhealthy" if tasks else "no task runs")


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
