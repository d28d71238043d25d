#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a vault of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_vault
version_added: "0.1.0"
short_description: Manage a vault of Kong
description:
  - Creates, updates or removes one vault, where Kong looks up what V({vault://prefix/name}) refers to.
  - Options that are omitted are left as they are; an empty text or list clears.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  prefix:
    description: What references to the vault begin with.
    type: str
    required: true
  id:
    description: Finds the vault by id, so that O(prefix) can be changed.
    type: str
  name:
    description: Kind of the vault. Open-source Kong has V(env).
    type: str
  description:
    description: What the vault is for. An empty text clears it.
    type: str
  config:
    description: Configuration of the vault. What it does not name is left as it is.
    type: dict
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_plugin
    description: Refers to vaults.
"""

EXAMPLES = r"""
- name: Variables of the gateway that begin with KONG_SECRET_
  trademaster.platform.kong_vault:
    prefix: gateway-env
    name: env
    config:
      prefix: KONG_SECRET_

- name: No such vault
  trademaster.platform.kong_vault:
    prefix: legacy
    state: absent
"""

RETURN = r"""
vault:
  description: The vault as Kong holds it; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "12345678-9abc-4def-8123-456789abcdef"
    prefix: "gateway-env"
    name: "env"
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "vault", "key": "gateway-env", "fields": ["prefix", "name", "config"]}
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
    **argument_spec("vaults", "prefix", "id", "name", "description", "config", "tags", required=("prefix",)),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, partial(one.run, collection="vaults", result="vault"))


if __name__ == "__main__":
    main()
