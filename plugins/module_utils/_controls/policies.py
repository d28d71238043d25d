# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""IAM policy documents as checks read them: who is let in, and to what. Pure.

Documents are in the form that `policy.normalised` gives them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

# Conditions that keep a statement for everybody within an account, an organisation or a network of ours.
NARROWING = (
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceowner",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "kms:calleraccount",
)
Statement = Mapping[str, Any]


def statements(document: Mapping[str, Any] | None, effect: str = "Allow") -> Iterator[Statement]:
    for statement in (document or {}).get("Statement", []):
        if statement.get("Effect", "Allow") == effect:
            yield statement


def values(statement: Statement, name: str) -> list[str]:
    given = statement.get(name, [])
    return [str(value) for value in (given if isinstance(given, (list, tuple)) else [given])]


def conditions(statement: Statement) -> set[str]:
    """Names of the condition keys, in small letters."""
    return {str(key).lower() for keys in (statement.get("Condition") or {}).values() for key in keys}


def for_everybody(statement: Statement) -> bool:
    """Whether anyone at all is let in, with no condition that narrows it down."""
    principal = statement.get("Principal")
    named = principal.get("AWS", []) if isinstance(principal, Mapping) else principal
    everybody = "*" in (named if isinstance(named, (list, tuple)) else [named])
    return everybody and not conditions(statement) & set(NARROWING)


def is_public(document: Mapping[str, Any] | None) -> bool:
    return any(for_everybody(statement) for statement in statements(document))


def public_actions(document: Mapping[str, Any] | None) -> set[str]:
    """What everybody may do."""
    found = (values(statement, "Action") for statement in statements(document) if for_everybody(statement))
    return {action for actions in found for action in actions}


def refuses_plain_text(document: Mapping[str, Any] | None) -> bool:
    """Whether requests without TLS are denied."""
    return any(
        "aws:securetransport" in {str(key).lower() for key in keys}
        for statement in statements(document, "Deny")
        for operator, keys in (statement.get("Condition") or {}).items()
        if operator == "Bool"
    )


def decrypts_everything(document: Mapping[str, Any] | None) -> bool:
    """Whether a statement allows decryption with any key there is."""
    wanted = {"*", "kms:*", "kms:decrypt", "kms:reencryptfrom", "kms:reencrypt*", "kms:de*"}
    return any(
        {action.lower() for action in values(statement, "Action")} & wanted and _all_keys(statement)
        for statement in statements(document)
    )


def _all_keys(statement: Statement) -> bool:
    narrowed = conditions(statement) & {"kms:viaservice", "kms:resourcealiases", "kms:encryptioncontext"}
    resources = values(statement, "Resource")
    return not narrowed and any(one == "*" or one.endswith((":key/*", ":kms:*")) for one in resources)


def is_administrator(document: Mapping[str, Any] | None) -> bool:
    return any(
        "*" in values(statement, "Action") and "*" in values(statement, "Resource")
        for statement in statements(document)
    )


def whole_services(document: Mapping[str, Any] | None) -> set[str]:
    """Actions that are all of a service, such as `s3:*`."""
    return {
        action
        for statement in statements(document)
        for action in values(statement, "Action")
        if action == "*" or action.endswith(":*")
    }
