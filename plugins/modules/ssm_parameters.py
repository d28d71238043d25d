#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of Parameter Store parameters."""

from __future__ import annotations

DOCUMENTATION = r"""
module: ssm_parameters
version_added: "0.1.0"
short_description: Manage the Parameter Store parameters below a path as one set
description:
  - Creates, updates and, with O(purge=true), removes all parameters below one hierarchy in a single task.
  - Reads with a constant number of list calls, whatever the number of parameters, and writes in parallel.
  - A parameter that was removed by hand is created again, one that was edited is set back.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  path:
    description: Hierarchy that holds the parameters, such as V(/trademaster/staging).
    type: str
    required: true
  parameters:
    description: Parameters that shall exist. An empty list with O(purge=true) removes them all.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name below O(path), such as V(database/host).
        type: str
        required: true
      value:
        description: Value of a V(String) or V(StringList) parameter.
        type: str
      secure_value:
        description: Value of a V(SecureString) parameter. Never shown in diffs, results or logs.
        type: str
      type:
        description: Type of a parameter given by O(parameters[].value).
        type: str
        choices: [String, StringList]
        default: String
      description:
        description: What the parameter is for.
        type: str
      key_id:
        description: KMS key or alias that encrypts O(parameters[].secure_value); V(alias/aws/ssm) when omitted.
        type: str
      tier:
        description:
          - V(Advanced) holds values of more than 4 KB, at a price.
          - When omitted it is V(Advanced) for a value that does not fit into V(Standard), and otherwise left alone.
        type: str
        choices: [Standard, Advanced]
  state:
    description: V(absent) removes the listed parameters; their values do not matter then.
    type: str
    choices: [present, absent]
    default: present
  purge:
    description: Whether to remove parameters below O(path) that are not listed and carry O(tags).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: community.aws.ssm_parameter
    description: Manages a single parameter.
"""

EXAMPLES = r"""
- name: Configuration of the authentication service
  trademaster.platform.ssm_parameters:
    path: /trademaster/staging/auth
    purge: true
    parameters:
      - name: log_level
        value: INFO
      - name: allowed_origins
        value: https://app.example.com,https://admin.example.com
        type: StringList
      - name: partner_token
        secure_value: "{{ vault_partner_token }}"
        key_id: alias/trademaster-staging-configuration
    tags:
      Project: trademaster
      Environment: staging
"""

RETURN = r"""
parameters:
  description: Type and value of the listed parameters by absolute name. Secure values read V(********).
  returned: always
  type: dict
  sample:
    /trademaster/staging/auth/log_level: {"type": "String", "value": "INFO"}
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "parameter", "key": "/trademaster/staging/auth/log_level", "fields": ["value"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ssm.run import run

PARAMETER = {
    "name": {"type": "str", "required": True},
    "value": {"type": "str"},
    "secure_value": {"type": "str", "no_log": True},
    "type": {"type": "str", "choices": ["String", "StringList"], "default": "String"},
    "description": {"type": "str"},
    "key_id": {"type": "str"},
    "tier": {"type": "str", "choices": ["Standard", "Advanced"]},
}

ARGUMENT_SPEC = {
    "path": {"type": "str", "required": True},
    "parameters": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": PARAMETER,
        "required_one_of": [("value", "secure_value")],
        "mutually_exclusive": [("value", "secure_value")],
    },
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "purge": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
