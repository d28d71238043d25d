#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an environment of a GitHub repository."""

from __future__ import annotations

DOCUMENTATION = r"""
module: github_environment
version_added: "0.1.0"
short_description: Manage an environment of a GitHub repository
description:
  - Creates, updates or removes one environment, to which jobs of GitHub Actions deploy, with what protects it.
  - Options that are omitted are left as they are; an empty list or mapping clears.
  - An environment that is removed takes its variables and secrets with it. Secrets are not managed.
  - The token needs the repository permissions Administration and Environments (write), Actions (read), and, where a
    team is a reviewer, the organization permission Members (read).
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the environment. GitHub keeps no two whose names differ in case alone.
    type: str
    required: true
  wait_timer:
    description: Minutes that a job waits before it deploys, at most V(43200).
    type: int
  reviewers:
    description: Who may approve a job before it deploys; one of them has to. At most six, who may see the repository.
    type: list
    elements: dict
    suboptions:
      type:
        description: Whether it is a person, or a team of the organization that owns the repository.
        type: str
        choices: [User, Team]
        required: true
      name:
        description: Login of the user, or slug of the team.
        type: str
        required: true
  prevent_self_review:
    description: Whether nobody may approve a job that they have started. Takes O(reviewers).
    type: bool
  deployment_branches:
    description: Branches and tags that may be deployed, by patterns of their names. With an empty list all may.
    type: list
    elements: dict
    suboptions:
      name:
        description: Pattern, such as V(main) or V(release/*).
        type: str
        required: true
      type:
        description: Whether it is a pattern of branches or of tags.
        type: str
        choices: [branch, tag]
        default: branch
  variables:
    description:
      - All variables of the environment, by name; others are removed. Names are in upper case.
      - Workflows show them, so they are no place for secrets.
    type: dict
  state:
    description: Whether the environment shall exist.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - trademaster.platform.github
seealso:
  - module: trademaster.platform.github_variables
"""

EXAMPLES = r"""
- name: Environment that takes an approval, and only what is on main or tagged
  trademaster.platform.github_environment:
    repository: trademaster/auth-service
    name: staging
    reviewers:
      - {type: Team, name: platform}
    prevent_self_review: true
    deployment_branches:
      - {name: main}
      - {name: v*, type: tag}
    variables:
      AWS_REGION: us-east-1
      AWS_ROLE_ARN: arn:aws:iam::123456789012:role/trademaster-staging-deploy

- name: Let every branch be deployed, at once
  trademaster.platform.github_environment:
    repository: trademaster/auth-service
    name: playground
    wait_timer: 0
    deployment_branches: []

- name: Remove the environment
  trademaster.platform.github_environment:
    repository: trademaster/auth-service
    name: staging
    state: absent
"""

RETURN = r"""
environment:
  description: The environment; empty when it is absent. Variables are shown where they are managed.
  returned: always
  type: dict
  sample:
    id: 161088068
    name: staging
    html_url: https://github.com/trademaster/auth-service/deployments/activity_log?environments_filter=staging
    wait_timer: 0
    reviewers: [{"name": "platform", "type": "Team"}]
    prevent_self_review: true
    deployment_branches: [{"name": "main", "type": "branch"}]
    variables: {"AWS_REGION": "us-east-1"}
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "environment", "key": "staging", "fields": ["wait_timer"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._github.environments import run
from ansible_collections.trademaster.platform.plugins.module_utils._github.session import run_module

ARGUMENT_SPEC = {
    "name": {"type": "str", "required": True},
    "wait_timer": {"type": "int"},
    "reviewers": {
        "type": "list",
        "elements": "dict",
        "options": {
            "type": {"type": "str", "choices": ["User", "Team"], "required": True},
            "name": {"type": "str", "required": True},
        },
    },
    "prevent_self_review": {"type": "bool"},
    "deployment_branches": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "type": {"type": "str", "choices": ["branch", "tag"], "default": "branch"},
        },
    },
    "variables": {"type": "dict"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
