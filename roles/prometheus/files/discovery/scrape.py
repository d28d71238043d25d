# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetches metrics that only an administrator may read, for Prometheus, which cannot sign in."""

from __future__ import annotations

import base64
import http.client
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .settings import Relay

# The service binds a token to these headers of the request that asked for it.
HEADERS = {
    "User-Agent": "trademaster.platform/discovery",
    "Accept": "*/*",
    "Accept-Language": "en",
    "Accept-Encoding": "identity",
}
# A sign-in that failed is not repeated before: wrong passwords lock an account, and attempts are limited.
PAUSE_SECONDS = 60.0
# A token is renewed so long before it ends.
SPARE_SECONDS = 30.0


class Unreachable(Exception):
    """No answer from a target."""


class SignInFailed(Exception):
    """No token, for the reason that the text gives."""


@dataclass(frozen=True)
class Account:
    email: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Answer:
    status: int
    content_type: str
    body: bytes


@dataclass(frozen=True)
class Request:
    """`target` is host:port; `headers` add to those of every request."""

    method: str
    target: str
    path: str
    timeout: float
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


Send = Callable[[Request], Answer]


def send(request: Request) -> Answer:
    """Raises Unreachable."""
    connection = http.client.HTTPConnection(request.target, timeout=request.timeout)
    try:
        connection.request(request.method, request.path, request.body, {**HEADERS, **request.headers})
        answer = connection.getresponse()
        return Answer(answer.status, answer.getheader("Content-Type", "text/plain"), answer.read())
    except (OSError, http.client.HTTPException) as error:
        raise Unreachable(f"{request.target}: {error}") from error
    finally:
        connection.close()


@dataclass(frozen=True)
class Tokens:
    """`access` reads metrics, `refresh` gets new tokens for the same session. Seconds since the epoch."""

    access: str = field(default="", repr=False)
    refresh: str = field(default="", repr=False)
    issued: float = 0.0
    ends: float = 0.0


class Session:
    """The tokens of the account, the same for all targets. `clock` gives seconds since the epoch."""

    def __init__(self, account: Account, clock: Callable[[], float], send: Send) -> None:
        self.failures = 0
        self._account = account
        self._clock = clock
        self._send = send
        self._lock = threading.Lock()
        self._tokens = Tokens()
        self._not_before = 0.0

    def token(self, target: str, relay: Relay, timeout: float) -> str:
        """Raises SignInFailed, Unreachable."""
        with self._lock:
            now = self._clock()
            if now >= self._tokens.ends:
                if now < self._not_before:
                    raise SignInFailed(f"waiting {self._not_before - now:.0f} s after a sign-in that failed")
                self._tokens = self._new_tokens(target, relay, timeout)
            return self._tokens.access

    def refused(self, token: str) -> bool:
        """Note that a target refused the token; True when a new one is worth trying."""
        with self._lock:
            if token != self._tokens.access:
                return True
            if self._clock() - self._tokens.issued < PAUSE_SECONDS:
                return False
            self._tokens = Tokens()
            return True

    def _new_tokens(self, target: str, relay: Relay, timeout: float) -> Tokens:
        """Those of the session that there is, because each sign-in is a session more that the service keeps."""
        try:
            refreshed = self._refresh(target, relay, timeout) if self._tokens.refresh else None
            return refreshed or self._sign_in(target, relay, timeout)
        except (SignInFailed, Unreachable):
            self.failures += 1
            self._not_before = self._clock() + PAUSE_SECONDS
            raise

    def _refresh(self, target: str, relay: Relay, timeout: float) -> Tokens | None:
        refresh = self._tokens.refresh
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {refresh}"}
        body = json.dumps({"refreshToken": refresh}).encode()
        return self._read(self._send(Request("POST", target, relay.refresh_path, timeout, headers, body)))

    def _sign_in(self, target: str, relay: Relay, timeout: float) -> Tokens:
        body = json.dumps({"email": self._account.email, "password": self._account.password}).encode()
        headers = {"Content-Type": "application/json"}
        answer = self._send(Request("POST", target, relay.sign_in_path, timeout, headers, body))
        tokens = self._read(answer)
        if tokens is None:
            raise SignInFailed(f"sign-in at {target} answered {answer.status} and no token")
        return tokens

    def _read(self, answer: Answer) -> Tokens | None:
        content = _object(answer.body) if answer.status == 200 else {}
        access, refresh = str(content.get("accessToken") or ""), str(content.get("refreshToken") or "")
        now = self._clock()
        ends = (_expiry(access) or now + PAUSE_SECONDS) - SPARE_SECONDS
        return Tokens(access, refresh, now, ends) if access else None


class Scraper:
    """Passes answers of known targets on, status and all. Without a session it does not sign in."""

    def __init__(self, session: Session | None, send: Send) -> None:
        self.known: Mapping[str, Relay] = {}
        self._session = session
        self._send = send

    @property
    def sign_in_failures(self) -> int:
        return self._session.failures if self._session else 0

    def fetch(self, target: str, timeout: float) -> Answer:
        relay = self.known.get(target)
        if relay is None:
            return _told(403, f"{target} is not among the targets that were found")
        try:
            return self._fetch(target, relay, timeout)
        except (SignInFailed, Unreachable) as error:
            return _told(502, str(error))

    def _fetch(self, target: str, relay: Relay, timeout: float) -> Answer:
        if self._session is None:
            return self._send(Request("GET", target, relay.path, timeout))
        token = self._session.token(target, relay, timeout)
        answer = self._get(target, relay, token, timeout)
        if answer.status not in (401, 403) or not self._session.refused(token):
            return answer
        return self._get(target, relay, self._session.token(target, relay, timeout), timeout)

    def _get(self, target: str, relay: Relay, token: str, timeout: float) -> Answer:
        return self._send(Request("GET", target, relay.path, timeout, {"Authorization": f"Bearer {token}"}))


def _told(status: int, text: str) -> Answer:
    return Answer(status, "text/plain; charset=utf-8", f"{text}\n".encode())


def _object(content: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(content)
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}


def _expiry(token: str) -> float | None:
    """`exp` of a token, whose signature is its issuer's business."""
    claims = token.split(".")[1] if token.count(".") == 2 else ""
    try:
        content = base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4))
    except ValueError:
        return None
    expiry = _object(content).get("exp")
    return float(expiry) if isinstance(expiry, int | float) else None
