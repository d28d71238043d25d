#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of IAM roles."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_roles
version_added: "0.1.0"
short_description: Manage IAM roles with their policies as one set
description:
  - Creates, updates and, with O(purge=true), removes IAM roles in a single task, each with its trust policy, inline
    policies, managed policies and permissions boundary.
  - Policies are compared by meaning. The order of statements and values does not matter.
  - Reads with two list calls, whatever the number of roles, and writes in parallel.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  path:
    description: Path of all roles of the set, such as V(/trademaster/staging/). A role on another path is replaced.
    type: str
    default: /
  roles:
    description: Roles that shall exist. An empty list with O(purge=true) removes them all.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the role, unique in the account.
        type: str
        required: true
      assume_role_policy:
        description: Trust policy, as a mapping or as JSON.
        type: json
        required: true
      inline_policies:
        description: Inline policies by name, each a mapping or JSON. Empty removes them all.
        type: dict
      managed_policies:
        description:
          - Managed policies, each by ARN, or by path and name if it is one of AWS, such as
            V(service-role/AmazonECSTaskExecutionRolePolicy).
          - Empty detaches them all.
        type: list
        elements: str
      permissions_boundary:
        description: ARN of the policy that limits the role. Empty lifts the limit.
        type: str
      description:
        description: What the role is for.
        type: str
      max_session_duration:
        description: How long a session of the role may last, in seconds, from V(3600) to V(43200).
        type: int
  purge:
    description: Whether to remove roles below O(path) that are not listed and carry all of O(tags).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: amazon.aws.iam_role
    description: Manages a single role.
"""

EXAMPLES = r"""
- name: Roles of the authentication service
  trademaster.platform.iam_roles:
    path: /trademaster/staging/auth/
    purge: true
    roles:
      - name: trademaster-staging-auth-execution
        description: Pulls images, reads secrets and writes logs for the tasks
        assume_role_policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {Service: ecs-tasks.amazonaws.com}
              Action: sts:AssumeRole
        managed_policies:
          - service-role/AmazonECSTaskExecutionRolePolicy
        inline_policies:
          secrets:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: secretsmanager:GetSecretValue
                Resource: "{{ configuration_result.secrets['auth/jwt'].arn }}"
    tags:
      Project: trademaster
      Environment: staging
"""

RETURN = r"""
roles:
  description: ARN by name of every role of O(roles).
  returned: always
  type: dict
  sample:
    trademaster-staging-auth-execution:
      arn: arn:aws:iam::123456789012:role/trademaster/staging/auth/trademaster-staging-auth-execution
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "role", "key": "trademaster-staging-auth-execution", "fields": ["inline_policies"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.iam.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

ROLE = {
    "name": {"type": "str", "required": True},
    "assume_role_policy": {"type": "json", "required": True},
    "inline_policies": {"type": "dict"},
    "managed_policies": {"type": "list", "elements": "str"},
    "permissions_boundary": {"type": "str"},
    "description": {"type": "str"},
    "max_session_duration": {"type": "int"},
}

ARGUMENT_SPEC = {
    "path": {"type": "str", "default": "/"},
    "roles": {"type": "list", "elements": "dict", "required": True, "options": ROLE},
    "purge": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
