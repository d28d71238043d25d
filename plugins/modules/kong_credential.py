#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a credential of a consumer of Kong."""

from __future__ import annotations

DOCUMENTATION = r"""
module: kong_credential
version_added: "0.1.0"
short_description: Manage a credential of a consumer of Kong
description:
  - Creates, updates or removes one credential of a consumer, or its membership of a group.
  - Options that are omitted are left as they are. What Kong makes up where it is left out is never shown, so give it.
  - A password that Kong gives back hashed is compared with its hash, and only written when it is another.
  - A credential that another consumer has is refused, not moved.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  type:
    description: Plugin that the credential is for.
    type: str
    choices: [jwt, key-auth, basic-auth, hmac-auth, oauth2, acl]
    required: true
  consumer:
    description: Name or id of the consumer.
    type: str
    required: true
  id:
    description: Finds the credential by id, so that what it is known by can be changed.
    type: str
  key:
    description:
      - With O(type=jwt), the claim's value that tokens name the credential by, such as their issuer. With O(type=key-
        auth), the key itself.
    type: str
  secret:
    description: Secret of O(type=jwt) and O(type=hmac-auth).
    type: str
  algorithm:
    description: How tokens are signed, for O(type=jwt). Kong takes V(HS256) for a new credential.
    type: str
    choices: [HS256, HS384, HS512, RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512, EdDSA]
  rsa_public_key:
    description: Public key, as PEM text, that tokens are verified with, for O(type=jwt).
    type: str
  ttl:
    description:
      - Seconds that a key lives, for O(type=key-auth).
      - What is left of it runs down; a key that has more left than this, or no end, is given it anew.
    type: int
  username:
    description: User name of O(type=basic-auth) and O(type=hmac-auth).
    type: str
  password:
    description: Password of O(type=basic-auth).
    type: str
  name:
    description: Name of the application, for O(type=oauth2).
    type: str
  client_id:
    description: Id of the application, for O(type=oauth2). Without it O(name) finds the application.
    type: str
  client_secret:
    description: Secret of the application, for O(type=oauth2).
    type: str
  client_type:
    description: Type of the application, for O(type=oauth2).
    type: str
    choices: [confidential, public]
  redirect_uris:
    description: Where users are sent back to, for O(type=oauth2).
    type: list
    elements: str
  hash_secret:
    description: Whether Kong stores O(client_secret) hashed, for O(type=oauth2).
    type: bool
  group:
    description: Group that plugins of type V(acl) know, for O(type=acl).
    type: str
extends_documentation_fragment:
  - trademaster.platform.kong
  - trademaster.platform.kong.entity
seealso:
  - module: trademaster.platform.kong_consumer
    description: Whom a credential belongs to.
"""

EXAMPLES = r"""
- name: Tokens of the authentication service
  trademaster.platform.kong_credential:
    type: jwt
    consumer: trademaster
    key: trademaster-auth-service
    algorithm: HS512
    secret: "{{ jwt_secret }}"

- name: A key
  trademaster.platform.kong_credential:
    type: key-auth
    consumer: tier-free
    key: "{{ tier_keys.free }}"

- name: Member of a group
  trademaster.platform.kong_credential:
    type: acl
    consumer: tier-free
    group: customers

- name: No such user
  trademaster.platform.kong_credential:
    type: basic-auth
    consumer: reports
    username: reports
    state: absent
"""

RETURN = r"""
credential:
  description: The credential as Kong holds it, secrets masked; empty with O(state=absent).
  returned: always
  type: dict
  sample:
    id: "c869a572-0b8e-4559-97fd-0147ef2ab5d3"
    key: "trademaster-auth-service"
    secret: "********"
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "create", "kind": "jwt credential", "key": "trademaster/trademaster-auth-service",
       "fields": ["key", "secret"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._kong.credentials import COLLECTIONS, OPTIONS, run
from ansible_collections.trademaster.platform.plugins.module_utils._kong.fields import argument_spec
from ansible_collections.trademaster.platform.plugins.module_utils._kong.session import run_module

ARGUMENT_SPEC = {
    "type": {"type": "str", "required": True, "choices": list(COLLECTIONS)},
    **argument_spec("jwt_secrets", "consumer", "id", "tags", required=("consumer",)),
    **{
        name: option
        for kind, names in OPTIONS.items()
        for name, option in argument_spec(COLLECTIONS[kind], *names).items()
    },
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
}
KNOWN_BY = {"oauth2": ("client_id", "name"), "acl": ("group",), "jwt": ("key",), "key-auth": ("key",)}
REQUIRED = [("type", kind, (*KNOWN_BY.get(kind, ("username",)), "id"), True) for kind in COLLECTIONS]


def main() -> None:
    run_module(ARGUMENT_SPEC, run, required_if=REQUIRED)


if __name__ == "__main__":
    main()
