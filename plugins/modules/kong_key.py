#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a key or a key set of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_key
version_added: "0.1.0"
short_description: Manage a key or a key set of Kong
description:
  - Creates, updates or removes one key, or a set of keys.
  - With O(set) alone it is the set that is managed; its keys go with it. Otherwise O(set) names the set of the key.
  - A key is found by O(id), else by O(name), else by O(kid) in its set.
  - Options that are omitted are left as they are; an empty text or list clears.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the key.
    type: str
  id:
    description: Id of the key.
    type: str
  kid:
    description: Identifier that tokens name the key by.
    type: str
  set:
    description: Name or id of the key set. An empty text takes the key out of its set.
    type: str
  jwk:
    description: The key as JSON Web Key, which is a text. Excludes O(pem).
    type: str
  pem:
    description: The key as PEM text. Excludes O(jwk).
    type: dict
    suboptions:
      private_key:
        description: Private key.
        type: str
      public_key:
        description: Public key.
        type: str
  tags:
    description: Tags of the key, or of the set. An empty list removes them.
    type: list
    elements: str
  state:
    description: V(present) makes sure that the entity exists as given, V(absent) that it does not.
    type: str
    choices: [present, absent]
    default: present
extends_documentation_fragment:
  - trademaster.platform.kong
seealso:
  - module: trademaster.platform.kong_plugin
    description: Uses keys.
"""

EXAMPLES = r"""
- name: A set of keys
  trademaster.platform.kong_key:
    set: partners

- name: A key of the set
  trademaster.platform.kong_key:
    name: partner-2026
    kid: "2026"
    set: partners
    pem:
      public_key: "{{ lookup('ansible.builtin.file', 'partner.pub') }}"

- name: No such key
  trademaster.platform.kong_key:
    name: partner-2025
    state: absent

- name: No such set, and none of its keys
  trademaster.platform.kong_key:
    set: former-partners
    state: absent
"""

RETURN = r"""
key:
  description: The key as Kong holds it, private parts masked; empty with O(state=absent).
  returned: for a key
  type: dict
  sample: {"id": "0f1e2d3c-4b5a-4697-8899-aabbccddeeff", "name": "partner-2026", "kid": "2026"}
key_set:
  description: The key set as Kong holds it; empty with O(state=absent).
  returned: for a key set
  type: dict
  sample: {"id": "ffeeddcc-bbaa-4998-8776-655443322110", "name": "partners"}
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "key", "key": "partner-2026", "fields": ["name", "kid", "set", "pem"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._kong.fields import argument_spec
from ansible_collections.trademaster.platform.plugins.module_utils._kong.keys import run
from ansible_collections.trademaster.platform.plugins.module_utils._kong.session import run_module

ARGUMENT_SPEC = {
    **argument_spec("keys", "name", "id", "kid", "set", "jwk", "pem", "tags"),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run, required_one_of=[("name", "id", "kid", "set")], mutually_exclusive=[("jwk", "pem")])


if __name__ == "__main__":
    main()
