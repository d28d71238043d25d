"""What the client makes of answers: errors in one line, with PagerDuty's own words and without the token."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.rest import ApiError, Connection
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.client import NOT_PAGERDUTY, Client

TOKEN = "u+a-token-that-ends-in-9876"
Answer = httpx2.Response | Exception


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], Client]:
    """A client of an API that gives one answer for ever."""

    def made(answer: Answer) -> Client:
        def request(_client: Any, method: str, url: str, **_arguments: Any) -> httpx2.Response:
            if isinstance(answer, Exception):
                raise answer
            answer.request = httpx2.Request(method, url)
            answer.elapsed = timedelta()
            return answer

        monkeypatch.setattr(httpx2.Client, "request", request)
        clock = Clock(now=lambda: 0.0, sleep=lambda _seconds: None, jitter=lambda: 0.0)
        return Client(Connection("https://api.example.com", TOKEN), clock)

    return made


def refusal(message: str, code: int, errors: Any = None) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, **({"errors": errors} if errors else {})}}


ANSWERS: dict[str, tuple[Answer, str]] = {
    "a refusal with sentences": (
        httpx2.Response(400, json=refusal("Invalid Input Provided", 2001, ["Name is taken", "Type is none"])),
        "GET /services: 400: Invalid Input Provided: Name is taken; Type is none (code 2001)",
    ),
    "a refusal by field": (
        httpx2.Response(400, json=refusal("Invalid Schedule", 3001, {"layers.end": ["is in the past"]})),
        "GET /services: 400: Invalid Schedule: layers.end: is in the past (code 3001)",
    ),
    "a refusal without details": (
        httpx2.Response(402, json=refusal("Missing Account Ability", 2014)),
        "GET /services: 402: Missing Account Ability (code 2014)",
    ),
    "a token that may not": (
        httpx2.Response(403, json=refusal("Access Denied", 2010)),
        "GET /services: 403: Access Denied (code 2010); api_token has to be one that may write",
    ),
    "a token that is none": (
        httpx2.Response(401, json=refusal("Authentication failed", 2006)),
        "GET /services: 401: Authentication failed (code 2006); check api_token, and api_url where the account is in",
    ),
    "a page of another server": (
        httpx2.Response(200, text="<html>It works!</html>"),
        f"GET /services: 200: {NOT_PAGERDUTY}",
    ),
    "JSON of another server": (
        httpx2.Response(200, json={"hello": "world"}),
        f"GET /services: 200: {NOT_PAGERDUTY}",
    ),
    "an error page of a proxy": (
        httpx2.Response(502, text="<html>Bad Gateway</html>"),
        f"GET /services: 502: {NOT_PAGERDUTY}",
    ),
    "a redirect": (
        httpx2.Response(302, headers={"Location": "https://login.example.com"}),
        f"GET /services: 302: {NOT_PAGERDUTY}",
    ),
    "nobody there": (
        httpx2.ConnectError("[Errno 111] Connection refused"),
        "api_url: https://api.example.com cannot be reached: [Errno 111] Connection refused; is it up and reachable?",
    ),
    "a certificate of somebody else": (
        httpx2.ConnectError("certificate verify failed: unknown issuer"),
        "api_url: https://api.example.com cannot be reached: certificate verify failed: unknown issuer; check ca_cert",
    ),
    "an answer that never comes": (
        httpx2.ReadTimeout("timed out"),
        "GET /services: no answer: ReadTimeout: timed out",
    ),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_goes_wrong_is_told_in_one_line(
    name: str,
    answering: Callable[[Answer], Client],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    answer, message = ANSWERS[name]

    with caplog.at_level(logging.DEBUG), pytest.raises(ApiError) as raised:
        answering(answer).list("services")

    text = str(raised.value)
    assert text.startswith(message)
    assert "\n" not in text
    assert "9876" not in text
    assert not [record for record in caplog.records if "pagerduty" in record.name]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        (Connection("http://api.example.com", TOKEN), "api_url: 'http://api.example.com' has to be an https:// URL"),
        (Connection("https://api.example.com", ""), "api_token: None is not given; set the option, or the variable"),
        (Connection("https://api.example.com", "a b"), "api_token: '********' holds a line break or what no header"),
        (Connection("https://api.example.com", TOKEN, timeout_seconds=0), "timeout_seconds: 0 has to be more than 0"),
        (Connection("https://api.example.com", TOKEN, "/nowhere"), "ca_cert: '/nowhere' cannot be read as PEM: "),
    ],
)
def test_a_connection_that_cannot_be_is_refused(connection: Connection, message: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        Client(connection).list("services")
    assert str(raised.value).startswith(message)


def test_names_that_differ_in_case_alone_are_the_same(answering: Callable[[Answer], Client]) -> None:
    listed = [{"name": "Platform 2", "id": "P2"}, {"name": "platform", "id": "P1"}]
    client = answering(httpx2.Response(200, json={"services": listed, "more": False, "limit": 100, "offset": 0}))

    assert client.named("services", "Platform") == {"name": "platform", "id": "P1"}
    assert client.named("services", "Plat") is None
