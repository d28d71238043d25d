# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST API of PagerDuty through the library `pagerduty`, with bounded attempts and errors of one line.

The library would repeat a limited call for ever and tells the end of the token in its errors, so repeating and wording
are done here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .._core.clock import Clock
from .._core.errors import PlatformError
from .._core.rest import LIMITED, Answer, ApiError, Connection, Item, Repeater, nothing, unreachable

try:
    import pagerduty
    from httpx2 import ConnectError, ConnectTimeout
except ImportError:
    HAS_PAGERDUTY = False
else:
    HAS_PAGERDUTY = True

NOT_PAGERDUTY = "this is no answer of PagerDuty's REST API; check api_url"


@dataclass
class Client:
    """Calls to one account. All of them raise ApiError."""

    connection: Connection
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self._repeater = Repeater(self.clock)

    @cached_property
    def _api(self) -> Any:
        return _library(self.connection)

    def list(self, path: str, **params: Any) -> list[Item]:
        """All items of a list, whatever its number of pages; a list as parameter is a filter of several values."""
        return self._call(f"GET /{path}", lambda: list(self._api.iter_all(path, params=params)))

    def find(self, path: str, **params: Any) -> Item | None:
        """One item, None where there is none."""
        try:
            return dict(self._call(f"GET /{path}", lambda: self._api.rget(path, params=params)))
        except ApiError as error:
            if error.missing:
                return None
            raise

    def named(self, collection: str, name: str, **params: Any) -> Item | None:
        """The item of that name. PagerDuty keeps no two names that differ in case alone."""
        found = [item for item in self.list(collection, query=name, **params) if item["name"].lower() == name.lower()]
        exact = [item for item in found if item["name"] == name]
        return next(iter(exact or found), None)

    def create(self, path: str, body: Mapping[str, Any], look: Callable[[], Item | None]) -> Item:
        """Create an item; `look` finds it where the answer was lost. `body` is wrapped: `{"service": {…}}`."""
        return dict(self._call(f"POST /{path}", lambda: self._api.rpost(path, json=dict(body)), look))

    def update(self, path: str, body: Mapping[str, Any]) -> Item:
        return dict(self._call(f"PUT /{path}", lambda: self._api.rput(path, json=dict(body))))

    def delete(self, path: str) -> None:
        """Delete; what is not there is as good as deleted."""
        try:
            self._call(f"DELETE /{path}", lambda: self._api.rdelete(path))
        except ApiError as error:
            if not error.missing:
                raise

    def _call(self, call: str, run: Callable[[], Answer], look: Callable[[], Answer | None] = nothing) -> Answer:
        def once() -> Answer:
            try:
                return run()
            except pagerduty.Error as error:
                raise self._refusal(call, error) from None

        return self._repeater.repeat(once, look)

    def _refusal(self, call: str, error: Any) -> ApiError:
        response = error.response
        if response is None:
            return self._no_answer(call, error.__cause__ or error)
        status = int(response.status_code)
        message = _message(response)
        if status == 401:
            message = f"{message}; check api_token, and api_url where the account is in another region"
        elif status == 403:
            message = f"{message}; api_token has to be one that may write"
        if response.is_success:
            message = NOT_PAGERDUTY
        reset = response.headers.get("ratelimit-reset", "")
        pause = float(reset) if status == LIMITED and reset.isdecimal() else None
        return ApiError(call, status, message, pause=pause)

    def _no_answer(self, call: str, cause: BaseException) -> ApiError:
        if isinstance(cause, (ConnectError, ConnectTimeout)):
            return unreachable(self.connection, str(cause) or type(cause).__name__)
        return ApiError(call, 0, f"{type(cause).__name__}: {cause}")


def _message(response: Any) -> str:
    """What PagerDuty says: `Invalid Input Provided: Name has already been taken (code 2001)`."""
    try:
        answer = response.json()
    except ValueError:
        return NOT_PAGERDUTY
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return NOT_PAGERDUTY
    details = "; ".join(_details(error.get("errors")))
    text = str(error.get("message", "error"))
    return f"{text}{': ' if details else ''}{details} (code {error.get('code', 'unknown')})"


def _details(errors: Any) -> list[str]:
    """Sentences, or for schedules sentences by field."""
    if isinstance(errors, Mapping):
        return [f"{name}: {sentence}" for name, found in sorted(errors.items()) for sentence in _details(found)]
    if isinstance(errors, list):
        return [str(error) for error in errors]
    return [str(errors)] if errors else []


def _library(given: Connection) -> Any:
    """The client of the library, told to try once and to log nothing."""
    if not HAS_PAGERDUTY:
        raise PlatformError("pagerduty: this Python library is missing; install it where the module runs")
    given.check("PAGERDUTY_API_TOKEN")
    trusted = given.trust() if given.ca_cert else True
    client: Any = pagerduty.RestApiV2Client(given.token, base_url=given.url.rstrip("/"), verify=trusted)
    client.timeout = given.timeout_seconds
    client.max_network_attempts = 0
    # A status listed here is not repeated once the number of all attempts is exceeded, which it is at once.
    client.retry = {LIMITED: 1}
    client.max_http_attempts = -1
    client.log = logging.Logger("pagerduty")  # noqa: LOG001 - has no parent, so that nothing reaches the module's output
    client.log.addHandler(logging.NullHandler())
    return client
