#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an ECS task definition."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_task_definition
version_added: "0.1.0"
short_description: Register an ECS task definition only when it really changes
description:
  - Compares the whole definition, defaults of AWS included, with the latest C(ACTIVE) revision and registers a new
    revision only for a real difference.
  - A definition is one document. What is omitted is not in the next revision; only O(tags) are unmanaged when omitted.
  - Refuses, before it registers anything, what ECS would refuse later, images without a version, and secrets in clear.
  - Can keep the image that a deployment put in place, so that converging the infrastructure never reverts a release.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  family:
    description: Name of the task definition.
    type: str
    required: true
  state:
    description: V(absent) deregisters and deletes all revisions. Tasks that run keep running.
    type: str
    choices: [present, absent]
    default: present
  container_definitions:
    description: Containers of the task. Required with O(state=present).
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the container.
        type: str
        required: true
      image:
        description: Image with a tag or digest. V(latest) is refused unless O(allow_latest=true).
        type: str
        required: true
      environment:
        description:
          - Variables by name. Values become text, booleans V(true) or V(false).
          - Names that look like secrets are refused unless listed in O(plain_names).
        type: dict
      secrets:
        description: ARNs of Secrets Manager secrets (or one JSON key of them) or parameters, by variable name.
        type: dict
      environment_files:
        description: Files in S3 to take variables from, each with C(value) and C(type).
        type: list
        elements: dict
      command:
        description: Arguments of the entry point.
        type: list
        elements: str
      entry_point:
        description: Entry point, instead of the image's.
        type: list
        elements: str
      working_directory:
        description: Working directory, instead of the image's.
        type: str
      user:
        description: User to run as, instead of the image's.
        type: str
      essential:
        description: Whether the task stops when this container does. AWS takes V(true) when omitted.
        type: bool
      cpu:
        description: CPU units reserved for the container.
        type: int
      memory:
        description: MiB above which the container is killed.
        type: int
      memory_reservation:
        description: MiB reserved for the container.
        type: int
      port_mappings:
        description: Ports that the container listens on.
        type: list
        elements: dict
        suboptions:
          container_port:
            description: Port that the container listens on.
            type: int
            required: true
          host_port:
            description: Port of the host. In V(awsvpc) mode it is the container port.
            type: int
          protocol:
            description: Protocol. AWS takes V(tcp) when omitted.
            type: str
            choices: [tcp, udp]
          name:
            description: Name of the port for Service Connect.
            type: str
          app_protocol:
            description: Application protocol for Service Connect.
            type: str
            choices: [http, http2, grpc]
      health_check:
        description: Health check that ECS runs in the container.
        type: dict
        suboptions:
          command:
            description: Command, such as V(["CMD-SHELL", "curl -f http://localhost:8080/health"]).
            type: list
            elements: str
            required: true
          interval:
            description: Seconds between checks. AWS takes 30 when omitted.
            type: int
          timeout:
            description: Seconds a check may take. AWS takes 5 when omitted.
            type: int
          retries:
            description: Failures in a row that make the container unhealthy. AWS takes 3 when omitted.
            type: int
          start_period:
            description: Seconds in which failures do not count.
            type: int
      depends_on:
        description: Containers to wait for.
        type: list
        elements: dict
        suboptions:
          container_name:
            description: Container to wait for.
            type: str
            required: true
          condition:
            description: What to wait for.
            type: str
            choices: [START, COMPLETE, SUCCESS, HEALTHY]
            required: true
      log_configuration:
        description: Where the container's output goes.
        type: dict
        suboptions:
          log_driver:
            description: Log driver.
            type: str
            required: true
          options:
            description: Options of the driver, by their own names, such as C(awslogs-group).
            type: dict
          secret_options:
            description: Options of the driver that are secrets, each with C(name) and C(value_from).
            type: list
            elements: dict
      mount_points:
        description: Volumes in the container.
        type: list
        elements: dict
        suboptions:
          source_volume:
            description: Name of the volume.
            type: str
            required: true
          container_path:
            description: Path in the container.
            type: str
            required: true
          read_only:
            description: Whether the container may not write to it.
            type: bool
      volumes_from:
        description: Containers whose volumes to mount, each with C(source_container) and C(read_only).
        type: list
        elements: dict
      linux_parameters:
        description: Linux settings such as C(init_process_enabled), C(capabilities) and C(tmpfs).
        type: dict
      readonly_root_filesystem:
        description: Whether the root filesystem is read-only.
        type: bool
      privileged:
        description: Whether the container has the host's privileges. Not on Fargate.
        type: bool
      interactive:
        description: Whether standard input stays open.
        type: bool
      pseudo_terminal:
        description: Whether a terminal is allocated.
        type: bool
      docker_labels:
        description: Labels of the container.
        type: dict
      ulimits:
        description: Limits, each with C(name), C(soft_limit) and C(hard_limit).
        type: list
        elements: dict
      system_controls:
        description: Kernel parameters, each with C(namespace) and C(value).
        type: list
        elements: dict
      resource_requirements:
        description: GPUs, each with C(type) and C(value).
        type: list
        elements: dict
      repository_credentials:
        description: Secret with the registry's credentials, as C(credentials_parameter).
        type: dict
      restart_policy:
        description: Whether and when ECS restarts the container in place.
        type: dict
      firelens_configuration:
        description: Log router, with C(type) and C(options).
        type: dict
      start_timeout:
        description: Seconds to wait for the containers this one depends on.
        type: int
      stop_timeout:
        description: Seconds between SIGTERM and SIGKILL. At most 120 on Fargate.
        type: int
  cpu:
    description: CPU units of the task, V(1024) or V(1 vCPU).
    type: str
  memory:
    description: Memory of the task in MiB, V(2048) or V(2 GB).
    type: str
  network_mode:
    description: Network mode.
    type: str
    choices: [awsvpc, bridge, host, none]
    default: awsvpc
  requires_compatibilities:
    description: Launch types that the definition is checked for.
    type: list
    elements: str
    choices: [FARGATE, EC2, EXTERNAL, MANAGED_INSTANCES]
    default: [FARGATE]
  execution_role_arn:
    description: Role with which ECS pulls images, reads secrets and writes logs.
    type: str
  task_role_arn:
    description: Role of the containers.
    type: str
  runtime_platform:
    description: Platform. AWS takes V(X86_64) and V(LINUX) when omitted.
    type: dict
    suboptions:
      cpu_architecture:
        description: CPU architecture.
        type: str
        choices: [X86_64, ARM64]
      operating_system_family:
        description: Operating system.
        type: str
  ephemeral_storage:
    description: Storage of the task.
    type: dict
    suboptions:
      size_in_gib:
        description: Size, from 21 to 200.
        type: int
        required: true
  volumes:
    description: Volumes, each with C(name) and the place it comes from, such as C(efs_volume_configuration).
    type: list
    elements: dict
  placement_constraints:
    description: Constraints, each with C(type) and C(expression). Not on Fargate.
    type: list
    elements: dict
  proxy_configuration:
    description: Proxy of the task, with C(type), C(container_name) and C(properties).
    type: dict
  ipc_mode:
    description: IPC namespace.
    type: str
    choices: [host, task, none]
  pid_mode:
    description: Process namespace.
    type: str
    choices: [host, task]
  enable_fault_injection:
    description: Whether AWS FIS may inject faults into the task.
    type: bool
  keep_images:
    description:
      - Containers whose image a deployment owns. Their image is taken from the revision that O(keep_images_from) runs,
        or else from the latest one; the image given here is only for the first revision.
    type: list
    elements: str
    default: []
  keep_images_from:
    description: Service whose running revision tells the images of O(keep_images).
    type: dict
    suboptions:
      cluster:
        description: Cluster of the service.
        type: str
        required: true
      service:
        description: Name of the service.
        type: str
        required: true
  keep_revisions:
    description: How many C(ACTIVE) revisions to keep. Older ones are deregistered. All are kept when omitted.
    type: int
  keep_revisions_of:
    description: Services whose revisions are kept, however old, such as those that a rollback returns to.
    type: dict
    suboptions:
      cluster:
        description: Cluster of the services.
        type: str
        required: true
      services:
        description: Names of the services.
        type: list
        elements: str
        required: true
  allow_latest:
    description: Whether an image may have the tag V(latest).
    type: bool
    default: false
  plain_names:
    description: Variables that may stand in C(environment) although their name looks like a secret.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.ecs_service
  - module: trademaster.platform.ecs_run_task
"""

EXAMPLES = r"""
- name: Task definition of the authentication service
  trademaster.platform.ecs_task_definition:
    family: trademaster-staging-auth
    cpu: "1024"
    memory: "2048"
    execution_role_arn: "{{ auth_execution_role_arn }}"
    task_role_arn: "{{ auth_task_role_arn }}"
    container_definitions:
      - name: auth
        image: 111122223333.dkr.ecr.us-east-1.amazonaws.com/trademaster-auth:1.4.2
        port_mappings:
          - container_port: 8080
        environment:
          SPRING_PROFILES_ACTIVE: prod
          SPRING_CLOUD_CONSUL_ENABLED: false
        secrets:
          DB_PASSWORD: "{{ database_secret_arn }}:password::"
        log_configuration:
          log_driver: awslogs
          options:
            awslogs-group: /trademaster/staging/auth
            awslogs-region: us-east-1
            awslogs-stream-prefix: auth
    keep_images: [auth]
    keep_images_from:
      cluster: trademaster-staging
      service: auth
    keep_revisions: 20
    tags:
      Project: trademaster
      Environment: staging
"""

RETURN = r"""
task_definition:
  description:
    - The revision that has the desired document. V((known after apply)) stands for what check mode cannot know.
    - None with O(state=absent).
  returned: always
  type: dict
  contains:
    arn:
      description: ARN of the revision.
      type: str
    family:
      description: Name of the task definition.
      type: str
    revision:
      description: Number of the revision.
      type: int
    images:
      description: Image by container.
      type: dict
  sample:
    arn: arn:aws:ecs:us-east-1:111122223333:task-definition/trademaster-staging-auth:7
    family: trademaster-staging-auth
    revision: 7
    images: {"auth": "111122223333.dkr.ecr.us-east-1.amazonaws.com/trademaster-auth:1.4.2"}
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - op: update
      kind: task_definition
      key: trademaster-staging-auth
      fields: ["containers.auth.environment.LOG_LEVEL"]
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs.task_definition_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

STRINGS = {"type": "list", "elements": "str"}
DICTS = {"type": "list", "elements": "dict"}

PORT_MAPPING = {
    "container_port": {"type": "int", "required": True},
    "host_port": {"type": "int"},
    "protocol": {"type": "str", "choices": ["tcp", "udp"]},
    "name": {"type": "str"},
    "app_protocol": {"type": "str", "choices": ["http", "http2", "grpc"]},
}
HEALTH_CHECK = {
    "command": {**STRINGS, "required": True},
    "interval": {"type": "int"},
    "timeout": {"type": "int"},
    "retries": {"type": "int"},
    "start_period": {"type": "int"},
}
DEPENDENCY = {
    "container_name": {"type": "str", "required": True},
    "condition": {"type": "str", "choices": ["START", "COMPLETE", "SUCCESS", "HEALTHY"], "required": True},
}
LOG_CONFIGURATION = {
    "log_driver": {"type": "str", "required": True},
    "options": {"type": "dict"},
    "secret_options": {**DICTS, "no_log": False},
}
MOUNT_POINT = {
    "source_volume": {"type": "str", "required": True},
    "container_path": {"type": "str", "required": True},
    "read_only": {"type": "bool"},
}
CONTAINER = {
    "name": {"type": "str", "required": True},
    "image": {"type": "str", "required": True},
    "environment": {"type": "dict"},
    "secrets": {"type": "dict", "no_log": False},  # references to secrets, not their values
    "environment_files": DICTS,
    "command": STRINGS,
    "entry_point": STRINGS,
    "working_directory": {"type": "str"},
    "user": {"type": "str"},
    "essential": {"type": "bool"},
    "cpu": {"type": "int"},
    "memory": {"type": "int"},
    "memory_reservation": {"type": "int"},
    "port_mappings": {**DICTS, "options": PORT_MAPPING},
    "health_check": {"type": "dict", "options": HEALTH_CHECK},
    "depends_on": {**DICTS, "options": DEPENDENCY},
    "log_configuration": {"type": "dict", "options": LOG_CONFIGURATION},
    "mount_points": {**DICTS, "options": MOUNT_POINT},
    "volumes_from": DICTS,
    "linux_parameters": {"type": "dict"},
    "readonly_root_filesystem": {"type": "bool"},
    "privileged": {"type": "bool"},
    "interactive": {"type": "bool"},
    "pseudo_terminal": {"type": "bool"},
    "docker_labels": {"type": "dict"},
    "ulimits": DICTS,
    "system_controls": DICTS,
    "resource_requirements": DICTS,
    "repository_credentials": {"type": "dict", "no_log": False},
    "restart_policy": {"type": "dict"},
    "firelens_configuration": {"type": "dict"},
    "start_timeout": {"type": "int"},
    "stop_timeout": {"type": "int"},
}
PLATFORM = {
    "cpu_architecture": {"type": "str", "choices": ["X86_64", "ARM64"]},
    "operating_system_family": {"type": "str"},
}
COMPATIBILITIES = ["FARGATE", "EC2", "EXTERNAL", "MANAGED_INSTANCES"]
SERVICE = {"cluster": {"type": "str", "required": True}, "service": {"type": "str", "required": True}}
SERVICES = {
    "cluster": {"type": "str", "required": True},
    "services": {"type": "list", "elements": "str", "required": True},
}

ARGUMENT_SPEC = {
    "family": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "container_definitions": {**DICTS, "options": CONTAINER},
    "cpu": {"type": "str"},
    "memory": {"type": "str"},
    "network_mode": {"type": "str", "choices": ["awsvpc", "bridge", "host", "none"], "default": "awsvpc"},
    "requires_compatibilities": {**STRINGS, "choices": COMPATIBILITIES, "default": ["FARGATE"]},
    "execution_role_arn": {"type": "str"},
    "task_role_arn": {"type": "str"},
    "runtime_platform": {"type": "dict", "options": PLATFORM},
    "ephemeral_storage": {"type": "dict", "options": {"size_in_gib": {"type": "int", "required": True}}},
    "volumes": DICTS,
    "placement_constraints": DICTS,
    "proxy_configuration": {"type": "dict"},
    "ipc_mode": {"type": "str", "choices": ["host", "task", "none"]},
    "pid_mode": {"type": "str", "choices": ["host", "task"]},
    "enable_fault_injection": {"type": "bool"},
    "keep_images": {**STRINGS, "default": []},
    "keep_images_from": {"type": "dict", "options": SERVICE},
    "keep_revisions": {"type": "int"},
    "keep_revisions_of": {"type": "dict", "options": SERVICES},
    "allow_latest": {"type": "bool", "default": False},
    "plain_names": {**STRINGS, "default": []},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run, required_if=[("state", "present", ["container_definitions"])])


if __name__ == "__main__":
    main()
