"""S3: a bucket that refuses what is not encrypted. Requests over the local cloud's loopback count as encrypted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from moto.iam.access_control import IAMPolicyStatement, PermissionResult

from local_cloud.extensions import around
from local_cloud.runtime import Runtime


def install(_runtime: Runtime) -> None:
    # moto takes a statement whose conditions do not hold for a refusal, instead of leaving it aside.
    @around(IAMPolicyStatement, "is_action_permitted")
    def is_action_permitted(
        original: Callable[..., PermissionResult], self: Any, *given: Any, **named: Any
    ) -> PermissionResult:
        if _about_plain_text(self._statement):
            return PermissionResult.NEUTRAL
        return original(self, *given, **named)


def _about_plain_text(statement: dict[str, Any]) -> bool:
    condition = (statement.get("Condition") or {}).get("Bool") or {}
    return statement["Effect"] == "Deny" and str(condition.get("aws:SecureTransport")).lower() == "false"
