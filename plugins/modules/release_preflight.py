#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: what would make a release fail, before it changes anything."""

from __future__ import annotations

DOCUMENTATION = r"""
module: release_preflight
version_added: "0.1.0"
short_description: Tell what would make a release fail before it changes anything
description:
  - Looks at all that a blue/green release will use, and fails with one line for each thing that is wrong, all of them
    at once.
  - Images exist; roles can be assumed by ECS, and the execution role may read what the containers are given; secrets
    and parameters are there; keys are enabled; log groups exist; ports match; subnets and quotas have room; migrations
    can run; the gateway has upstream and targets, and one colour takes the customers; Prometheus answers.
  - Reads only. Values of secrets that containers are given are not read.
  - What the caller is not allowed to look at is no failure; it is named in RV(not_checked).
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  cluster:
    description: Name or ARN of the ECS cluster.
    type: str
    required: true
  task_definition:
    description: Family, revision or ARN of the task definition that the release is made from.
    type: str
    required: true
  images:
    description: Image by container that the release brings. Other containers keep theirs.
    type: dict
  image_findings:
    description: Severity from which findings of ECR's scan forbid an image. Findings are not looked at when omitted.
    type: str
    choices: [LOW, MEDIUM, HIGH, CRITICAL]
  container:
    description: Container that takes requests.
    type: str
    required: true
  tasks:
    description: Tasks that the release will start. As many as the live colour is to have when omitted.
    type: int
  preview:
    description: How a release is looked at before customers are.
    type: dict
    suboptions:
      upstream:
        description: Upstream that only the preview leads to.
        type: str
        required: true
      header:
        description: Header that leads there.
        type: str
      token_secret:
        description: Name or ARN of the secret with the header's value.
        type: str
  grafana:
    description: Grafana, through which Prometheus is asked. Not asked when omitted.
    type: dict
    suboptions:
      url:
        description: Address where Grafana is reached.
        type: str
        required: true
      server_name:
        description: Name of Grafana, where it is not the one in O(grafana.url).
        type: str
      ca_file:
        description: File with the authorities to trust, instead of those of the system.
        type: path
      secret_id:
        description: Name or ARN of the secret of an account of Grafana, JSON with C(username) and C(password).
        type: str
        required: true
      datasource_uid:
        description: C(uid) of the data source in Grafana that is Prometheus.
        type: str
        default: prometheus
  probe_secret:
    description: Name or ARN of the secret of the account that signs in during a release.
    type: str
  migration:
    description: How the database is migrated before a release.
    type: dict
    suboptions:
      task_definition:
        description: Family of the task that migrates.
        type: str
      database:
        description: Identifier of the RDS instance.
        type: str
  state_path:
    description:
      - Parameter with the state of the service's releases. Where it notes a rollout that has not ended, weights that
        are divided are no failure, because the next release puts them right.
    type: str
attributes:
  check_mode:
    description: The same with and without.
    support: full
  diff_mode:
    description: There is nothing to show, because nothing is changed.
    support: none
  idempotent:
    description: Nothing is changed.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.release
seealso:
  - module: trademaster.platform.blue_green_deployment
"""

EXAMPLES = r"""
- name: Look whether a release can succeed
  trademaster.platform.release_preflight:
    cluster: arn:aws:ecs:us-east-1:123456789012:cluster/trademaster-staging
    task_definition: trademaster-staging-auth
    images:
      auth: 123456789012.dkr.ecr.us-east-1.amazonaws.com/trademaster-auth:1.4.2
    container: auth
    colours:
      blue:
        service: trademaster-staging-auth-blue
        target: auth-service-blue.staging.trademaster.internal:8080
      green:
        service: trademaster-staging-auth-green
        target: auth-service-green.staging.trademaster.internal:8080
    gateway:
      admin_url: https://kong-admin.example.com:8444
      admin_token: "{{ lookup('trademaster.platform.secret', 'trademaster/staging/kong/admin-token') }}"
    upstream: auth-service
    migration:
      task_definition: trademaster-staging-auth-migrate
      database: trademaster-staging
  register: preflight

- name: Show what will run
  ansible.builtin.debug:
    msg: "{{ preflight.images.auth }}"
"""

RETURN = r"""
problems:
  description: What is wrong, one line each.
  returned: always
  type: list
  elements: str
  sample:
    - "database trademaster-staging: it is stopped: start it, or wait until it is available"
checks:
  description: The same by check. A check without lines has passed.
  returned: always
  type: dict
  sample: {"images": [], "secrets": [], "traffic": []}
not_checked:
  description: What could not be looked at, because the caller may not, or because nobody answers.
  returned: always
  type: list
  elements: str
  sample: []
images:
  description: Image by container, by digest where ECR tells it.
  returned: always
  type: dict
  sample:
    auth: "123456789012.dkr.ecr.us-east-1.amazonaws.com/trademaster-auth@sha256:2bb7a5f6\
      4a0d7b8e3c9d1f0e5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7"
digests:
  description: Digest by container, of images of ECR.
  returned: always
  type: dict
  sample:
    auth: sha256:2bb7a5f64a0d7b8e3c9d1f0e5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7
live:
  description: The colour that takes the customers; empty where none does.
  returned: always
  type: str
  sample: blue
tasks:
  description: Tasks that the release will start.
  returned: always
  type: int
  sample: 2
task_definition:
  description: ARN of the revision that the release is made from.
  returned: always
  type: str
  sample: arn:aws:ecs:us-east-1:123456789012:task-definition/trademaster-staging-auth:17
changes:
  description: Always empty.
  returned: success
  type: list
  elements: dict
  sample: []
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._release import colours
from ansible_collections.trademaster.platform.plugins.module_utils._release.gateway import GATEWAY
from ansible_collections.trademaster.platform.plugins.module_utils._release.preflight import run
from ansible_collections.trademaster.platform.plugins.module_utils._release.preflight_checks import SEVERITIES
from ansible_collections.trademaster.platform.plugins.module_utils._verify.grafana import OPTIONS as GRAFANA

PREVIEW = {
    "upstream": {"type": "str", "required": True},
    "header": {"type": "str"},
    "token_secret": {"type": "str", "no_log": False},
}
ARGUMENT_SPEC = {
    "cluster": {"type": "str", "required": True},
    "task_definition": {"type": "str", "required": True},
    "images": {"type": "dict"},
    "image_findings": {"type": "str", "choices": list(SEVERITIES)},
    "container": {"type": "str", "required": True},
    "colours": {"type": "dict", "required": True, "options": colours.OPTIONS},
    "tasks": {"type": "int"},
    "gateway": {"type": "dict", "required": True, "options": GATEWAY},
    "upstream": {"type": "str", "required": True},
    "preview": {"type": "dict", "options": PREVIEW},
    "grafana": {"type": "dict", "options": GRAFANA},
    "probe_secret": {"type": "str", "no_log": False},
    "migration": {"type": "dict", "options": {"task_definition": {"type": "str"}, "database": {"type": "str"}}},
    "state_path": {"type": "str"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
