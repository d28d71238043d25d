"""Pull requests and the comments below them."""

from __future__ import annotations

from typing import Any

import pytest
from github_support import Api


@pytest.fixture
def pull(api: Api) -> Any:
    return api.call("POST", "./pulls", {"title": "Bigger database", "head": "bigger", "base": "main"})


def test_a_comment_is_written_changed_and_removed(pull: Any, api: Api) -> None:
    path = f"./issues/{pull['number']}/comments"
    made = api.call("POST", path, {"body": "The plan: 1 change"})
    assert (made["user"]["login"], made["body"]) == ("release-bot", "The plan: 1 change")
    api.clock.pass_by(60)

    changed = api.call("PATCH", f"./issues/comments/{made['id']}", {"body": "The plan: nothing"})

    assert api.call("GET", path) == [changed]
    assert changed["updated_at"] > changed["created_at"]
    assert api.call("GET", f"{path}?since=2030-01-07T12:00:30Z") == [changed]
    assert api.call("GET", f"{path}?since=2030-01-07T12:02:00Z") == []
    api.call("DELETE", f"./issues/comments/{made['id']}")
    assert api.call("GET", path) == []


def test_jobs_of_workflows_comment_as_a_bot_and_may_do_little_else(pull: Any, api: Api) -> None:
    headers = {"Authorization": f"Bearer {api.github.workflow_token}"}
    written = api.send("POST", f"./issues/{pull['number']}/comments", {"body": "The plan"}, headers)
    refused = api.send("PUT", "./environments/staging", {}, headers)

    assert (written.json()["user"]["login"], written.json()["user"]["type"]) == ("github-actions[bot]", "Bot")
    assert (refused.status, refused.json()["message"]) == (403, "Resource not accessible by integration")


def test_comments_of_others_are_those_of_others(pull: Any, api: Api) -> None:
    other = api.call("POST", "./pulls", {"title": "Other", "head": "other", "base": "main"})
    api.call("POST", f"./issues/{pull['number']}/comments", {"body": "Here"})

    assert api.call("GET", f"./issues/{other['number']}/comments") == []
    assert [item["title"] for item in api.call("GET", "./pulls")] == ["Other", "Bigger database"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"body": " "}, "Validation Failed: Body cannot be blank"),
        ({"body": "a" * 65537}, "Validation Failed: Body is too long (maximum is 65536 characters)"),
        ({}, 'Invalid request.\n\n"body" wasn\'t supplied.'),
    ],
)
def test_what_is_no_comment_is_refused(body: Any, message: str, pull: Any, api: Api) -> None:
    assert api.refused("POST", f"./issues/{pull['number']}/comments", body) == (422, message)


def test_a_pull_request_has_something_to_pull(api: Api) -> None:
    assert api.refused("POST", "./pulls", {"title": "None", "head": "main", "base": "main"})[0] == 422
