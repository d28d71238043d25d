# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Structures of WAF's API in snake_case and back, by the description of the API that botocore has. Pure.

A statement may hold statements, of nineteen kinds that grow in number: what the API describes need not be listed here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..._core.errors import InvalidInput

try:
    from botocore import xform_name
except ImportError:  # AnsibleAWSModule reports the missing library
    xform_name = str

NUMBERS = ("integer", "long")


def members(shape: Any) -> dict[str, str]:
    """Names of the API by ours, for a structure."""
    return {xform_name(name): name for name in shape.members}


def from_api(shape: Any, value: Any) -> Any:
    """What the API answers, under our names. Bytes become text."""
    if shape.type_name == "structure":
        names = {name: ours for ours, name in members(shape).items()}
        return {names[key]: from_api(shape.members[key], item) for key, item in value.items() if key in names}
    if shape.type_name == "list":
        return [from_api(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: from_api(shape.value, item) for key, item in value.items()}
    return value.decode(errors="backslashreplace") if isinstance(value, bytes) else value


def to_api(shape: Any, value: Any) -> Any:
    """What was checked, under the names of the API."""
    if shape.type_name == "structure":
        names = members(shape)
        return {names[key]: to_api(shape.members[names[key]], item) for key, item in value.items()}
    if shape.type_name == "list":
        return [to_api(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: to_api(shape.value, item) for key, item in value.items()}
    return value


def checked(shape: Any, value: Any, option: str) -> Any:
    """A value under our names with the types that the API wants. Raises InvalidInput for what it does not know."""
    if shape.type_name == "structure":
        return _structure(shape, value, option)
    if shape.type_name == "list":
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise InvalidInput(option, value, "is no list")
        return [checked(shape.member, item, f"{option}[{index}]") for index, item in enumerate(value)]
    if shape.type_name == "map":
        if not isinstance(value, Mapping):
            raise InvalidInput(option, value, "is no dictionary")
        return {str(key): checked(shape.value, item, f"{option}.{key}") for key, item in value.items()}
    return _scalar(shape, value, option)


def _structure(shape: Any, value: Any, option: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InvalidInput(option, value, "is no dictionary")
    names = members(shape)
    for key in value:
        if key not in names:
            raise InvalidInput(f"{option}.{key}", value[key], f"is not known: give one of {', '.join(names)}")
    given = {key: item for key, item in value.items() if item is not None}
    for ours, name in names.items():
        if name in shape.required_members and ours not in given:
            raise InvalidInput(f"{option}.{ours}", None, "is needed")
    return {key: checked(shape.members[names[key]], item, f"{option}.{key}") for key, item in given.items()}


def _scalar(shape: Any, value: Any, option: str) -> Any:
    if shape.type_name == "boolean":
        if not isinstance(value, bool):
            raise InvalidInput(option, value, "is neither true nor false")
        return value
    if isinstance(value, (Mapping, list, bool)):
        raise InvalidInput(option, value, f"is no {'number' if shape.type_name in NUMBERS else 'text'}")
    if shape.type_name in NUMBERS:
        return _number(shape, value, option)
    text = str(value)
    if getattr(shape, "enum", None) and text not in shape.enum:
        raise InvalidInput(option, text, f"is not known: give one of {', '.join(shape.enum)}")
    return text


def _number(shape: Any, value: Any, option: str) -> int:
    try:
        number = int(value)
    except ValueError as error:
        raise InvalidInput(option, value, "is no number") from error
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if (low is not None and number < low) or (high is not None and number > high):
        raise InvalidInput(option, number, f"is out of range: give {low} to {high}")
    return number
