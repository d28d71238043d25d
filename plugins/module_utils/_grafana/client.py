# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A thin client of Grafana's HTTP API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from .._core.errors import PlatformError
from .._verify.prometheus import Refused, Server, pool

with suppress(ImportError):  # pool() says that it is missing
    from urllib3.exceptions import HTTPError, SSLError


@dataclass
class Grafana:
    """Calls as the account of `server`. Raises PlatformError, Refused, InvalidInput."""

    server: Server
    _pool: Any = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._pool = pool(self.server)

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """The JSON that Grafana answers."""
        server = self.server
        headers = {**server.headers(), **({"Content-Type": "application/json"} if body is not None else {})}
        data = None if body is None else json.dumps(body)
        try:
            answer = self._pool.request(
                method, urlsplit(server.url).path.rstrip("/") + path, body=data, headers=headers
            )
        except SSLError as error:
            remedy = "set grafana.ca_file to the authority that signed it, or grafana.server_name to the name it is for"
            raise PlatformError(
                f"certificate of {server.url}: {error.args[0] if error.args else error}: {remedy}"
            ) from error
        except HTTPError as error:
            raise PlatformError(f"grafana.url: {server.url}: {getattr(error, 'reason', None) or error}") from error
        return _content(f"{method} {path.partition('?')[0]}", answer.status, answer.data)


def _content(call: str, status: int, content: bytes) -> Any:
    try:
        answer = json.loads(content)
    except ValueError:
        answer = None
    if status == 200 and answer is not None:
        return answer
    said = answer.get("message") if isinstance(answer, dict) else None
    raise Refused(status, f"{call}: {status}: {said or 'no answer of Grafana'}")
