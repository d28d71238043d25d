#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an ECS cluster."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_cluster
version_added: "0.1.0"
short_description: Manage an ECS cluster with its settings
description:
  - Manages Container Insights, the audit of C(ecs execute-command), Service Connect defaults and capacity providers.
  - Refuses to remove a cluster that has services; waits for services and tasks that are going away.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the cluster.
    type: str
    required: true
  state:
    description: Whether the cluster exists.
    type: str
    choices: [present, absent]
    default: present
  container_insights:
    description: Metrics of services and tasks. V(enhanced) adds those of containers.
    type: str
    choices: [enabled, enhanced, disabled]
  execute_command_configuration:
    description: How sessions of C(ecs execute-command) are encrypted and recorded.
    type: dict
    suboptions:
      kms_key_id:
        description: Key that encrypts the session.
        type: str
      logging:
        description: V(OVERRIDE) records where O(execute_command_configuration.log_configuration) says.
        type: str
        choices: [NONE, DEFAULT, OVERRIDE]
      log_configuration:
        description: Where sessions are recorded.
        type: dict
        suboptions:
          cloud_watch_log_group_name:
            description: Log group.
            type: str
          cloud_watch_encryption_enabled:
            description: Whether the log group has to be encrypted.
            type: bool
          s3_bucket_name:
            description: Bucket.
            type: str
          s3_encryption_enabled:
            description: Whether objects are encrypted.
            type: bool
          s3_key_prefix:
            description: Prefix of the objects.
            type: str
  managed_storage_configuration:
    description: Encryption of the storage that AWS manages.
    type: dict
    suboptions:
      kms_key_id:
        description: Key of managed storage.
        type: str
      fargate_ephemeral_storage_kms_key_id:
        description: Key of Fargate's ephemeral storage.
        type: str
  service_connect_defaults:
    description: Defaults of Service Connect.
    type: dict
    suboptions:
      namespace:
        description: ARN of the Cloud Map namespace, as ECS answers it. Empty text clears it.
        type: str
        required: true
  capacity_providers:
    description: Capacity providers of the cluster.
    type: list
    elements: str
  default_capacity_provider_strategy:
    description: Strategy of services and tasks that name neither a strategy nor a launch type.
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
  wait_timeout:
    description: Seconds to wait for services and tasks to go away with O(state=absent).
    type: int
    default: 600
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
- name: Cluster with enhanced metrics and recorded exec sessions
  trademaster.platform.ecs_cluster:
    name: trademaster-staging
    container_insights: enhanced
    execute_command_configuration:
      kms_key_id: "{{ logs_key_arn }}"
      logging: OVERRIDE
      log_configuration:
        cloud_watch_log_group_name: /trademaster/staging/exec
        cloud_watch_encryption_enabled: true
    service_connect_defaults:
      namespace: "{{ namespace.namespace.arn }}"
    capacity_providers: [FARGATE, FARGATE_SPOT]
    default_capacity_provider_strategy:
      - capacity_provider: FARGATE
        weight: 1
    tags:
      Project: trademaster
      Environment: staging
"""

RETURN = r"""
cluster:
  description: The cluster. None with O(state=absent).
  returned: always
  type: dict
  contains:
    name:
      description: Name of the cluster.
      type: str
    arn:
      description: ARN of the cluster.
      type: str
  sample:
    name: trademaster-staging
    arn: arn:aws:ecs:us-east-1:111122223333:cluster/trademaster-staging
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "cluster", "key": "trademaster-staging", "fields": ["container_insights"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "cluster trademaster-staging", "seconds": 0.1}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs.cluster_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

LOG_CONFIGURATION = {
    "cloud_watch_log_group_name": {"type": "str"},
    "cloud_watch_encryption_enabled": {"type": "bool"},
    "s3_bucket_name": {"type": "str"},
    "s3_encryption_enabled": {"type": "bool"},
    "s3_key_prefix": {"type": "str", "no_log": False},
}
EXECUTE_COMMAND = {
    "kms_key_id": {"type": "str"},
    "logging": {"type": "str", "choices": ["NONE", "DEFAULT", "OVERRIDE"]},
    "log_configuration": {"type": "dict", "options": LOG_CONFIGURATION},
}
MANAGED_STORAGE = {"kms_key_id": {"type": "str"}, "fargate_ephemeral_storage_kms_key_id": {"type": "str"}}
CAPACITY_PROVIDER = {
    "capacity_provider": {"type": "str", "required": True},
    "base": {"type": "int"},
    "weight": {"type": "int"},
}

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "container_insights": {"type": "str", "choices": ["enabled", "enhanced", "disabled"]},
    "execute_command_configuration": {"type": "dict", "options": EXECUTE_COMMAND},
    "managed_storage_configuration": {"type": "dict", "options": MANAGED_STORAGE},
    "service_connect_defaults": {"type": "dict", "options": {"namespace": {"type": "str", "required": True}}},
    "capacity_providers": {"type": "list", "elements": "str"},
    "default_capacity_provider_strategy": {"type": "list", "elements": "dict", "options": CAPACITY_PROVIDER},
    "wait_timeout": {"type": "int", "default": 600},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
