#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of CloudTrail trails."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloudtrail_trails
version_added: "0.1.0"
short_description: Manage CloudTrail trails as one set
description:
  - Creates and updates trails with what they record, where to, and how it is encrypted, in a single task, and removes
    them with O(state=absent). What they have recorded stays.
  - A trail of the same name that carries none of O(tags) is not taken over, but refused.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  trails:
    description: Trails that shall exist, whose home is this region.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the trail.
        type: str
        required: true
      s3_bucket_name:
        description:
          - Bucket that takes the log files. Its policy has to let C(cloudtrail.amazonaws.com) write.
          - Required with O(state=present).
        type: str
      s3_key_prefix:
        description: What the keys of the log files begin with.
        type: str
      include_global_service_events:
        description: Whether events of services without a region, such as IAM, are recorded.
        type: bool
      is_multi_region_trail:
        description: Whether events of all regions are recorded.
        type: bool
      enable_log_file_validation:
        description: Whether digest files are written, which show whether a log file was changed or removed.
        type: bool
      kms_key_id:
        description:
          - KMS key, by ARN, id or alias, that encrypts the log files. Its policy has to let CloudTrail use it.
          - An empty text goes back to keys of S3.
        type: str
      cloud_watch_logs_log_group_arn:
        description: Log group that takes the events as well. Goes with O(trails[].cloud_watch_logs_role_arn).
        type: str
      cloud_watch_logs_role_arn:
        description: Role by which CloudTrail writes into the log group.
        type: str
      is_logging:
        description: Whether the trail records.
        type: bool
        default: true
      advanced_event_selectors:
        description:
          - What is recorded, all of it. With an empty list the trail records management events, and nothing else.
          - Left alone when omitted. A new trail records management events.
        type: list
        elements: dict
        suboptions:
          name:
            description: What the selector is for.
            type: str
          field_selectors:
            description: Conditions, all of which have to hold.
            type: list
            elements: dict
            required: true
            suboptions:
              field:
                description: Field of the event, such as V(eventCategory), V(resources.type) or V(resources.ARN).
                type: str
                required: true
              equals:
                description: Values of which it is one.
                type: list
                elements: str
              not_equals:
                description: Values of which it is none.
                type: list
                elements: str
              starts_with:
                description: Texts with one of which it begins.
                type: list
                elements: str
              not_starts_with:
                description: Texts with none of which it begins.
                type: list
                elements: str
              ends_with:
                description: Texts with one of which it ends.
                type: list
                elements: str
              not_ends_with:
                description: Texts with none of which it ends.
                type: list
                elements: str
      insight_types:
        description: Unusual activity to look for, for which AWS charges by event. With an empty list none.
        type: list
        elements: str
        choices: [ApiCallRateInsight, ApiErrorRateInsight]
  state:
    description: V(absent) removes those of the trails that carry all of O(tags); only their names matter then.
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
  - module: amazon.aws.cloudtrail
    description: Manages a single trail, without event selectors.
"""

EXAMPLES = r"""
- name: A trail of all regions, validated and encrypted, that also records what is read of one bucket
  trademaster.platform.cloudtrail_trails:
    trails:
      - name: trademaster-staging-audit
        s3_bucket_name: trademaster-staging-audit-123456789012-eu-central-1
        is_multi_region_trail: true
        include_global_service_events: true
        enable_log_file_validation: true
        kms_key_id: alias/trademaster-staging-audit
        cloud_watch_logs_log_group_arn: arn:aws:logs:eu-central-1:123456789012:log-group:/trademaster-staging/audit
        cloud_watch_logs_role_arn: arn:aws:iam::123456789012:role/trademaster-staging-audit-trail
        advanced_event_selectors:
          - name: Management events
            field_selectors: [{field: eventCategory, equals: [Management]}]
          - name: Objects of the reports
            field_selectors:
              - {field: eventCategory, equals: [Data]}
              - {field: resources.type, equals: ["AWS::S3::Object"]}
              - {field: resources.ARN, starts_with: ["arn:aws:s3:::trademaster-staging-reports/"]}
    tags: &tags
      Project: trademaster
      Environment: staging

- name: No trail
  trademaster.platform.cloudtrail_trails:
    trails: [{name: trademaster-staging-audit}]
    state: absent
    tags: *tags
"""

RETURN = r"""
trails:
  description: ARN by name, for every trail of O(trails). Nothing with O(state=absent).
  returned: always
  type: dict
  sample:
    trademaster-staging-audit:
      arn: arn:aws:cloudtrail:eu-central-1:123456789012:trail/trademaster-staging-audit
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "trail", "key": "trademaster-staging-audit", "fields": ["enable_log_file_validation"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.cloudtrail.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

FIELD_SELECTOR = {
    "field": {"type": "str", "required": True},
    "equals": {"type": "list", "elements": "str"},
    "not_equals": {"type": "list", "elements": "str"},
    "starts_with": {"type": "list", "elements": "str"},
    "not_starts_with": {"type": "list", "elements": "str"},
    "ends_with": {"type": "list", "elements": "str"},
    "not_ends_with": {"type": "list", "elements": "str"},
}

EVENT_SELECTOR = {
    "name": {"type": "str"},
    "field_selectors": {"type": "list", "elements": "dict", "required": True, "options": FIELD_SELECTOR},
}

TRAIL = {
    "name": {"type": "str", "required": True},
    "s3_bucket_name": {"type": "str"},
    "s3_key_prefix": {"type": "str", "no_log": False},
    "include_global_service_events": {"type": "bool"},
    "is_multi_region_trail": {"type": "bool"},
    "enable_log_file_validation": {"type": "bool"},
    "kms_key_id": {"type": "str"},
    "cloud_watch_logs_log_group_arn": {"type": "str"},
    "cloud_watch_logs_role_arn": {"type": "str"},
    "is_logging": {"type": "bool", "default": True},
    "advanced_event_selectors": {"type": "list", "elements": "dict", "options": EVENT_SELECTOR},
    "insight_types": {"type": "list", "elements": "str", "choices": ["ApiCallRateInsight", "ApiErrorRateInsight"]},
}

ARGUMENT_SPEC = {
    "trails": {"type": "list", "elements": "dict", "required": True, "options": TRAIL},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
