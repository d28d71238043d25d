# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to the REST API of another company: where it is, what its refusals tell, and which calls are repeated.

A call is repeated where that is safe: any that the API says it did not look at, and those that read or that write the
same again. Where the answer to a creation is lost, a look tells whether it took place.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from .clock import Clock
from .errors import InvalidInput, PlatformError

ATTEMPTS = 5
FIRST_PAUSE = 0.5  # seconds
LONGEST_USUAL_PAUSE = 30.0
LONGEST_PAUSE = 60.0  # that the API may ask for
LIMITED = 429

Answer = TypeVar("Answer")
Item = dict[str, Any]


@dataclass(frozen=True)
class Connection:
    """Where the API is and how to speak to it. `ca_cert` is the path of a PEM file."""

    url: str
    token: str = field(repr=False)
    ca_cert: str = ""
    timeout_seconds: float = 30.0

    def check(self, token_variable: str) -> None:
        """Raises InvalidInput where no call can be made with this. The variable may hold the token as well."""
        if not self.token:
            raise InvalidInput("api_token", None, f"is not given; set the option, or the variable {token_variable}")
        if not self.token.isascii() or not self.token.isprintable() or " " in self.token:
            raise InvalidInput("api_token", "********", "holds a line break or what no header can; trim it")
        if not self.url.startswith("https://"):
            raise InvalidInput("api_url", self.url, "has to be an https:// URL")
        if self.timeout_seconds <= 0:
            raise InvalidInput("timeout_seconds", self.timeout_seconds, "has to be more than 0")

    def trust(self) -> ssl.SSLContext:
        """Raises InvalidInput where the authorities cannot be read."""
        try:
            return ssl.create_default_context(cafile=self.ca_cert or None)
        except OSError as error:
            raise InvalidInput("ca_cert", self.ca_cert, f"cannot be read as PEM: {error.strerror or error}") from None


class ApiError(PlatformError):
    """The API refused a call, or could not be asked.

    `status` is 0 where no answer came. `sent` tells whether the call may have reached the API. `pause` is the number
    of seconds after which it wants to be asked again, where it says so.
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

    @property
    def limited(self) -> bool:
        """Whether the API did not look at the call, as there were too many of them or it came too slowly."""
        return self.status in {408, LIMITED} or self.pause is not None


def unreachable(connection: Connection, reason: str) -> ApiError:
    """Nobody was there, or somebody with another certificate."""
    hint = "check ca_cert" if "certificate" in reason.lower() else "is it up and reachable?"
    text = f"api_url: {connection.url} cannot be reached: {reason}; {hint}"
    return ApiError("", 0, text, sent=False)


def nothing() -> None:
    """What is found where there is nothing to look for."""


@dataclass
class Repeater:
    """Repeats calls to one API."""

    clock: Clock = field(default_factory=Clock)
    _reached: bool = False

    def repeat(self, run: Callable[[], Answer], look: Callable[[], Answer | None] = nothing) -> Answer:
        """The answer of `run`. After a failure that may have had its effect, what `look` finds is the answer."""
        for attempt in range(ATTEMPTS):
            try:
                return self._once(run)
            except ApiError as error:
                found = look() if error.uncertain else None
                if found is not None:
                    return found
                if not self._passes(error) or attempt + 1 == ATTEMPTS:
                    raise
                self._pause(attempt, error)
        raise AssertionError("unreachable: the last attempt answers or raises")

    def _once(self, run: Callable[[], Answer]) -> Answer:
        try:
            answer = run()
        except ApiError as error:
            self._reached = self._reached or error.status > 0
            raise
        self._reached = True
        return answer

    def _passes(self, error: ApiError) -> bool:
        """Whether the same call may succeed a little later: not where the very first one finds nobody."""
        too_long = error.pause is not None and error.pause > LONGEST_PAUSE
        return not too_long and (error.uncertain or error.limited or (not error.sent and self._reached))

    def _pause(self, attempt: int, error: ApiError) -> None:
        usual = self.clock.pause(attempt, first=FIRST_PAUSE, longest=LONGEST_USUAL_PAUSE)
        self.clock.sleep(usual + (error.pause or 0.0))
