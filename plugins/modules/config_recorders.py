#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the recorder of AWS Config in a region."""

from __future__ import annotations

DOCUMENTATION = r"""
module: config_recorders
version_added: "0.1.0"
short_description: Manage the recorder of AWS Config in a region
description:
  - Creates and starts the recorder that keeps how resources are configured, with the delivery channel through which it
    writes into a bucket, and removes both with O(state=absent).
  - An account has one recorder of its own in a region. One of another name is used as it is, and never removed.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the recorder, and of a new delivery channel.
    type: str
    required: true
  role_arn:
    description:
      - Role by which resources are read. The one that AWS Config makes for itself when omitted, which is what control
        Config.1 wants.
      - That role is made where it is missing, and never removed.
    type: str
  resource_types:
    description: Types of resources that are recorded, such as V(AWS::EC2::Instance). All when empty.
    type: list
    elements: str
    default: []
  include_global_resource_types:
    description: Whether resources without a region, such as roles, are recorded. They are with all types when omitted.
    type: bool
  recording_frequency:
    description: Whether each change is recorded, or one state a day.
    type: str
    choices: [CONTINUOUS, DAILY]
  s3_bucket_name:
    description:
      - Bucket that takes what is recorded. Its policy has to let C(config.amazonaws.com) write.
      - Required with O(state=present).
    type: str
  s3_key_prefix:
    description: What the keys in the bucket begin with.
    type: str
  s3_kms_key_arn:
    description: KMS key, by ARN, that encrypts it. Its policy has to let C(config.amazonaws.com) use it.
    type: str
  sns_topic_arn:
    description: Topic that is told of each change.
    type: str
  delivery_frequency:
    description: How often a snapshot of everything is delivered.
    type: str
    choices: [One_Hour, Three_Hours, Six_Hours, Twelve_Hours, TwentyFour_Hours]
  recording:
    description: Whether the recorder is started.
    type: bool
    default: true
  state:
    description: V(absent) removes the recorder with its channel if it carries all of O(tags). What was recorded stays.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.config_rules
    description: Judges what is recorded.
  - module: community.aws.config_recorder
    description: Manages a recorder, without check mode.
"""

EXAMPLES = r"""
- name: Record how everything is configured
  trademaster.platform.config_recorders:
    name: trademaster-staging
    s3_bucket_name: trademaster-staging-audit-123456789012-eu-central-1
    s3_key_prefix: config
    s3_kms_key_arn: arn:aws:kms:eu-central-1:123456789012:key/1b6f3c1e-6f7e-4a53-9d39-0f6a3b1f7f11
    delivery_frequency: TwentyFour_Hours
    tags: &tags
      Project: trademaster
      Environment: staging

- name: Record it no longer
  trademaster.platform.config_recorders:
    name: trademaster-staging
    state: absent
    tags: *tags
"""

RETURN = r"""
name:
  description: Name of the recorder of the region. Empty where it was removed.
  returned: always
  type: str
  sample: trademaster-staging
ours:
  description: Whether the recorder is the one of O(name), and not somebody else's.
  returned: always
  type: bool
  sample: true
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "config_recorder", "key": "trademaster-staging", "fields": ["recording"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.config.recorder_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "role_arn": {"type": "str"},
    "resource_types": {"type": "list", "elements": "str", "default": []},
    "include_global_resource_types": {"type": "bool"},
    "recording_frequency": {"type": "str", "choices": ["CONTINUOUS", "DAILY"]},
    "s3_bucket_name": {"type": "str"},
    "s3_key_prefix": {"type": "str", "no_log": False},
    "s3_kms_key_arn": {"type": "str", "no_log": False},
    "sns_topic_arn": {"type": "str"},
    "delivery_frequency": {
        "type": "str",
        "choices": ["One_Hour", "Three_Hours", "Six_Hours", "Twelve_Hours", "TwentyFour_Hours"],
    },
    "recording": {"type": "bool", "default": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
