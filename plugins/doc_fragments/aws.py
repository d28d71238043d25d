# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation shared by all AWS modules."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes, tags and return values that hold for every AWS module of this collection."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Reads and plans, makes no write call, and reports exactly what a run would change.
    support: full
  diff_mode:
    description: Shows the fields that differ, before and after, with secrets masked.
    support: full
  idempotent:
    description: A second run with the same options changes nothing.
    support: full
"""

    TAGS = r"""
options:
  tags:
    description:
      - Tags of everything this task creates.
      - Only resources that carry all of them count as owned and are ever removed.
      - When omitted, tags are left alone.
    type: dict
"""
