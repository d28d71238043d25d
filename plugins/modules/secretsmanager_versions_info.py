#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: which versions of secrets are in use."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_versions_info
version_added: "0.1.0"
short_description: Say which versions of Secrets Manager secrets are in use
description:
  - Answers the id of the current version of each secret, and while it is rotated that of the other one that is valid.
    Values are not read.
  - The id changes with the value. It tells when what was set up with the value has to be set up again.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  secret_ids:
    description: Names or ARNs of the secrets.
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
seealso:
  - module: trademaster.platform.secretsmanager_secrets
"""

EXAMPLES = r"""
- name: See whether passwords have changed
  trademaster.platform.secretsmanager_versions_info:
    secret_ids: [trademaster/staging/auth/database]
  register: database_secrets
"""

RETURN = r"""
versions:
  description:
    - Id of the current version by secret.
    - In check mode, V((known after apply\)) for a secret that is not there yet.
  returned: success
  type: dict
  sample:
    trademaster/staging/auth/database: 6f5cd1c2-8a4e-4b0e-9d51-0f2b1c7b9f11
accepted:
  description:
    - Ids of the versions that are valid, by secret. Two while it is rotated, in an order that stays.
    - Empty for a secret that is not there yet.
  returned: success
  type: dict
  sample:
    trademaster/staging/auth/database: [6f5cd1c2-8a4e-4b0e-9d51-0f2b1c7b9f11]
pending:
  description: Id of the version that waits for being promoted, for each secret that has one.
  returned: success
  type: dict
  sample:
    trademaster/staging/auth/database: 9b0e6f5c-d1c2-4a4e-9d51-0f2b1c7b9f11
changes:
  description: Always empty.
  returned: success
  type: list
  elements: dict
  sample: []
waits:
  description: Waits this task went through, in seconds.
  returned: success
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.secret_reader import (
    current_of,
    labelled_versions,
)
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws, Outcome, run_module

ARGUMENT_SPEC = {"secret_ids": {"type": "list", "elements": "str", "required": True, "no_log": False}}


def run(aws: Aws) -> Outcome:
    """Look each secret up."""
    labels = {secret: labelled_versions(aws, secret) for secret in aws.params["secret_ids"]}
    current = {
        secret: current_of(aws, f"secret_ids[{index}]", secret, labels[secret])
        for index, secret in enumerate(aws.params["secret_ids"])
    }
    pending = {secret: found.pending for secret, found in labels.items() if found and found.position == "pending"}
    accepted = {secret: found.accepted if found else [] for secret, found in labels.items()}
    return Outcome([], {"versions": current, "accepted": accepted, "pending": pending})


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
