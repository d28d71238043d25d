#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an EFS file system with its mount targets and access points."""

from __future__ import annotations

DOCUMENTATION = r"""
module: efs_file_system
version_added: "0.1.0"
short_description: Manage an EFS file system with its mount targets and access points
description:
  - Creates and updates an encrypted file system with its policy, backups, mount targets and access points in a single
    task, and removes all of it with O(state=absent).
  - What exists of it is found by O(name) alone. What is not given is left alone.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the file system, which is also the token it is created with.
    type: str
    required: true
  kms_key_id:
    description:
      - KMS key, by ARN, id or alias, that encrypts the files. AWS takes its own key when omitted.
      - It cannot be changed once the file system exists.
    type: str
  performance_mode:
    description: AWS takes V(generalPurpose) when omitted. It cannot be changed once the file system exists.
    type: str
    choices: [generalPurpose, maxIO]
  throughput_mode:
    description: What the throughput is paid by. AWS takes V(bursting) when omitted.
    type: str
    choices: [bursting, elastic, provisioned]
  provisioned_throughput_in_mibps:
    description: Throughput with O(throughput_mode=provisioned), in MiB a second.
    type: float
  lifecycle_policies:
    description: When files that are not read move to cheaper storage. An empty mapping keeps them where they are.
    type: dict
    suboptions:
      transition_to_ia:
        description: After how long files move to infrequent access, such as V(AFTER_30_DAYS).
        type: str
      transition_to_archive:
        description: After how long files move to the archive, such as V(AFTER_90_DAYS).
        type: str
      transition_to_primary_storage_class:
        description: When files move back.
        type: str
        choices: [AFTER_1_ACCESS]
  backup:
    description: Whether AWS Backup makes daily backups.
    type: bool
  policy:
    description:
      - Who may mount the file system, as a mapping or as JSON. An empty mapping lets in every client that reaches it.
      - A statement without a resource is for this file system.
    type: json
  subnet_ids:
    description: Subnets of all mount targets, one a zone. Others are removed.
    type: list
    elements: str
  security_group_ids:
    description: Security groups of all mount targets, from 1 to 5. AWS takes the VPC's default group when omitted.
    type: list
    elements: str
  access_points:
    description: Access points. Others of the file system that carry all of O(tags) are removed.
    type: list
    elements: dict
    suboptions:
      name:
        description: Name of the access point.
        type: str
        required: true
      posix_user:
        description:
          - User that all clients act as. Another one makes a new access point.
        type: dict
        suboptions:
          uid:
            description: Id of the user.
            type: int
            required: true
          gid:
            description: Id of the group.
            type: int
            required: true
          secondary_gids:
            description: Ids of further groups.
            type: list
            elements: int
      root_directory:
        description: Folder that clients see as the root. Another one makes a new access point.
        type: dict
        suboptions:
          path:
            description: Path of the folder.
            type: str
            default: /
          creation_info:
            description: Who owns the folder when EFS has to make it.
            type: dict
            suboptions:
              owner_uid:
                description: Id of the user.
                type: int
                required: true
              owner_gid:
                description: Id of the group.
                type: int
                required: true
              permissions:
                description: Octal digits, quoted, such as V("0750").
                type: str
                required: true
  state:
    description: V(absent) removes the file system with all files, if it carries all of O(tags).
    type: str
    choices: [present, absent]
    default: present
  wait:
    description: Whether to wait until the mount targets can be used.
    type: bool
    default: true
  wait_timeout:
    description: Seconds to wait at most for each step.
    type: int
    default: 600
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: community.aws.efs
    description: Manages a file system without access points and policy.
"""

EXAMPLES = r"""
- name: A file system that tasks mount through access points, over TLS
  trademaster.platform.efs_file_system:
    name: trademaster-staging-monitoring
    kms_key_id: alias/trademaster-staging-storage
    throughput_mode: elastic
    backup: true
    policy:
      Version: "2012-10-17"
      Statement:
        - Effect: Deny
          Principal: {AWS: "*"}
          Action: elasticfilesystem:Client*
          Condition: {Bool: {"aws:SecureTransport": "false"}}
    subnet_ids: [subnet-0123456789abcdef0, subnet-0123456789abcdef1]
    security_group_ids: [sg-0123456789abcdef0]
    access_points:
      - name: prometheus
        posix_user: {uid: 65534, gid: 65534}
        root_directory:
          path: /prometheus
          creation_info: {owner_uid: 65534, owner_gid: 65534, permissions: "0750"}
    tags: &tags
      Project: trademaster
      Environment: staging

- name: No file system
  trademaster.platform.efs_file_system:
    name: trademaster-staging-monitoring
    state: absent
    tags: *tags
"""

RETURN = r"""
file_system:
  description: Id and ARN of the file system.
  returned: with O(state=present)
  type: dict
  sample:
    id: fs-0123456789abcdef0
    arn: arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-0123456789abcdef0
access_points:
  description: Id and ARN by name, for every access point of O(access_points).
  returned: with O(state=present)
  type: dict
  sample:
    prometheus:
      id: fsap-0123456789abcdef0
      arn: arn:aws:elasticfilesystem:eu-central-1:123456789012:access-point/fsap-0123456789abcdef0
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "file_system", "key": "trademaster-staging-monitoring", "fields": ["backup"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "mount targets are available", "seconds": 74.3}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.efs.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

POSIX_USER = {
    "uid": {"type": "int", "required": True},
    "gid": {"type": "int", "required": True},
    "secondary_gids": {"type": "list", "elements": "int"},
}

CREATION_INFO = {
    "owner_uid": {"type": "int", "required": True},
    "owner_gid": {"type": "int", "required": True},
    "permissions": {"type": "str", "required": True},
}

ROOT_DIRECTORY = {
    "path": {"type": "str", "default": "/"},
    "creation_info": {"type": "dict", "options": CREATION_INFO},
}

ACCESS_POINT = {
    "name": {"type": "str", "required": True},
    "posix_user": {"type": "dict", "options": POSIX_USER},
    "root_directory": {"type": "dict", "options": ROOT_DIRECTORY},
}

LIFECYCLE_POLICIES = {
    "transition_to_ia": {"type": "str"},
    "transition_to_archive": {"type": "str"},
    "transition_to_primary_storage_class": {"type": "str", "choices": ["AFTER_1_ACCESS"]},
}

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "kms_key_id": {"type": "str"},
    "performance_mode": {"type": "str", "choices": ["generalPurpose", "maxIO"]},
    "throughput_mode": {"type": "str", "choices": ["bursting", "elastic", "provisioned"]},
    "provisioned_throughput_in_mibps": {"type": "float"},
    "lifecycle_policies": {"type": "dict", "options": LIFECYCLE_POLICIES},
    "backup": {"type": "bool"},
    "policy": {"type": "json"},
    "subnet_ids": {"type": "list", "elements": "str"},
    "security_group_ids": {"type": "list", "elements": "str"},
    "access_points": {"type": "list", "elements": "dict", "options": ACCESS_POINT},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "wait": {"type": "bool", "default": True},
    "wait_timeout": {"type": "int", "default": 600},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
