# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by all Kong modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes and connection options that hold for every Kong module of this collection."""

    DOCUMENTATION = r"""
requirements:
  - urllib3
attributes:
  check_mode:
    description: Reads and plans, writes nothing, and reports exactly what a run would change.
    support: full
  diff_mode:
    description: Shows the fields that differ, before and after, with secrets masked.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
options:
  admin_url:
    description:
      - URL of Kong's Admin API, such as V(https://kong-admin.example.com:8444).
      - The variable E(KONG_ADMIN_URL) is taken when it is omitted.
    type: str
  admin_token:
    description:
      - Token that the Admin API asks for.
      - The variable E(KONG_ADMIN_TOKEN) is taken when it is omitted.
    type: str
  admin_token_header:
    description: Header that carries O(admin_token).
    type: str
    default: Kong-Admin-Token
  ca_cert:
    description: Certificate that vouches for the Admin API, as path of a PEM file or as PEM text.
    type: str
  client_cert:
    description: Certificate that this client shows, as path of a PEM file or as PEM text.
    type: str
  client_key:
    description: Key of O(client_cert), as path of a PEM file or as PEM text. That of the same file when omitted.
    type: str
  server_name:
    description: Name that the certificate of the Admin API has to carry, where O(admin_url) holds an address.
    type: str
  validate_certs:
    description: Whether the certificate of the Admin API is verified.
    type: bool
    default: true
  timeout_seconds:
    description: Seconds that one call may take.
    type: float
    default: 30.0
"""

    ENTITY = r"""
options:
  tags:
    description: Tags. An empty list removes them.
    type: list
    elements: str
  state:
    description: V(present) makes sure that the entity exists as given, V(absent) that it does not.
    type: str
    choices: [present, absent]
    default: present
"""
