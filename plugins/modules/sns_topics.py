#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of SNS topics with their subscriptions."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sns_topics
version_added: "0.1.0"
short_description: Manage SNS topics with their subscriptions as one set
description:
  - Creates and updates topics with their policy, encryption and subscriptions in a single task, and removes them with
    O(state=absent).
  - Web addresses of subscriptions often hold the key that opens them. They are shown nowhere, but for the host.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  topics:
    description: Topics that shall exist.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name of the topic.
        type: str
        required: true
      display_name:
        description: Who messages are from, for those who read them.
        type: str
      kms_master_key_id:
        description:
          - KMS key, by ARN, id or alias, that encrypts messages. An empty text turns encryption off.
          - CloudWatch alarms can only publish if the policy of the key lets C(cloudwatch.amazonaws.com) use it, which
            that of C(alias/aws/sns) does not.
        type: str
      policy:
        description:
          - Who may publish and subscribe, as a mapping or as JSON. A statement without a resource is for this topic.
          - Left alone when omitted; a new topic then is open to its account.
        type: json
      subscriptions:
        description:
          - All subscriptions of the topic. Others are removed, with an empty list all.
          - One that is not confirmed is warned of.
        type: list
        elements: dict
        suboptions:
          protocol:
            description: How messages are delivered.
            type: str
            choices: [http, https, email, email-json, sqs, lambda, firehose, sms]
            required: true
          endpoint:
            description:
              - Where messages are delivered to.
              - V({secret}) in it is replaced by the value of O(topics[].subscriptions[].endpoint_secret).
            type: str
            required: true
          endpoint_secret:
            description: Secret of Secrets Manager, by name or ARN, whose value is part of the endpoint.
            type: str
  state:
    description: V(absent) removes those of the topics that carry all of O(tags); nothing else of them matters then.
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
  - module: community.aws.sns_topic
    description: Manages a single topic, FIFO topics and delivery policies included.
"""

EXAMPLES = r"""
- name: A topic that pages, which only alarms of this account publish to
  trademaster.platform.sns_topics:
    topics:
      - name: trademaster-staging-pager
        kms_master_key_id: alias/trademaster-staging-notifications
        policy:
          Version: "2012-10-17"
          Statement:
            - Effect: Allow
              Principal: {Service: cloudwatch.amazonaws.com}
              Action: sns:Publish
              Condition:
                StringEquals: {"aws:SourceAccount": "123456789012"}
        subscriptions:
          - protocol: https
            endpoint: https://events.pagerduty.com/integration/{secret}/enqueue
            endpoint_secret: trademaster/staging/pagerduty/cloudwatch
          - protocol: email
            endpoint: operations@example.com
    tags: &tags
      Project: trademaster
      Environment: staging

- name: No topic
  trademaster.platform.sns_topics:
    topics: [{name: trademaster-staging-pager}]
    state: absent
    tags: *tags
"""

RETURN = r"""
topics:
  description: ARN by name, for every topic of O(topics). Nothing with O(state=absent).
  returned: always
  type: dict
  sample:
    trademaster-staging-pager:
      arn: arn:aws:sns:eu-central-1:123456789012:trademaster-staging-pager
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - op: create
      kind: subscription
      key: trademaster-staging-pager https events.pagerduty.com 5f2c9a01
      fields: []
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._aws.sns.run import run

SUBSCRIPTION = {
    "protocol": {
        "type": "str",
        "required": True,
        "choices": ["http", "https", "email", "email-json", "sqs", "lambda", "firehose", "sms"],
    },
    "endpoint": {"type": "str", "required": True},
    "endpoint_secret": {"type": "str", "no_log": False},
}

TOPIC = {
    "name": {"type": "str", "required": True},
    "display_name": {"type": "str"},
    "kms_master_key_id": {"type": "str"},
    "policy": {"type": "json"},
    "subscriptions": {"type": "list", "elements": "dict", "options": SUBSCRIPTION},
}

ARGUMENT_SPEC = {
    "topics": {"type": "list", "elements": "dict", "required": True, "options": TOPIC},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
