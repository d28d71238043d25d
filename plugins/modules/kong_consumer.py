#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a consumer of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_consumer
version_added: "0.1.0"
short_description: Manage a consumer of Kong
description:
  - Creates, updates or removes one consumer, whoever Kong takes a client for.
  - Options that are omitted are left as they are; an empty text or list clears.
  - Credentials and plugins of a consumer go with it.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  username:
    description: Name of the consumer. Finds it, where it is given.
    type: str
  custom_id:
    description: What the consumer is known by elsewhere. Finds it where O(username) is omitted.
    type: str
  id:
    description: Finds the consumer by id, so that O(username) can be changed.
    type: str
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_credential
    description: What a consumer shows to be known.
  - module: trademaster.platform.kong_plugin
    description: What is done to requests of a consumer.
"""

EXAMPLES = r"""
- name: Users of the free tier
  trademaster.platform.kong_consumer:
    username: tier-free
    tags: [tier]

- name: No such consumer
  trademaster.platform.kong_consumer:
    custom_id: "4711"
    state: absent
"""

RETURN = r"""
consumer:
  description: The consumer as Kong holds it; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "7d3f5a10-2b4c-4d6e-8f90-a1b2c3d4e5f6"
    username: "tier-free"
    custom_id: null
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "consumer", "key": "tier-free", "fields": ["username", "tags"]}
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
    **argument_spec("consumers", "username", "custom_id", "id", "tags"),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(
        ARGUMENT_SPEC,
        partial(one.run, collection="consumers", result="consumer"),
        required_one_of=[("username", "custom_id", "id")],
    )


if __name__ == "__main__":
    main()
