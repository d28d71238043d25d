#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a CA certificate of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_ca_certificate
version_added: "0.1.0"
short_description: Manage a CA certificate of Kong
description:
  - Creates, updates or removes one certificate that may vouch for services and clients.
  - It is found by O(id), else by its text.
  - Options that are omitted are left as they are; an empty text or list clears.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  id:
    description: Id of the certificate. With it O(cert) can be replaced by a renewed one.
    type: str
  cert:
    description: Certificate, as PEM text.
    type: str
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_service
    description: Trusts CA certificates.
"""

EXAMPLES = r"""
- name: The CA of the internal services
  trademaster.platform.kong_ca_certificate:
    id: 5a5c2c0e-93a2-4d9d-8a1c-0d4b3c1f2e10
    cert: "{{ lookup('ansible.builtin.file', 'internal-ca.pem') }}"
    tags: [internal]

- name: No longer trusted
  trademaster.platform.kong_ca_certificate:
    id: 5a5c2c0e-93a2-4d9d-8a1c-0d4b3c1f2e10
    state: absent
"""

RETURN = r"""
ca_certificate:
  description: The certificate as Kong holds it; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "5a5c2c0e-93a2-4d9d-8a1c-0d4b3c1f2e10"
    cert_digest: "1afbcba4b7bc646f"
    tags: ["internal"]
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "CA certificate", "key": "5a5c2c0e-93a2-4d9d-8a1c-0d4b3c1f2e10",
       "fields": ["id", "cert", "tags"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from functools import partial

from ansible_collections.trademaster.platform.plugins.module_utils._kong import one
from ansible_collections.trademaster.platform.plugins.module_utils._kong.fields import argument_spec
from ansible_collections.trademaster.platform.plugins.module_utils._kong.session import run_module

ARGUMENT_SPEC = {
    **argument_spec("ca_certificates", "id", "cert", "tags"),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(
        ARGUMENT_SPEC,
        partial(one.run, collection="ca_certificates", result="ca_certificate"),
        required_one_of=[("id", "cert")],
    )


if __name__ == "__main__":
    main()
