#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of customer managed policies of IAM."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_policies
version_added: "0.1.0"
short_description: Manage customer managed IAM policies as one set
description:
  - Creates, updates and, with O(purge=true), removes policies in a single task.
  - Policies are compared by meaning. The order of statements and values does not matter.
  - Another document becomes a new version, which holds at once. IAM keeps five; the oldest one makes room.
  - A policy that is removed is detached from the roles that have it.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  path:
    description: Path of all policies of the set, such as V(/trademaster/staging/). It cannot be changed later.
    type: str
    default: /
  policies:
    description: Policies that shall exist. An empty list with O(purge=true) removes them all.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the policy, unique in the account.
        type: str
        required: true
      policy:
        description: The document, as a mapping or as JSON.
        type: json
        required: true
  purge:
    description: Whether to remove policies below O(path) that are not listed and carry all of O(tags).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.iam_roles
  - module: amazon.aws.iam_managed_policy
    description: Manages a single policy, without diff.
"""

EXAMPLES = r"""
- name: What the pipeline may do
  trademaster.platform.iam_policies:
    path: /cicd/trademaster/staging/
    purge: true
    policies:
      - name: trademaster-staging-read-repository
        policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Action: [ecr:BatchGetImage, ecr:DescribeImages]
              Resource: arn:aws:ecr:eu-central-1:123456789012:repository/trademaster-auth
    tags:
      Project: trademaster
      Environment: staging
"""

RETURN = r"""
policies:
  description: ARN by name of every policy of O(policies).
  returned: always
  type: dict
  sample:
    trademaster-staging-read-repository:
      arn: arn:aws:iam::123456789012:policy/cicd/trademaster/staging/trademaster-staging-read-repository
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "policy", "key": "trademaster-staging-read-repository", "fields": ["policy"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.iam_policies.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

POLICY = {
    "name": {"type": "str", "required": True},
    "policy": {"type": "json", "required": True},
}

ARGUMENT_SPEC = {
    "path": {"type": "str", "default": "/"},
    "policies": {"type": "list", "elements": "dict", "required": True, "options": POLICY},
    "purge": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
