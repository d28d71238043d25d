#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: what a gateway holds."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_info
version_added: "0.1.0"
short_description: Gather what a Kong gateway holds
description:
  - Tells what a node says of itself, the entities of the given kinds, and the health of targets.
  - Changes nothing. Secrets are masked.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  kinds:
    description: Kinds of entities to list. None by default.
    type: list
    elements: str
    choices:
      - acls
      - basicauth_credentials
      - ca_certificates
      - certificates
      - consumers
      - hmacauth_credentials
      - jwt_secrets
      - key_sets
      - keyauth_credentials
      - keys
      - oauth2_credentials
      - plugins
      - routes
      - services
      - snis
      - targets
      - upstreams
      - vaults
    default: []
  tags:
    description: Lists only entities that carry all of these tags, at most five.
    type: list
    elements: str
  health:
    description: Whether to tell the health of the targets of each upstream, as the node that is asked sees it.
    type: bool
    default: false
extends_documentation_fragment:
  - trademaster.platform.kong
seealso:
  - module: trademaster.platform.kong_config
    description: Dumps the whole state of a gateway.
"""

EXAMPLES = r"""
- name: Version and plugins of the gateway
  trademaster.platform.kong_info:
  register: gateway

- name: Services and routes of the platform
  trademaster.platform.kong_info:
    kinds: [services, routes]
    tags: [platform]

- name: Health of all targets
  trademaster.platform.kong_info:
    health: true
"""

RETURN = r"""
node:
  description: Version, edition, plugins that it offers, and the settings that matter to what it is configured with.
  returned: always
  type: dict
  sample: {"version": "3.9.1", "edition": "community", "plugins": ["cors", "jwt"]}
entities:
  description: Entities by kind, each as Kong holds it, with secrets masked.
  returned: always
  type: dict
  sample: {"services": [{"id": "5a5c2c0e-93a2-4d9d-8a1c-0d4b3c1f2e10", "name": "auth", "host": "auth-service"}]}
health:
  description: Health by upstream and target.
  returned: with O(health=true)
  type: dict
  sample: {"auth-service": {"192.0.2.10:8080": "HEALTHY"}}
changes:
  description: Always empty.
  returned: always
  type: list
  elements: dict
  sample: []
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._kong.entities import KINDS
from ansible_collections.trademaster.platform.plugins.module_utils._kong.info import run
from ansible_collections.trademaster.platform.plugins.module_utils._kong.session import run_module

ARGUMENT_SPEC = {
    "kinds": {"type": "list", "elements": "str", "choices": sorted(KINDS), "default": []},
    "tags": {"type": "list", "elements": "str"},
    "health": {"type": "bool", "default": False},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
