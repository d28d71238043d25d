"""What the site holds: people, organizations, repositories, and who may do what with which token."""

from __future__ import annotations

import base64
import datetime
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
Now = Callable[[], datetime.datetime]

FIRST_REPOSITORY = "trademaster/auth-service"
# Somebody else's: no token sees it.
OTHER_REPOSITORY = "trademaster/payments"
OWNER = "release-bot"
# Who the jobs of workflows are, with the token that each of them gets.
WORKFLOWS = "github-actions[bot]"
MEMBERS = ("alice", "bob", "carol", "dave", "erin", "frank")
OUTSIDER = "mallory"
TEAM = "platform"
# Of a fine-grained token, as its settings name them; what is not listed it may not.
ALL_RIGHTS = {
    "metadata": "read",
    "actions": "write",
    "administration": "write",
    "environments": "write",
    "issues": "write",
    "members": "read",
    "pull_requests": "write",
    "variables": "write",
}
# Of a job that says `permissions: {contents: read, pull-requests: write}`.
WORKFLOW_RIGHTS = {"metadata": "read", "pull_requests": "write"}
LIMIT = 5000


def utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


@dataclass
class Token:
    """Whose it is, what it may do with which repositories, how long it is valid, and how much of its limit is used."""

    login: str
    permissions: dict[str, str]
    repositories: tuple[str, ...] = (FIRST_REPOSITORY,)
    expires: datetime.datetime | None = None
    used: int = 0
    reset: datetime.datetime | None = None

    @property
    def kind(self) -> str:
        """How refusals call it."""
        return "integration" if self.login == WORKFLOWS else "personal access token"

    def may(self, permission: str, level: str) -> bool:
        return self.permissions.get(permission) in (level, "write")


@dataclass
class Environment:
    """`policy` is the form of deployment_branch_policy; `branches` counts where it says custom_branch_policies."""

    identity: Object
    wait_timer: int = 0
    prevent_self_review: bool = False
    reviewers: list[tuple[str, int]] = field(default_factory=list)
    policy: dict[str, bool] | None = None
    branches: dict[int, Object] = field(default_factory=dict)
    variables: dict[str, Object] = field(default_factory=dict)


@dataclass
class Repository:
    """Names of environments do not tell upper from lower case, so their keys are in lower case."""

    identity: Object
    readers: set[tuple[str, int]]
    archived: bool = False
    environments: dict[str, Environment] = field(default_factory=dict)
    variables: dict[str, Object] = field(default_factory=dict)
    pulls: dict[int, Object] = field(default_factory=dict)
    comments: dict[int, Object] = field(default_factory=dict)

    @property
    def full_name(self) -> str:
        return str(self.identity["full_name"])


@dataclass
class Site:
    """`url` is that of the API."""

    url: str
    now: Now = utc_now
    users: dict[str, Object] = field(default_factory=dict)
    teams: dict[tuple[str, str], Object] = field(default_factory=dict)
    repositories: dict[str, Repository] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def __post_init__(self) -> None:
        organization, _, _ = FIRST_REPOSITORY.partition("/")
        for login in (OWNER, *MEMBERS, OUTSIDER):
            self.users[login] = {**self.stamped("User"), "login": login, "type": "User", "site_admin": False}
        self.users[WORKFLOWS] = {**self.stamped("Bot"), "login": WORKFLOWS, "type": "Bot", "site_admin": False}
        self.users[organization] = {**self.stamped("Organization"), "login": organization, "type": "Organization"}
        team = {**self.stamped("Team"), "name": TEAM.capitalize(), "slug": TEAM, "privacy": "closed"}
        self.teams[organization, TEAM] = team
        members = {("User", int(self.users[login]["id"])) for login in (OWNER, *MEMBERS)}
        self.add_repository(FIRST_REPOSITORY, {*members, ("Team", team["id"])})
        self.add_repository(OTHER_REPOSITORY, set())

    def add_repository(self, full_name: str, readers: set[tuple[str, int]]) -> Repository:
        owner, _, name = full_name.partition("/")
        identity = {
            **self.stamped("Repository"),
            "name": name,
            "full_name": full_name,
            "private": True,
            "visibility": "private",
            "owner": self.user_view(self.users[owner]),
            "default_branch": "main",
        }
        repository = Repository(identity, readers)
        self.repositories[full_name.lower()] = repository
        return repository

    def stamped(self, kind: str) -> Object:
        """What every object begins with."""
        number = next(self._numbers)
        node = base64.b64encode(f"0{len(kind)}:{kind}{number}".encode()).decode()
        return {"id": number, "node_id": node}

    def timestamp(self) -> str:
        return self.now().astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def user_view(self, user: Object) -> Object:
        login = user["login"]
        return {**user, "url": f"{self.url}/users/{login}", "html_url": f"https://stand-in.github.com/{login}"}

    def reviewer(self, kind: str, number: int) -> Object | None:
        """The user or team of that id."""
        if kind == "User":
            return next((self.user_view(user) for user in self.users.values() if user["id"] == number), None)
        return next((self.team_view(*key) for key, team in self.teams.items() if team["id"] == number), None)

    def team_view(self, organization: str, slug: str) -> Object:
        team = self.teams[organization, slug]
        html_url = f"https://stand-in.github.com/orgs/{organization}/teams/{slug}"
        return {**team, "url": f"{self.url}/organizations/{organization}/team/{team['id']}", "html_url": html_url}
