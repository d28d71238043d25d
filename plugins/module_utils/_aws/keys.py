# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""KMS keys as users name them (alias, id, ARN) against what services answer (ARN)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .._core.errors import InvalidInput
from .._core.placeholders import is_placeholder
from .session import Aws


def same_key(wanted: str, arn: str) -> bool:
    """Whether `wanted`, a key's id or ARN, is the key of `arn`; an alias never is. Pure."""
    return wanted == arn or (not wanted.startswith("alias/") and arn.endswith(f":key/{wanted}"))


def resolved(aws: Aws, desired: Mapping[str, Any], current: Mapping[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """`desired` with the keys in `fields` written as `current` writes them, where they are the same key."""
    states = dict(desired)
    for field in fields:
        wanted, arn = desired.get(field), current.get(field)
        if not wanted or wanted == arn or is_placeholder(wanted):
            continue
        states[field] = arn if arn and same_key(wanted, arn) else key_arn(aws, field, wanted)
    return states


def key_arn(aws: Aws, option: str, key_id: str) -> str:
    """The ARN of a key given by id, alias or ARN (KMS DescribeKey)."""
    answer = aws.found(lambda: aws.client("kms").describe_key(KeyId=key_id), "NotFoundException")
    if answer is None:
        raise InvalidInput(option, key_id, "is no KMS key of this account and region: create it or name another")
    return str(answer["KeyMetadata"]["Arn"])
