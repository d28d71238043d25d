# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by the lookups that ask AWS."""

from __future__ import annotations


class ModuleDocFragment:
    """The connection. Lookups do not see C(module_defaults), so they take it from the inventory's variables."""

    DOCUMENTATION = r"""
options:
  region:
    description: Region to ask.
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
"""
