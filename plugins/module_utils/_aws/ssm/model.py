# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parameter Store parameters as comparable states. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from ..._core.changes import Change, desired_fields, plan_set
from ..._core.errors import InvalidInput
from ..._core.redact import Secret

STANDARD_LIMIT = 4096  # bytes of a value in the Standard tier


def desired_states(
    path: str, parameters: Iterable[Mapping[str, Any]], tags: Mapping[str, str] | None
) -> dict[str, dict[str, Any]]:
    """Desired states by absolute name. Raises InvalidInput for what Parameter Store would refuse."""
    if not path.startswith("/") or path == "/":
        raise InvalidInput("path", path, "is not a hierarchy: start it with a slash, as in /project/environment")
    states: dict[str, dict[str, Any]] = {}
    for index, parameter in enumerate(parameters):
        name = f"{path.rstrip('/')}/{parameter['name'].lstrip('/')}"
        if name in states:
            raise InvalidInput(f"parameters[{index}].name", parameter["name"], "is given twice: keep one of them")
        states[name] = _desired_state(f"parameters[{index}]", parameter, tags)
    return states


def _desired_state(option: str, parameter: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    secure = parameter.get("secure_value")
    value = parameter.get("value") if secure is None else secure
    if not value:
        name = "value" if secure is None else "secure_value"
        raise InvalidInput(f"{option}.{name}", value, "is empty: Parameter Store wants at least one character")
    size, tier = len(value.encode()), parameter.get("tier")
    if size > STANDARD_LIMIT and tier == "Standard":
        raise InvalidInput(f"{option}.tier", "Standard", f"holds {STANDARD_LIMIT} bytes, not {size}: leave it out")
    return desired_fields(
        {
            "value": value if secure is None else Secret(value),
            "type": (parameter.get("type") or "String") if secure is None else "SecureString",
            "description": parameter.get("description"),
            "key_id": parameter.get("key_id"),
            "tier": "Advanced" if size > STANDARD_LIMIT else tier,
            "tags": tags,
        }
    )


def current_states(
    values: Iterable[Mapping[str, Any]],
    descriptions: Iterable[Mapping[str, Any]],
    tagged: Collection[str],
    tags: Mapping[str, str] | None,
) -> dict[str, dict[str, Any]]:
    """Current states by absolute name.

    `values` come from GetParametersByPath, `descriptions` from DescribeParameters; `tagged` are the names that
    DescribeParameters answers when filtered by `tags`, which spares a ListTagsForResource per parameter.
    """
    described = {item["Name"]: item for item in descriptions}
    return {
        item["Name"]: {
            "value": Secret(item["Value"]) if item["Type"] == "SecureString" else item["Value"],
            "type": item["Type"],
            "description": described.get(item["Name"], {}).get("Description", ""),
            "key_id": described.get(item["Name"], {}).get("KeyId"),
            "tier": described.get(item["Name"], {}).get("Tier", "Standard"),
            "tags": dict(tags or {}) if item["Name"] in tagged else {},
        }
        for item in values
    }


def plan(
    current: Mapping[str, Mapping[str, Any]], desired: Mapping[str, Mapping[str, Any]], removable: Collection[str]
) -> list[Change]:
    """Changes to parameters; of what is not desired only the `removable` ones are deleted.

    A SecureString cannot become a String in place, nor an Advanced parameter a Standard one: those are replaced.
    """
    scope = {name: state for name, state in current.items() if name in desired or name in removable}
    changes = plan_set("parameter", scope, desired, purge=True)
    return [_replacement(change) if _needs_replacement(change) else change for change in changes]


def _needs_replacement(change: Change) -> bool:
    if change.op != "update":
        return False
    shrinks = change.current["tier"] == "Advanced" and change.desired.get("tier") == "Standard"
    return "type" in change.fields or shrinks


def _replacement(change: Change) -> Change:
    return Change("replace", change.kind, change.key, change.before, change.after, change.level)
