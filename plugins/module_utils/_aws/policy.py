# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM policy documents compared by meaning. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from .._core.errors import InvalidInput

LISTS = ("Action", "NotAction", "Resource", "NotResource")
PRINCIPALS = ("Principal", "NotPrincipal")
DEFAULT_VERSION = "2008-10-17"  # what a document without Version means
ACCOUNT_ROOT = re.compile(r"^arn:[\w-]+:iam::(\d{12}):root$")


def parsed(option: str, document: Any) -> dict[str, Any]:
    """A policy given as text or mapping, as a mapping; empty stays empty. Raises InvalidInput for anything else."""
    if isinstance(document, str) and document.strip():
        try:
            document = json.loads(document)
        except ValueError as error:
            raise InvalidInput(option, document[:60], f"is not JSON: {error}") from error
    if not document:
        return {}
    if not isinstance(document, Mapping) or "Statement" not in document:
        raise InvalidInput(option, document, "is no policy: it wants a Statement")
    return dict(document)


def normalised(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document in one canonical form: equal forms mean equal policies.

    The order of statements and of values in lists does not matter, nor does a list of one against its element, nor
    an account id against the ARN of its root user.
    """
    if not document:
        return {}
    statements = document["Statement"]
    listed = [statements] if isinstance(statements, Mapping) else list(statements)
    canonical = [_statement(statement) for statement in listed]
    canonical.sort(key=lambda statement: json.dumps(statement, sort_keys=True))
    rest = {name: value for name, value in document.items() if name not in ("Statement", "Version")}
    return {"Version": document.get("Version", DEFAULT_VERSION), **rest, "Statement": canonical}


def text(document: Mapping[str, Any]) -> str:
    """The document as the API takes it; the same document always gives the same text."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    canonical = {"Effect": "Allow", **statement}
    for name in LISTS:
        if name in canonical:
            canonical[name] = _values(canonical[name])
    for name in PRINCIPALS:
        if name in canonical:
            canonical[name] = _principal(canonical[name])
    if "Condition" in canonical:
        canonical["Condition"] = {
            operator: {key.lower(): _values(values) for key, values in keys.items()}
            for operator, keys in canonical["Condition"].items()
        }
    return canonical


def _principal(principal: Any) -> dict[str, list[str]]:
    kinds = {"AWS": principal} if isinstance(principal, str) else principal
    return {kind: sorted(ACCOUNT_ROOT.sub(r"\1", value) for value in _values(kinds[kind])) for kind in kinds}


def _values(values: Any) -> list[str]:
    listed = values if isinstance(values, (list, tuple)) else [values]
    return sorted({_scalar(value) for value in listed})


def _scalar(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
