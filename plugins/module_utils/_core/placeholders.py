# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that only exist once a change has been applied.

In check mode on an empty account a VPC has no id yet, but the tasks after it want one. They are handed
`KNOWN_AFTER_APPLY` and treat whatever hangs on it as not existing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KNOWN_AFTER_APPLY = "(known after apply)"


def is_placeholder(value: Any) -> bool:
    """Whether `value` is, or contains at any depth, a value that is only known after apply."""
    if isinstance(value, str):
        return KNOWN_AFTER_APPLY in value
    if isinstance(value, Mapping):
        return any(is_placeholder(item) for item in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(is_placeholder(item) for item in value)
    return False
