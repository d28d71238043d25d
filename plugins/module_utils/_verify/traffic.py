# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Requests through the gateway while somebody looks at what becomes of them: few, and no longer than that.

They are of one signed-in user, and stay below the limit of the account's tier.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from .._core.errors import PlatformError
from .flow import BASE
from .http import Request, Send, Unreachable, Untrusted

THREADS = 4
JOIN_SECONDS = 11.0  # a little longer than a request waits for its answer
PATH = f"{BASE}/mfa/status"


@dataclass(frozen=True, repr=False)
class Account:
    """Who signs in, and by which way."""

    send: Send
    email: str
    password: str

    def sign_in(self) -> str:
        """An access token."""
        answer = self.send(Request("POST", f"{BASE}/login", {"email": self.email, "password": self.password}))
        token = answer.text("accessToken")
        if not token:
            said = f"{answer.status} {answer.text('message')}".strip()
            raise PlatformError(f"sign-in of {self.email}, for requests: {said}; does `make verify` pass?")
        return token


@dataclass
class Traffic:
    """`per_minute` requests with `token`, to each of `ways` in turn, from a few threads, as answers may be slow."""

    ways: Sequence[Send]
    per_minute: int
    token: str = field(default="", repr=False)
    flows: bool = False

    @contextmanager
    def flowing(self) -> Iterator[None]:
        """Send requests until the block ends, as long as it `flows`."""
        ended = threading.Event()
        numbers = range(THREADS if self.per_minute > 0 else 0)
        threads = [threading.Thread(target=self._send, args=(ended, number), daemon=True) for number in numbers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            ended.set()
            latest = time.monotonic() + JOIN_SECONDS
            for thread in threads:
                thread.join(timeout=max(0.0, latest - time.monotonic()))

    def _send(self, ended: threading.Event, number: int) -> None:
        interval = 60 * THREADS / self.per_minute
        due = time.monotonic() + number * interval / THREADS
        turn = number
        while not ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + interval, time.monotonic())
            if self.flows:
                turn += 1
                # What does not answer is what somebody looks for.
                with suppress(Unreachable, Untrusted):
                    self.ways[turn % len(self.ways)](Request("GET", PATH, bearer=self.token))
