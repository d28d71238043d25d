#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the steps of the rotation of secrets."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_rotation
version_added: "0.2.0"
short_description: Take the rotation of Secrets Manager secrets one step further
description:
  - A rotation has four steps. Between them, whoever checks a secret and whoever uses it are brought to what is valid
    then, which M(trademaster.platform.secretsmanager_versions_info) tells.
  - V(begin) writes a new version beside the current one. V(promote) makes it the current one, while the version before
    stays valid. V(retire) ends that, and V(finish) closes the rotation.
  - How far a rotation has come is told by the staging labels of the versions alone. Each step takes up whatever is
    there for it, so that a run which was interrupted is completed by the next one.
  - Values are neither shown nor answered.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  prefix:
    description: Beginning of the names of all secrets, such as V(trademaster/staging).
    type: str
    required: true
  secrets:
    description: Secrets that can be rotated, and how. Those that are not there yet are passed over.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name below O(prefix), such as V(auth/jwt).
        type: str
        required: true
      generate:
        description: Generates the whole value.
        type: dict
        suboptions:
          length:
            description: Number of characters.
            type: int
            default: 32
          exclude_punctuation:
            description: Whether to use letters and digits only.
            type: bool
            default: false
          exclude_characters:
            description: Characters not to use.
            type: str
            default: '"@/\'
      keys:
        description: Fields of a JSON value that are generated. The others keep their values.
        type: list
        elements: dict
        suboptions:
          name:
            description: Name of the field, such as V(password).
            type: str
            required: true
          length:
            description: Number of characters.
            type: int
            default: 32
          exclude_punctuation:
            description: Whether to use letters and digits only.
            type: bool
            default: false
          exclude_characters:
            description: Characters not to use.
            type: str
            default: '"@/\'
      alternate:
        description: A field of a JSON value that has a suffix in every other version, such as the name of an account.
        type: dict
        suboptions:
          field:
            description: Name of the field.
            type: str
            required: true
          suffix:
            description: What is appended in one version and taken away in the next.
            type: str
            required: true
      alternate_lengths:
        description:
          - Two lengths for O(secrets[].generate), of which the new version takes the one that the current has not.
        type: list
        elements: int
      overlap_seconds:
        description: How long the version before stays valid, counted from V(promote).
        type: int
        default: 0
      maximum_age_days:
        description: From this age on a secret is due. With V(0) it never is.
        type: int
        default: 90
      only_named:
        description:
          - Whether to begin only when O(names) has it, however old it is. What was begun is brought to its end all the
            same.
        type: bool
        default: false
  names:
    description: Secrets to begin with, due or not. Those that are due when empty.
    type: list
    elements: str
    default: []
  step:
    description: The step to take.
    type: str
    choices: [begin, promote, retire, finish]
    required: true
  by:
    description: Who rotates. Kept with the time in the tag C(trademaster.platform:rotation) of the secret.
    type: str
    default: unknown
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
seealso:
  - module: trademaster.platform.secretsmanager_secrets
  - module: trademaster.platform.secretsmanager_versions_info
"""

EXAMPLES = r"""
- name: Write a new password beside the current one, when that is old
  trademaster.platform.secretsmanager_rotation:
    prefix: trademaster/staging
    secrets:
      - name: auth/database
        keys:
          - name: password
        alternate:
          field: username
          suffix: _clone
    step: begin
    by: alice
"""

RETURN = r"""
rotations:
  description: Where the rotation of each secret is after the step; in check mode, where it would be.
  returned: success
  type: list
  elements: dict
  sample:
    - name: auth/database
      arn: arn:aws:secretsmanager:eu-central-1:123456789012:secret:trademaster/staging/auth/database-Xy12Ab
      position: pending
      age_days: 91
      maximum_age_days: 90
      due: true
      old_valid_until: ""
      record: begun 2026-11-23T09:00:00+00:00 by alice
underway:
  description: Names of those whose rotation is not at its end.
  returned: success
  type: list
  elements: str
  sample: [auth/database]
changes:
  description: What was changed, or in check mode would be.
  returned: success
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "rotation", "key": "auth/database", "fields": ["position"]}
waits:
  description: Waits this task went through, in seconds.
  returned: success
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.secretsmanager.rotation_run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

RECIPE = {
    "length": {"type": "int", "default": 32},
    "exclude_punctuation": {"type": "bool", "default": False},
    "exclude_characters": {"type": "str", "default": '"@/\\'},
}

SECRET = {
    "name": {"type": "str", "required": True},
    "generate": {"type": "dict", "options": RECIPE},
    "keys": {
        "type": "list",
        "elements": "dict",
        "no_log": False,
        "options": {"name": {"type": "str", "required": True}, **RECIPE},
    },
    "alternate": {
        "type": "dict",
        "options": {"field": {"type": "str", "required": True}, "suffix": {"type": "str", "required": True}},
    },
    "alternate_lengths": {"type": "list", "elements": "int"},
    "overlap_seconds": {"type": "int", "default": 0},
    "maximum_age_days": {"type": "int", "default": 90},
    "only_named": {"type": "bool", "default": False},
}

ARGUMENT_SPEC = {
    "prefix": {"type": "str", "required": True},
    "secrets": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "no_log": False,
        "options": SECRET,
        "required_one_of": [("generate", "keys")],
        "mutually_exclusive": [("generate", "keys")],
        "required_by": {"alternate": "keys", "alternate_lengths": "generate"},
    },
    "names": {"type": "list", "elements": "str", "default": []},
    "step": {"type": "str", "choices": ["begin", "promote", "retire", "finish"], "required": True},
    "by": {"type": "str", "default": "unknown"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
