"""Signing in for Prometheus: once, again when it has to be, never so often that the account locks."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field

import pytest
from discovery.scrape import HEADERS, Account, Answer, Request, Scraper, Session, Unreachable, send
from discovery.settings import Relay

TARGET = "10.0.0.1:9080"
RELAY = Relay(9080, "/actuator/prometheus", "/api/v1/auth/login", "/api/v1/auth/refresh")


@dataclass
class Service:
    """An authentication service that remembers its tokens, on its own clock."""

    now: float = 1000.0
    lifetime: float = 900.0
    status: int = 200
    password: str = "right"
    tokens: set[str] = field(default_factory=set)
    session: str = ""
    sign_ins: int = 0
    refreshes: int = 0
    scrapes: int = 0
    down: bool = False

    def __call__(self, request: Request) -> Answer:
        if self.down:
            raise Unreachable(f"{request.target}: refused")
        if request.method == "POST" and request.path == RELAY.sign_in_path:
            return self._sign_in(json.loads(request.body or b"{}"))
        if request.method == "POST" and request.path == RELAY.refresh_path:
            return self._refresh(request)
        self.scrapes += 1
        known = request.headers.get("Authorization", "").removeprefix("Bearer ") in self.tokens
        return Answer(self.status if known else 401, "text/plain; version=0.0.4", b"up 1\n" if known else b"")

    def _sign_in(self, body: dict[str, str]) -> Answer:
        self.sign_ins += 1
        if body != {"email": "metrics@example.com", "password": self.password}:
            return Answer(401, "application/json", b'{"message": "Invalid credentials"}')
        self.session = f"refresh-{self.sign_ins}"
        return self._issue()

    def _refresh(self, request: Request) -> Answer:
        self.refreshes += 1
        body, bearer = json.loads(request.body or b"{}"), request.headers["Authorization"].removeprefix("Bearer ")
        if not self.session or {bearer, body["refreshToken"]} != {self.session}:
            return Answer(401, "application/json", b'{"message": "Session has ended"}')
        return self._issue()

    def _issue(self) -> Answer:
        claims = base64.urlsafe_b64encode(json.dumps({"exp": self.now + self.lifetime}).encode()).decode().rstrip("=")
        token = f"header.{claims}.{self.sign_ins}"
        self.tokens.add(token)
        return Answer(
            200, "application/json", json.dumps({"accessToken": token, "refreshToken": self.session}).encode()
        )


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def scraper(service: Service) -> Scraper:
    session = Session(Account("metrics@example.com", "right"), lambda: service.now, service)
    scraper = Scraper(session, service)
    scraper.known = {TARGET: RELAY}
    return scraper


def test_one_sign_in_serves_many_scrapes(scraper: Scraper, service: Service) -> None:
    answers = [scraper.fetch(TARGET, 5) for _ in range(3)]

    assert answers == [Answer(200, "text/plain; version=0.0.4", b"up 1\n")] * 3
    assert service.sign_ins == 1


def test_a_token_is_renewed_before_it_ends_without_another_session(scraper: Scraper, service: Service) -> None:
    scraper.fetch(TARGET, 5)
    service.now += service.lifetime - 20

    assert scraper.fetch(TARGET, 5).status == 200
    assert (service.sign_ins, service.refreshes) == (1, 1)


def test_a_session_that_has_ended_is_begun_anew(scraper: Scraper, service: Service) -> None:
    scraper.fetch(TARGET, 5)
    service.session = ""
    service.now += service.lifetime

    assert scraper.fetch(TARGET, 5).status == 200
    assert (service.sign_ins, service.refreshes, scraper.sign_in_failures) == (2, 1, 0)


def test_a_token_that_no_longer_counts_is_replaced_within_the_scrape(scraper: Scraper, service: Service) -> None:
    scraper.fetch(TARGET, 5)
    service.tokens.clear()
    service.now += 300

    assert scraper.fetch(TARGET, 5).status == 200
    assert service.sign_ins == 2


@pytest.mark.parametrize("status", [403, 404, 500, 503])
def test_the_status_of_the_service_is_passed_on(scraper: Scraper, service: Service, status: int) -> None:
    service.status = status

    assert [scraper.fetch(TARGET, 5).status for _ in range(3)] == [status] * 3
    assert service.sign_ins == 1


def test_an_account_that_may_not_is_asked_about_once_a_minute(scraper: Scraper, service: Service) -> None:
    service.status = 403
    for _ in range(12):
        scraper.fetch(TARGET, 5)
        service.now += 15

    assert service.sign_ins <= 4


def test_a_wrong_password_is_not_repeated_until_the_pause_is_over(scraper: Scraper, service: Service) -> None:
    service.password = "changed"

    answers = [scraper.fetch(TARGET, 5) for _ in range(5)]
    assert service.sign_ins == 1
    assert {answer.status for answer in answers} == {502}
    assert b"answered 401" in answers[0].body
    assert scraper.sign_in_failures == 1

    service.password, service.now = "right", service.now + 61
    assert scraper.fetch(TARGET, 5).status == 200


def test_a_service_that_is_down_is_told_as_such(scraper: Scraper, service: Service) -> None:
    scraper.fetch(TARGET, 5)
    service.down = True

    answer = scraper.fetch(TARGET, 5)

    assert (answer.status, answer.body) == (502, b"10.0.0.1:9080: refused\n")


def test_other_targets_are_refused(scraper: Scraper, service: Service) -> None:
    assert scraper.fetch("169.254.170.2:80", 5).status == 403
    assert (service.sign_ins, service.scrapes) == (0, 0)


def test_without_an_account_nobody_signs_in(service: Service) -> None:
    scraper = Scraper(None, service)
    scraper.known = {TARGET: RELAY}

    assert scraper.fetch(TARGET, 5).status == 401
    assert service.sign_ins == 0


def test_a_port_that_nobody_listens_at_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1:1: "):
        send(Request("GET", "127.0.0.1:1", "/", 1))


def test_the_password_is_in_no_text() -> None:
    assert "right" not in repr(Account("metrics@example.com", "right"))


def test_every_request_carries_what_tokens_are_bound_to() -> None:
    assert {name.lower() for name in HEADERS} == {"user-agent", "accept", "accept-language", "accept-encoding"}
