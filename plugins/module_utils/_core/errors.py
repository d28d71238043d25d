# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Failures that a person can act on. Each renders as one line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class PlatformError(Exception):
    """A failure whose text is complete: it can be shown without a traceback.

    `details` are return values of the failed module, for those who want more than the text.
    """

    def __init__(self, text: str, details: Mapping[str, Any] | None = None) -> None:
        self.details = dict(details or {})
        super().__init__(text)


class InvalidInput(PlatformError):
    """A desired state that cannot be, found before the first write.

    `variable` is the option's path (`subnets[2].cidr`), `value` what was given, `remedy` what is allowed instead.
    """

    def __init__(self, variable: str, value: Any, remedy: str) -> None:
        self.variable = variable
        self.value = value
        self.remedy = remedy
        super().__init__(f"{variable}: {value!r} {remedy}")
