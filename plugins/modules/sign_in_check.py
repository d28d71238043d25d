#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: signing in to the service as proof that it serves."""

from __future__ import annotations

DOCUMENTATION = r"""
module: sign_in_check
version_added: "0.1.0"
short_description: Prove that the authentication service serves, by signing in
description:
  - Runs the whole sign-in flow against the service over HTTPS, as a customer would, and fails with one line that names
    the first check that does not hold.
  - Certificate and name are verified, plain HTTP has to redirect, a wrong password has to be refused, a session has to
    end with its sign-out.
  - The account's password is read from Secrets Manager and shown nowhere.
  - Where the account does not exist it is registered, which is the only change this module makes.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  url:
    description: Address of the service, such as V(https://auth.example.com).
    type: str
    required: true
  http_url:
    description: Address that has to redirect to HTTPS. Not checked when omitted.
    type: str
  ca_file:
    description: File with the authorities to trust, instead of those of the system.
    type: path
  email:
    description: Account that signs in. The C(email) of its secret when omitted.
    type: str
  secret_id:
    description: Name or ARN of the account's secret, JSON with C(password) and C(verification_token).
    type: str
    required: true
  account_only:
    description: Whether to stop as soon as the account may sign in.
    type: bool
    default: false
  verify_email:
    description: Whether to prove the e-mail address first, with the secret's C(verification_token).
    type: bool
    default: false
  gateway:
    description:
      - Whether a gateway stands before the service, which tells limits, sets security headers, and refuses forged
        tokens and identities itself.
    type: bool
    default: false
  cors_origin:
    description: An origin whose applications may call, to check preflight requests with. Not checked when omitted.
    type: str
  headers:
    description:
      - Headers of every request, added to those of the module.
      - Tokens are bound to the headers of the request that signed in, so all requests carry the same ones.
    type: dict
    default: {}
  timeout:
    description: Seconds that a request may take.
    type: int
    default: 10
  wait_timeout:
    description: Seconds to wait for a first answer, for names and targets that are still becoming known.
    type: int
    default: 120
attributes:
  check_mode:
    description: Checks what needs no account.
    support: partial
    details: Neither registers nor signs in.
  diff_mode:
    description: Shows the account that was registered.
    support: full
  idempotent:
    description: A second run signs in to the account of the first.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: trademaster.platform.secretsmanager_secrets
"""

EXAMPLES = r"""
- name: Sign in
  trademaster.platform.sign_in_check:
    url: https://staging-auth.example.com
    http_url: http://staging-auth.example.com
    email: probe@example.com
    secret_id: trademaster-verify/staging/probe
  register: proof

- name: Show what holds
  ansible.builtin.debug:
    msg: "{{ proof.checks }}"
"""

RETURN = r"""
url:
  description: Address that was checked.
  returned: success
  type: str
  sample: https://staging-auth.example.com
account:
  description:
    - V(ready) when the account could sign in at once, V(verified) when its e-mail address was proved just now.
    - V(registered) when it still has to be; put the secret's token into the database and run again with
      O(verify_email=true). No further checks were made then.
    - Empty in check mode.
  returned: success
  type: str
  sample: ready
checks:
  description:
    - The checks in order, with the seconds that each took. Also returned when one failed, which is the last.
    - The first one's C(detail) tells TLS version and end of the certificate.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "health over HTTPS", "ok": true, "seconds": 0.04}
changes:
  description: The account that was registered.
  returned: success
  type: list
  elements: dict
  sample: []
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample:
    - {"name": "answer of https://staging-auth.example.com", "seconds": 0.0}
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._verify.run import run

ARGUMENT_SPEC = {
    "url": {"type": "str", "required": True},
    "http_url": {"type": "str"},
    "ca_file": {"type": "path"},
    "email": {"type": "str"},
    "secret_id": {"type": "str", "required": True, "no_log": False},
    "account_only": {"type": "bool", "default": False},
    "verify_email": {"type": "bool", "default": False},
    "gateway": {"type": "bool", "default": False},
    "cors_origin": {"type": "str"},
    "headers": {"type": "dict", "default": {}},
    "timeout": {"type": "int", "default": 10},
    "wait_timeout": {"type": "int", "default": 120},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
