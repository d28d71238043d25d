#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a one-off ECS task."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_run_task
version_added: "0.1.0"
short_description: Run one ECS task to its end, with exit code and log
description:
  - Starts a task, waits until it has stopped, and answers exit codes, the reason it stopped and its last log lines.
  - Fails when the task cannot start, takes too long, or ends with an exit code other than 0. A task that takes too long
    is stopped.
  - Each run starts a task and reports C(changed). Whether to run is for the play to decide.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  task_definition:
    description: What to run, as ARN or C(family:revision).
    type: str
    required: true
  overrides:
    description: What this run does otherwise than the definition says.
    type: dict
    suboptions:
      container_overrides:
        description: Overrides by container.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the container.
            type: str
            required: true
          command:
            description: Command.
            type: list
            elements: str
          environment:
            description: Variables by name, added to those of the definition. Values of secret-looking names are masked.
            type: dict
          cpu:
            description: CPU units.
            type: int
          memory:
            description: MiB above which the container is killed.
            type: int
          memory_reservation:
            description: MiB reserved.
            type: int
      cpu:
        description: CPU units of the task.
        type: str
      memory:
        description: Memory of the task in MiB.
        type: str
      execution_role_arn:
        description: Execution role.
        type: str
      task_role_arn:
        description: Task role.
        type: str
  container:
    description:
      - Container whose exit code decides. When omitted, the containers of O(overrides.container_overrides) do, and
        without any, all containers.
    type: str
  launch_type:
    description: Launch type.
    type: str
    choices: [FARGATE, EC2, EXTERNAL]
  capacity_provider_strategy:
    description: Capacity providers, instead of O(launch_type).
    type: list
    elements: dict
    suboptions:
      capacity_provider:
        description: Name of the capacity provider.
        type: str
        required: true
      base:
        description: Number of tasks that run on it in any case.
        type: int
      weight:
        description: Share of the other tasks.
        type: int
  platform_version:
    description: Fargate platform version.
    type: str
  network_configuration:
    description: Network of the task in V(awsvpc) mode.
    type: dict
    suboptions:
      subnets:
        description: Subnets to run in.
        type: list
        elements: str
      security_groups:
        description: Security groups of the task.
        type: list
        elements: str
      assign_public_ip:
        description: Whether the task gets a public address.
        type: bool
  group:
    description: Group of the task.
    type: str
  started_by:
    description: Who or what starts it. At most 128 characters.
    type: str
  run_id:
    description:
      - Any text that identifies this run. Repeating it within a day joins the task that it started first, so that a run
        that was interrupted does not start a second one.
    type: str
  propagate_tags:
    description: Where further tags of the task come from.
    type: str
    choices: [TASK_DEFINITION]
  enable_ecs_managed_tags:
    description: Whether the task carries the name of the cluster as a tag.
    type: bool
  enable_execute_command:
    description: Whether C(ecs execute-command) works.
    type: bool
  redact:
    description: Further strings that may not show in the log lines.
    type: list
    elements: str
    default: []
  log_lines:
    description: How many last log lines of each container to answer.
    type: int
    default: 50
  wait:
    description: Whether to wait until the task has stopped.
    type: bool
    default: true
  wait_timeout:
    description: Seconds after which the task is stopped.
    type: int
    default: 600
  tags:
    description: Tags of the task.
    type: dict
attributes:
  check_mode:
    description: Starts nothing and reports the task that a run would start.
    support: full
  diff_mode:
    description: Shows which definition would run.
    support: full
  idempotent:
    description: Each run starts a task, unless O(run_id) joins one.
    support: none
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: trademaster.platform.ecs_task_definition
"""

EXAMPLES = r"""
- name: Migrate the database before the service is updated
  trademaster.platform.ecs_run_task:
    cluster: trademaster-staging
    task_definition: "{{ auth_definition.task_definition.arn }}"
    launch_type: FARGATE
    network_configuration:
      subnets: "{{ private_subnet_ids }}"
      security_groups: ["{{ auth_security_group_id }}"]
    overrides:
      container_overrides:
        - name: auth
          command: [migrate]
    wait_timeout: 900
  register: migration
"""

RETURN = r"""
task:
  description: The task. Also returned when it failed.
  returned: always
  type: dict
  contains:
    arn:
      description: ARN of the task.
      type: str
    exit_codes:
      description: Exit code by container. None for one that never ran.
      type: dict
    last_status:
      description: Status when this module ended.
      type: str
    stop_code:
      description: Why it stopped, as a code.
      type: str
    stopped_reason:
      description: Why it stopped.
      type: str
    seconds:
      description: How long it ran. None for one that never started.
      type: float
    log:
      description: Last log lines by container, secrets masked.
      type: dict
  sample:
    arn: arn:aws:ecs:us-east-1:111122223333:task/trademaster-staging/0f9de17a6465404e8b1b2356dc13c2f8
    exit_codes: {"auth": 0}
    last_status: STOPPED
    stop_code: EssentialContainerExited
    stopped_reason: Essential container in task exited
    seconds: 12.4
    log: {"auth": ["Migrated to version 7"]}
changes:
  description: The task that was started, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "task", "key": "trademaster-staging-auth:7", "fields": ["cluster", "task_definition"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "task of trademaster-staging-auth:7", "seconds": 41.0}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs.task_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

STRINGS = {"type": "list", "elements": "str"}

CONTAINER_OVERRIDE = {
    "name": {"type": "str", "required": True},
    "command": STRINGS,
    "environment": {"type": "dict"},
    "cpu": {"type": "int"},
    "memory": {"type": "int"},
    "memory_reservation": {"type": "int"},
}
OVERRIDES = {
    "container_overrides": {"type": "list", "elements": "dict", "options": CONTAINER_OVERRIDE},
    "cpu": {"type": "str"},
    "memory": {"type": "str"},
    "execution_role_arn": {"type": "str"},
    "task_role_arn": {"type": "str"},
}
CAPACITY_PROVIDER = {
    "capacity_provider": {"type": "str", "required": True},
    "base": {"type": "int"},
    "weight": {"type": "int"},
}
NETWORK = {"subnets": STRINGS, "security_groups": STRINGS, "assign_public_ip": {"type": "bool"}}

ARGUMENT_SPEC = {
    "cluster": {"type": "str", "required": True},
    "task_definition": {"type": "str", "required": True},
    "overrides": {"type": "dict", "options": OVERRIDES},
    "container": {"type": "str"},
    "launch_type": {"type": "str", "choices": ["FARGATE", "EC2", "EXTERNAL"]},
    "capacity_provider_strategy": {"type": "list", "elements": "dict", "options": CAPACITY_PROVIDER},
    "platform_version": {"type": "str"},
    "network_configuration": {"type": "dict", "options": NETWORK},
    "group": {"type": "str"},
    "started_by": {"type": "str"},
    "run_id": {"type": "str"},
    "propagate_tags": {"type": "str", "choices": ["TASK_DEFINITION"]},
    "enable_ecs_managed_tags": {"type": "bool"},
    "enable_execute_command": {"type": "bool"},
    "redact": {**STRINGS, "default": [], "no_log": True},
    "log_lines": {"type": "int", "default": 50},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 600},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run, mutually_exclusive=[("launch_type", "capacity_provider_strategy")])


if __name__ == "__main__":
    main()
