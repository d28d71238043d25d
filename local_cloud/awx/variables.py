"""Variables as AWX keeps them: the text of a JSON or YAML dictionary."""

from __future__ import annotations

import json
from typing import Any

import yaml


def parsed(text: Any) -> dict[str, Any]:
    """The dictionary. Raises ValueError with the sentence of AWX."""
    if isinstance(text, dict):
        return text
    if text in ("", '""'):
        return {}
    try:
        return _dictionary(json.loads(text))
    except ValueError as error:
        json_error = str(error)
    try:
        content = yaml.safe_load(text)
        return {} if content is None else _dictionary(content)
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"Cannot parse as JSON (error: {json_error}) or YAML (error: {error}).") from None


def _dictionary(content: Any) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ValueError(f"Input type `{type(content).__name__}` is not a dictionary")  # noqa: TRY004 - one cause
    return content
