"""Contract cases of the modules for GitHub."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Case
from tests.contract.github_api import GitHubApi

# A token is printed by no module; the stand-in's is this one.
TOKEN = "github_pat_stand_in_token_0"


def prepare(github: GitHubApi) -> Mapping[str, Any]:
    return {"repository": github.repository}


def foreign_environment(github: GitHubApi) -> Callable[[], Any]:
    """An environment whose name only begins alike, with rules and a variable."""
    path = github.environment("contract%2Fstaging-2", wait_timer=3)
    github.variable("CONTRACT_REGION", "elsewhere", path)
    return lambda: (github.get(path), github.get(f"{path}/variables"))


def foreign_variable(github: GitHubApi) -> Callable[[], Any]:
    path = github.variable("CONTRACT_REGION_2", "elsewhere")
    return lambda: github.get(path)


def tidy(github: GitHubApi) -> Mapping[str, Any]:
    """A repository without variables of other cases, as this one removes all."""
    github.clean_up()
    return prepare(github)


ENVIRONMENT = {
    "name": "contract/staging",
    "wait_timer": 5,
    "reviewers": [{"type": "Team", "name": "platform"}, {"type": "User", "name": "Alice"}],
    "prevent_self_review": True,
    "deployment_branches": [{"name": "main"}, {"name": "v*", "type": "tag"}],
    "variables": {"CONTRACT_REGION": "us-east-1", "CONTRACT_COUNT": 2},
    "state": "present",
}
VARIABLES = {"CONTRACT_REGION": "us-east-1", "CONTRACT_INVENTORY": "staging"}
CASES = [
    Case(
        name="github_environment",
        module="github_environment",
        api="github",
        prepare=prepare,
        foreign=foreign_environment,
        present=ENVIRONMENT,
        absent={"state": "absent"},
        edits={
            "wait_timer": {"wait_timer": 30},
            "wait_timer off": {"wait_timer": 0},
            "reviewers": {"reviewers": [{"type": "User", "name": "bob"}]},
            "reviewers cleared": {"reviewers": [], "prevent_self_review": False},
            "prevent_self_review": {"prevent_self_review": False},
            "deployment_branches": {"deployment_branches": [{"name": "main"}, {"name": "release/*"}]},
            "deployment_branches by type": {"deployment_branches": [{"name": "main"}, {"name": "v*"}]},
            "deployment_branches cleared": {"deployment_branches": []},
            "variables": {"variables": {"CONTRACT_REGION": "eu-west-1", "CONTRACT_MORE": True}},
            "variables cleared": {"variables": {}},
        },
        secrets=(TOKEN,),
    ),
    Case(
        name="github_environment with nothing but a name",
        module="github_environment",
        api="github",
        prepare=prepare,
        present={"name": "contract-plain", "state": "present"},
        absent={"state": "absent"},
        secrets=(TOKEN,),
    ),
    Case(
        name="github_variables",
        module="github_variables",
        api="github",
        prepare=prepare,
        foreign=foreign_variable,
        present={"variables": VARIABLES, "state": "present"},
        absent={"state": "absent"},
        edits={
            "value": {"variables": {**VARIABLES, "CONTRACT_REGION": "eu-west-1"}},
        },
        secrets=(TOKEN,),
    ),
    Case(
        name="github_variables as the whole set",
        module="github_variables",
        api="github",
        prepare=tidy,
        present={"variables": VARIABLES, "purge": True},
        absent={"variables": {}},
        edits={
            "fewer": {"variables": {"CONTRACT_REGION": "us-east-1"}},
            "purge": {"variables": {"CONTRACT_REGION": "eu-west-1"}, "purge": False},
        },
        secrets=(TOKEN,),
    ),
]
