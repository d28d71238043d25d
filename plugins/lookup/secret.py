# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible lookup: the value of a secret, where it is used."""

from __future__ import annotations

DOCUMENTATION = r"""
name: secret
version_added: "0.1.0"
short_description: Read a secret of Secrets Manager
description:
  - Answers the text of a secret, to be handed to an option that hides it. Do not keep it in a variable.
  - In check mode a secret that is not there yet is only known after apply, as all that a run would create.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  _terms:
    description: Names or ARNs of the secrets. An empty one answers an empty text.
    type: list
    elements: str
    required: true
  planned:
    description: Answered in check mode for a secret that is not there yet.
    type: str
    default: (known after apply)
  accepted:
    description:
      - Whether to answer the texts of all versions that are valid instead of the current one alone. While a secret is
        rotated these are two, in an order that stays. Ask for a list with C(query).
    type: bool
    default: false
extends_documentation_fragment:
  - trademaster.platform.aws_lookup
seealso:
  - module: trademaster.platform.secretsmanager_secrets
"""

EXAMPLES = r"""
- name: Apply the state of the gateway
  trademaster.platform.kong_config:
    admin_url: https://kong-admin.example.com:8444
    admin_token: "{{ lookup('trademaster.platform.secret', 'trademaster/staging/kong/admin-token') }}"
    src: kong.yml
"""

RETURN = r"""
_raw:
  description: The text of each secret.
  type: list
  elements: str
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible_collections.trademaster.platform.plugins.module_utils._aws.secretsmanager.rotation import Versions
from ansible_collections.trademaster.platform.plugins.module_utils._core.placeholders import is_placeholder
from ansible_collections.trademaster.platform.plugins.plugin_utils.aws_lookup import AwsLookup

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # the client reports the missing library
    pass

NOT_FOUND = "ResourceNotFoundException"


class LookupModule(AwsLookup):
    """The lookup."""

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **options: Any) -> list[str]:
        """The text of each secret named in `terms`."""
        self.set_options(var_options=variables, direct=options)
        planning = bool((variables or {}).get("ansible_check_mode"))
        if self.get_option("accepted"):
            return [text for term in terms for text in self._accepted(str(term), planning=planning)]
        return [self._value(str(term), planning=planning) for term in terms]

    def _accepted(self, secret: str, *, planning: bool) -> list[str]:
        """The texts of all valid versions; while there is only one, it is read as the current one."""
        if not secret or (planning and is_placeholder(secret)):
            return [self._value(secret, planning=planning)]
        try:
            answer = self.client("secretsmanager").describe_secret(SecretId=secret)
        except ClientError as error:
            if planning and _code(error) == NOT_FOUND:
                return [str(self.get_option("planned"))]
            raise AnsibleLookupError(f"secret {secret}: {error}") from error
        versions = Versions.of(answer.get("VersionIdsToStages") or {}).accepted
        return [self._value(secret, planning=planning, version=version) for version in versions]

    def _value(self, secret: str, *, planning: bool, version: str = "") -> str:
        if not secret:
            return ""
        if planning and is_placeholder(secret):
            return str(self.get_option("planned"))
        try:
            which = {"VersionId": version} if version else {}
            return str(self.client("secretsmanager").get_secret_value(SecretId=secret, **which)["SecretString"])
        except KeyError:
            raise AnsibleLookupError(f"secret {secret} holds no text: write one with PutSecretValue") from None
        except (BotoCoreError, ClientError) as error:
            if planning and _code(error) == NOT_FOUND:
                return str(self.get_option("planned"))
            raise AnsibleLookupError(f"secret {secret}: {error}") from error


def _code(error: Exception) -> str:
    """The service's error code, empty for what is no answer of the service."""
    return str(getattr(error, "response", {}).get("Error", {}).get("Code", ""))
