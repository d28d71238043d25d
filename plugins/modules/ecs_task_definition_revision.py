#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a copy of an ECS task definition with other images."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ecs_task_definition_revision
version_added: "0.1.0"
short_description: Register a copy of an ECS task definition that differs in its images only
description:
  - Takes a revision that is there, replaces images of containers, and registers the result as the next revision of the
    same family. Everything else stays as it is, whatever the checkout that this runs from knows about it.
  - Takes the revision itself, or the latest C(ACTIVE) one of the family, when that has the wanted images and tags.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  source:
    description: Revision to copy, as ARN or C(family:revision).
    type: str
  service:
    description: Service whose running revision is copied.
    type: dict
    suboptions:
      cluster:
        description: Cluster of the service.
        type: str
        required: true
      service:
        description: Name of the service.
        type: str
        required: true
  family:
    description: Family whose latest C(ACTIVE) revision is copied.
    type: str
  images:
    description: Image by name of container, each with a digest or a tag other than V(latest).
    type: dict
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.ecs_task_definition
"""

EXAMPLES = r"""
- name: Prepare the revision that runs the new image
  trademaster.platform.ecs_task_definition_revision:
    service:
      cluster: trademaster-staging
      service: trademaster-staging-auth-blue
    images:
      auth: "{{ preflight.images.auth }}"
    tags:
      trademaster:version: 1.4.2
  register: revision
"""

RETURN = r"""
task_definition:
  description: The revision. V((known after apply)) stands for what check mode cannot know.
  returned: always
  type: dict
  contains:
    arn:
      description: ARN of the revision.
      type: str
    family:
      description: Name of the task definition.
      type: str
    revision:
      description: Number of the revision.
      type: int
    images:
      description: Image by container.
      type: dict
    source:
      description: The revision that was copied, as C(arn), C(images) by container, and C(tags).
      type: dict
  sample:
    arn: arn:aws:ecs:us-east-1:111122223333:task-definition/trademaster-staging-auth:8
    family: trademaster-staging-auth
    revision: 8
    images:
      auth: 111122223333.dkr.ecr.us-east-1.amazonaws.com/trademaster-auth@sha256:0f9de17a6465404e8b1b2356dc13c2f8
    source:
      arn: arn:aws:ecs:us-east-1:111122223333:task-definition/trademaster-staging-auth:7
      images: {"auth": "111122223333.dkr.ecr.us-east-1.amazonaws.com/trademaster-auth:1.4.1"}
      tags: {"trademaster:version": "1.4.1"}
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - op: update
      kind: task_definition
      key: trademaster-staging-auth:7
      fields: ["images", "tags"]
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs.revision_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

SERVICE = {"cluster": {"type": "str", "required": True}, "service": {"type": "str", "required": True}}
SOURCES = ["source", "service", "family"]

ARGUMENT_SPEC = {
    "source": {"type": "str"},
    "service": {"type": "dict", "options": SERVICE},
    "family": {"type": "str"},
    "images": {"type": "dict", "required": True},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run, mutually_exclusive=[SOURCES], required_one_of=[SOURCES])


if __name__ == "__main__":
    main()
