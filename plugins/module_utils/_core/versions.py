# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Comparing dotted version numbers of which the user may have written only the front. Pure."""

from __future__ import annotations


def parts(version: str) -> tuple[int, ...]:
    """`17.4` as (17, 4); stops at the first part that is no number, so `6.x` is (6,)."""
    numbers: list[int] = []
    for part in version.split("."):
        if not part.isdecimal():
            break
        numbers.append(int(part))
    return tuple(numbers)


def matches(version: str, wanted: str) -> bool:
    """Whether `version` is `wanted` or one of the releases it stands for: `17.4` matches `17` and `17.4`."""
    front = parts(wanted)
    return bool(front) and parts(version)[: len(front)] == front


def satisfies(current: str, wanted: str) -> bool:
    """Whether nothing is to be done: `current` matches `wanted`, or is a later release of the same major version.

    A service that upgrades minor versions by itself runs ahead of what is written down; going back is no option.
    """
    front = parts(wanted)
    return parts(current)[:1] == front[:1] and parts(current)[: len(front)] >= front


def is_older(version: str, other: str) -> bool:
    """Whether the major version of `version` is below that of `other`."""
    return parts(version)[:1] < parts(other)[:1]
