# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The silences of Alertmanager's API v2."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from ansible.module_utils.urls import open_url

from .._core.errors import InvalidInput, PlatformError

PATH = "/api/v2/"


@dataclass(frozen=True)
class Alertmanager:
    """`url` is its address, such as `http://alertmanager.example.com:9093`."""

    url: str
    timeout: float = 10.0

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise InvalidInput("url", self.url, "is no address of Alertmanager: give http://host:9093")

    def silences(self) -> list[dict[str, Any]]:
        """All that are kept, expired ones included (GET /silences)."""
        return list(self._call("GET", "silences"))

    def put_silence(self, silence: dict[str, Any]) -> str:
        """Create a silence, or change the one whose `id` it has; answers the id (POST /silences)."""
        return str(self._call("POST", "silences", silence)["silenceID"])

    def expire_silence(self, identifier: str) -> None:
        """End a silence now (DELETE /silence/ID)."""
        self._call("DELETE", f"silence/{identifier}")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        url = self.url.rstrip("/") + PATH + path
        headers = {"Content-Type": "application/json"}
        try:
            with open_url(
                url, data, headers, method, timeout=self.timeout, http_agent="trademaster.platform"
            ) as answer:
                content = answer.read()
        except HTTPError as error:
            said = error.read().decode(errors="replace").strip()
            raise PlatformError(f"{method} {url}: {error.code} {said}") from error
        except OSError as error:
            reason = getattr(error, "reason", None) or error
            raise PlatformError(f"Alertmanager at {self.url} does not answer: {reason}") from error
        try:
            return json.loads(content) if content else None
        except ValueError as error:
            raise PlatformError(f"{method} {url}: no JSON, so this is no Alertmanager") from error
