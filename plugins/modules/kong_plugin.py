#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a plugin of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_plugin
version_added: "0.1.0"
short_description: Manage a plugin of Kong
description:
  - Creates, updates or removes one plugin, what is done to requests of a service, a route, a consumer, or to all.
  - A plugin is known by its name and by what it hangs on, O(service), O(route), O(consumer), several of them, or
    none.
  - Options that are omitted are left as they are, and so is what O(config) does not name.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the plugin, such as V(rate-limiting).
    type: str
    required: true
  instance_name:
    description: A name of its own, unique in the gateway.
    type: str
  id:
    description: Finds the plugin by id, so that what it hangs on can be changed.
    type: str
  service:
    description: Name or id of the service that the plugin works for.
    type: str
  route:
    description: Name or id of the route that the plugin works for.
    type: str
  consumer:
    description: Name or id of the consumer that the plugin works for.
    type: str
  config:
    description:
      - Configuration, as the plugin's schema describes it. A null clears a field.
      - Lists are taken as a whole, maps within field by field.
      - What the schema calls a secret is masked in everything that is shown; refer to a vault to keep it out of Kong.
    type: dict
  protocols:
    description: Protocols of the requests that the plugin works for.
    type: list
    elements: str
    choices: [grpc, grpcs, http, https, tcp, tls, tls_passthrough, udp]
  enabled:
    description: Whether the plugin works at all. Kong takes V(true) for a new plugin.
    type: bool
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_config
    description: Manages the whole state of a gateway.
"""

EXAMPLES = r"""
- name: Tokens, everywhere on the service
  trademaster.platform.kong_plugin:
    name: jwt
    service: auth
    config:
      claims_to_verify: [exp]
      uri_param_names: []

- name: A hundred requests a minute for each user of a tier, over all nodes
  trademaster.platform.kong_plugin:
    name: rate-limiting
    consumer: tier-free
    config:
      minute: 100
      limit_by: header
      header_name: X-User-ID
      policy: redis
      redis:
        host: cache.example.com
        password: "{vault://env/redis-password}"
        ssl: true
        ssl_verify: true
        server_name: cache.example.com

- name: Metrics
  trademaster.platform.kong_plugin:
    name: prometheus

- name: No such plugin on the route
  trademaster.platform.kong_plugin:
    name: ip-restriction
    route: admin
    state: absent
"""

RETURN = r"""
plugin:
  description: The plugin as Kong holds it, secrets masked; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "3c2b1a09-8d7e-4f6a-9b5c-4d3e2f1a0b9c"
    name: "jwt"
    enabled: true
    config: {"claims_to_verify": ["exp"]}
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "plugin", "key": "rate-limiting of consumer tier-free", "fields": ["config.minute"]}
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
    **argument_spec(
        "plugins",
        "name",
        "instance_name",
        "id",
        "service",
        "route",
        "consumer",
        "config",
        "protocols",
        "enabled",
        "tags",
        required=("name",),
    ),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, partial(one.run, collection="plugins", result="plugin"))


if __name__ == "__main__":
    main()
