# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager secrets that other resources are given, read where they are used and nowhere else."""

from __future__ import annotations

from .._core.errors import InvalidInput
from .._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from .session import Aws

CURRENT = "AWSCURRENT"
NONE = ("ResourceNotFoundException",)


def current_value(aws: Aws, variable: str, secret_id: str) -> str:
    """The text of a secret, from now on masked in all output (GetSecretValue).

    In check mode a secret that is not there yet is only known after apply.
    """
    client = aws.client("secretsmanager")
    answer = (
        None
        if is_placeholder(secret_id)
        else aws.found(lambda: client.get_secret_value(SecretId=secret_id, VersionStage=CURRENT), *NONE)
    )
    if answer is None:
        return _not_yet(aws, variable, secret_id)
    value = str(answer.get("SecretString") or "")
    if not value:
        raise InvalidInput(variable, secret_id, "holds no text: write one with PutSecretValue")
    aws.hide([value])
    return value


def current_version(aws: Aws, variable: str, secret_id: str) -> str:
    """Id of the version of a secret that is in use; its value is not read (DescribeSecret)."""
    client = aws.client("secretsmanager")
    answer = None if is_placeholder(secret_id) else aws.found(lambda: client.describe_secret(SecretId=secret_id), *NONE)
    if answer is None:
        return _not_yet(aws, variable, secret_id)
    versions = answer.get("VersionIdsToStages") or {}
    current = next((version for version, stages in versions.items() if CURRENT in stages), None)
    if current is None:
        raise InvalidInput(variable, secret_id, "has no value yet: write one with PutSecretValue")
    return str(current)


def _not_yet(aws: Aws, variable: str, secret_id: str) -> str:
    if aws.check_mode:
        return KNOWN_AFTER_APPLY
    raise InvalidInput(variable, secret_id, "is no secret of this account and region: create it first")
