# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by the modules that release a service."""

from __future__ import annotations


class ModuleDocFragment:
    """The two colours of a service, and the gateway whose weights decide which one customers get."""

    DOCUMENTATION = r"""
options:
  colours:
    description: The services that take turns.
    type: dict
    required: true
    suboptions:
      blue: &colour
        description: One of them.
        type: dict
        required: true
        suboptions:
          service:
            description: Name of the ECS service.
            type: str
            required: true
          target:
            description: Its target at the gateway, as C(host:port).
            type: str
            required: true
      green: *colour
  gateway:
    description: The Admin API of Kong.
    type: dict
    required: true
    suboptions:
      admin_url:
        description: Its address.
        type: str
        required: true
      neighbours:
        description: Addresses of the Admin API at other nodes of the same gateway, asked where one cannot be reached.
        type: list
        elements: str
      admin_token:
        description: What it asks for in the header C(Kong-Admin-Token).
        type: str
      ca_cert:
        description: The authorities to trust, as a path or as PEM text.
        type: str
      server_name:
        description: Name in its certificate, where that is not the one in the address.
        type: str
  upstream:
    description: Upstream of the gateway whose targets are the colours.
    type: str
    required: true
"""

    # What it takes to move customers.
    CONNECTIONS = r"""
options:
  cluster:
    description: Name or ARN of the ECS cluster.
    type: str
    required: true
  preview:
    description: How the idle colour is reached before customers come.
    type: dict
    required: true
    suboptions:
      upstream:
        description: Name of the upstream with the same targets.
        type: str
        required: true
      header:
        description: Name of the header that leads there.
        type: str
        required: true
      token_secret:
        description: Name or ARN of the secret with the header's value.
        type: str
        required: true
  probe:
    description: The account that signs in to prove tasks before customers get them.
    type: dict
    required: true
    suboptions:
      url:
        description: Address of the service, as customers reach it.
        type: str
        required: true
      ca_file:
        description: File with the authorities to trust, instead of those of the system.
        type: path
      email:
        description: Account that signs in.
        type: str
        required: true
      secret_id:
        description: Name or ARN of the account's secret, JSON with C(password).
        type: str
        required: true
  state_path:
    description: Name of the parameter in Parameter Store that holds the state of the service's releases.
    type: str
    required: true
  lock:
    description: The lock that the run holds. Renewed as long as the run goes on; without it, nothing is locked.
    type: dict
    suboptions:
      table:
        description: Name of the DynamoDB table.
        type: str
        required: true
      name:
        description: Name of the lock.
        type: str
        required: true
      holder:
        description: Id of the run that holds it.
        type: str
        required: true
"""
