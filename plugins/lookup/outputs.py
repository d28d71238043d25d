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
  - In a play in which the role has run, its answer is taken from the variable C(<role>_result) without asking AWS,
    unless O(project) or O(environment) is given.
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
  path:
    description:
      - Path under which to look, for what is published as JSON objects elsewhere. V(/<project>/<environment>/outputs)
        when omitted. With it, AWS is asked in any case.
    type: str
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

- name: Read which colour of a service is live
  ansible.builtin.debug:
    msg: "{{ lookup('trademaster.platform.outputs', 'auth-service', path='/shop/prod/releases', default={}) }}"

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

MOST_NAMES = 10  # that GetParameters takes


def parameter_name(project: str, environment: str, role: str, path: str | None = None) -> str:
    """Where a role publishes, or what is called so under `path`."""
    return f"{path or f'/{project}/{environment}/outputs'}/{role}"


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


def read(client: Any, names: Sequence[str]) -> dict[str, str]:
    """Values of those parameters that there are (GetParameters)."""
    found: dict[str, str] = {}
    for start in range(0, len(names), MOST_NAMES):
        answer = client.get_parameters(Names=list(names[start : start + MOST_NAMES]), WithDecryption=True)
        found |= {parameter["Name"]: parameter["Value"] for parameter in answer["Parameters"]}
    return found


class LookupModule(AwsLookup):
    """The lookup."""

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **options: Any) -> list[Any]:
        """One dictionary for each role named in `terms`."""
        self.set_options(var_options=variables, direct=options)
        answers = {} if options.keys() & {"path", "project", "environment"} else self._answers(terms, variables or {})
        unknown = [role for role in terms if role not in answers]
        if unknown:
            answers |= self._outputs(unknown)
        return [answers[role] for role in terms]

    def _answers(self, roles: Sequence[str], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Of roles that ran in this play. They are asked for, too: templates evaluate a default in any case."""
        results = {role: self._templar.template(variables.get(f"{role}_result")) for role in roles}
        return {role: result for role, result in results.items() if result}

    def _outputs(self, roles: Sequence[str]) -> dict[str, Any]:
        names = {role: self._name(role) for role in roles}
        try:
            found = read(self.client("ssm"), list(names.values()))
        except (BotoCoreError, ClientError) as error:
            raise AnsibleLookupError(f"outputs of {', '.join(roles)}: {error}") from error
        return {
            role: parsed(name, found[name]) if name in found else self._missing(role, name)
            for role, name in names.items()
        }

    def _name(self, role: str) -> str:
        return parameter_name(self.given("project"), self.given("environment"), role, self.given("path"))

    def _missing(self, role: str, name: str) -> Any:
        default = self.get_option("default")
        if default is None:
            playbook = self.get_option("playbook")
            raise AnsibleLookupError(
                f"{role} has published nothing under {name}: run ansible-playbook {playbook} --tags {role} first"
            )
        return default
