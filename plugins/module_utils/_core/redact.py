# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Masking of secrets in anything that is shown: diffs, results, errors, logs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from .placeholders import KNOWN_AFTER_APPLY

MASK = "********"

Shown = TypeVar("Shown")


@dataclass(frozen=True, repr=False)
class Secret:
    """A value that compares like itself but never shows: `reveal()` is the only way to it."""

    value: str

    def reveal(self) -> str:
        return self.value

    def __repr__(self) -> str:
        return MASK

    __str__ = __repr__


def redact(shown: Shown, secrets: Collection[str] = ()) -> Shown:
    """A copy of `shown` (text, mapping or sequence) in which secrets read `********`.

    Masks every `Secret` and every occurrence of the strings in `secrets`, inside longer text as well.
    """
    # Longest first: a secret that contains another must not leave its tail behind.
    hidden = (secret for secret in secrets if secret and secret != KNOWN_AFTER_APPLY)
    ordered = sorted(hidden, key=len, reverse=True)
    return cast(Shown, _mask(shown, ordered))


def _mask(value: Any, secrets: list[str]) -> Any:
    if isinstance(value, Secret):
        return MASK
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, MASK)
        return value
    if isinstance(value, Mapping):
        return {_mask(name, secrets): _mask(item, secrets) for name, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        masked = [_mask(item, secrets) for item in value]
        return sorted(masked) if isinstance(value, (set, frozenset)) else masked
    return value
