#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of ECR repositories."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_repositories
version_added: "0.1.0"
short_description: Manage ECR repositories as one set
description:
  - Creates, updates and, with O(purge=true), removes image repositories in a single task, with their tags, lifecycle
    policy and repository policy.
  - Policies are compared by what they mean, not by how they are written.
  - The encryption of a repository cannot be changed. Asking for another one fails before anything is written, since
    making the repository anew would lose its images.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  repositories:
    description: Repositories that shall exist. An empty list with O(purge=true) removes them all.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the repository, such as V(trademaster/auth).
        type: str
        required: true
      image_tag_mutability:
        description: Whether a tag may move to another image. AWS takes V(MUTABLE) when omitted on creation.
        type: str
        choices: [MUTABLE, IMMUTABLE]
      scan_on_push:
        description: Whether images are scanned for known vulnerabilities when they are pushed.
        type: bool
      encryption_type:
        description:
          - How images are encrypted. V(KMS) without O(repositories[].kms_key) takes the key that AWS manages for ECR.
          - V(KMS) when omitted and O(repositories[].kms_key) is given. Otherwise AWS takes V(AES256) on creation.
        type: str
        choices: [AES256, KMS, KMS_DSSE]
      kms_key:
        description: KMS key, by ARN, id or alias, that encrypts the images.
        type: str
      lifecycle_policy:
        description: Which images expire, as a mapping or as JSON. An empty mapping removes the policy.
        type: json
      repository_policy:
        description: Who else may use the repository, as a mapping or as JSON. An empty mapping removes the policy.
        type: json
  state:
    description: V(absent) removes the listed repositories; only their names matter then.
    type: str
    choices: [present, absent]
    default: present
  force_delete:
    description: Whether to remove repositories that hold images, with those images.
    type: bool
    default: false
  prefix:
    description: What the names of all repositories begin with that O(purge) may remove.
    type: str
  purge:
    description: Whether to remove repositories that are not listed, begin with O(prefix) and carry all of O(tags).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: community.aws.ecs_ecr
    description: Manages a single repository, without tags.
"""

EXAMPLES = r"""
- name: Repositories of the services
  trademaster.platform.ecr_repositories:
    prefix: trademaster/
    purge: true
    repositories:
      - name: trademaster/auth
        image_tag_mutability: IMMUTABLE
        scan_on_push: true
        kms_key: alias/trademaster-staging-containers
        lifecycle_policy:
          rules:
            - rulePriority: 1
              description: Keep the newest images
              selection:
                tagStatus: any
                countType: imageCountMoreThan
                countNumber: 30
              action:
                type: expire
    tags:
      Project: trademaster
      Environment: staging

- name: No repository of the batch jobs, whatever it holds
  trademaster.platform.ecr_repositories:
    repositories:
      - name: trademaster/batch
    state: absent
    force_delete: true
"""

RETURN = r"""
repositories:
  description: URI and ARN by name, for every repository of O(repositories). Nothing with O(state=absent).
  returned: always
  type: dict
  sample:
    trademaster/auth:
      uri: 123456789012.dkr.ecr.eu-central-1.amazonaws.com/trademaster/auth
      arn: arn:aws:ecr:eu-central-1:123456789012:repository/trademaster/auth
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "repository", "key": "trademaster/auth", "fields": ["lifecycle_policy"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecr.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

REPOSITORY = {
    "name": {"type": "str", "required": True},
    "image_tag_mutability": {"type": "str", "choices": ["MUTABLE", "IMMUTABLE"]},
    "scan_on_push": {"type": "bool"},
    "encryption_type": {"type": "str", "choices": ["AES256", "KMS", "KMS_DSSE"]},
    "kms_key": {"type": "str", "no_log": False},
    "lifecycle_policy": {"type": "json"},
    "repository_policy": {"type": "json"},
}

ARGUMENT_SPEC = {
    "repositories": {"type": "list", "elements": "dict", "required": True, "options": REPOSITORY},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force_delete": {"type": "bool", "default": False},
    "prefix": {"type": "str"},
    "purge": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
