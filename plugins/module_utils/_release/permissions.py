# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a role's own policies say of an action. Pure.

It is less than IAM does: boundaries, session policies, policies of resources and of the organisation are not looked at,
and a condition that cannot be known here counts as met for Allow and as not met for Deny. So what is refused here is
refused by IAM, and what passes may still be refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

Document = Mapping[str, Any]
Context = Mapping[str, str]

VARIABLE = re.compile(r"\$\{[^}]*\}")
EQUAL = ("StringEquals", "ArnEquals", "StringEqualsIgnoreCase")
ALIKE = ("StringLike", "ArnLike")


def allowed(documents: Iterable[Document], action: str, resource: str, context: Context | None = None) -> bool:
    """Whether the policies allow an action on a resource, given what is known of the request (lower-case keys)."""
    concerning = [one for one in _statements(documents) if _concerns(one, action, resource)]
    known = context or {}
    met = partial(_conditions_met, context=known)
    denied = any(one.get("Effect") == "Deny" and met(one, unknown=False) for one in concerning)
    return not denied and any(one.get("Effect") == "Allow" and met(one, unknown=True) for one in concerning)


def trusts(document: Document, service: str, context: Context) -> bool:
    """Whether a role lets a service of AWS assume it."""
    concerning = [one for one in _statements([document]) if _names_service(one, service) and _assumes(one)]
    denied = any(one.get("Effect") == "Deny" and _conditions_met(one, context, unknown=False) for one in concerning)
    return not denied and any(
        one.get("Effect") == "Allow" and _conditions_met(one, context, unknown=True) for one in concerning
    )


def _statements(documents: Iterable[Document]) -> list[Document]:
    return [statement for document in documents for statement in _listed(document.get("Statement"))]


def _names_service(statement: Document, service: str) -> bool:
    principal = statement.get("Principal", {})
    return principal == "*" or (isinstance(principal, Mapping) and service in _listed(principal.get("Service")))


def _assumes(statement: Document) -> bool:
    return _matches(_listed(statement.get("Action")), "sts:AssumeRole", fold=True)


def _concerns(statement: Document, action: str, resource: str) -> bool:
    if "NotAction" in statement:
        acts = not _matches(_listed(statement["NotAction"]), action, fold=True)
    else:
        acts = _matches(_listed(statement.get("Action")), action, fold=True)
    if "NotResource" in statement:
        return acts and not _matches(_listed(statement["NotResource"]), resource)
    return acts and _matches(_listed(statement.get("Resource")), resource)


def _conditions_met(statement: Document, context: Context, *, unknown: bool) -> bool:
    """Whether all conditions hold; those that cannot be known count as `unknown` says."""
    return all(
        _met(operator, key, _listed(values), context, unknown=unknown)
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _met(operator: str, key: str, values: Sequence[str], context: Context, *, unknown: bool) -> bool:
    name = operator.removesuffix("IfExists")
    positive = name.replace("Not", "", 1)
    value = context.get(key.lower())
    if value is None or positive not in (*EQUAL, *ALIKE):
        return unknown
    fold = positive.endswith("IgnoreCase")
    # ArnEquals and ArnLike mean the same.
    alike = positive in ALIKE or positive == "ArnEquals"
    found = _matches(values, value) if alike else value in values or (fold and value.lower() in map(str.lower, values))
    return found if name == positive else not found


def _matches(patterns: Iterable[str], value: str, *, fold: bool = False) -> bool:
    """Whether a pattern with * and ? fits; a policy variable in it may stand for anything."""
    return any(_fits(VARIABLE.sub("*", str(pattern)), value, fold=fold) for pattern in patterns)


def _fits(pattern: str, value: str, *, fold: bool) -> bool:
    literal = pattern.replace("[", "[[]")  # no class of characters in IAM
    return fnmatchcase(value.lower(), literal.lower()) if fold else fnmatchcase(value, literal)


def _listed(values: Any) -> list[Any]:
    if values is None:
        return []
    return list(values) if isinstance(values, (list, tuple)) else [values]


def names(document: Document, role_arn: str, action: str) -> bool:
    """Whether a resource's policy allows a role of the same account an action by its name."""
    return any(
        statement.get("Effect") == "Allow"
        and _matches(_listed(statement.get("Action")), action, fold=True)
        and {role_arn, "*"} & set(_principals(statement))
        and _conditions_met(statement, {}, unknown=True)
        for statement in _statements([document])
    )


def _principals(statement: Document) -> list[str]:
    principal = statement.get("Principal", {})
    return _listed(principal.get("AWS")) if isinstance(principal, Mapping) else [principal]
