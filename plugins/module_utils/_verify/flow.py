# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in as a customer does, check by check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from .._core.clock import Clock
from .http import Answer, Request, Send

BASE = "/api/v1/auth"
REDIRECTS = (301, 302, 307, 308)
LONGEST_PAUSE = 120  # seconds that a rate limit may ask for; the service's windows for sign-in are a minute


class CheckFailed(Exception):
    """A check did not hold; `name` says which, the text what was seen."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        super().__init__(text)


@dataclass(frozen=True, repr=False)
class Probe:
    """The account that signs in, and the token that proves its e-mail address."""

    email: str
    password: str
    verification_token: str


@dataclass
class Flow:
    """Runs checks with `send` and keeps their times in `checks`."""

    send: Send
    clock: Clock = field(default_factory=Clock)
    checks: list[dict[str, Any]] = field(default_factory=list)
    pauses: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def check(self, name: str) -> Iterator[Callable[[bool, str], None]]:
        """Time a check. The yielded function fails it, with what was seen, when its condition does not hold."""
        started = self.clock.now()

        def expect(condition: bool, seen: str) -> None:
            if not condition:
                raise CheckFailed(name, seen)

        held = False
        try:
            yield expect
            held = True
        finally:
            self.checks.append({"name": name, "ok": held, "seconds": round(self.clock.now() - started, 2)})

    def serves(self, http_url: str) -> None:
        """Health over verified TLS, and the redirect of plain HTTP."""
        with self.check("health over HTTPS") as expect:
            answer = self.send(Request("GET", "/actuator/health"))
            expect(
                answer.status == 200, f"GET /actuator/health answered {answer.status} {answer.text('status')}".strip()
            )
            expect(answer.text("status") == "UP", f"health is {answer.text('status') or 'not told'}")
        if http_url:
            with self.check("HTTP redirects to HTTPS") as expect:
                answer = self.send(Request("GET", "/actuator/health", url=http_url))
                target = answer.header("Location")
                expect(answer.status in REDIRECTS, f"{http_url} answered {answer.status} instead of a redirect")
                expect(target.startswith("https://"), f"{http_url} redirects to {target!r}")

    def account(self, probe: Probe) -> str:
        """Whether the account may sign in: `ready`, `verified` just now, or `registered` and still to be verified."""
        with self.check("account") as expect:
            if self._post("login", self._credentials(probe)).status == 200:
                return "ready"
            if self._post("verify-email", {"token": probe.verification_token}).status == 200:
                return "verified"
            body = {**self._credentials(probe), "firstName": "Synthetic", "lastName": "Probe"}
            answer = self._post("register", body)
            known = answer.status == 400 and "exists" in answer.text("message")
            expect(answer.status == 201 or known, _seen("register", answer))
        return "registered"

    def verify(self, probe: Probe) -> None:
        """Prove the e-mail address of a registered account."""
        with self.check("e-mail verification") as expect:
            answer = self._post("verify-email", {"token": probe.verification_token})
            expect(answer.status == 200, _seen("verify-email", answer))

    def signs_in(self, probe: Probe) -> str:
        """Refusal, sign-in, use, refresh and sign-out. Answers an access token, which outlives its session."""
        with self.check("wrong password refused") as expect:
            answer = self._post("login", {"email": probe.email, "password": f"not-{probe.password[:8]}"})
            expect(answer.status == 401, _seen("login with a wrong password", answer))
        with self.check("sign-in") as expect:
            answer = self._post("login", self._credentials(probe))
            expect(answer.status == 200, _seen("login", answer))
            access, refresh = answer.text("accessToken"), answer.text("refreshToken")
            expect(access.count(".") == 2 and refresh.count(".") == 2, "login answered no tokens")
        with self.check("use of the token") as expect:
            answer = self.send(Request("GET", f"{BASE}/mfa/status", bearer=access))
            expect(answer.status == 200, _seen("mfa/status", answer))
            answer = self.send(Request("GET", f"{BASE}/mfa/status"))
            expect(answer.status == 401, f"mfa/status without a token answered {answer.status} instead of 401")
        with self.check("refresh") as expect:
            answer = self._post("refresh", {"refreshToken": refresh}, bearer=access)
            expect(answer.status == 200, _seen("refresh", answer))
            access, refresh = answer.text("accessToken"), answer.text("refreshToken")
            expect(access.count(".") == 2, "refresh answered no token")
        with self.check("sign-out ends the session") as expect:
            answer = self._post("logout", {}, bearer=access)
            expect(answer.status == 200, _seen("logout", answer))
            answer = self._post("refresh", {"refreshToken": refresh}, bearer=access)
            expect(answer.status == 401, f"refresh after logout answered {answer.status} instead of 401")
        return access

    def _credentials(self, probe: Probe) -> dict[str, str]:
        return {"email": probe.email, "password": probe.password}

    def _post(self, name: str, body: dict[str, Any], bearer: str = "") -> Answer:
        """POST; one that a rate limit refuses is repeated once, when the limit says it may."""
        request = Request("POST", f"{BASE}/{name}", body, bearer)
        answer = self.send(request)
        pause = retry_after(answer)
        if pause is None:
            return answer
        self.clock.sleep(pause)
        self.pauses.append({"name": f"rate limit of {name}", "seconds": float(pause)})
        return self.send(request)


def retry_after(answer: Answer) -> int | None:
    """Seconds that a rate limit asks to wait; None for every other answer, and for a limit that lasts too long."""
    text = answer.header("Retry-After")
    if answer.status != 429 or not text.isdecimal() or int(text) > LONGEST_PAUSE:
        return None
    return int(text)


def _seen(name: str, answer: Answer) -> str:
    return f"{name} answered {answer.status} {answer.text('message')}".strip()
