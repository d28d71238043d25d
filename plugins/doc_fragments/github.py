# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by all GitHub modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes and connection options that hold for every GitHub module of this collection."""

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
  api_url:
    description:
      - URL of GitHub's REST API. That of GitHub Enterprise Server ends in V(/api/v3).
      - The variable E(GITHUB_API_URL) is taken when it is omitted.
    type: str
    default: https://api.github.com
  api_token:
    description:
      - Fine-grained personal access token, or token of an app, that has access to the repository.
      - The variable E(GITHUB_TOKEN) is taken when it is omitted.
    type: str
  ca_cert:
    description:
      - PEM file with the authorities to trust, where they are not those that GitHub's own certificates come from.
      - The variable E(GITHUB_CA_CERT) is taken when it is omitted.
    type: path
  timeout_seconds:
    description: Seconds that one call may take.
    type: float
    default: 30.0
  repository:
    description: Repository as V(owner/name).
    type: str
    required: true
"""
