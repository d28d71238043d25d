#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an ECS service."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_service
version_added: "0.1.0"
short_description: Manage an ECS service and wait for its own deployment
description:
  - Compares every field that is given with the service and changes only what differs.
  - Succeeds only when the deployment that this task started or joined is C(COMPLETED) on the wanted revision.
    A deployment that fails, is rolled back or gives way to another one fails the task with the reason, the service's
    events, the reasons of stopped tasks and their last log lines.
  - With a strategy that shifts traffic, the service deployment on our revision has to be C(SUCCESSFUL) as well. Its
    stage and share of the traffic are shown meanwhile. One that ECS gives up is waited for until all is as before.
  - A service whose last deployment failed is deployed again.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  cluster:
    description: Name or ARN of the cluster.
    type: str
    required: true
  name:
    description: Name of the service.
    type: str
    required: true
  state:
    description: V(absent) scales the service to zero, deletes it and waits until its tasks have stopped.
    type: str
    choices: [present, absent]
    default: present
  task_definition:
    description:
      - Revision to run, as ARN or C(family:revision). To create a service takes it, or O(task_definition_on_create).
    type: str
  task_definition_on_create:
    description: Revision of a new service. Unmanaged later, for services whose revision a release owns.
    type: str
  desired_count:
    description: Number of tasks, kept at this value. Leave it out where autoscaling owns the count.
    type: int
  desired_count_on_create:
    description: Number of tasks of a new service, and of one whose first deployment failed. Unmanaged later.
    type: int
  launch_type:
    description: Launch type. Cannot change later.
    type: str
    choices: [FARGATE, EC2, EXTERNAL]
  capacity_provider_strategy:
    description: Capacity providers, instead of O(launch_type). A change starts a new deployment.
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
    description: Fargate platform version. V(LATEST) is set on creation and is no difference later.
    type: str
  scheduling_strategy:
    description: Scheduling strategy. Cannot change later.
    type: str
    choices: [REPLICA, DAEMON]
  network_configuration:
    description: Network of the tasks in V(awsvpc) mode.
    type: dict
    suboptions:
      subnets:
        description: Subnets to run in.
        type: list
        elements: str
      security_groups:
        description: Security groups of the tasks.
        type: list
        elements: str
      assign_public_ip:
        description: Whether tasks get a public address.
        type: bool
  deployment_configuration:
    description: How a new revision replaces the old one. What is left out keeps its value.
    type: dict
    suboptions:
      minimum_healthy_percent:
        description: Percentage of O(desired_count) that keeps running.
        type: int
      maximum_percent:
        description: Percentage of O(desired_count) that may run at a time.
        type: int
      deployment_circuit_breaker:
        description: Whether ECS gives up a deployment whose tasks keep failing.
        type: dict
        suboptions:
          enable:
            description: Whether it watches deployments.
            type: bool
          rollback:
            description: Whether it goes back to the last completed deployment.
            type: bool
      alarms:
        description: CloudWatch alarms that fail a deployment.
        type: dict
        suboptions:
          alarm_names:
            description: Names of the alarms.
            type: list
            elements: str
          enable:
            description: Whether they are watched.
            type: bool
          rollback:
            description: Whether ECS goes back to the last completed deployment.
            type: bool
      strategy:
        description:
          - Deployment strategy of ECS. All but V(ROLLING) shift traffic between two target groups by the weights of a
            listener rule, and go through lifecycle stages on the way.
        type: str
        choices: [ROLLING, BLUE_GREEN, LINEAR, CANARY]
      bake_time_in_minutes:
        description: Minutes for which both revisions stay after the shift. V(BLUE_GREEN) needs it.
        type: int
      lifecycle_hooks:
        description: What ECS does at stages of a deployment that shifts traffic. An empty list takes all away.
        type: list
        elements: dict
        suboptions:
          target_type:
            description:
              - V(AWS_LAMBDA) calls a function. V(PAUSE) waits until somebody calls C(ContinueServiceDeployment).
              - V(AWS_LAMBDA) when omitted.
            type: str
            choices: [AWS_LAMBDA, PAUSE]
          hook_target_arn:
            description: The function.
            type: str
          role_arn:
            description: Role that may call it.
            type: str
          lifecycle_stages:
            description: Stages of the hook.
            type: list
            elements: str
            required: true
          hook_details:
            description: What the function is told besides.
            type: dict
          timeout_configuration:
            description: When the hook has taken too long.
            type: dict
            suboptions:
              timeout_in_minutes:
                description: Minutes that it may take. V(1440) when omitted.
                type: int
              action:
                description: What comes then. V(ROLLBACK) when omitted.
                type: str
                choices: [ROLLBACK, CONTINUE]
      linear_configuration:
        description: Steps of V(LINEAR).
        type: dict
        suboptions:
          step_percent:
            description: Percentage of the traffic that each step moves.
            type: float
          step_bake_time_in_minutes:
            description: Minutes between steps.
            type: int
      canary_configuration:
        description: Steps of V(CANARY).
        type: dict
        suboptions:
          canary_percent:
            description: Percentage of the traffic that moves first.
            type: float
          canary_bake_time_in_minutes:
            description: Minutes before the rest follows.
            type: int
  load_balancers:
    description: Target groups of the service. An empty list takes it out of all.
    type: list
    elements: dict
    suboptions:
      target_group_arn:
        description: Target group.
        type: str
        required: true
      container_name:
        description: Container that answers.
        type: str
        required: true
      container_port:
        description: Port that it answers on.
        type: int
        required: true
      advanced_configuration:
        description: What V(BLUE_GREEN), V(LINEAR) and V(CANARY) shift traffic with. They need all but the test rule.
        type: dict
        suboptions:
          alternate_target_group_arn:
            description: The other target group.
            type: str
          production_listener_rule:
            description: Rule that forwards production traffic to both target groups. ECS owns its weights.
            type: str
          test_listener_rule:
            description: Rule that forwards test traffic to both target groups.
            type: str
          role_arn:
            description: Role that lets ECS change rules and targets.
            type: str
  service_registries:
    description: Cloud Map services that tasks register with. An empty list takes the service out.
    type: list
    elements: dict
    suboptions:
      registry_arn:
        description: Cloud Map service.
        type: str
        required: true
      port:
        description: Port of SRV records.
        type: int
      container_name:
        description: Container of SRV records.
        type: str
      container_port:
        description: Port of that container.
        type: int
  service_connect_configuration:
    description: Service Connect, with C(enabled), C(namespace), C(services) and C(log_configuration).
    type: dict
  volume_configurations:
    description: EBS volumes configured at launch, each with C(name) and C(managed_ebs_volume).
    type: list
    elements: dict
  health_check_grace_period_seconds:
    description: Seconds in which a new task's failing health checks do not count.
    type: int
  enable_execute_command:
    description: Whether C(ecs execute-command) works. Holds for tasks started later.
    type: bool
  enable_ecs_managed_tags:
    description: Whether tasks carry the names of cluster and service as tags.
    type: bool
  propagate_tags:
    description: Where the tags of tasks come from.
    type: str
    choices: [TASK_DEFINITION, SERVICE, NONE]
  availability_zone_rebalancing:
    description: Whether ECS moves tasks to keep zones even.
    type: str
    choices: [ENABLED, DISABLED]
  placement_constraints:
    description: Constraints, each with C(type) and C(expression). Not on Fargate.
    type: list
    elements: dict
  placement_strategy:
    description: Strategies in order, each with C(type) and C(field). Not on Fargate.
    type: list
    elements: dict
  deployment_trigger:
    description:
      - Any text, such as the version of a secret. When it changes, a new deployment of the same revision is forced.
      - Kept as the tag C(trademaster:deployment-trigger) of the service.
    type: str
  scale_to_zero_on_first_failure:
    description: Whether a service whose first deployment fails is scaled to zero, since there is nothing to return to.
    type: bool
    default: true
  log_lines:
    description: How many last log lines of a stopped task to show when a deployment fails.
    type: int
    default: 20
  wait:
    description: Whether to wait for the deployment, or with O(state=absent) until the tasks have stopped.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait at most. What ECS itself waits in a shift of traffic, between steps and baking, comes on top.
    type: int
    default: 900
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.ecs_task_definition
  - module: trademaster.platform.application_autoscaling
"""

EXAMPLES = r"""
- name: Authentication service, two to ten tasks, count owned by autoscaling
  trademaster.platform.ecs_service:
    cluster: trademaster-staging
    name: auth
    task_definition: "{{ auth_definition.task_definition.arn }}"
    desired_count_on_create: 2
    launch_type: FARGATE
    network_configuration:
      subnets: "{{ private_subnet_ids }}"
      security_groups: ["{{ auth_security_group_id }}"]
      assign_public_ip: false
    deployment_configuration:
      minimum_healthy_percent: 100
      maximum_percent: 200
      deployment_circuit_breaker:
        enable: true
        rollback: true
    load_balancers:
      - target_group_arn: "{{ auth_target_group_arn }}"
        container_name: auth
        container_port: 8080
    health_check_grace_period_seconds: 60
    propagate_tags: SERVICE
    tags:
      Project: trademaster
      Environment: staging

- name: Shop, a tenth of the traffic first, the rest when no alarm has rung for ten minutes
  trademaster.platform.ecs_service:
    cluster: trademaster-staging
    name: shop
    task_definition: "{{ shop_definition.task_definition.arn }}"
    deployment_configuration:
      strategy: CANARY
      canary_configuration:
        canary_percent: 10
        canary_bake_time_in_minutes: 10
      bake_time_in_minutes: 5
      alarms:
        alarm_names: [shop-errors]
        enable: true
        rollback: true
    load_balancers:
      - target_group_arn: "{{ shop_target_group_arn }}"
        container_name: shop
        container_port: 8080
        advanced_configuration:
          alternate_target_group_arn: "{{ shop_alternate_target_group_arn }}"
          production_listener_rule: "{{ shop_listener_rule_arn }}"
          role_arn: "{{ shop_infrastructure_role_arn }}"

- name: Restart the tasks when the database password was rotated
  trademaster.platform.ecs_service:
    cluster: trademaster-staging
    name: auth
    deployment_trigger: "{{ database_secret_version_id }}"

- name: Remove the service
  trademaster.platform.ecs_service:
    cluster: trademaster-staging
    name: auth
    state: absent
"""

RETURN = r"""
service:
  description: The service after this task. V((known after apply)) stands for what check mode cannot know.
  returned: always
  type: dict
  contains:
    name:
      description: Name of the service.
      type: str
    cluster:
      description: Cluster as given.
      type: str
    arn:
      description: ARN of the service.
      type: str
    task_definition:
      description: Revision that it runs.
      type: str
    desired_count:
      description: Number of tasks wanted.
      type: int
    running_count:
      description: Number of tasks that run.
      type: int
    deployment_id:
      description: The deployment that was waited for.
      type: str
    rollout_state:
      description: State of that deployment.
      type: str
  sample:
    name: auth
    cluster: trademaster-staging
    arn: arn:aws:ecs:us-east-1:111122223333:service/trademaster-staging/auth
    task_definition: arn:aws:ecs:us-east-1:111122223333:task-definition/trademaster-staging-auth:7
    desired_count: 2
    running_count: 2
    deployment_id: ecs-svc/1234567890123456789
    rollout_state: COMPLETED
events:
  description: Messages of the service's last events, newest first.
  returned: when the deployment failed
  type: list
  elements: str
  sample: ["(service auth) was unable to place a task."]
service_deployment:
  description: The service deployment as it ended, and the last stage that it was seen at before.
  returned: when a deployment failed that shifts traffic
  type: dict
  sample:
    arn: arn:aws:ecs:us-east-1:111122223333:service-deployment/trademaster-staging/shop/NCWGC2ZR-taawPAYrIaU5
    status: ROLLBACK_SUCCESSFUL
    stage: BAKE_TIME
    reason: ECS deployment failed
    alarms: [shop-errors]
stopped_tasks:
  description: Last stopped tasks of the deployment, newest first, the newest with its last log lines.
  returned: when the deployment failed
  type: list
  elements: dict
  sample:
    - task: 0f9de17a6465404e8b1b2356dc13c2f8
      stop_code: EssentialContainerExited
      stopped_reason: Essential container in task exited
      containers: {"auth": {"exit_code": 1, "reason": ""}}
      log: {"auth": ["Flyway: migration V4 failed"]}
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "service", "key": "auth", "fields": ["task_definition"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "deployment of auth", "seconds": 71.3}
"""

from collections.abc import Callable
from functools import partial

from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs.service_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

STRINGS = {"type": "list", "elements": "str"}
DICTS = {"type": "list", "elements": "dict"}

CAPACITY_PROVIDER = {
    "capacity_provider": {"type": "str", "required": True},
    "base": {"type": "int"},
    "weight": {"type": "int"},
}
NETWORK = {"subnets": STRINGS, "security_groups": STRINGS, "assign_public_ip": {"type": "bool"}}
HOOK = {
    "target_type": {"type": "str", "choices": ["AWS_LAMBDA", "PAUSE"]},
    "hook_target_arn": {"type": "str"},
    "role_arn": {"type": "str"},
    "lifecycle_stages": {**STRINGS, "required": True},
    "hook_details": {"type": "dict"},
    "timeout_configuration": {
        "type": "dict",
        "options": {
            "timeout_in_minutes": {"type": "int"},
            "action": {"type": "str", "choices": ["ROLLBACK", "CONTINUE"]},
        },
    },
}
LINEAR = {"step_percent": {"type": "float"}, "step_bake_time_in_minutes": {"type": "int"}}
CANARY = {"canary_percent": {"type": "float"}, "canary_bake_time_in_minutes": {"type": "int"}}
ADVANCED = {
    "alternate_target_group_arn": {"type": "str"},
    "production_listener_rule": {"type": "str"},
    "test_listener_rule": {"type": "str"},
    "role_arn": {"type": "str"},
}
DEPLOYMENT = {
    "minimum_healthy_percent": {"type": "int"},
    "maximum_percent": {"type": "int"},
    "deployment_circuit_breaker": {
        "type": "dict",
        "options": {"enable": {"type": "bool"}, "rollback": {"type": "bool"}},
    },
    "alarms": {
        "type": "dict",
        "options": {"alarm_names": STRINGS, "enable": {"type": "bool"}, "rollback": {"type": "bool"}},
    },
    "strategy": {"type": "str", "choices": ["ROLLING", "BLUE_GREEN", "LINEAR", "CANARY"]},
    "bake_time_in_minutes": {"type": "int"},
    "lifecycle_hooks": {**DICTS, "options": HOOK},
    "linear_configuration": {"type": "dict", "options": LINEAR},
    "canary_configuration": {"type": "dict", "options": CANARY},
}
LOAD_BALANCER = {
    "target_group_arn": {"type": "str", "required": True},
    "container_name": {"type": "str", "required": True},
    "container_port": {"type": "int", "required": True},
    "advanced_configuration": {"type": "dict", "options": ADVANCED},
}
REGISTRY = {
    "registry_arn": {"type": "str", "required": True},
    "port": {"type": "int"},
    "container_name": {"type": "str"},
    "container_port": {"type": "int"},
}

ARGUMENT_SPEC = {
    "cluster": {"type": "str", "required": True},
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "task_definition": {"type": "str"},
    "task_definition_on_create": {"type": "str"},
    "desired_count": {"type": "int"},
    "desired_count_on_create": {"type": "int"},
    "launch_type": {"type": "str", "choices": ["FARGATE", "EC2", "EXTERNAL"]},
    "capacity_provider_strategy": {**DICTS, "options": CAPACITY_PROVIDER},
    "platform_version": {"type": "str"},
    "scheduling_strategy": {"type": "str", "choices": ["REPLICA", "DAEMON"]},
    "network_configuration": {"type": "dict", "options": NETWORK},
    "deployment_configuration": {"type": "dict", "options": DEPLOYMENT},
    "load_balancers": {**DICTS, "options": LOAD_BALANCER},
    "service_registries": {**DICTS, "options": REGISTRY},
    "service_connect_configuration": {"type": "dict"},
    "volume_configurations": DICTS,
    "health_check_grace_period_seconds": {"type": "int"},
    "enable_execute_command": {"type": "bool"},
    "enable_ecs_managed_tags": {"type": "bool"},
    "propagate_tags": {"type": "str", "choices": ["TASK_DEFINITION", "SERVICE", "NONE"]},
    "availability_zone_rebalancing": {"type": "str", "choices": ["ENABLED", "DISABLED"]},
    "placement_constraints": DICTS,
    "placement_strategy": DICTS,
    "deployment_trigger": {"type": "str"},
    "scale_to_zero_on_first_failure": {"type": "bool", "default": True},
    "log_lines": {"type": "int", "default": 20},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 900},
    "tags": {"type": "dict"},
}
EXCLUSIVE = [
    ("task_definition", "task_definition_on_create"),
    ("desired_count", "desired_count_on_create"),
    ("launch_type", "capacity_provider_strategy"),
]


def silent(_line: str) -> None:
    """Where nobody watches, the result has to do."""


def main(report: Callable[[str], None] = silent) -> None:
    """`report` shows a line to whoever watches."""
    run_module(ARGUMENT_SPEC, partial(run, report=report), mutually_exclusive=EXCLUSIVE)


if __name__ == "__main__":
    main()
