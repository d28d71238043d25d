"""Parameters of an API request as plain dicts and lists, named as the API names them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from moto.core.responses import BaseResponse


def parameters(response: BaseResponse) -> dict[str, Any]:
    return dict(_plain(response.params))


def _plain(value: Any) -> Any:
    original = getattr(value, "original_dict", None)
    if original:
        value = original()
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value
