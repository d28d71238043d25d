# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible lookup: the key of an integration of PagerDuty, where it is kept."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pagerduty_integration_key
version_added: "0.1.0"
short_description: Read the key of an integration of PagerDuty
description:
  - Answers the key with which a tool reaches a service, to be handed to an option that hides it. Do not keep it in a
    variable.
  - In check mode the key of an integration that is not there yet is only known after apply.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  _terms:
    description: Names of integrations.
    type: list
    elements: str
    required: true
  service:
    description: Service that has them, by name.
    type: str
    required: true
  api_url:
    description: URL of PagerDuty's REST API.
    type: str
    default: https://api.pagerduty.com
    vars:
      - name: pagerduty_api_url
    env:
      - name: PAGERDUTY_API_URL
  api_token:
    description: Token of the REST API.
    type: str
    vars:
      - name: pagerduty_api_token
    env:
      - name: PAGERDUTY_API_TOKEN
  ca_cert:
    description: PEM file with the authorities to trust, where they are other ones.
    type: str
    vars:
      - name: pagerduty_ca_cert
    env:
      - name: PAGERDUTY_CA_CERT
requirements:
  - pagerduty
seealso:
  - module: trademaster.platform.pagerduty_service_integration
"""

EXAMPLES = r"""
- name: Keep the key where Alertmanager finds it
  trademaster.platform.secretsmanager_secrets:
    prefix: trademaster/staging
    secrets:
      - name: pagerduty/events
        value: "{{ lookup('trademaster.platform.pagerduty_integration_key', 'Alertmanager', service='trademaster') }}"
"""

RETURN = r"""
_raw:
  description: The key of each integration.
  type: list
  elements: str
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import KNOWN_AFTER_APPLY
from ansible_collections.trademaster.platform.plugins.module_utils._core.rest import Connection
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty import integrations
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.client import Client


class LookupModule(LookupBase):  # type: ignore[misc]
    """The lookup."""

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **options: Any) -> list[str]:
        """The key of each integration named in `terms`."""
        self.set_options(var_options=variables, direct=options)
        planning = bool((variables or {}).get("ansible_check_mode"))
        client = Client(Connection(self._given("api_url"), self._given("api_token"), self._given("ca_cert")))
        service = str(self.get_option("service"))
        try:
            found = integrations.listed(client, service)
        except PlatformError as error:
            raise AnsibleLookupError(str(error)) from None
        return [self._key(found, service, str(term), planning=planning) for term in terms]

    def _given(self, name: str) -> str:
        """An option. What comes from variables arrives as it is written in the inventory, templates and all."""
        return str(self._templar.template(self.get_option(name)) or "")

    def _key(self, found: Sequence[Mapping[str, Any]], service: str, name: str, *, planning: bool) -> str:
        keys = [item[integrations.KEY] for item in found if item["name"] == name and item.get(integrations.KEY)]
        if len(keys) == 1:
            return str(keys[0])
        if planning and not keys:
            return KNOWN_AFTER_APPLY
        why = "is there several times" if keys else "does not exist, or has no key"
        raise AnsibleLookupError(f"integration {name} of the PagerDuty service {service} {why}")
