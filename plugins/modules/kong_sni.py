#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a server name of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_sni
version_added: "0.1.0"
short_description: Manage a server name (SNI) of Kong
description:
  - Creates, updates or removes one server name, which certificate is shown to clients that ask for it.
  - Options that are omitted are left as they are; an empty text or list clears.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Host name, with V(*) as the first or last label if wanted.
    type: str
    required: true
  id:
    description: Finds the entity by id instead of by O(name), so that O(name) can be changed.
    type: str
  certificate:
    description: Id of the certificate, or another of its names.
    type: str
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_certificate
    description: Manages a certificate with its names.
"""

EXAMPLES = r"""
- name: The same certificate for another name
  trademaster.platform.kong_sni:
    name: www.example.com
    certificate: api.example.com

- name: No such name
  trademaster.platform.kong_sni:
    name: old.example.com
    state: absent
"""

RETURN = r"""
sni:
  description: The name as Kong holds it; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "aa0e8400-e29b-41d4-a716-446655440000"
    name: "www.example.com"
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "SNI", "key": "www.example.com", "fields": ["name", "certificate"]}
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
    **argument_spec("snis", "name", "id", "certificate", "tags", required=("name",)),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, partial(one.run, collection="snis", result="sni"))


if __name__ == "__main__":
    main()
