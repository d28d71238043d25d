"""What ECS may do with IAM roles: assume them, and act under their policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC
from fnmatch import fnmatchcase
from typing import Any

from moto.iam.models import Role, iam_backends

from local_cloud import strict
from local_cloud.ecs.errors import ResourceInitializationError, RoleError

_PRINCIPAL = "ecs-tasks.amazonaws.com"


def check_assumable(arn: str, partition: str = "aws", principal: str = _PRINCIPAL) -> None:
    """Raises RoleError when tasks, or whatever else of ECS asks, cannot act under the role."""
    role = _find(arn, partition)
    statements = _statements(role.assume_role_policy_document) if role else []
    trusted = any(
        statement["Effect"] == "Allow" and principal in _list(_principals(statement)) for statement in statements
    )
    created = role.create_date.replace(tzinfo=UTC).timestamp() if role else 0.0
    if not trusted or not strict.settled(created, strict.IAM_PROPAGATION_SECONDS):
        raise RoleError(
            f"ECS was unable to assume the role '{arn}' that was provided for this task. Please verify that the "
            "role being passed has the proper trust relationship and permissions and that your IAM user has "
            "permissions to pass this role."
        )


def check_allowed(arn: str, action: str, resource: str, doing: str) -> None:
    """Raises ResourceInitializationError when the role's policies do not allow the action.

    Conditions of statements are taken as met.
    """
    role = _find(arn, "aws")
    statements = [statement for document in _documents(role) for statement in _statements(document)] if role else []
    effects = {s["Effect"] for s in statements if _concerns(s, action, resource)}
    if "Allow" not in effects or "Deny" in effects:
        detail = f"AccessDeniedException: role {arn} is not authorized to perform: {action} on resource: {resource}"
        raise ResourceInitializationError(f"{doing}: {detail}")


def _find(arn: str, partition: str) -> Role | None:
    roles = iam_backends[arn.split(":")[4]][partition].roles.values()
    return next((role for role in roles if role.arn == arn), None)


def _documents(role: Role) -> Iterator[Any]:
    yield from role.policies.values()
    for policy in role.managed_policies.values():
        yield from (version.document for version in policy.versions if version.is_default)


def _statements(document: Any) -> list[dict[str, Any]]:
    parsed = json.loads(document) if isinstance(document, str) else document
    return _list((parsed or {}).get("Statement", []))


def _principals(statement: dict[str, Any]) -> Any:
    principal = statement.get("Principal", {})
    return principal.get("Service", []) if isinstance(principal, dict) else principal


def _concerns(statement: dict[str, Any], action: str, resource: str) -> bool:
    actions = _list(statement.get("Action", []))
    resources = _list(statement.get("Resource", []))
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in actions) and any(
        fnmatchcase(resource, pattern) for pattern in resources
    )


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
