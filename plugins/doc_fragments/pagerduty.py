# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by all PagerDuty modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes and connection options that hold for every PagerDuty module of this collection."""

    DOCUMENTATION = r"""
requirements:
  - pagerduty
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
      - URL of PagerDuty's REST API. Accounts of the European region have V(https://api.eu.pagerduty.com).
      - The variable E(PAGERDUTY_API_URL) is taken when it is omitted.
    type: str
    default: https://api.pagerduty.com
  api_token:
    description:
      - Token of the REST API. One of the account, or of a user who may write what is to be changed.
      - The variable E(PAGERDUTY_API_TOKEN) is taken when it is omitted.
    type: str
  ca_cert:
    description:
      - PEM file with the authorities to trust, where they are not those that PagerDuty's own certificates come from.
      - The variable E(PAGERDUTY_CA_CERT) is taken when it is omitted.
    type: path
  timeout_seconds:
    description: Seconds that one call may take.
    type: float
    default: 30.0
"""
