"""Strict mode: a role that was just made, or never, cannot be a principal of a resource policy yet."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any

from moto.iam.models import iam_backends

from local_cloud import strict


def unknown(policy: str | None) -> str | None:
    """The first role among the principals of a policy that other services do not know yet."""
    for arn in _roles(json.loads(policy)) if policy else ():
        account = arn.split(":")[4]
        role = next((role for role in iam_backends[account]["aws"].roles.values() if role.arn == arn), None)
        created = role.create_date.replace(tzinfo=UTC).timestamp() if role else 0.0
        if role is None or not strict.settled(created, strict.IAM_PROPAGATION_SECONDS):
            return arn
    return None


def _roles(document: dict[str, Any]) -> Iterator[str]:
    statements = document.get("Statement", [])
    for statement in statements if isinstance(statements, list) else [statements]:
        principal = statement.get("Principal")
        named = principal.get("AWS", []) if isinstance(principal, dict) else []
        for arn in [named] if isinstance(named, str) else named:
            if ":role/" in arn:
                yield arn
