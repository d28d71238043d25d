#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a target of an upstream of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_target
version_added: "0.1.0"
short_description: Manage a target of an upstream of Kong
description:
  - Creates, updates or removes one target, an address behind an upstream, with its weight.
  - Options that are omitted are left as they are; an empty text or list clears.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  upstream:
    description: Name or id of the upstream.
    type: str
    required: true
  target:
    description: Host name or address with a port. Kong adds V(:8000) where the port is missing.
    type: str
    required: true
  id:
    description: Finds the target by id instead of by O(target), so that O(target) can be changed.
    type: str
  weight:
    description: Share of the requests. V(0) takes the target out. Kong takes V(100) for a new target.
    type: int
  health:
    description:
      - What the gateway shall hold of the health of the target from now on. Left alone when omitted.
      - Needs an upstream with health checks, which may find otherwise later.
    type: str
    choices: [healthy, unhealthy]
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_upstream
    description: What a target belongs to.
  - module: trademaster.platform.kong_info
    description: Tells the health of targets.
"""

EXAMPLES = r"""
- name: Most requests to the new release
  trademaster.platform.kong_target:
    upstream: auth-service
    target: auth-green.internal:8080
    weight: 90

- name: No requests to a target that is being looked into
  trademaster.platform.kong_target:
    upstream: auth-service
    target: 192.0.2.10:8080
    health: unhealthy

- name: No such target
  trademaster.platform.kong_target:
    upstream: auth-service
    target: 192.0.2.11:8080
    state: absent
"""

RETURN = r"""
target:
  description: The target as Kong holds it; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d"
    target: "auth-green.internal:8080"
    weight: 90
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "target", "key": "auth-service/auth-green.internal:8080", "fields": ["weight"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: [{"name": "192.0.2.10:8080 is unhealthy", "seconds": 0.2}]
"""

from ansible_collections.trademaster.platform.plugins.module_utils._kong import health
from ansible_collections.trademaster.platform.plugins.module_utils._kong.fields import argument_spec
from ansible_collections.trademaster.platform.plugins.module_utils._kong.session import run_module

ARGUMENT_SPEC = {
    **argument_spec(
        "targets",
        "upstream",
        "target",
        "id",
        "weight",
        "tags",
        required=(
            "upstream",
            "target",
        ),
    ),
    "health": {"type": "str", "choices": ["healthy", "unhealthy"]},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, health.run)


if __name__ == "__main__":
    main()
