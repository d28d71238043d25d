#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a private Cloud Map namespace with its services."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_map_namespace
version_added: "0.1.0"
short_description: Manage a private Cloud Map namespace with its services as one set
description:
  - Creates a private DNS namespace in a VPC and the services that ECS services register their tasks with.
  - Reads with two list calls and one tag lookup per resource, and writes in parallel.
  - Record types, routing policy and health check of a service cannot change in place. A service without instances is
    replaced; one with instances is refused before anything is written.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: DNS name of the namespace.
    type: str
    required: true
  vpc_id:
    description:
      - VPC in which the names resolve. Needed with O(state=present).
      - With O(state=absent) it tells namespaces of the same name apart.
    type: str
  state:
    description: V(absent) removes the namespace with all its services.
    type: str
    choices: [present, absent]
    default: present
  description:
    description: What the namespace is for.
    type: str
  services:
    description: Services that shall exist.
    type: list
    elements: dict
    suboptions:
      name:
        description: First label of the DNS name.
        type: str
        required: true
      description:
        description: What the service is for.
        type: str
      dns_records:
        description: Records of each instance.
        type: list
        elements: dict
        default:
          - type: A
            ttl: 10
        suboptions:
          type:
            description: Type of the record.
            type: str
            choices: [A, AAAA, SRV, CNAME]
            required: true
          ttl:
            description: Seconds for which resolvers keep it.
            type: int
            required: true
      routing_policy:
        description: V(MULTIVALUE) answers up to eight healthy instances, V(WEIGHTED) one.
        type: str
        choices: [MULTIVALUE, WEIGHTED]
        default: MULTIVALUE
      custom_health_check:
        description: Whether ECS reports the health of instances.
        type: bool
        default: true
  purge:
    description: Whether to remove services of the namespace that are not listed and carry O(tags).
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait for each operation of Cloud Map.
    type: int
    default: 300
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
- name: Namespace with one service
  trademaster.platform.cloud_map_namespace:
    name: staging.trademaster.internal
    vpc_id: "{{ vpc_id }}"
    description: Services of the staging environment
    purge: true
    services:
      - name: auth
        dns_records:
          - type: A
            ttl: 10
    tags:
      Project: trademaster
      Environment: staging
"""

RETURN = r"""
namespace:
  description: The namespace. None with O(state=absent).
  returned: always
  type: dict
  contains:
    name:
      description: DNS name.
      type: str
    id:
      description: Id of the namespace.
      type: str
    arn:
      description: ARN of the namespace.
      type: str
  sample:
    name: staging.trademaster.internal
    id: ns-u2s5yqx3kq4n7x2m
    arn: arn:aws:servicediscovery:us-east-1:111122223333:namespace/ns-u2s5yqx3kq4n7x2m
services:
  description: Id and ARN of each service by name. V((known after apply)) stands for what check mode cannot know.
  returned: always
  type: dict
  sample:
    auth:
      id: srv-utcrh6wavdkggqtk
      arn: arn:aws:servicediscovery:us-east-1:111122223333:service/srv-utcrh6wavdkggqtk
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "cloud_map_service", "key": "auth", "fields": ["record_types", "ttls"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "creation of staging.trademaster.internal", "seconds": 34.2}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.cloudmap.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

RECORD = {
    "type": {"type": "str", "choices": ["A", "AAAA", "SRV", "CNAME"], "required": True},
    "ttl": {"type": "int", "required": True},
}
SERVICE = {
    "name": {"type": "str", "required": True},
    "description": {"type": "str"},
    "dns_records": {"type": "list", "elements": "dict", "options": RECORD, "default": [{"type": "A", "ttl": 10}]},
    "routing_policy": {"type": "str", "choices": ["MULTIVALUE", "WEIGHTED"], "default": "MULTIVALUE"},
    "custom_health_check": {"type": "bool", "default": True},
}

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "vpc_id": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "description": {"type": "str"},
    "services": {"type": "list", "elements": "dict", "options": SERVICE},
    "purge": {"type": "bool", "default": False},
    "wait_timeout": {"type": "int", "default": 300},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
