#!/usr/bin/python
# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible module: a set of OpenID Connect providers of IAM."""

from __future__ import annotations

DOCUMENTATION = r"""
module: iam_oidc_providers
version_added: "0.1.0"
short_description: Manage OpenID Connect identity providers of IAM as one set
description:
  - Creates, updates and, with O(purge=true), removes the identity providers whose tokens roles can be assumed with,
    such as that of GitHub Actions.
  - An account has one provider for a URL, whoever made it. One that is there and carries none of O(tags), or
    other values in them, is refused, since roles of others rely on it; RV(providers) tells what it accepts.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  providers:
    description: Providers that shall exist. An empty list with O(purge=true) removes all that are ours.
    type: list
    elements: dict
    required: true
    suboptions:
      url:
        description: URL of the provider, as in the claim C(iss) of its tokens.
        type: str
        required: true
      client_id_list:
        description: Audiences that tokens may be for, as in their claim C(aud). Empty removes them all.
        type: list
        elements: str
      thumbprint_list:
        description:
          - SHA-1 thumbprints of certificates that the provider may show.
          - Needed where no public authority has signed its certificate. Otherwise IAM goes by its own list of them.
        type: list
        elements: str
  purge:
    description: Whether to remove providers that are not listed and carry all of O(tags).
    type: bool
    default: false
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - trademaster.platform.aws
  - trademaster.platform.aws.tags
seealso:
  - module: trademaster.platform.iam_roles
"""

EXAMPLES = r"""
- name: Let workflows of GitHub sign in
  trademaster.platform.iam_oidc_providers:
    providers:
      - url: https://token.actions.githubusercontent.com
        client_id_list: [sts.amazonaws.com]
    tags:
      Project: trademaster

- name: See which providers there are
  trademaster.platform.iam_oidc_providers:
    providers: []
"""

RETURN = r"""
providers:
  description: ARN and audiences of every provider of the account, by host and path of its URL.
  returned: always
  type: dict
  sample:
    token.actions.githubusercontent.com:
      arn: arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com
      client_id_list: [sts.amazonaws.com]
changes:
  description: What was changed, or in check mode would be.
  returned: always
  type: list
  elements: dict
  sample:
    - {"op": "update", "kind": "oidc_provider", "key": "workflows.example.com", "fields": ["client_id_list"]}
waits:
  description: Waits this task went through, in seconds.
  returned: always
  type: list
  elements: dict
  sample: []
"""

from ansible_collections.trademaster.platform.plugins.module_utils._aws.iam_oidc.run import run
from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import run_module

PROVIDER = {
    "url": {"type": "str", "required": True},
    "client_id_list": {"type": "list", "elements": "str"},
    "thumbprint_list": {"type": "list", "elements": "str"},
}

ARGUMENT_SPEC = {
    "providers": {"type": "list", "elements": "dict", "required": True, "options": PROVIDER},
    "purge": {"type": "bool", "default": False},
    "tags": {"type": "dict"},
}


def main() -> None:
    run_module(ARGUMENT_SPEC, run)


if __name__ == "__main__":
    main()
