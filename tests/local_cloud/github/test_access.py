"""Who is let in: tokens, what they may do and see, limits, versions."""

from __future__ import annotations

from datetime import timedelta

import pytest
from github_support import Api


def test_it_says_what_it_is(api: Api) -> None:
    assert api.send("GET", "/user").headers["Server"] == "github-stand-in"
    assert api.call("GET", "/user")["login"] == "release-bot"


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic github_pat_stand_in_token_0"])
def test_a_token_has_to_be_a_known_one(header: str, api: Api) -> None:
    answer = api.send("GET", ".", headers={"Authorization": header})

    assert (answer.status, answer.json()["message"]) == (401, "Bad credentials")


def test_a_token_expires(api: Api) -> None:
    api.token.expires = api.clock.at + timedelta(minutes=5)
    shown = api.send("GET", ".").headers["GitHub-Authentication-Token-Expiration"]

    assert shown == "2030-01-07 12:05:00 UTC"
    api.clock.pass_by(300)
    assert api.refused("GET", ".") == (401, "Bad credentials")


def test_who_does_not_say_who_they_are_sees_nothing(api: Api) -> None:
    headers = {"Authorization": None}

    assert api.send("GET", ".", headers=headers).status == 404
    assert api.send("GET", "/user", headers=headers).status == 401


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", ".", "metadata=read"),
        ("GET", "./environments", "actions=read"),
        ("PUT", "./environments/staging", "administration=write"),
        ("DELETE", "./environments/staging", "administration=write"),
        ("GET", "./environments/staging/variables", "environments=read"),
        ("POST", "./environments/staging/variables", "environments=write"),
        ("POST", "./environments/staging/deployment-branch-policies", "administration=write"),
        ("GET", "./actions/variables", "variables=read"),
        ("PATCH", "./actions/variables/A", "variables=write"),
        ("GET", "./issues/1/comments", "issues=read"),
        ("POST", "./issues/1/comments", "issues=write"),
        ("GET", "./pulls", "pull_requests=read"),
        ("GET", "/orgs/trademaster/teams/platform", "members=read"),
    ],
)
def test_a_missing_permission_is_named(method: str, path: str, permission: str, api: Api) -> None:
    api.call("PUT", "./environments/staging")
    name, _, level = permission.partition("=")
    kept = {} if level == "read" else dict.fromkeys(api.token.permissions, "read")
    api.token.permissions = {**({} if name == "metadata" else {"metadata": "read"}), **kept}

    answer = api.send(method, path, {})

    assert (answer.status, answer.json()["message"]) == (403, "Resource not accessible by personal access token")
    assert answer.headers["X-Accepted-GitHub-Permissions"] == permission


def test_what_a_token_may_not_see_is_not_there(api: Api) -> None:
    assert api.refused("GET", "/repos/trademaster/payments") == (404, "Not Found")
    assert api.refused("PUT", "/repos/trademaster/payments/environments/staging", {}) == (404, "Not Found")
    assert api.call("GET", "/repos/TradeMaster/AUTH-service")["full_name"] == "trademaster/auth-service"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "./environments/none",
        "./actions/variables/NONE",
        "./issues/9/comments",
        "./pulls/one",
        "/users/nobody",
    ],
)
def test_what_is_not_there_is_not_found(path: str, api: Api) -> None:
    assert api.refused("GET", path) == (404, "Not Found")


def test_nothing_is_written_to_an_archived_repository(api: Api) -> None:
    api.site.repositories[api.github.repository].archived = True

    assert api.refused("PUT", "./environments/staging", {}) == (403, "Repository was archived so is read-only.")
    assert api.call("GET", "./environments")["total_count"] == 0


def test_requests_are_counted_until_none_are_left(api: Api) -> None:
    first, second = api.send("GET", "."), api.send("GET", ".")
    assert (first.headers["X-RateLimit-Remaining"], second.headers["X-RateLimit-Remaining"]) == ("4999", "4998")
    reset = int(second.headers["X-RateLimit-Reset"])

    api.token.used = 5000
    refused = api.send("GET", ".")

    assert (refused.status, refused.json()["message"]) == (403, "API rate limit exceeded for user release-bot.")
    assert (refused.headers["X-RateLimit-Remaining"], int(refused.headers["X-RateLimit-Reset"])) == ("0", reset)
    api.clock.pass_by(reset - api.clock.at.timestamp())
    assert api.send("GET", ".").headers["X-RateLimit-Used"] == "1"


def test_other_versions_and_nameless_clients_are_refused(api: Api) -> None:
    accepted = api.send("GET", ".", headers={"X-GitHub-Api-Version": "2022-11-28"})
    other = api.send("GET", ".", headers={"X-GitHub-Api-Version": "2021-01-01"})
    nameless = api.send("GET", ".", headers={"User-Agent": ""})

    assert accepted.headers["X-GitHub-Api-Version-Selected"] == "2022-11-28"
    assert (other.status, nameless.status) == (400, 403)
    assert "User-Agent" in nameless.json()["message"]


def test_errors_can_be_asked_for(api: Api) -> None:
    faults = {"faults": [{"status": 403, "reset_seconds": 9}, {"status": 502, "method": "PUT", "after": True}]}
    assert api.send("POST", "/stand-in/faults", faults).status == 204

    limited = api.send("GET", ".")

    assert (limited.status, limited.headers["Retry-After"]) == (403, "9")
    assert limited.json()["message"].startswith("You have exceeded a secondary rate limit.")
    assert api.send("PUT", "./environments/staging").status == 502
    assert api.call("GET", "./environments/staging")["name"] == "staging"
