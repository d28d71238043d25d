"""References to secrets in plugin configurations: `{vault://env/name}` and vaults that extend `env`."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

LOG = logging.getLogger(__name__)

_REFERENCE = re.compile(r"\{vault://([^/?}]+)/([^/?}]+)(?:/([^/?}]+))?/?(?:\?([^}]*))?\}")


class Vaults:
    def __init__(self, environment: Mapping[str, str], entities: Mapping[str, Mapping[str, Any]]) -> None:
        self._environment = environment
        self._prefixes = {
            vault["prefix"]: (vault.get("config") or {}).get("prefix") or ""
            for vault in entities.values()
            if vault["name"] == "env"
        }

    def resolve(self, value: Any) -> Any:
        """The value with every reference in it replaced; one that leads nowhere becomes empty."""
        if isinstance(value, str):
            match = _REFERENCE.fullmatch(value)
            return self._secret(match) if match else value
        if isinstance(value, Mapping):
            return {name: self.resolve(item) for name, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.resolve(item) for item in value]
        return value

    def _secret(self, match: re.Match[str]) -> str:
        vault, resource, key, query = match.groups()
        prefix = dict(parse_qsl(query or "")).get("prefix", self._prefixes.get(vault, ""))
        known = vault == "env" or vault in self._prefixes
        secret = self._environment.get(f"{prefix}{resource}".upper().replace("-", "_")) if known else None
        if secret is not None and key:
            secret = _field(secret, key)
        if secret is None:
            LOG.error("a plugin refers to %s, which has no value", match[0])
            return ""
        return secret


def _field(secret: str, key: str) -> str | None:
    try:
        fields = json.loads(secret)
    except ValueError:
        return None
    found = fields.get(key) if isinstance(fields, dict) else None
    return found if isinstance(found, str) else None
