#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: whether secrets are secret."""

from __future__ import annotations

DOCUMENTATION = r"""
module: secretsmanager_values_check
version_added: "0.2.0"
short_description: Refuse secrets whose values everybody can read or guess
description:
  - Reads secrets and fails when one of them holds a published default, a placeholder such as V(change-me), or too few
    bytes.
  - Reads only. No value is shown or answered.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  secrets:
    description:
      - What to read, by the name under which a failure is told. ARNs as in C(valueFrom) of a task definition, with the
        key of a field where the secret is JSON.
      - In check mode a secret that is not there yet is passed over.
    type: dict
    required: true
  refused_digests:
    description: SHA-256 digests, as hex, of values that are known to everybody.
    type: list
    elements: str
    default: []
  shortest_bytes:
    description: The fewest bytes that a value has.
    type: int
    default: 16
attributes:
  check_mode:
    description: Reads as ever.
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
seealso:
  - module: trademaster.platform.secretsmanager_secrets
"""

EXAMPLES = r"""
- name: Refuse to run on a default that is public
  trademaster.platform.secretsmanager_values_check:
    secrets:
      JWT_SECRET: arn:aws:secretsmanager:eu-central-1:123456789012:secret:staging/auth/jwt-Xy12Ab
      DB_PASSWORD: "arn:aws:secretsmanager:eu-central-1:123456789012:secret:staging/auth/database-Xy12Ab:password::"
    refused_digests: [702c0dc6ce7d850ceddcaa4b8aeb11436b1e353fad50ae241078691a18b85905]
"""

RETURN = r"""
checked:
  description: Names of the secrets that were read.
  returned: success
  type: list
  elements: str
  sample: [DB_PASSWORD, JWT_SECRET]
changes:
  description: Always empty.
  returned: success
  type: list
  elements: dict
  sample: []
waits:
  description: Always empty.
  returned: success
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.secret_reader import (
    current_fields,
    current_value,
)
from ansible_collections.trademaster.platform.plugins.module_utils._aws.secretsmanager.public_values import fault
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws, Outcome, run_module
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import is_placeholder

ARGUMENT_SPEC = {
    "secrets": {"type": "dict", "required": True, "no_log": False},
    "refused_digests": {"type": "list", "elements": "str", "default": []},
    "shortest_bytes": {"type": "int", "default": 16},
}
ARN_PARTS = 7  # arn:partition:secretsmanager:region:account:secret:name, then the key, the label and the version


def run(aws: Aws) -> Outcome:
    """Read each secret; all that are at fault are named at once."""
    values = {name: _value(aws, name, where) for name, where in sorted(aws.params["secrets"].items())}
    known = {name: value for name, value in values.items() if not is_placeholder(value)}
    faults = {
        name: fault(value, aws.params["refused_digests"], aws.params["shortest_bytes"]) for name, value in known.items()
    }
    told = [f"{name} {why}" for name, why in faults.items() if why]
    if told:
        raise PlatformError(f"secrets: {'; '.join(told)}: write a random value with PutSecretValue")
    return Outcome([], {"checked": list(known)})


def _value(aws: Aws, name: str, where: str) -> str:
    parts = where.split(":")
    secret, key = ":".join(parts[:ARN_PARTS]), (parts[ARN_PARTS] if len(parts) > ARN_PARTS else "")
    if not key:
        return current_value(aws, f"secrets.{name}", secret)
    value = current_fields(aws, f"secrets.{name}", secret, key)[key]
    aws.hide([value])
    return value


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
