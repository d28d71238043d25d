"""What the client makes of answers: errors in one line, with GitHub's own words and without the token."""

from __future__ import annotations

import json
from typing import Any

import pytest
import urllib3
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._core.rest import ATTEMPTS, ApiError, Connection
from ansible_collections.trademaster.platform.plugins.module_utils._github.client import NOT_GITHUB, Client, path_of
from urllib3.exceptions import NewConnectionError, ProtocolError, SSLError

TOKEN = "github_pat_that_ends_in_9876"
DATE = {"Date": "Mon, 07 Jan 2030 12:00:00 GMT"}
LATER = {**DATE, "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1894018200"}


def answer(status: int, content: Any, **headers: str) -> urllib3.HTTPResponse:
    body = content if isinstance(content, str) else json.dumps(content)
    return urllib3.HTTPResponse(body.encode(), headers=headers, status=status)


def refusal(message: str, *errors: Any) -> dict[str, Any]:
    return {"message": message, **({"errors": errors} if errors else {})}


def client_of(monkeypatch: pytest.MonkeyPatch, *answers: Any) -> tuple[Client, list[float], list[str]]:
    """A client whose API gives these answers, the last for ever; how long it sleeps, and what it asks."""
    given, slept, asked = list(answers), [], []

    def request(_pool: Any, method: str, path: str, **_options: Any) -> Any:
        asked.append(f"{method} {path}")
        found = given.pop(0) if len(given) > 1 else given[0]
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(urllib3.HTTPSConnectionPool, "request", request)
    clock = Clock(now=lambda: 0.0, sleep=slept.append, jitter=lambda: 0.5)
    return Client(Connection("https://a.example.com/v3/", TOKEN), clock), slept, asked


ANSWERS: dict[str, tuple[Any, str]] = {
    "a refusal with sentences": (
        answer(422, refusal("Validation Failed", "Name is taken", "Type is none")),
        "GET /user: 422: Validation Failed: Name is taken; Type is none",
    ),
    "a refusal with records": (
        answer(422, refusal("Validation Failed", {"message": "Is blank"}, {"field": "since", "code": "invalid"})),
        "GET /user: 422: Validation Failed: Is blank; since invalid",
    ),
    "a refusal of several lines": (
        answer(422, refusal('Invalid request.\n\n"a" is not a permitted key.')),
        'GET /user: 422: Invalid request. "a" is not a permitted key.',
    ),
    "a token that is none": (
        answer(401, refusal("Bad credentials")),
        "GET /user: 401: Bad credentials; check api_token, which may have expired",
    ),
    "a token that may not": (
        answer(403, refusal("Not accessible"), **{"X-Accepted-GitHub-Permissions": "variables=write"}),
        "GET /user: 403: Not accessible; api_token needs the permission variables=write",
    ),
    "what nobody may": (
        answer(403, refusal("Repository was archived so is read-only.")),
        "GET /user: 403: Repository was archived so is read-only.; api_token may not do this",
    ),
    "a limit that lasts": (
        answer(403, refusal("API rate limit exceeded"), **LATER),
        "GET /user: 403: API rate limit exceeded (again in 600 s)",
    ),
    "a repository that has moved": (
        answer(301, refusal("Moved Permanently")),
        "GET /user: 301: this is somewhere else now; name the repository as it is called today, and check api_url",
    ),
    "a page of another server": (answer(200, "<html>It works!</html>"), f"GET /user: 200: {NOT_GITHUB}"),
    "a list of another server": (answer(200, ["a"]), f"GET /user: 200: {NOT_GITHUB}"),
    "an error page of a proxy": (answer(502, "<html>Bad Gateway</html>"), f"GET /user: 502: {NOT_GITHUB}"),
    "nobody there": (
        NewConnectionError(None, "Failed to establish: [Errno 111] Connection refused"),
        "api_url: https://a.example.com/v3/ cannot be reached: [Errno 111] Connection refused; is it up and reachable?",
    ),
    "a certificate of somebody else": (
        SSLError("certificate verify failed"),
        "api_url: https://a.example.com/v3/ cannot be reached: certificate verify failed; check ca_cert",
    ),
    "a connection that breaks": (ProtocolError("aborted"), "GET /user: no answer: ProtocolError: aborted"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_what_goes_wrong_is_told_in_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given, message = ANSWERS[name]
    client, _slept, _asked = client_of(monkeypatch, given)

    with pytest.raises(ApiError) as raised:
        client.put("/user", {})

    assert str(raised.value) == message.replace("GET", "PUT")
    assert "9876" not in str(raised.value) + repr(client)


LIMITS: dict[str, tuple[Any, list[float]]] = {
    "it says how long": (answer(403, refusal("Secondary"), **{"Retry-After": "7"}), [7.5]),
    "it says when": (answer(429, refusal("Limit"), **{**LATER, "X-RateLimit-Reset": "1894017620"}), [20.5]),
    "it says nothing": (answer(429, refusal("Limit")), [60.5]),
    "it says nothing and forbids": (answer(403, refusal("You have exceeded a secondary rate limit.")), [60.5]),
    "it is out of order": (answer(500, refusal("Server Error")), [0.5]),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_call_is_repeated_as_late_as_github_asks_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    limited, pauses = LIMITS[name]
    client, slept, asked = client_of(monkeypatch, limited, answer(200, {"id": 1}))

    assert client.find("/user") == {"id": 1}
    assert slept == pauses
    assert asked == ["GET /v3/user"] * 2


GIVEN_UP = {
    "it stays out of order": (answer(502, "<html>"), ATTEMPTS),
    "a limit": (answer(403, refusal("L"), **LATER), 1),
}


@pytest.mark.parametrize("name", GIVEN_UP)
def test_nothing_is_repeated_for_ever(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given, calls = GIVEN_UP[name]
    client, slept, asked = client_of(monkeypatch, given)

    with pytest.raises(ApiError):
        client.delete("/repos/a/b")
    assert (len(asked), len(slept)) == (calls, calls - 1)


def test_what_is_not_there_is_none_and_as_good_as_deleted(monkeypatch: pytest.MonkeyPatch) -> None:
    client, _slept, asked = client_of(monkeypatch, answer(404, refusal("Not Found")))

    assert client.find("/repos/a/b") is None
    client.delete("/repos/a/b")
    assert asked == ["GET /v3/repos/a/b", "DELETE /v3/repos/a/b"]


def test_a_slash_in_a_name_is_one_of_the_name() -> None:
    assert path_of("repos", "a", "b c", 7) + path_of("x/y") == "/repos/a/b%20c/7/x%2Fy"


@pytest.mark.parametrize(
    ("connection", "message"),
    [
        (Connection("http://api.example.com", TOKEN), "api_url: 'http://api.example.com' has to be an https:// URL"),
        (Connection("https://api.example.com", ""), "api_token: None is not given; set the option, or the variable GI"),
        (Connection("https://api.example.com", "a\nb"), "api_token: '********' holds a line break or what no header"),
    ],
)
def test_a_connection_that_cannot_be_is_refused(connection: Connection, message: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        Client(connection).find("/user")
    assert str(raised.value).startswith(message)
