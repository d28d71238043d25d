# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tags as comparable fields. Pure: conversion to and from the API's lists is the adaptor's."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from .._core.changes import State

# Marks what one resource brings along, such as a VPC the security group of its endpoints: only its owner removes it.
PART_OF = "trademaster.platform:part-of"


def of_interest(current: Mapping[str, str], desired: Mapping[str, str] | None) -> dict[str, str]:
    """The current tags that are desired by key: tags that others put there are neither compared nor removed."""
    return {key: value for key, value in current.items() if key in (desired or {})}


def owns(current: Mapping[str, str], wanted: Mapping[str, str] | None) -> bool:
    """Whether a resource carries all of `wanted`; without any wanted tags nothing is known to be ours."""
    return bool(wanted) and all(current.get(key) == value for key, value in (wanted or {}).items())


def is_foreign(current: Mapping[str, str], wanted: Mapping[str, str] | None) -> bool:
    """Whether a resource carries none of `wanted`. What is ours keeps some of its tags when one is added or changed."""
    return bool(wanted) and not any(current.get(key) == value for key, value in (wanted or {}).items())


def within_reach(
    current: Mapping[str, State], desired: Collection[str], removable: Collection[str], *, purge: bool
) -> dict[str, State]:
    """The current states a set may change: those desired, those named for removal and, with `purge`, those owned."""
    return {
        name: state
        for name, state in current.items()
        if name in desired or name in removable or (purge and state["owned"])
    }
