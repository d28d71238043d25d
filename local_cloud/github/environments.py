"""Environments of a repository: protection rules, and the branches and tags that may be deployed from."""

from __future__ import annotations

from typing import Any

from local_cloud.github import checks
from local_cloud.github.errors import ApiError, invalid, not_found
from local_cloud.github.site import Environment, Object, Repository, Site

_LONGEST_WAIT = 43200
_MOST_REVIEWERS = 6
_LONGEST_NAME = 255
_FIELDS = ("wait_timer", "prevent_self_review", "reviewers", "deployment_branch_policy")
_SWITCHES = ("protected_branches", "custom_branch_policies")


class Environments:
    def __init__(self, site: Site, repository: Repository):
        self._site = site
        self._repository = repository

    def find(self, name: str) -> Environment:
        found = self._repository.environments.get(name.lower())
        if found is None:
            raise not_found()
        return found

    def listed(self) -> list[Object]:
        found = self._repository.environments.values()
        return [self.view(environment) for environment in sorted(found, key=lambda item: str(item.identity["name"]))]

    def put(self, name: str, body: Any) -> Object:
        """Create or replace: what the body omits is as if it had never been set."""
        given = checks.record(body, _FIELDS)
        if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
            raise invalid(f"Name is invalid: {name}")
        wait = checks.field(given, "wait_timer", int, 0)
        if not 0 <= wait <= _LONGEST_WAIT:
            raise invalid(f"Wait timer must be between 0 and {_LONGEST_WAIT}")
        prevent = checks.field(given, "prevent_self_review", bool, default=False)
        reviewers, policy = self._reviewers(given), _policy(given)
        environment = self._repository.environments.setdefault(name.lower(), Environment(self._identity(name)))
        environment.identity["updated_at"] = self._site.timestamp()
        environment.wait_timer, environment.reviewers, environment.policy = wait, reviewers, policy
        # It is a setting of the rule that demands reviewers, and goes with it.
        environment.prevent_self_review = prevent and bool(reviewers)
        if not custom(environment):
            environment.branches.clear()
        return self.view(environment)

    def delete(self, name: str) -> None:
        self.find(name)
        del self._repository.environments[name.lower()]

    def view(self, environment: Environment) -> Object:
        path = f"{self._repository.full_name}/environments/{environment.identity['name']}"
        return {
            **environment.identity,
            "url": f"{self._site.url}/repos/{path}",
            "html_url": f"https://stand-in.github.com/{self._repository.full_name}/deployments/activity_log",
            "can_admins_bypass": True,
            "protection_rules": self._rules(environment),
            "deployment_branch_policy": environment.policy,
        }

    def _identity(self, name: str) -> Object:
        return {**self._site.stamped("Environment"), "name": name, "created_at": self._site.timestamp()}

    def _rules(self, environment: Environment) -> list[Object]:
        rules: list[Object] = []
        if environment.wait_timer:
            rules.append({"type": "wait_timer", "wait_timer": environment.wait_timer})
        if environment.reviewers:
            shown = [
                {"type": kind, "reviewer": self._site.reviewer(kind, number)} for kind, number in environment.reviewers
            ]
            prevent = environment.prevent_self_review
            rules.append({"type": "required_reviewers", "prevent_self_review": prevent, "reviewers": shown})
        if environment.policy:
            rules.append({"type": "branch_policy"})
        first = int(environment.identity["id"]) * 10
        return [{"id": first + place, "node_id": f"GA_{first + place}", **rule} for place, rule in enumerate(rules)]

    def _reviewers(self, given: Object) -> list[tuple[str, int]]:
        listed = checks.field(given, "reviewers", list, [])
        if len(listed) > _MOST_REVIEWERS:
            raise invalid(f"No more than {_MOST_REVIEWERS} reviewers are allowed")
        found: list[tuple[str, int]] = []
        for item in listed:
            reviewer = checks.record(item, ("type", "id"), "properties/reviewers")
            kind = checks.one_of(reviewer, "type", ("User", "Team"), "")
            pair = (kind, int(checks.needed(reviewer, "id", int)))
            if pair not in self._repository.readers:
                raise invalid(f"{kind} {pair[1]} does not have access to the repository")
            if pair not in found:
                found.append(pair)
        return found


class Branches:
    """Name patterns of branches and tags; there are none unless the environment has custom policies."""

    def __init__(self, site: Site, environment: Environment):
        if not custom(environment):
            raise not_found()
        self._site = site
        self._branches = environment.branches

    def listed(self) -> list[Object]:
        return list(self._branches.values())

    def find(self, number: str) -> Object:
        found = self._branches.get(int(number)) if number.isdecimal() else None
        if found is None:
            raise not_found()
        return found

    def create(self, body: Any) -> Object:
        given = checks.record(body, ("name", "type"))
        name = str(checks.needed(given, "name", str))
        kind = checks.one_of(given, "type", ("branch", "tag"), "branch")
        self._refuse_taken(name, kind)
        item = {**self._site.stamped("DeploymentBranchPolicy"), "name": name, "type": kind}
        self._branches[item["id"]] = item
        return item

    def rename(self, item: Object, body: Any) -> Object:
        name = str(checks.needed(checks.record(body, ("name",)), "name", str))
        if name != item["name"]:
            self._refuse_taken(name, item["type"])
        item["name"] = name
        return item

    def delete(self, item: Object) -> None:
        del self._branches[item["id"]]

    def _refuse_taken(self, name: str, kind: str) -> None:
        if not name.strip() or " " in name:
            raise invalid(f"Name is invalid: {name}")
        if any((item["name"], item["type"]) == (name, kind) for item in self._branches.values()):
            raise ApiError(303, "See Other")


def custom(environment: Environment) -> bool:
    return bool(environment.policy and environment.policy["custom_branch_policies"])


def _policy(given: Object) -> dict[str, bool] | None:
    value = given.get("deployment_branch_policy")
    if value is None:
        return None
    found = checks.record(value, _SWITCHES, "properties/deployment_branch_policy")
    switches = {name: checks.needed(found, name, bool) for name in _SWITCHES}
    if len(set(switches.values())) == 1:
        raise invalid("protected_branches and custom_branch_policies cannot have the same value")
    return switches
