#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: settings that hold for a whole account."""

from __future__ import annotations

DOCUMENTATION = r"""
module: account_settings
version_added: "0.1.0"
short_description: Manage defaults of an AWS account and say which one it is
description:
  - Sets what holds for everything that is made in a region of the account, or in all of it, from now on.
  - What is left out is neither read nor changed. Without any setting the task only answers which account it is.
  - Such settings belong to the account and have no tags, so there is nothing to remove.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  ebs_encryption_by_default:
    description: Whether new volumes, and copies of snapshots, are encrypted.
    type: bool
  snapshot_block_public_access:
    description: Whether snapshots of volumes may be shared with everybody.
    type: str
    choices: [block-all-sharing, block-new-sharing, unblocked]
  image_block_public_access:
    description: Whether images may be shared with everybody. EC2 needs some minutes until a change shows.
    type: str
    choices: [block-new-sharing, unblocked]
  serial_console_access:
    description: Whether instances can be reached through a serial console.
    type: bool
  instance_metadata_defaults:
    description: How new instances offer their metadata unless they are told otherwise.
    type: dict
    suboptions:
      http_tokens:
        description: V(required) is version 2 of the service only.
        type: str
        choices: [optional, required, no-preference]
      http_put_response_hop_limit:
        description: How many hops an answer may take, from V(1) to V(64), or V(-1) for no preference.
        type: int
      http_endpoint:
        description: Whether there is any metadata.
        type: str
        choices: [enabled, disabled, no-preference]
      instance_metadata_tags:
        description: Whether tags are part of it.
        type: str
        choices: [enabled, disabled, no-preference]
  s3_public_access_block:
    description: What of the public is kept out of all buckets of the account, in all regions.
    type: dict
    suboptions:
      block_public_acls:
        description: Whether access control lists that let the public in are refused.
        type: bool
      ignore_public_acls:
        description: Whether access control lists that let the public in have no effect.
        type: bool
      block_public_policy:
        description: Whether policies that let the public in are refused.
        type: bool
      restrict_public_buckets:
        description: Whether policies that let the public in work for the account and services of AWS only.
        type: bool
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
seealso:
  - module: trademaster.platform.s3_buckets
    description: Keeps the public out of single buckets.
  - module: amazon.aws.aws_caller_info
    description: Says who the caller is.
"""

EXAMPLES = r"""
- name: Encrypt volumes, keep the public out, and want tokens for metadata
  trademaster.platform.account_settings:
    ebs_encryption_by_default: true
    snapshot_block_public_access: block-all-sharing
    image_block_public_access: block-new-sharing
    serial_console_access: false
    instance_metadata_defaults:
      http_tokens: required
      http_put_response_hop_limit: 2
    s3_public_access_block:
      block_public_acls: true
      ignore_public_acls: true
      block_public_policy: true
      restrict_public_buckets: true

- name: Ask which account it is
  trademaster.platform.account_settings:
  register: account
"""

RETURN = r"""
account_id:
  description: Number of the account.
  returned: always
  type: str
  sample: "123456789012"
partition:
  description: Partition of AWS, which ARNs begin with.
  returned: always
  type: str
  sample: aws
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "account_setting", "key": "ebs_encryption_by_default", "fields": ["value"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.account.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

METADATA = {
    "http_tokens": {"type": "str", "choices": ["optional", "required", "no-preference"], "no_log": False},
    "http_put_response_hop_limit": {"type": "int"},
    "http_endpoint": {"type": "str", "choices": ["enabled", "disabled", "no-preference"]},
    "instance_metadata_tags": {"type": "str", "choices": ["enabled", "disabled", "no-preference"]},
}

PUBLIC_ACCESS_BLOCK = {
    "block_public_acls": {"type": "bool"},
    "ignore_public_acls": {"type": "bool"},
    "block_public_policy": {"type": "bool"},
    "restrict_public_buckets": {"type": "bool"},
}

ARGUMENT_SPEC = {
    "ebs_encryption_by_default": {"type": "bool"},
    "snapshot_block_public_access": {"type": "str", "choices": ["block-all-sharing", "block-new-sharing", "unblocked"]},
    "image_block_public_access": {"type": "str", "choices": ["block-new-sharing", "unblocked"]},
    "serial_console_access": {"type": "bool"},
    "instance_metadata_defaults": {"type": "dict", "options": METADATA},
    "s3_public_access_block": {"type": "dict", "options": PUBLIC_ACCESS_BLOCK},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
