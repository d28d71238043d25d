"""Base64 and JSON as nginx and cjson read them. Pure."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

_ALPHABET = re.compile(r"[A-Za-z0-9+/]*")


def decode_base64(text: str) -> bytes | None:
    """Either alphabet, padding or not; None when it is not base64. As nginx does, the first `=` ends the text."""
    content = text.replace("-", "+").replace("_", "/").partition("=")[0]
    if not _ALPHABET.fullmatch(content) or len(content) % 4 == 1:
        return None
    return base64.b64decode(content + "=" * (-len(content) % 4))


def decode_json(content: bytes) -> Any:
    """Raises ValueError; text that is no UTF-8 goes through."""
    try:
        return json.loads(content.decode("utf-8", "surrogateescape"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
