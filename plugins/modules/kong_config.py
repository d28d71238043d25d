#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: the whole state of a gateway."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_config
version_added: "0.1.0"
short_description: Manage the whole state of a Kong gateway
description:
  - Brings services, routes, upstreams, plugins, consumers and all other entities of a gateway to a desired state, as
    one transaction. When a change fails, what was done before is taken back, and the error names the entity and what
    Kong says of it. Anything that could not be taken back is listed in RV(not_undone).
  - Reads the files of decK, C(_format_version) 3.0, so that users of it can move over.
  - An entity that is listed is the whole entity. A field that is left out has Kong's default; what Kong has made up,
    such as a secret, is kept.
  - Checks the state before the first write, without Kong and then with its schemas, and looks for well-known mistakes.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  config:
    description:
      - The state. Keys are kinds, such as C(services), C(routes), C(upstreams), C(consumers) and C(plugins), values are
        lists of entities. Entities may be nested in those that they belong to, as in decK's files.
    type: dict
  src:
    description: Path of a file with the state, in YAML or JSON, where the module runs.
    type: path
  state:
    description:
      - V(present) brings the listed entities about.
      - V(absent) removes the listed entities and what belongs to them; without O(config) and O(src), everything that
        carries O(select_tags).
      - V(gathered) answers the state that there is, with its secrets, in RV(config).
      - V(rendered) answers the state as a file for a Kong without database, and needs no gateway.
    type: str
    choices: [present, absent, gathered, rendered]
    default: present
  purge:
    description: Whether to remove what is not listed.
    type: bool
    default: false
  keep_weights:
    description:
      - Whether targets that exist keep the weight that they have, for upstreams whose traffic a release moves.
        The weight in the state is then for new targets only.
    type: bool
    default: false
  select_tags:
    description:
      - Tags that mark what is owned, at most five. Every entity that is sent gets them, and only entities that carry
        all of them are ever changed or removed. A name that another entity has is refused before the first write.
      - Those of the file, when omitted.
    type: list
    elements: str
  allow_empty:
    description: Whether a state without any entity may remove everything.
    type: bool
    default: false
  validate:
    description: Whether to let Kong judge changed entities with its schemas before the first write.
    type: bool
    default: true
  lint:
    description:
      - What to do about well-known mistakes, such as a regular expression without C(~).
      - With V(enforce), those that cannot be meant end the run, others are warnings. With V(warn), all are.
    type: str
    choices: [enforce, warn, skip]
    default: enforce
  token_issuers:
    description:
      - What the tokens of clients carry in the claim that names their jwt credential, C(iss) unless set otherwise.
      - With it O(lint) finds jwt credentials whose key no token carries.
    type: list
    elements: str
  secrets:
    description:
      - Texts that must not show, wherever they stand. Fields that Kong knows to be secret need not be named.
    type: list
    elements: str
extends_documentation_fragment:
  - trademaster.platform.kong
notes:
  - Kong tells of passwords of basic-auth credentials and hashed secrets of oauth2 credentials only the hash. To change
    or remove these comes last, as it cannot be undone.
seealso:
  - module: trademaster.platform.kong_info
    description: Tells what a gateway holds, with secrets masked.
"""

EXAMPLES = r"""
- name: Configure what the platform owns, and nothing else
  trademaster.platform.kong_config:
    admin_url: https://kong-admin.example.com:8444
    admin_token: "{{ admin_token }}"
    select_tags: [platform]
    purge: true
    config:
      services:
        - name: auth
          url: http://auth-service:8080
          plugins:
            - name: jwt
              config: {claims_to_verify: [exp]}
          routes:
            - name: profile
              paths: [/api/v1/profile]

- name: Apply a file of decK
  trademaster.platform.kong_config:
    admin_url: https://kong-admin.example.com:8444
    src: kong.yaml

- name: Write down what there is
  trademaster.platform.kong_config:
    admin_url: https://kong-admin.example.com:8444
    state: gathered
  register: gateway
  no_log: true

- name: Write a file for a gateway without database
  trademaster.platform.kong_config:
    src: kong.yaml
    state: rendered
  register: file
"""

RETURN = r"""
config:
  description: The state, as a file of decK or for a gateway without database.
  returned: with O(state=gathered) or O(state=rendered)
  type: dict
  sample: {"_format_version": "3.0", "services": [{"name": "auth", "host": "auth-service"}]}
summary:
  description: How many entities of each kind were created, updated, deleted, or left as they are.
  returned: always
  type: dict
  sample: {"services": {"created": 1, "updated": 0, "deleted": 0, "unchanged": 3}}
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "plugin", "key": "rate-limiting of auth", "fields": ["config.minute"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
not_undone:
  description: Changes that were made and could not be taken back, each with the reason.
  returned: when a change has failed
  type: list
  elements: str
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._kong.session import run_module
from ansible_collections.trademaster.platform.plugins.module_utils._kong.sync import run

ARGUMENT_SPEC = {
    "config": {"type": "dict"},
    "src": {"type": "path"},
    "state": {"type": "str", "choices": ["present", "absent", "gathered", "rendered"], "default": "present"},
    "purge": {"type": "bool", "default": False},
    "keep_weights": {"type": "bool", "default": False},
    "select_tags": {"type": "list", "elements": "str"},
    "allow_empty": {"type": "bool", "default": False},
    "validate": {"type": "bool", "default": True},
    "lint": {"type": "str", "choices": ["enforce", "warn", "skip"], "default": "enforce"},
    "token_issuers": {"type": "list", "elements": "str", "no_log": False},
    "secrets": {"type": "list", "elements": "str", "no_log": True},
}


def main() -> None:
    # What it is invoked with is large and holds secrets: keep it out of the system's log.
    run_module(ARGUMENT_SPEC, run, mutually_exclusive=[("config", "src")], no_log=True)


if __name__ == "__main__":
    main()
