#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: variables of a GitHub repository."""

from __future__ import annotations

DOCUMENTATION = r"""
module: github_variables
version_added: "0.1.0"
short_description: Manage variables of a GitHub repository
description:
  - Sets or removes variables of a repository, which all its workflows of GitHub Actions read.
  - Those of an environment belong to M(trademaster.platform.github_environment).
  - The token needs the repository permission Variables (write).
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  variables:
    description:
      - Variables by name. Names are in upper case. With O(state=absent) values do not matter.
      - Workflows show them, so they are no place for secrets.
    type: dict
    required: true
  purge:
    description: Whether variables that are not listed are removed.
    type: bool
    default: false
  state:
    description: Whether the variables shall exist.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - trademaster.platform.github
seealso:
  - module: trademaster.platform.github_environment
"""

EXAMPLES = r"""
- name: Variables of all workflows
  trademaster.platform.github_variables:
    repository: trademaster/auth-service
    variables:
      AWS_REGION: us-east-1
      ECR_REPOSITORY: trademaster/auth-service

- name: Remove them
  trademaster.platform.github_variables:
    repository: trademaster/auth-service
    variables:
      AWS_REGION: ""
      ECR_REPOSITORY: ""
    state: absent
"""

RETURN = r"""
variables:
  description: All variables of the repository, by name.
  returned: always
  type: dict
  sample:
    AWS_REGION: us-east-1
    ECR_REPOSITORY: trademaster/auth-service
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "variable", "key": "AWS_REGION", "fields": ["value"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._github.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._github.variables import run

ARGUMENT_SPEC = {
    "variables": {"type": "dict", "required": True},
    "purge": {"type": "bool", "default": False},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
