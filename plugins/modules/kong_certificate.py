#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a certificate of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_certificate
version_added: "0.1.0"
short_description: Manage a certificate of Kong
description:
  - Creates, updates or removes one certificate with its key, and the names that it is shown for.
  - It is found by O(id), else by the first of O(snis) that there is, else by its text. A renewed certificate keeps
    its id.
  - Options that are omitted are left as they are; an empty text or list clears.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  id:
    description: Id of the certificate.
    type: str
  cert:
    description: Certificate and what vouches for it, as PEM text.
    type: str
  key:
    description: Private key, as PEM text.
    type: str
  cert_alt:
    description: A second certificate with a key of another type, as PEM text. An empty text clears it.
    type: str
  key_alt:
    description: Private key of O(cert_alt), as PEM text. An empty text clears it.
    type: str
  snis:
    description: Names that the certificate is shown for. An empty list removes them all. Left alone when omitted.
    type: list
    elements: str
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_sni
    description: Manages a single name.
  - module: trademaster.platform.kong_ca_certificate
    description: Manages what Kong trusts.
"""

EXAMPLES = r"""
- name: Certificate of the API
  trademaster.platform.kong_certificate:
    cert: "{{ lookup('ansible.builtin.file', 'api.pem') }}"
    key: "{{ lookup('ansible.builtin.file', 'api.key') }}"
    snis: [api.example.com]

- name: No certificate for that name
  trademaster.platform.kong_certificate:
    snis: [old.example.com]
    state: absent
"""

RETURN = r"""
certificate:
  description: The certificate as Kong holds it, keys masked; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "6f5e4d3c-2b1a-4098-8765-4321fedcba98"
    snis: ["api.example.com"]
    key: "********"
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "certificate", "key": "api.example.com", "fields": ["cert", "key"]}
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
    **argument_spec("certificates", "id", "cert", "key", "cert_alt", "key_alt", "snis", "tags"),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(
        ARGUMENT_SPEC,
        partial(one.run, collection="certificates", result="certificate"),
        required_one_of=[("id", "cert", "snis")],
    )


if __name__ == "__main__":
    main()
