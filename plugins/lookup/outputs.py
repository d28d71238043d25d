# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible lookup: what roles of this collection published."""

from __future__ import annotations

DOCUMENTATION = r"""
name: outputs
version_added: "0.1.0"
short_description: Read what a role published in Parameter Store
description:
  - Every role publishes its result as JSON under V(/<project>/<environment>/outputs/<role>). This lookup answers it as
    a dictionary, so a playbook can use the network without converging it.
author:
  - Contributors to the trademaster.platform collection (@trademaster)
options:
  _terms:
    description: Names of the roles.
    type: list
    elements: str
    required: true
  default:
    description: Answered for a role that has published nothing, instead of an error.
    type: raw
  playbook:
    description: Playbook that the error names as the one to run first.
    type: str
    default: playbooks/site.yml
  project:
    description: Project that published.
    type: str
    required: true
    vars:
      - name: platform_project
  environment:
    description: Environment that published.
    type: str
    required: true
    vars:
      - name: platform_environment
extends_documentation_fragment:
  - trademaster.platform.aws_lookup
seealso:
  - module: trademaster.platform.ssm_parameters
"""

EXAMPLES = r"""
- name: Use the network without converging it
  ansible.builtin.debug:
    msg: "{{ lookup('trademaster.platform.outputs', 'network').vpc_id }}"

- name: Do without a role that may not have run
  ansible.builtin.debug:
    msg: "{{ lookup('trademaster.platform.outputs', 'cache', default={}) }}"

- name: Read another environment
  ansible.builtin.debug:
    msg: "{{ lookup('trademaster.platform.outputs', 'edge', project='trademaster', environment='staging').url }}"
"""

RETURN = r"""
_raw:
  description: What each role published.
  type: list
  elements: dict
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible_collections.trademaster.platform.plugins.plugin_utils.aws_lookup import AwsLookup

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:  # the client reports the missing library
    pass


def parameter_name(project: str, environment: str, role: str) -> str:
    """Where a role publishes."""
    return f"/{project}/{environment}/outputs/{role}"


def parsed(name: str, text: str) -> dict[str, Any]:
    """What was published as `text` under `name`. Raises AnsibleLookupError for anything but an object."""
    try:
        value = json.loads(text)
    except ValueError as error:
        raise AnsibleLookupError(
            f"parameter {name} is not JSON ({error}): run the role that publishes it again"
        ) from error
    if not isinstance(value, dict):
        raise AnsibleLookupError(f"parameter {name} holds no object: run the role that publishes it again")
    return value


class LookupModule(AwsLookup):
    """The lookup."""

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **options: Any) -> list[Any]:
        """One dictionary for each role named in `terms`."""
        self.set_options(var_options=variables, direct=options)
        try:
            client = self.client("ssm")
            return [self._output(client, role) for role in terms]
        except (BotoCoreError, ClientError) as error:
            raise AnsibleLookupError(f"outputs of {', '.join(terms)}: {error}") from error

    def _output(self, client: Any, role: str) -> Any:
        name = parameter_name(self.given("project"), self.given("environment"), role)
        try:
            answer = client.get_parameter(Name=name, WithDecryption=True)
        except client.exceptions.ParameterNotFound:
            default = self.get_option("default")
            if default is None:
                playbook = self.get_option("playbook")
                message = (
                    f"{role} has published nothing under {name}: run ansible-playbook {playbook} --tags {role} first"
                )
                raise AnsibleLookupError(message) from None
            return default
        return parsed(name, answer["Parameter"]["Value"])
