# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Secrets Manager secrets that other resources are given, read where they are used and nowhere else."""

from __future__ import annotations

import json

from .._core.errors import InvalidInput
from .._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from .secretsmanager.rotation import Versions
from .session import Aws

CURRENT = "AWSCURRENT"
NONE = ("ResourceNotFoundException",)


def current_value(aws: Aws, variable: str, secret_id: str, version: str = "") -> str:
    """The text of a secret, or of a version of it by its id, from now on masked in all output (GetSecretValue).

    In check mode a secret that is not there yet is only known after apply.
    """
    client = aws.client("secretsmanager")
    which = {"VersionId": version} if version else {"VersionStage": CURRENT}
    answer = (
        None
        if is_placeholder(secret_id)
        else aws.found(lambda: client.get_secret_value(SecretId=secret_id, **which), *NONE)
    )
    if answer is None:
        return _not_yet(aws, variable, secret_id)
    value = str(answer.get("SecretString") or "")
    if not value:
        raise InvalidInput(variable, secret_id, "holds no text: write one with PutSecretValue")
    aws.hide([value])
    return value


def current_fields(aws: Aws, variable: str, secret_id: str, *keys: str) -> dict[str, str]:
    """Fields of a secret that is JSON. Masked is the text as a whole: hide the fields that are secret (GetSecretValue).

    In check mode fields of a secret that is not there yet are only known after apply.
    """
    value = current_value(aws, variable, secret_id)
    if is_placeholder(value):
        return dict.fromkeys(keys, KNOWN_AFTER_APPLY)
    try:
        content = json.loads(value)
        return {key: str(content[key]) for key in keys}
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput(variable, secret_id, f"is no JSON with {' and '.join(keys)}") from error


def labelled_versions(aws: Aws, secret_id: str) -> Versions | None:
    """Which version of a secret carries which label; None for a secret that is not there (DescribeSecret)."""
    client = aws.client("secretsmanager")
    answer = None if is_placeholder(secret_id) else aws.found(lambda: client.describe_secret(SecretId=secret_id), *NONE)
    return None if answer is None else Versions.of(answer.get("VersionIdsToStages") or {})


def current_version(aws: Aws, variable: str, secret_id: str) -> str:
    """Id of the version of a secret that is in use; its value is not read (DescribeSecret)."""
    return current_of(aws, variable, secret_id, labelled_versions(aws, secret_id))


def current_of(aws: Aws, variable: str, secret_id: str, versions: Versions | None) -> str:
    """Id of the version that is in use, of the `versions` of a secret."""
    if versions is None:
        return _not_yet(aws, variable, secret_id)
    if not versions.current:
        raise InvalidInput(variable, secret_id, "has no value yet: write one with PutSecretValue")
    return versions.current


def _not_yet(aws: Aws, variable: str, secret_id: str) -> str:
    if aws.check_mode:
        return KNOWN_AFTER_APPLY
    raise InvalidInput(variable, secret_id, "is no secret of this account and region: create it first")
