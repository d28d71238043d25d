#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of S3 buckets."""

from __future__ import annotations

DOCUMENTATION = r"""
module: s3_buckets
version_added: "0.1.0"
short_description: Manage S3 buckets as one set
description:
  - Creates and updates buckets with their policy, encryption, access, versioning, lifecycle and logging in a single
    task, and removes them with O(state=absent).
  - A bucket of the account that exists already is brought to its state, tags included.
  - What others set on a bucket, such as replication or notifications, is left alone.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  buckets:
    description: Buckets that shall exist.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the bucket, which nobody else in the world may have taken.
        type: str
        required: true
      policy:
        description:
          - Who may use the bucket, as a mapping or as JSON. An empty mapping removes the policy.
          - To refuse plain HTTP, deny everything on the condition that C(aws:SecureTransport) is C(false).
        type: json
      server_side_encryption:
        description:
          - How objects that are written from now on are encrypted. An empty mapping goes back to keys of S3.
          - Load balancers can write their access logs with keys of S3 only.
        type: dict
        suboptions:
          sse_algorithm:
            description: V(AES256) takes keys of S3, the others a key of KMS.
            type: str
            choices: [AES256, "aws:kms", "aws:kms:dsse"]
            default: AES256
          kms_master_key_id:
            description: KMS key, by ARN, id or alias. Without one KMS uses the key that AWS keeps for S3.
            type: str
          bucket_key_enabled:
            description: Whether a key of the bucket stands between its objects and KMS, which saves calls to KMS.
            type: bool
            default: false
      public_access_block:
        description: What of the public is kept out. An empty mapping keeps out nothing, which is seldom what is wanted.
        type: dict
        suboptions:
          block_public_acls:
            description: Whether access control lists that let the public in are refused.
            type: bool
            default: false
          ignore_public_acls:
            description: Whether access control lists that let the public in have no effect.
            type: bool
            default: false
          block_public_policy:
            description: Whether a policy that lets the public in is refused.
            type: bool
            default: false
          restrict_public_buckets:
            description: Whether a policy that lets the public in works for the account and services of AWS only.
            type: bool
            default: false
      object_ownership:
        description: Who owns objects that others write. V(BucketOwnerEnforced) does without access control lists.
        type: str
        choices: [BucketOwnerEnforced, BucketOwnerPreferred, ObjectWriter]
      versioning:
        description: Whether former versions of objects are kept. It can be suspended, but not undone.
        type: str
        choices: [Enabled, Suspended]
      lifecycle_rules:
        description: All rules by which objects expire. Others are removed, and with an empty list all.
        type: list
        elements: dict
        suboptions:
          id:
            description: Id of the rule.
            type: str
            required: true
          prefix:
            description: What the keys of the objects begin with. The rule is for all objects when omitted.
            type: str
            default: ""
          expiration_days:
            description: Days after which objects expire. With versioning they then become former versions.
            type: int
          noncurrent_version_expiration_days:
            description: Days after which former versions are gone for good.
            type: int
          abort_incomplete_multipart_upload_days:
            description: Days after which uploads in parts that were never completed are discarded.
            type: int
      logging:
        description: Where each access is logged. An empty mapping turns it off.
        type: dict
        suboptions:
          target_bucket:
            description:
              - Bucket of the same region and account that takes the log, perhaps one of O(buckets), which is then made
                first.
              - Its policy has to let C(logging.s3.amazonaws.com) write.
            type: str
          target_prefix:
            description: What the keys of the log begin with.
            type: str
            default: ""
  state:
    description: V(absent) removes those of the buckets that carry all of O(tags); nothing else of them matters then.
    type: str
    choices: [present, absent]
    default: present
  force:
    description:
      - Whether O(state=absent) removes a bucket with all objects and versions in it. Otherwise one that is not empty
        is refused.
      - Its policy is removed first, so that services that may still write into it cannot any more.
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: amazon.aws.s3_bucket
    description: Manages a single bucket, with object lock and more.
  - module: community.aws.s3_lifecycle
    description: Manages a single lifecycle rule, with transitions to other storage classes.
"""

EXAMPLES = r"""
- name: A bucket for access logs that expire
  trademaster.platform.s3_buckets:
    buckets:
      - name: trademaster-staging-access-logs
        server_side_encryption: {sse_algorithm: AES256}
        object_ownership: BucketOwnerEnforced
        versioning: Enabled
        public_access_block:
          block_public_acls: true
          ignore_public_acls: true
          block_public_policy: true
          restrict_public_buckets: true
        lifecycle_rules:
          - id: expire
            prefix: AWSLogs/
            expiration_days: 90
            noncurrent_version_expiration_days: 1
            abort_incomplete_multipart_upload_days: 1
        policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {Service: logdelivery.elasticloadbalancing.amazonaws.com}
              Action: s3:PutObject
              Resource: arn:aws:s3:::trademaster-staging-access-logs/AWSLogs/*
            - Effect: Deny
              Principal: "*"
              Action: s3:*
              Resource:
                - arn:aws:s3:::trademaster-staging-access-logs
                - arn:aws:s3:::trademaster-staging-access-logs/*
              Condition: {Bool: {"aws:SecureTransport": "false"}}
    tags: &tags
      Project: trademaster
      Environment: staging

- name: A bucket encrypted with a key of KMS, whose accesses are logged
  trademaster.platform.s3_buckets:
    buckets:
      - name: trademaster-staging-reports
        server_side_encryption:
          sse_algorithm: aws:kms
          kms_master_key_id: alias/trademaster-staging-storage
          bucket_key_enabled: true
        logging:
          target_bucket: trademaster-staging-accesses
          target_prefix: reports/
    tags: *tags

- name: No bucket of the access logs, nor any log in it
  trademaster.platform.s3_buckets:
    buckets:
      - name: trademaster-staging-access-logs
    state: absent
    force: true
    tags: *tags
"""

RETURN = r"""
buckets:
  description: ARN by name, for every bucket of O(buckets). Nothing with O(state=absent).
  returned: always
  type: dict
  sample:
    trademaster-staging-access-logs:
      arn: arn:aws:s3:::trademaster-staging-access-logs
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "bucket", "key": "trademaster-staging-access-logs", "fields": ["lifecycle_rules"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "bucket trademaster-staging-access-logs is gone", "seconds": 1.2}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.s3.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

ENCRYPTION = {
    "sse_algorithm": {"type": "str", "choices": ["AES256", "aws:kms", "aws:kms:dsse"], "default": "AES256"},
    "kms_master_key_id": {"type": "str"},
    "bucket_key_enabled": {"type": "bool", "default": False, "no_log": False},
}

PUBLIC_ACCESS_BLOCK = {
    "block_public_acls": {"type": "bool", "default": False},
    "ignore_public_acls": {"type": "bool", "default": False},
    "block_public_policy": {"type": "bool", "default": False},
    "restrict_public_buckets": {"type": "bool", "default": False},
}

LIFECYCLE_RULE = {
    "id": {"type": "str", "required": True},
    "prefix": {"type": "str", "default": ""},
    "expiration_days": {"type": "int"},
    "noncurrent_version_expiration_days": {"type": "int"},
    "abort_incomplete_multipart_upload_days": {"type": "int"},
}

LOGGING = {
    "target_bucket": {"type": "str"},
    "target_prefix": {"type": "str", "default": ""},
}

BUCKET = {
    "name": {"type": "str", "required": True},
    "policy": {"type": "json"},
    "server_side_encryption": {"type": "dict", "options": ENCRYPTION},
    "public_access_block": {"type": "dict", "options": PUBLIC_ACCESS_BLOCK},
    "object_ownership": {"type": "str", "choices": ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"]},
    "versioning": {"type": "str", "choices": ["Enabled", "Suspended"]},
    "lifecycle_rules": {"type": "list", "elements": "dict", "options": LIFECYCLE_RULE},
    "logging": {"type": "dict", "options": LOGGING},
}

ARGUMENT_SPEC = {
    "buckets": {"type": "list", "elements": "dict", "required": True, "options": BUCKET},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "force": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
