"""Variables of a repository and of an environment, and how lists are paged."""

from __future__ import annotations

from typing import Any

import pytest
from github_support import Api

PLACES = ("./actions/variables", "./environments/staging/variables")


@pytest.mark.parametrize("path", PLACES)
def test_a_variable_is_made_changed_and_removed(path: str, api: Api) -> None:
    api.call("PUT", "./environments/staging")
    created = api.send("POST", path, {"name": "region", "value": "us-east-1"})

    assert (created.status, created.json()) == (201, {})
    assert api.refused("POST", path, {"name": "Region", "value": "b"}) == (
        409,
        "Already exists - Variable already exists",
    )
    assert api.send("PATCH", f"{path}/REGION", {"value": "eu-west-1"}).status == 204
    found = api.call("GET", f"{path}/region")
    assert (found["name"], found["value"]) == ("REGION", "eu-west-1")
    assert api.call("GET", path) == {"total_count": 1, "variables": [found]}
    assert api.send("PATCH", f"{path}/REGION", {"name": "PLACE"}).status == 204
    assert api.refused("GET", f"{path}/REGION") == (404, "Not Found")
    assert api.send("DELETE", f"{path}/PLACE").status == 204
    assert api.refused("DELETE", f"{path}/PLACE") == (404, "Not Found")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "A-B", "value": ""}, "Variable name can only contain alphanumeric characters"),
        ({"name": "1A", "value": ""}, "Variable name can only contain alphanumeric characters"),
        ({"name": "Github_A", "value": ""}, "Variable names must not start with GITHUB_."),
        ({"name": "A"}, 'Invalid request.\n\n"value" wasn\'t supplied.'),
        ({"name": "A", "value": 1}, "Invalid request.\n\nFor 'properties/value', 1 is not a string."),
        ({"name": "A", "value": "a" * 49153}, "Variable value is too large"),
    ],
)
def test_what_cannot_be_is_refused(body: Any, message: str, api: Api) -> None:
    status, said = api.refused("POST", "./actions/variables", body)

    assert (status, said[: len(message)]) == (422, message)


def test_there_is_a_limit_and_a_page_has_thirty_at_most(api: Api) -> None:
    api.call("PUT", "./environments/staging")
    path = "./environments/staging/variables"
    for number in range(100):
        api.call("POST", path, {"name": f"V{number:03}", "value": ""})

    assert api.refused("POST", path, {"name": "MORE", "value": ""})[0] == 422
    assert len(api.call("GET", path)["variables"]) == 10
    second = api.send("GET", f"{path}?per_page=100&page=2")
    assert [item["name"] for item in second.json()["variables"]] == [f"V{number:03}" for number in range(30, 60)]
    links = dict(reversed(link.split("; rel=")) for link in second.headers["Link"].split(", "))
    assert {name.strip('"'): link[-7:-1] for name, link in links.items()} == {
        "prev": "page=1",
        "first": "page=1",
        "next": "page=3",
        "last": "page=4",
    }
    last = api.send("GET", f"{path}?per_page=30&page=4")
    assert (len(last.json()["variables"]), 'rel="next"' in last.headers["Link"]) == (10, False)
