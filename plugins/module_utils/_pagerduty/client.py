# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The REST API of PagerDuty through the library `pagerduty`, with bounded attempts and errors of one line.

The library would repeat a limited call for ever and tells the end of the token in its errors, so repeating and wording
are done here. A call is repeated where that is safe: any that PagerDuty says it did not look at, and those that read or
that write the same again. Where the answer to a creation is lost, a look tells whether it took place.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

from .._core.clock import Clock
from .._core.errors import InvalidInput, PlatformError

try:
    import pagerduty
    from httpx2 import ConnectError, ConnectTimeout
except ImportError:
    HAS_PAGERDUTY = False
else:
    HAS_PAGERDUTY = True

ATTEMPTS = 5
FIRST_PAUSE = 0.5  # seconds
LONGEST_PAUSE = 30.0
LIMITED = 429
NOT_PAGERDUTY = "this is no answer of PagerDuty's REST API; check api_url"

Answer = TypeVar("Answer")
Item = dict[str, Any]


@dataclass(frozen=True)
class Connection:
    """Where the REST API is and how to speak to it. `ca_cert` is the path of a PEM file."""

    url: str
    token: str
    ca_cert: str = ""
    timeout_seconds: float = 30.0


class PagerDutyError(PlatformError):
    """PagerDuty refused a call, or could not be asked.

    `status` is 0 where no answer came. `sent` tells whether the call may have reached PagerDuty. `pause` is the number
    of seconds after which PagerDuty wants to be asked again, where it says so.
    """

    def __init__(self, call: str, status: int, message: str, *, sent: bool = True, pause: float | None = None) -> None:
        self.status = status
        self.sent = sent
        self.pause = pause
        super().__init__(f"{call}: {status or 'no answer'}: {message}" if sent else message)

    @property
    def missing(self) -> bool:
        return self.status == 404

    @property
    def uncertain(self) -> bool:
        """Whether the call may have had its effect although it failed."""
        return self.sent and (self.status == 0 or self.status >= 500)


@dataclass
class Client:
    """Calls to one account."""

    connection: Connection
    clock: Clock = field(default_factory=Clock)
    _reached: bool = False

    @cached_property
    def _api(self) -> Any:
        return _library(self.connection)

    def list(self, path: str, **params: Any) -> list[Item]:
        """All items of a list, whatever its number of pages; a list as parameter is a filter of several values."""
        return self._repeat(f"GET /{path}", lambda: list(self._api.iter_all(path, params=params)))

    def find(self, path: str, **params: Any) -> Item | None:
        """One item, None where there is none."""
        try:
            return dict(self._repeat(f"GET /{path}", lambda: self._api.rget(path, params=params)))
        except PagerDutyError as error:
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
        call = f"POST /{path}"
        for attempt in range(ATTEMPTS):
            try:
                return dict(self._once(call, lambda: self._api.rpost(path, json=dict(body))))
            except PagerDutyError as error:
                found = look() if error.uncertain else None
                if found is not None:
                    return found
                if not self._passes(error) or attempt + 1 == ATTEMPTS:
                    raise
                self._pause(attempt, error)
        raise AssertionError("unreachable: the last attempt answers or raises")

    def update(self, path: str, body: Mapping[str, Any]) -> Item:
        return dict(self._repeat(f"PUT /{path}", lambda: self._api.rput(path, json=dict(body))))

    def delete(self, path: str) -> None:
        """Delete; what is not there is as good as deleted."""
        try:
            self._repeat(f"DELETE /{path}", lambda: self._api.rdelete(path))
        except PagerDutyError as error:
            if not error.missing:
                raise

    def _repeat(self, call: str, run: Callable[[], Answer]) -> Answer:
        for attempt in range(ATTEMPTS):
            try:
                return self._once(call, run)
            except PagerDutyError as error:
                if not self._passes(error) or attempt + 1 == ATTEMPTS:
                    raise
                self._pause(attempt, error)
        raise AssertionError("unreachable: the last attempt answers or raises")

    def _passes(self, error: PagerDutyError) -> bool:
        """Whether the same call may succeed a little later: not where the very first one finds nobody."""
        return error.uncertain or error.status in {408, LIMITED} or (not error.sent and self._reached)

    def _pause(self, attempt: int, error: PagerDutyError) -> None:
        usual = self.clock.pause(attempt, first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        self.clock.sleep(usual if error.pause is None else min(error.pause + usual, 2 * LONGEST_PAUSE))

    def _once(self, call: str, run: Callable[[], Answer]) -> Answer:
        try:
            answer = run()
        except pagerduty.Error as error:
            self._reached = self._reached or error.response is not None
            raise self._refusal(call, error) from None
        self._reached = True
        return answer

    def _refusal(self, call: str, error: Any) -> PagerDutyError:
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
        return PagerDutyError(call, status, message, pause=pause)

    def _no_answer(self, call: str, cause: BaseException) -> PagerDutyError:
        if isinstance(cause, (ConnectError, ConnectTimeout)):
            hint = "check ca_cert" if "certificate" in str(cause).lower() else "is it up and reachable?"
            text = f"api_url: {self.connection.url} cannot be reached: {str(cause) or type(cause).__name__}; {hint}"
            return PagerDutyError(call, 0, text, sent=False)
        return PagerDutyError(call, 0, f"{type(cause).__name__}: {cause}")


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
    if not given.token:
        raise InvalidInput("api_token", None, "is not given; set the option, or the variable PAGERDUTY_API_TOKEN")
    if not given.token.isascii() or not given.token.isprintable() or " " in given.token:
        raise InvalidInput("api_token", "********", "holds a line break or what no header can; trim it")
    if not given.url.startswith("https://"):
        raise InvalidInput("api_url", given.url, "has to be an https:// URL")
    if given.timeout_seconds <= 0:
        raise InvalidInput("timeout_seconds", given.timeout_seconds, "has to be more than 0")
    client: Any = pagerduty.RestApiV2Client(given.token, base_url=given.url.rstrip("/"), verify=_trust(given.ca_cert))
    client.timeout = given.timeout_seconds
    client.max_network_attempts = 0
    # A status listed here is not repeated once the number of all attempts is exceeded, which it is at once.
    client.retry = {LIMITED: 1}
    client.max_http_attempts = -1
    client.log = logging.Logger("pagerduty")  # noqa: LOG001 - has no parent, so that nothing reaches the module's output
    client.log.addHandler(logging.NullHandler())
    return client


def _trust(ca_cert: str) -> ssl.SSLContext | bool:
    if not ca_cert:
        return True
    try:
        return ssl.create_default_context(cafile=ca_cert)
    except OSError as error:
        raise InvalidInput("ca_cert", ca_cert, f"cannot be read as PEM: {error.strerror or error}") from None
