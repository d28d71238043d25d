#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: an upstream of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_upstream
version_added: "0.1.0"
short_description: Manage an upstream of Kong
description:
  - Creates, updates or removes one upstream, a name behind which requests are spread over targets.
  - Options that are omitted are left as they are; an empty text or list clears.
  - A service uses the upstream whose name it has as host. Targets of an upstream go with it.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  name:
    description: Name of the upstream, which is a host name.
    type: str
    required: true
  id:
    description: Finds the entity by id instead of by O(name), so that O(name) can be changed.
    type: str
  algorithm:
    description: How requests are spread. Kong takes V(round-robin) for a new upstream.
    type: str
    choices: [consistent-hashing, least-connections, round-robin, latency]
  slots:
    description: Size of the ring that weights are laid out on. Kong takes V(10000) for a new upstream.
    type: int
  hash_on:
    description: What requests are spread by with O(algorithm=consistent-hashing).
    type: str
    choices: [none, consumer, ip, header, cookie, path, query_arg, uri_capture]
  hash_fallback:
    description: What is taken where O(hash_on) finds nothing.
    type: str
    choices: [none, consumer, ip, header, cookie, path, query_arg, uri_capture]
  hash_on_header:
    description: Header for O(hash_on=header).
    type: str
  hash_fallback_header:
    description: Header for O(hash_fallback=header).
    type: str
  hash_on_cookie:
    description: Cookie for O(hash_on=cookie) or O(hash_fallback=cookie).
    type: str
  hash_on_cookie_path:
    description: Path of that cookie. Kong takes V(/) for a new upstream.
    type: str
  hash_on_query_arg:
    description: Argument for O(hash_on=query_arg).
    type: str
  hash_fallback_query_arg:
    description: Argument for O(hash_fallback=query_arg).
    type: str
  hash_on_uri_capture:
    description: Capture of the path for O(hash_on=uri_capture).
    type: str
  hash_fallback_uri_capture:
    description: Capture of the path for O(hash_fallback=uri_capture).
    type: str
  healthchecks:
    description: How the health of targets is found out. Suboptions that are omitted are left as they are.
    type: dict
    suboptions:
      active:
        description: Probes that Kong sends by itself.
        type: dict
        suboptions:
          type:
            description: How a target is judged. V(tcp) looks at connections only.
            type: str
            choices: [tcp, http, https, grpc, grpcs]
          timeout:
            description: Seconds that a probe may take.
            type: float
          concurrency:
            description: How many targets are probed at a time.
            type: int
          http_path:
            description: Path that is asked for.
            type: str
          https_sni:
            description: Name that is asked for when TLS starts.
            type: str
          https_verify_certificate:
            description: Whether the certificate of a target is verified.
            type: bool
          headers:
            description: Headers of a probe, each with its list of values.
            type: dict
          healthy:
            description: What makes a target healthy.
            type: dict
            suboptions:
              interval:
                description: Seconds between two probes of a target that is in this state. V(0) sends none.
                type: float
              http_statuses:
                description: HTTP statuses that count.
                type: list
                elements: int
              successes:
                description: How many successes in a row. V(0) leaves it out of account.
                type: int
          unhealthy:
            description: What makes a target unhealthy.
            type: dict
            suboptions:
              interval:
                description: Seconds between two probes of a target that is in this state. V(0) sends none.
                type: float
              http_statuses:
                description: HTTP statuses that count.
                type: list
                elements: int
              tcp_failures:
                description: How many failed connections in a row. V(0) leaves them out of account.
                type: int
              timeouts:
                description: How many timeouts in a row. V(0) leaves them out of account.
                type: int
              http_failures:
                description: How many failed requests in a row. V(0) leaves them out of account.
                type: int
      passive:
        description: What Kong learns from the requests of clients.
        type: dict
        suboptions:
          type:
            description: How a target is judged. V(tcp) looks at connections only.
            type: str
            choices: [tcp, http, https, grpc, grpcs]
          healthy:
            description: What makes a target healthy.
            type: dict
            suboptions:
              http_statuses:
                description: HTTP statuses that count.
                type: list
                elements: int
              successes:
                description: How many successes in a row. V(0) leaves it out of account.
                type: int
          unhealthy:
            description: What makes a target unhealthy.
            type: dict
            suboptions:
              http_statuses:
                description: HTTP statuses that count.
                type: list
                elements: int
              tcp_failures:
                description: How many failed connections in a row. V(0) leaves them out of account.
                type: int
              timeouts:
                description: How many timeouts in a row. V(0) leaves them out of account.
                type: int
              http_failures:
                description: How many failed requests in a row. V(0) leaves them out of account.
                type: int
      threshold:
        description: Per cent of the weight that has to be healthy for the upstream to be.
        type: float
  host_header:
    description: Host that targets are asked for.
    type: str
  client_certificate:
    description: Id of the certificate, or one of its SNIs, that Kong shows to targets. An empty text clears it.
    type: str
  use_srv_name:
    description: Whether targets are asked for the name in their SRV record. Kong takes V(false) for a new upstream.
    type: bool
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_target
    description: Manages a target of an upstream.
  - module: trademaster.platform.kong_service
    description: Sends requests to an upstream.
"""

EXAMPLES = r"""
- name: The authentication service, with failover
  trademaster.platform.kong_upstream:
    name: auth-service
    algorithm: least-connections
    healthchecks:
      active:
        http_path: /actuator/health
        healthy:
          interval: 5
          successes: 2
        unhealthy:
          interval: 5
          http_failures: 2
          tcp_failures: 2
          timeouts: 2
      passive:
        unhealthy:
          http_failures: 3
          tcp_failures: 2
          timeouts: 3

- name: No such upstream
  trademaster.platform.kong_upstream:
    name: legacy
    state: absent
"""

RETURN = r"""
upstream:
  description: The upstream as Kong holds it; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "9e9f3a52-7b3c-4ac5-8a1b-1d1f2e3a4b5c"
    name: "auth-service"
    algorithm: "least-connections"
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "upstream", "key": "auth-service", "fields": ["healthchecks.active.healthy.interval"]}
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
        "upstreams",
        "name",
        "id",
        "algorithm",
        "slots",
        "hash_on",
        "hash_fallback",
        "hash_on_header",
        "hash_fallback_header",
        "hash_on_cookie",
        "hash_on_cookie_path",
        "hash_on_query_arg",
        "hash_fallback_query_arg",
        "hash_on_uri_capture",
        "hash_fallback_uri_capture",
        "healthchecks",
        "host_header",
        "client_certificate",
        "use_srv_name",
        "tags",
        required=("name",),
    ),
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, partial(one.run, collection="upstreams", result="upstream"))


if __name__ == "__main__":
    main()
