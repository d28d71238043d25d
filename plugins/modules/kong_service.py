#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a service of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_service
version_added: "0.1.0"
short_description: Manage a service of Kong
description:
  - Creates, updates or removes one service, an upstream API that routes lead to.
  - Options that are omitted are left as they are; an empty text or list clears.
  - A service that routes lead to cannot be removed; remove the routes first. Its plugins go with it.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the service.
    type: str
    required: true
  id:
    description: Finds the entity by id instead of by O(name), so that O(name) can be changed.
    type: str
  url:
    description: Protocol, host, port and path in one. Excludes O(protocol), O(host), O(port) and O(path).
    type: str
  protocol:
    description: Protocol that the service speaks. Kong takes V(http) for a new service.
    type: str
    choices: [grpc, grpcs, http, https, tcp, tls, tls_passthrough, udp]
  host:
    description: Host name or address, or the name of an upstream.
    type: str
  port:
    description: Port. Kong takes V(80) for a new service.
    type: int
  path:
    description: Path that requests are sent below. An empty text clears it.
    type: str
  retries:
    description: How often a failed request is sent again. Kong takes V(5) for a new service.
    type: int
  connect_timeout:
    description: Milliseconds that a connection may take to be made. Kong takes V(60000) for a new service.
    type: int
  read_timeout:
    description: Milliseconds between two reads. Kong takes V(60000) for a new service.
    type: int
  write_timeout:
    description: Milliseconds between two writes. Kong takes V(60000) for a new service.
    type: int
  enabled:
    description: Whether requests are sent to the service at all. Kong takes V(true) for a new service.
    type: bool
  tls_verify:
    description: Whether the certificate of the service is verified. What the node is set to when it was never given.
    type: bool
  tls_verify_depth:
    description: Length of the chain of certificates that is followed at most.
    type: int
  client_certificate:
    description: Id of the certificate, or one of its SNIs, that Kong shows to the service. An empty text clears it.
    type: str
  ca_certificates:
    description: Ids of the CA certificates that may vouch for the service.
    type: list
    elements: str
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_route
    description: Leads requests to a service.
  - module: trademaster.platform.kong_config
    description: Manages the whole state of a gateway.
"""

EXAMPLES = r"""
- name: The authentication service
  trademaster.platform.kong_service:
    admin_url: https://kong-admin.example.com:8444
    admin_token: "{{ kong_admin_token }}"
    name: auth
    url: http://auth-service:8080
    retries: 2
    connect_timeout: 2000
    tags: [platform]

- name: No retries, everything else as it is
  trademaster.platform.kong_service:
    name: auth
    retries: 0

- name: No such service
  trademaster.platform.kong_service:
    name: legacy
    state: absent
"""

RETURN = r"""
service:
  description: The service as Kong holds it; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "5a5c2c0e-93a2-4d9d-8a1c-0d4b3c1f2e10"
    name: "auth"
    host: "auth-service"
    port: 8080
    retries: 2
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "service", "key": "auth", "fields": ["retries"]}
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
        "services",
        "name",
        "id",
        "url",
        "protocol",
        "host",
        "port",
        "path",
        "retries",
        "connect_timeout",
        "read_timeout",
        "write_timeout",
        "enabled",
        "tls_verify",
        "tls_verify_depth",
        "client_certificate",
        "ca_certificates",
        "tags",
        required=("name",),
    ),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    constraints = {"mutually_exclusive": [("url", name) for name in ("protocol", "host", "port", "path")]}
    run_module(ARGUMENT_SPEC, partial(one.run, collection="services", result="service"), **constraints)


if __name__ == "__main__":
    main()
