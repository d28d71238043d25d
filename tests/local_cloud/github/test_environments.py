"""Environments: what protects them, and what may be deployed to them."""

from __future__ import annotations

from typing import Any

import pytest
from github_support import Api

CUSTOM = {"protected_branches": False, "custom_branch_policies": True}
PROTECTED = {"protected_branches": True, "custom_branch_policies": False}


def rules(environment: Any) -> dict[str, Any]:
    return {
        rule["type"]: {name: value for name, value in rule.items() if name not in ("id", "node_id", "type")}
        for rule in environment["protection_rules"]
    }


def test_an_environment_is_made_shown_and_removed(api: Api) -> None:
    made = api.call("PUT", "./environments/staging")

    assert (made["name"], made["protection_rules"], made["deployment_branch_policy"]) == ("staging", [], None)
    assert api.call("GET", "./environments/STAGING") == made
    assert api.call("GET", "./environments") == {"total_count": 1, "environments": [made]}
    assert api.call("DELETE", "./environments/staging") is None
    assert api.refused("DELETE", "./environments/staging") == (404, "Not Found")


def test_what_an_update_omits_is_reset(api: Api) -> None:
    reviewers = [api.id_of("Team", "platform"), api.id_of("User", "alice")]
    body = {
        "wait_timer": 30,
        "reviewers": reviewers,
        "prevent_self_review": True,
        "deployment_branch_policy": PROTECTED,
    }
    full = api.call("PUT", "./environments/a%2Fb", body)

    found = rules(full)
    assert found["wait_timer"] == {"wait_timer": 30}
    assert found["required_reviewers"]["prevent_self_review"] is True
    names = [
        entry["reviewer"].get("slug", entry["reviewer"].get("login"))
        for entry in found["required_reviewers"]["reviewers"]
    ]
    assert names == ["platform", "alice"]
    assert full["deployment_branch_policy"] == PROTECTED
    again = api.call("PUT", "./environments/a%2Fb", {"wait_timer": 1, "prevent_self_review": True})
    assert rules(again) == {"wait_timer": {"wait_timer": 1}}
    assert (again["id"], again["name"], again["deployment_branch_policy"]) == (full["id"], "a/b", None)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"wait_timer": 43201}, "Validation Failed: Wait timer must be between 0 and 43200"),
        ({"wait_timer": -1}, "Validation Failed: Wait timer must be between 0 and 43200"),
        ({"wait_timer": "5"}, "Invalid request.\n\nFor 'properties/wait_timer', \"5\" is not an integer."),
        ({"prevent_self_review": 1}, "Invalid request.\n\nFor 'properties/prevent_self_review', 1 is not a boolean."),
        ({"name": "b"}, 'Invalid request.\n\n"name" is not a permitted key.'),
        (
            {"deployment_branch_policy": {"protected_branches": True}},
            'Invalid request.\n\n"custom_branch_policies" wasn\'t',
        ),
        (
            {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": True}},
            "Validation Failed: protected_branches and custom_branch_policies cannot have the same value",
        ),
        (
            {"deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": False}},
            "Validation Failed: protected_branches and custom_branch_policies cannot have the same value",
        ),
        (
            {"reviewers": [{"type": "User", "id": 7}]},
            "Validation Failed: User 7 does not have access to the repository",
        ),
        (
            {"reviewers": [{"type": "Org", "id": 7}]},
            "Invalid request.\n\nFor 'properties/type', Org is not a member of",
        ),
        ({"reviewers": [{"type": "User"}]}, 'Invalid request.\n\n"id" wasn\'t supplied.'),
        ({"reviewers": [{}] * 7}, "Validation Failed: No more than 6 reviewers are allowed"),
        ([], "Invalid request.\n\nFor 'links/0/schema', [] is not an object."),
    ],
)
def test_what_cannot_be_is_refused(body: Any, message: str, api: Api) -> None:
    status, said = api.refused("PUT", "./environments/staging", body)

    assert (status, said[: len(message)]) == (422, message)
    assert api.call("GET", "./environments")["total_count"] == 0


def test_who_has_no_access_reviews_nothing(api: Api) -> None:
    body = {"reviewers": [api.id_of("User", "mallory")]}

    assert api.refused("PUT", "./environments/staging", body)[0] == 422


def test_names_are_short_and_json_is_json(api: Api) -> None:
    assert api.refused("PUT", f"./environments/{'a' * 256}")[0] == 422
    assert api.refused("PUT", "./environments/a", "{") == (400, "Problems parsing JSON")


def test_patterns_belong_to_environments_that_have_such(api: Api) -> None:
    path = "./environments/staging/deployment-branch-policies"
    api.call("PUT", "./environments/staging", {"deployment_branch_policy": PROTECTED})
    assert api.refused("GET", path) == (404, "Not Found")
    assert api.refused("POST", path, {"name": "main"}) == (404, "Not Found")

    api.call("PUT", "./environments/staging", {"deployment_branch_policy": CUSTOM})
    main = api.call("POST", path, {"name": "main"})
    tags = api.call("POST", path, {"name": "v*", "type": "tag"})

    assert (main["type"], tags["type"]) == ("branch", "tag")
    assert api.call("GET", path) == {"total_count": 2, "branch_policies": [main, tags]}
    assert api.refused("POST", path, {"name": "main"})[0] == 303
    assert api.call("PUT", f"{path}/{tags['id']}", {"name": "r*"}) == {**tags, "name": "r*"}
    assert api.refused("POST", path, {"name": "m", "type": "commit"})[0] == 422
    assert api.call("DELETE", f"{path}/{main['id']}") is None
    assert api.refused("GET", f"{path}/{main['id']}") == (404, "Not Found")
    api.call("PUT", "./environments/staging", {})
    assert api.refused("GET", path) == (404, "Not Found")
