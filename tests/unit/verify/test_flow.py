"""The sign-in flow against a service that keeps state and misbehaves in one way at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._verify.flow import (
    CheckFailed,
    Flow,
    Probe,
    retry_after,
)
from ansible_collections.trademaster.platform.plugins.module_utils._verify.http import Answer, Request

PROBE = Probe("probe@example.com", "correct-horse", "token-of-the-secret")
HTTP = "http://auth.example.com"


@dataclass
class Service:
    """Answers as the authentication service does; `answers` replaces the answer of a path."""

    registered: bool = True
    verified: bool = True
    token: str = PROBE.verification_token
    session: bool = False
    answers: dict[str, Answer] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> Answer:
        name = "redirect" if request.url else request.path.rsplit("/", 1)[-1]
        if request.method == "POST":
            self.writes.append(name)
        if name in self.answers:
            return self.answers[name]
        handler: Callable[[Request], Answer] = getattr(self, name.replace("-", "_"))
        return handler(request)

    def redirect(self, _: Request) -> Answer:
        return Answer(301, {"location": "https://auth.example.com/actuator/health"}, {})

    def health(self, _: Request) -> Answer:
        return Answer(200, {}, {"status": "UP"})

    def login(self, request: Request) -> Answer:
        right = (request.body or {}).get("password") == PROBE.password
        if not (self.registered and self.verified and right):
            return Answer(401, {}, {"message": "Login failed"})
        self.session = True
        return Answer(200, {}, {"accessToken": "a.b.c", "refreshToken": "r.b.c"})

    def verify_email(self, request: Request) -> Answer:
        right = self.registered and (request.body or {}).get("token") == self.token
        self.verified = self.verified or right
        return Answer(200 if right else 400, {}, {})

    def register(self, _: Request) -> Answer:
        if self.registered:
            return Answer(400, {}, {"message": "Registration failed: Email already exists"})
        self.registered, self.verified, self.token = True, False, "sent by mail"
        return Answer(201, {}, {})

    def status(self, request: Request) -> Answer:
        return Answer(200 if request.bearer == "a.b.c" else 401, {}, {})

    def refresh(self, _: Request) -> Answer:
        return Answer(200 if self.session else 401, {}, {"accessToken": "a.b.c", "refreshToken": "r.b.c"})

    def logout(self, _: Request) -> Answer:
        self.session = False
        return Answer(200, {}, {})


def flow(service: Service) -> Flow:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    return Flow(service, Clock(now=lambda: now[0], sleep=sleep))


def sign_in(subject: Flow) -> None:
    subject.serves(HTTP)
    assert subject.account(PROBE) == "ready"
    subject.signs_in(PROBE)


def test_every_check_holds_and_is_timed() -> None:
    subject = flow(Service())

    sign_in(subject)

    assert [check["name"] for check in subject.checks] == [
        "health over HTTPS",
        "HTTP redirects to HTTPS",
        "account",
        "wrong password refused",
        "sign-in",
        "use of the token",
        "refresh",
        "sign-out ends the session",
    ]
    assert all(check["ok"] and check["seconds"] == 0.0 for check in subject.checks)


@pytest.mark.parametrize(
    ("path", "answer", "check", "seen"),
    [
        ("health", Answer(503, {}, {"status": "DOWN"}), "health over HTTPS", "answered 503 DOWN"),
        ("health", Answer(200, {}, {"status": "DOWN"}), "health over HTTPS", "health is DOWN"),
        ("health", Answer(200, {}, {}), "health over HTTPS", "health is not told"),
        ("redirect", Answer(200, {}, {}), "HTTP redirects to HTTPS", "answered 200 instead of a redirect"),
        ("redirect", Answer(301, {"location": "http://x"}, {}), "HTTP redirects to HTTPS", "redirects to 'http://x'"),
        ("status", Answer(200, {}, {}), "use of the token", "without a token answered 200"),
        ("status", Answer(401, {}, {"message": "bound"}), "use of the token", "mfa/status answered 401 bound"),
        ("refresh", Answer(500, {}, {}), "refresh", "refresh answered 500"),
        (
            "refresh",
            Answer(200, {}, {"accessToken": "a.b.c"}),
            "sign-out ends the session",
            "after logout answered 200",
        ),
        ("logout", Answer(401, {}, {}), "sign-out ends the session", "logout answered 401"),
    ],
)
def test_what_does_not_hold_is_named(path: str, answer: Answer, check: str, seen: str) -> None:
    subject = flow(Service(answers={path: answer}))

    with pytest.raises(CheckFailed, match=seen) as failure:
        sign_in(subject)

    assert failure.value.name == check
    assert (subject.checks[-1]["name"], subject.checks[-1]["ok"]) == (check, False)


def test_a_service_that_takes_any_password_is_refused() -> None:
    anything = Answer(200, {}, {"accessToken": "a.b.c", "refreshToken": "r.b.c"})

    with pytest.raises(CheckFailed) as failure:
        sign_in(flow(Service(answers={"login": anything})))

    assert failure.value.name == "wrong password refused"


@pytest.mark.parametrize(
    ("service", "account", "writes"),
    [
        (Service(), "ready", ["login"]),
        (Service(verified=False), "verified", ["login", "verify-email"]),
        (Service(registered=False), "registered", ["login", "verify-email", "register"]),
        (Service(verified=False, token="sent by mail"), "registered", ["login", "verify-email", "register"]),
    ],
)
def test_an_account_is_registered_once(service: Service, account: str, writes: list[str]) -> None:
    assert flow(service).account(PROBE) == account
    assert service.writes == writes


def test_a_registration_that_is_refused_fails() -> None:
    service = Service(registered=False, answers={"register": Answer(400, {}, {"message": "Validation failed"})})

    with pytest.raises(CheckFailed, match="register answered 400 Validation failed"):
        flow(service).account(PROBE)


def test_a_rate_limit_is_waited_for_once() -> None:
    limited = Answer(429, {"Retry-After": "42"}, {})
    subject = flow(Service(answers={"login": limited}))

    with pytest.raises(CheckFailed, match="login with a wrong password answered 429"):
        subject.signs_in(PROBE)

    assert subject.pauses == [{"name": "rate limit of login", "seconds": 42.0}]


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [
        (429, {"Retry-After": "7"}, 7),
        (429, {"retry-after": "7"}, 7),
        (429, {}, None),
        (429, {"Retry-After": "soon"}, None),
        (429, {"Retry-After": "3600"}, None),
        (200, {"Retry-After": "7"}, None),
    ],
)
def test_only_a_short_limit_is_waited_for(status: int, headers: dict[str, Any], pause: int | None) -> None:
    assert retry_after(Answer(status, headers, {})) == pause
