#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a route of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_route
version_added: "0.1.0"
short_description: Manage a route of Kong
description:
  - Creates, updates or removes one route, what requests have to look like to reach a service.
  - Options that are omitted are left as they are; an empty text or list clears.
  - Plugins of a route go with it.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the route.
    type: str
    required: true
  id:
    description: Finds the entity by id instead of by O(name), so that O(name) can be changed.
    type: str
  service:
    description: Name or id of the service that requests are sent to. An empty text clears it.
    type: str
  protocols:
    description: Protocols that are matched. Kong takes V(http) and V(https) for a new route.
    type: list
    elements: str
    choices: [grpc, grpcs, http, https, tcp, tls, tls_passthrough, udp]
  methods:
    description: HTTP methods that are matched, in upper case. All when empty.
    type: list
    elements: str
  hosts:
    description: Host names that are matched, with V(*) as the first or last label if wanted.
    type: list
    elements: str
  paths:
    description: Paths that are matched by how they begin. What starts with V(~/) is a regex.
    type: list
    elements: str
  headers:
    description: Headers that are matched, each with the list of values that it may have.
    type: dict
  snis:
    description: Names that clients ask for when they start TLS.
    type: list
    elements: str
  sources:
    description: Where connections come from, for the protocols V(tcp), V(tls) and V(udp).
    type: list
    elements: dict
    suboptions:
      ip:
        description: Address or CIDR block.
        type: str
      port:
        description: Port.
        type: int
  destinations:
    description: Where connections go to, for the protocols V(tcp), V(tls) and V(udp).
    type: list
    elements: dict
    suboptions:
      ip:
        description: Address or CIDR block.
        type: str
      port:
        description: Port.
        type: int
  https_redirect_status_code:
    description: Status that a request gets that matches in all but the protocol. Kong takes V(426) for a new route.
    type: int
    choices: [426, 301, 302, 307, 308]
  regex_priority:
    description: Which of several regexes wins, the one with the highest number. Kong takes V(0) for a new route.
    type: int
  strip_path:
    description:
      - Whether what O(paths) matches is cut off before the request is sent on. Kong takes V(true) for a new route.
    type: bool
  path_handling:
    description: How the paths of service, route and request are joined. Kong takes V(v0) for a new route.
    type: str
    choices: [v0, v1]
  preserve_host:
    description: Whether the service is sent the host that the client asked for. Kong takes V(false) for a new route.
    type: bool
  request_buffering:
    description: Whether a request is read before it is sent on. Kong takes V(true) for a new route.
    type: bool
  response_buffering:
    description: Whether a response is read before it is sent on. Kong takes V(true) for a new route.
    type: bool
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_service
    description: What a route leads to.
  - module: trademaster.platform.kong_plugin
    description: What is done to requests of a route.
"""

EXAMPLES = r"""
- name: Sign-in
  trademaster.platform.kong_route:
    name: login
    service: auth
    paths: [/api/v1/auth/login]
    methods: [POST, OPTIONS]
    strip_path: false

- name: A regex
  trademaster.platform.kong_route:
    name: user
    service: auth
    paths: ["~/api/v1/users/\\d+$"]

- name: For any host again
  trademaster.platform.kong_route:
    name: login
    hosts: []

- name: No such route
  trademaster.platform.kong_route:
    name: legacy
    state: absent
"""

RETURN = r"""
route:
  description: The route as Kong holds it; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "1f0f1f6c-5a57-4a0f-9a6e-6f4f9fd0a111"
    name: "login"
    paths: ["/api/v1/auth/login"]
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "route", "key": "login", "fields": ["hosts"]}
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
        "routes",
        "name",
        "id",
        "service",
        "protocols",
        "methods",
        "hosts",
        "paths",
        "headers",
        "snis",
        "sources",
        "destinations",
        "https_redirect_status_code",
        "regex_priority",
        "strip_path",
        "path_handling",
        "preserve_host",
        "request_buffering",
        "response_buffering",
        "tags",
        required=("name",),
    ),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, partial(one.run, collection="routes", result="route"))


if __name__ == "__main__":
    main()
