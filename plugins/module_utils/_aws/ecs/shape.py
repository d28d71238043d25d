# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Between option names (snake_case) and those of the ECS API (camelCase), and nested values as flat fields. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

# Names that the rule "capitalise after an underscore" gets wrong.
IRREGULAR = {"size_in_gib": "sizeInGiB", "enable_ecs_managed_tags": "enableECSManagedTags"}
REGULAR = {api: option for option, api in IRREGULAR.items()}
# Maps whose keys are the user's data, not names of the API.
FREE = frozenset(
    {"options", "docker_labels", "dockerLabels", "driver_opts", "driverOpts", "labels", "hook_details", "hookDetails"}
)


def camel(name: str) -> str:
    """`container_port` as the API spells it: `containerPort`."""
    if name in IRREGULAR:
        return IRREGULAR[name]
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def snake(name: str) -> str:
    """`containerPort` as an option: `container_port`."""
    return REGULAR.get(name) or re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def to_api(value: Any) -> Any:
    """A nested option value with the API's names; what is None is left out."""
    return _renamed(value, camel)


def from_api(value: Any) -> Any:
    """A nested answer of the API with option names."""
    return _renamed(value, snake)


def _renamed(value: Any, name: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {
            name(key): dict(item) if key in FREE and isinstance(item, Mapping) else _renamed(item, name)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, (list, tuple)):
        return [_renamed(item, name) for item in value]
    return value


def compact(value: Any) -> Any:
    """Without what says nothing: None, empty text, empty lists and maps, at any depth."""
    if isinstance(value, Mapping):
        items = {key: item if key in FREE else compact(item) for key, item in value.items()}
        return {key: item for key, item in items.items() if item not in (None, "", [], {})}
    if isinstance(value, (list, tuple)):
        return [compact(item) for item in value]
    return value


def without_defaults(value: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the fields that say what AWS assumes anyway, so that saying it or not compares equal."""
    return {key: item for key, item in value.items() if key not in defaults or item != defaults[key]}


def ordered(items: Iterable[Mapping[str, Any]], *keys: str) -> list[dict[str, Any]]:
    """Copies in the order of `keys`, for lists whose order means nothing to AWS."""
    return sorted((dict(item) for item in items), key=lambda item: tuple(str(item.get(key, "")) for key in keys))


def flat(prefix: str, value: Any) -> dict[str, Any]:
    """Nested maps as one level of dotted names below `prefix`; lists and scalars stay whole."""
    if not isinstance(value, Mapping):
        return {prefix: value}
    fields: dict[str, Any] = {}
    for key, item in value.items():
        fields.update(flat(f"{prefix}.{key}", item))
    return fields


def nested(fields: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """The reverse of `flat`: the map below `prefix`."""
    result: dict[str, Any] = {}
    for name, item in fields.items():
        if not name.startswith(f"{prefix}."):
            continue
        *path, last = name.removeprefix(f"{prefix}.").split(".")
        inner = result
        for part in path:
            inner = inner.setdefault(part, {})
        inner[last] = item
    return result


def pairs(items: Any, value: str = "value") -> dict[str, str]:
    """The API's list of `{name, value}` as a map. A map passes through, its values as text."""
    if isinstance(items, Mapping):
        return {str(name): text(item) for name, item in items.items()}
    return {item["name"]: item.get(value, "") for item in items or ()}


def text(value: Any) -> str:
    """A YAML scalar as an environment variable wants it: `true`, not `True`."""
    return str(value).lower() if isinstance(value, bool) else str(value)
