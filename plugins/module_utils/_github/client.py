# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST API of GitHub over HTTP, with bounded attempts and errors of one line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from .._core.clock import Clock
from .._core.errors import PlatformError
from .._core.rest import ApiError, Connection, Item, Repeater, nothing, unreachable

try:
    import urllib3
    from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError
except ImportError:
    HAS_URLLIB3 = False
else:
    HAS_URLLIB3 = True

VERSION = "2022-11-28"
PAGE_SIZE = 30  # the most that lists of variables give
LEAST_PAUSE = 60.0  # seconds, where a limit is met and nothing says how long it lasts
NOT_GITHUB = "this is no answer of GitHub's REST API; check api_url"


def path_of(*segments: object) -> str:
    """A path of segments, in which a slash is one of a name."""
    return "".join(f"/{quote(str(segment), safe='')}" for segment in segments)


@dataclass
class Client:
    """Calls with one token. All of them raise ApiError."""

    connection: Connection
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self._repeater = Repeater(self.clock)

    def find(self, path: str) -> Item | None:
        """One object, None where there is none or it is not for this token to see."""
        try:
            return dict(self._call("GET", path))
        except ApiError as error:
            if error.missing:
                return None
            raise

    def pages(self, path: str, wrapper: str) -> list[Item]:
        """All objects of a list, which the API gives below the name `wrapper`."""
        found: list[Item] = []
        while True:
            page = len(found) // PAGE_SIZE + 1
            answer = self._call("GET", f"{path}?{urlencode({'per_page': PAGE_SIZE, 'page': page})}")
            part = answer.get(wrapper)
            if not isinstance(part, list):
                raise ApiError(f"GET {path}", 200, NOT_GITHUB)
            found += part
            if len(part) < PAGE_SIZE:
                return found

    def create(self, path: str, body: Mapping[str, Any], look: Callable[[], Item | None]) -> Item:
        """Create an object; `look` finds it where the answer was lost."""
        return self._call("POST", path, body, look)

    def put(self, path: str, body: Mapping[str, Any]) -> Item:
        return self._call("PUT", path, body)

    def patch(self, path: str, body: Mapping[str, Any]) -> Item:
        return self._call("PATCH", path, body)

    def delete(self, path: str) -> None:
        """Delete; what is not there is as good as deleted."""
        try:
            self._call("DELETE", path)
        except ApiError as error:
            if not error.missing:
                raise

    def request(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Item:
        """One call, once."""
        call = f"{method} {path.partition('?')[0]}"
        data = None if body is None else json.dumps(body)
        pool, prefix = self._pool
        try:
            answer = pool.request(method, prefix + path, body=data, headers=self._headers, redirect=False)
        except HTTPError as error:
            raise self._no_answer(call, error) from None
        if answer.status >= 300:
            raise _refusal(call, answer)
        content = _parsed(answer.data) if answer.data else {}
        if content is None:
            raise ApiError(call, answer.status, NOT_GITHUB)
        return content

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        look: Callable[[], Item | None] = nothing,
    ) -> Item:
        return self._repeater.repeat(lambda: self.request(method, path, body), look)

    @cached_property
    def _headers(self) -> dict[str, str]:
        return {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self.connection.token}",
            "Content-Type": "application/json",
            "User-Agent": "trademaster.platform",
            "X-GitHub-Api-Version": VERSION,
        }

    @cached_property
    def _pool(self) -> tuple[Any, str]:
        """Connections, and what stands before every path."""
        if not HAS_URLLIB3:
            raise PlatformError("urllib3: this Python library is missing; install it where the module runs")
        given = self.connection
        given.check("GITHUB_TOKEN")
        where = urlsplit(given.url)
        pool = urllib3.HTTPSConnectionPool(
            where.hostname or "",
            where.port,
            timeout=urllib3.Timeout(given.timeout_seconds),
            retries=False,
            ssl_context=given.trust(),
        )
        return pool, where.path.rstrip("/")

    def _no_answer(self, call: str, error: Exception) -> ApiError:
        if isinstance(error, (NewConnectionError, ConnectTimeoutError, SSLError)):
            reason = str(getattr(error, "reason", None) or error)
            return unreachable(self.connection, reason.rpartition(": ")[2])
        return ApiError(call, 0, f"{type(error).__name__}: {error}")


def _parsed(data: bytes) -> Item | None:
    try:
        answer = json.loads(data)
    except ValueError:
        return None
    return answer if isinstance(answer, dict) else None


def _refusal(call: str, answer: Any) -> ApiError:
    status, told = int(answer.status), _parsed(answer.data) or {}
    if "message" not in told and not 300 < status < 400:
        return ApiError(call, status, NOT_GITHUB)
    message = ": ".join([" ".join(str(told.get("message", "")).split()), *_details(told.get("errors"))])
    pause = _pause(status, answer.headers, message)
    if status == 401:
        message = f"{message}; check api_token, which may have expired"
    elif pause is not None:
        message = f"{message} (again in {pause:g} s)"
    elif status == 403:
        needed = answer.headers.get("X-Accepted-GitHub-Permissions")
        message = f"{message}; api_token " + (f"needs the permission {needed}" if needed else "may not do this")
    elif status in {301, 302, 307, 308}:
        message = "this is somewhere else now; name the repository as it is called today, and check api_url"
    return ApiError(call, status, message, pause=pause)


def _details(errors: Any) -> Iterator[str]:
    """One text for all errors: sentences, or records with a message or a code."""
    listed = errors if isinstance(errors, list) else [errors] if errors else []
    texts = [
        str(item.get("message") or f"{item.get('field', item.get('resource'))} {item.get('code')}")
        if isinstance(item, dict)
        else str(item)
        for item in listed
    ]
    if texts:
        yield "; ".join(texts)


def _pause(status: int, headers: Mapping[str, str], message: str) -> float | None:
    """Seconds after which a limit is over; None where none was met. The API's own clock counts, not that of here."""
    if status not in {403, 429}:
        return None
    after = headers.get("Retry-After", "")
    if after.isdecimal():
        return float(after)
    reset = headers.get("X-RateLimit-Reset", "")
    if headers.get("X-RateLimit-Remaining") != "0" or not reset.isdecimal() or "Date" not in headers:
        return LEAST_PAUSE if status == 429 or "secondary rate limit" in message else None
    return max(0.0, float(reset) - parsedate_to_datetime(headers["Date"]).timestamp())
