# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of who may do what, and of secrets: IAM, Secrets Manager and Systems Manager."""

from __future__ import annotations

from typing import Any

from . import policies
from .model import LATER, Control, Resource, World

ROLE, POLICY, SECRET, DOCUMENT = "role", "policy", "secret", "document"
OLD_DAYS = 90
WHOLE = "allows all of"


def _documents(resource: Resource) -> dict[str, Any]:
    """Policy documents of a role or of a policy, by name."""
    if resource.kind == POLICY:
        return {"it": resource.get("document", {})}
    return dict(resource.get("inline_policies", {}))


def no_administrator(resource: Resource, _world: World) -> str:
    named = [name for name, document in _documents(resource).items() if policies.is_administrator(document)]
    managed = [arn for arn in resource.get("managed_policies", []) if str(arn).endswith("/AdministratorAccess")]
    found = sorted([*named, *managed])
    return f"may do everything: {', '.join(found)}" if found else ""


def no_whole_service(resource: Resource, _world: World) -> str:
    found = {action for document in _documents(resource).values() for action in policies.whole_services(document)}
    return f"{WHOLE} {', '.join(sorted(found))}" if found else ""


def rotates(secret: Resource, _world: World) -> str:
    return "" if secret.get("rotation_enabled") else "is not rotated on a schedule"


def has_rotation(secret: Resource, _world: World) -> bool:
    return bool(secret.get("rotation_enabled"))


def rotated_in_time(secret: Resource, _world: World) -> str:
    overdue = secret.facts.get("rotation_overdue_days", 0)
    return f"was to be rotated {overdue} days ago" if overdue and overdue > 0 else ""


def in_use(secret: Resource, _world: World) -> str:
    if secret.planned:
        return LATER
    days = secret.facts.get("unused_days")
    return f"was last read {days} days ago" if days is not None and days > OLD_DAYS else ""


def fresh(secret: Resource, _world: World) -> str:
    days = secret.facts.get("age_days", 0)
    return f"has had its value for {days} days" if days is not None and days > OLD_DAYS else ""


def is_private(document: Resource, _world: World) -> str:
    return "is shared with everybody" if "all" in document.get("account_ids", []) else ""


CONTROLS = (
    Control("IAM.1", "No role may do everything", ROLE, no_administrator, "name actions and resources in its policy"),
    Control("IAM.21", "No role has all of a service", ROLE, no_whole_service, "name the actions in its policy"),
    Control(
        "SecretsManager.1",
        "Secrets are rotated on a schedule",
        SECRET,
        rotates,
        "make rotate, or a rotation of Secrets Manager",
    ),
    Control(
        "SecretsManager.2",
        "Rotations of secrets succeed",
        SECRET,
        rotated_in_time,
        "look why the last rotation failed, and rotate",
        applies=has_rotation,
    ),
    Control("SecretsManager.3", "No secret is left over", SECRET, in_use, "configuration_secrets: take it out"),
    Control("SecretsManager.4", "No secret is older than ninety days", SECRET, fresh, "make rotate SECRET=<name>"),
    Control("SSM.4", "No document is shared with everybody", DOCUMENT, is_private, "stop sharing the document"),
)
