"""What the modules for GitHub do beyond the common contract: refusals, what is left alone, and faults on the way."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local_cloud.github.server import StandIn
from local_cloud.github.site import Token
from local_cloud.github.standalone import GitHub, running_github
from local_cloud.stand_in.faults import Fault
from tests.contract.github_api import GitHubApi
from tests.contract.harness import Run, run_module

NAME = "contract-refused"
ALICE = {"type": "User", "name": "alice"}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GitHub]:
    with running_github(tmp_path_factory.mktemp("github")) as github:
        yield github


@pytest.fixture
def stand_in(running: GitHub, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """One that can be told to fail, on which nothing has been made yet; the modules find it in the environment."""
    monkeypatch.setenv("GITHUB_API_URL", running.url)
    monkeypatch.setenv("GITHUB_TOKEN", running.token)
    monkeypatch.setenv("GITHUB_CA_CERT", running.ca_cert)
    running.stand_in.start_afresh(running.url, running.stand_in.site.now)
    return running.stand_in


@pytest.fixture
def token(running: GitHub, stand_in: StandIn) -> Token:
    return stand_in.site.tokens[running.token]


@pytest.fixture
def api(running: GitHub, stand_in: StandIn) -> GitHubApi:
    return GitHubApi(running.url, running.token, running.repository, running.ca_cert)


def environment(**options: Any) -> Run:
    return run_module("github_environment", {"repository": "trademaster/auth-service", "name": NAME, **options})


def variables(**options: Any) -> Run:
    return run_module("github_variables", {"repository": "trademaster/auth-service", **options})


def refused(run: Run, message: str) -> None:
    assert run.answer.get("failed")
    assert run.answer["msg"].startswith(message), run.answer["msg"]
    assert "\n" not in run.answer["msg"]
    assert run.calls.writes == []


ENVIRONMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "a repository without owner": (
        {"repository": "auth-service"},
        "repository: 'auth-service' has to be owner/name, as in the address of the repository",
    ),
    "a repository of somebody else": (
        {"repository": "trademaster/payments"},
        "repository: 'trademaster/payments' does not exist, or api_token may not see it; correct either",
    ),
    "no name": ({"name": " "}, "name: ' ' has to be a name of at most 255 characters"),
    "a longer wait": ({"wait_timer": 43201}, "wait_timer: 43201 has to be a number of minutes from 0 to 43200"),
    "a user who is none": (
        {"reviewers": [ALICE, {"type": "User", "name": "nobody"}]},
        "reviewers[1].name: 'nobody' is no user of GitHub; give the login",
    ),
    "a user who is an organization": (
        {"reviewers": [{"type": "User", "name": "trademaster"}]},
        "reviewers[0].name: 'trademaster' is no user of GitHub; give the login",
    ),
    "a team that is none": (
        {"reviewers": [{"type": "Team", "name": "Platform team"}]},
        "reviewers[0].name: 'Platform team' is no team of trademaster; give its short name",
    ),
    "too many reviewers": ({"reviewers": [ALICE] * 7}, "reviewers: ['alice', 'alice', 'alice', 'alice', 'alice', "),
    "nobody else to review": (
        {"prevent_self_review": True},
        "prevent_self_review: True takes reviewers; name some who may approve",
    ),
    "a pattern that is none": (
        {"deployment_branches": [{"name": "main"}, {"name": "a b"}]},
        "deployment_branches[1].name: 'a b' is no pattern of branches or tags, such as main or v*",
    ),
    "a variable in lower case": (
        {"variables": {"region": "a"}},
        "variables: 'region' is no name of a variable: it takes A-Z, 0-9 and _, no digit first",
    ),
    "a variable of GitHub's": (
        {"variables": {"GITHUB_SHA": "a"}},
        "variables: 'GITHUB_SHA' is a name of GitHub's own; let it not begin with GITHUB_",
    ),
    "a variable that is a list": (
        {"variables": {"ZONES": ["a"]}},
        "variables.ZONES: ['a'] has to be text; write lists and records as JSON",
    ),
    "a variable without end": (
        {"variables": {"A": "a" * 49153}},
        "variables.A: 'aaaaaaaaaaaaaaaaaaaa…' is large",
    ),
}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_what_cannot_be_is_refused_before_anything_is_written(name: str, stand_in: StandIn) -> None:
    options, message = ENVIRONMENTS[name]

    refused(environment(**options), message)


def test_purge_goes_with_present(stand_in: StandIn) -> None:
    refused(variables(variables={"A": "b"}, purge=True, state="absent"), "purge: True goes with state present")


def test_a_wrong_token_is_named_and_not_shown(stand_in: StandIn) -> None:
    run = variables(variables={"A": "b"}, api_token="github_pat_wrong_1")

    refused(run, "GET /repos/trademaster/auth-service: 401: Bad credentials; check api_token, which may have expired")
    assert "wrong_1" not in run.output


def test_a_missing_permission_is_named(stand_in: StandIn, token: Token) -> None:
    token.permissions["variables"] = "read"

    run = variables(variables={"A": "b"})

    assert (
        "403: Resource not accessible by personal access token; api_token needs the permission variables=write"
        in (run.answer["msg"])
    )


def test_a_reviewer_without_access_is_refused_in_the_words_of_github(api: GitHubApi) -> None:
    run = environment(reviewers=[{"type": "User", "name": "mallory"}], variables={"A": "b"})

    assert run.answer["msg"].startswith(f"create environment {NAME}: PUT /repos/trademaster/auth-service/environments/")
    assert "does not have access to the repository" in run.answer["msg"]
    assert [change["key"] for change in run.answer["not_applied"]] == ["A"]
    assert api.get("/environments")["total_count"] == 0


def test_what_is_omitted_is_left_as_it_is(api: GitHubApi) -> None:
    protected = {"protected_branches": True, "custom_branch_policies": False}
    environment(wait_timer=5, reviewers=[ALICE], prevent_self_review=True, variables={"KEPT": "a"})
    shown = api.get(f"/environments/{NAME}")
    reviewers = [{"type": "User", "id": shown["protection_rules"][1]["reviewers"][0]["reviewer"]["id"]}]
    rules = {"wait_timer": 5, "reviewers": reviewers, "prevent_self_review": True}
    api.call("PUT", f"/environments/{NAME}", {**rules, "deployment_branch_policy": protected})

    run = environment(name=NAME.upper(), wait_timer=6)

    assert run.changes == [{"op": "update", "kind": "environment", "key": NAME.upper(), "fields": ["wait_timer"]}]
    after = api.get(f"/environments/{NAME}")
    assert (after["deployment_branch_policy"], after["protection_rules"][1]) == (
        protected,
        shown["protection_rules"][1],
    )
    assert api.get(f"/environments/{NAME}/variables")["total_count"] == 1
    assert run.answer["environment"]["name"] == NAME


def test_an_unchanged_environment_takes_few_calls(stand_in: StandIn) -> None:
    options = {"reviewers": [ALICE], "deployment_branches": [{"name": "main"}], "variables": {"A": "b"}}
    environment(**options)

    assert len(environment(**options).calls.operations) == 3


def test_what_could_not_be_finished_is_finished_by_the_next_run(stand_in: StandIn, api: GitHubApi) -> None:
    """The environment is there, its patterns are not: nobody can deploy to it meanwhile."""
    options = {"deployment_branches": [{"name": "main"}, {"name": "v*", "type": "tag"}], "variables": {"A": "b"}}
    path = f"/repos/trademaster/auth-service/environments/{NAME}/deployment-branch-policies"
    stand_in.faults = [Fault(422, times=1, method="POST", path=path)]

    broken, repaired, again = environment(**options), environment(**options), environment(**options)

    assert broken.answer["failed"]
    assert repaired.changed
    assert not again.changed
    assert api.get(f"/environments/{NAME}/deployment-branch-policies")["total_count"] == 2


@pytest.mark.parametrize("path", ["/deployment-branch-policies", "/variables"])
def test_what_was_made_although_the_answer_was_lost_is_not_made_twice(
    path: str, stand_in: StandIn, api: GitHubApi
) -> None:
    below = f"/repos/trademaster/auth-service/environments/{NAME}{path}"
    stand_in.faults = [Fault(500, times=1, method="POST", path=below, after=True)]

    run = environment(deployment_branches=[{"name": "main"}], variables={"A": "b"})

    assert not run.answer.get("failed"), run.answer
    assert api.get(f"/environments/{NAME}{path}")["total_count"] == 1


def test_more_variables_than_a_page_holds(stand_in: StandIn) -> None:
    many = {f"V{number:02}": str(number) for number in range(61)}
    variables(variables=many)

    again = variables(variables=many)

    assert not again.changed
    assert again.answer["variables"] == many
