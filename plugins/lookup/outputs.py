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
  region:
    description: Region of the parameters.
    type: str
    vars:
      - name: aws_region
    env:
      - name: AWS_REGION
      - name: AWS_DEFAULT_REGION
  endpoint_url:
    description: Address of the AWS API, where it is another one than that of the region.
    type: str
    vars:
      - name: aws_endpoint_url
    env:
      - name: AWS_ENDPOINT_URL
  profile:
    description: Profile that holds credentials. When omitted, credentials are found as AWS tools find them.
    type: str
    vars:
      - name: aws_profile
    env:
      - name: AWS_PROFILE
  access_key:
    description: Access key, together with O(secret_key).
    type: str
    vars:
      - name: aws_access_key
  secret_key:
    description: Secret key, together with O(access_key).
    type: str
    vars:
      - name: aws_secret_key
  session_token:
    description: Token of temporary credentials.
    type: str
    vars:
      - name: aws_session_token
requirements:
  - boto3
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
from ansible.plugins.lookup import LookupBase

try:
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    HAS_BOTO3 = True
except ImportError:
    HAS_BOTO3 = False

CONNECTION = (
    "project",
    "environment",
    "region",
    "endpoint_url",
    "profile",
    "access_key",
    "secret_key",
    "session_token",
)


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


class LookupModule(LookupBase):  # type: ignore[misc]
    """The lookup."""

    def run(self, terms: Sequence[str], variables: Mapping[str, Any] | None = None, **options: Any) -> list[Any]:
        """One dictionary for each role named in `terms`."""
        if not HAS_BOTO3:
            raise AnsibleLookupError("boto3 is missing on the controller: pip install boto3")
        self.set_options(var_options=variables, direct=options)
        # What comes from variables arrives as it is written in the inventory, templates and all.
        given = {name: self._templar.template(self.get_option(name)) for name in CONNECTION}
        try:
            client = self._client(given)
            return [self._output(client, given, role) for role in terms]
        except (BotoCoreError, ClientError) as error:
            raise AnsibleLookupError(f"outputs of {', '.join(terms)}: {error}") from error

    def _client(self, given: Mapping[str, str | None]) -> Any:
        # Keys that are given outright win over a profile, as in the modules.
        session = boto3.session.Session(
            profile_name=None if given["access_key"] else given["profile"] or None,
            region_name=given["region"] or None,
            aws_access_key_id=given["access_key"] or None,
            aws_secret_access_key=given["secret_key"] or None,
            aws_session_token=given["session_token"] or None,
        )
        return session.client("ssm", endpoint_url=given["endpoint_url"] or None)

    def _output(self, client: Any, given: Mapping[str, Any], role: str) -> Any:
        name = parameter_name(given["project"], given["environment"], role)
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
