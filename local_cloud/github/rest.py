"""The REST API: which request is answered by what, and which permission it takes."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_cloud.github.environments import Branches, Environments
from local_cloud.github.errors import ApiError, forbidden, not_found
from local_cloud.github.pulls import Pulls
from local_cloud.github.site import Environment, Object, Repository, Site, Token
from local_cloud.github.variables import MOST_OF_A_REPOSITORY, MOST_OF_AN_ENVIRONMENT, Variables


@dataclass(frozen=True)
class Request:
    """`path` is as it came, so that a slash in a name is still one of the name."""

    method: str
    path: str
    query: Mapping[str, str]
    token: Token
    body: Any

    @property
    def segments(self) -> tuple[str, ...]:
        return tuple(urllib.parse.unquote(part) for part in self.path.split("/") if part)

    def needs(self, permission: str, level: str) -> None:
        """Raises ApiError where the token has it not."""
        if not self.token.may(permission, level):
            raise forbidden(self.token.kind, permission, level)

    def takes(self, permission: str) -> None:
        """Reading or writing takes that level of the permission."""
        self.needs(permission, "read" if self.method == "GET" else "write")


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


class RestApi:
    def __init__(self, site: Site):
        self._site = site

    def answer(self, request: Request) -> Answer:
        """Raises ApiError."""
        match (request.method, *request.segments):
            case ("GET", "user"):
                return Answer(200, self._site.user_view(self._site.users[request.token.login]))
            case ("GET", "users", login) if login.lower() in self._site.users:
                return Answer(200, self._site.user_view(self._site.users[login.lower()]))
            case ("GET", "orgs", organization, "teams", slug):
                return self._team(request, organization.lower(), slug.lower())
            case (_, "repos", owner, name, *rest):
                repository = self._seen(request, f"{owner}/{name}")
                if repository.archived and request.method != "GET":
                    raise ApiError(403, "Repository was archived so is read-only.")
                return self._of_repository(request, repository, rest)
        raise not_found()

    def _team(self, request: Request, organization: str, slug: str) -> Answer:
        if (organization, slug) not in self._site.teams:
            raise not_found()
        request.needs("members", "read")
        return Answer(200, self._site.team_view(organization, slug))

    def _seen(self, request: Request, full_name: str) -> Repository:
        repository = self._site.repositories.get(full_name.lower())
        if repository is None or repository.full_name not in request.token.repositories:
            raise not_found()
        request.needs("metadata", "read")
        return repository

    def _of_repository(self, request: Request, repository: Repository, rest: Sequence[str]) -> Answer:
        match rest:
            case []:
                _only(request, "GET")
                html_url = f"https://stand-in.github.com/{repository.full_name}"
                return Answer(200, {**repository.identity, "html_url": html_url, "archived": repository.archived})
            case ["environments", *more]:
                return self._environments(request, repository, more)
            case ["actions", "variables", *more]:
                request.takes("variables")
                known = Variables(self._site, repository.variables, MOST_OF_A_REPOSITORY)
                return self._variables(request, known, more)
            case ["pulls" | "issues", *_]:
                return self._pulls(request, Pulls(self._site, repository, request.token.login), rest)
        raise not_found()

    def _environments(self, request: Request, repository: Repository, rest: Sequence[str]) -> Answer:
        environments = Environments(self._site, repository)
        match rest:
            case [_, "variables", *more]:
                request.takes("environments")
                known = Variables(self._site, environments.find(rest[0]).variables, MOST_OF_AN_ENVIRONMENT)
                return self._variables(request, known, more)
            case [_, "deployment-branch-policies", *more]:
                _read_or_administer(request)
                return self._branches(request, environments.find(rest[0]), more)
        _read_or_administer(request)
        match (request.method, *rest):
            case ("GET",):
                return self._page(request, environments.listed(), "environments")
            case ("GET", name):
                return Answer(200, environments.view(environments.find(name)))
            case ("PUT", name):
                return Answer(200, environments.put(name, request.body))
            case ("DELETE", name):
                environments.delete(name)
                return Answer(204)
        raise not_found()

    def _branches(self, request: Request, environment: Environment, rest: Sequence[str]) -> Answer:
        branches = Branches(self._site, environment)
        match (request.method, *rest):
            case ("GET",):
                return self._page(request, branches.listed(), "branch_policies")
            case ("POST",):
                return Answer(200, branches.create(request.body))
            case ("GET", number):
                return Answer(200, branches.find(number))
            case ("PUT", number):
                return Answer(200, branches.rename(branches.find(number), request.body))
            case ("DELETE", number):
                branches.delete(branches.find(number))
                return Answer(204)
        raise not_found()

    def _variables(self, request: Request, variables: Variables, rest: Sequence[str]) -> Answer:
        match (request.method, *rest):
            case ("GET",):
                return self._page(request, variables.listed(), "variables", usual=10, most=30)
            case ("POST",):
                variables.create(request.body)
                return Answer(201, {})
            case ("GET", name):
                return Answer(200, variables.find(name))
            case ("PATCH", name):
                variables.update(variables.find(name), request.body)
                return Answer(204)
            case ("DELETE", name):
                variables.delete(variables.find(name))
                return Answer(204)
        raise not_found()

    def _pulls(self, request: Request, pulls: Pulls, rest: Sequence[str]) -> Answer:
        if rest[0] == "issues" and "comments" in rest:
            return self._comments(request, pulls, rest[1:])
        request.takes("pull_requests")
        match (request.method, *rest):
            case ("GET", "pulls"):
                return self._page(request, pulls.listed())
            case ("POST", "pulls"):
                return Answer(201, pulls.create(request.body))
            case ("GET", "pulls", number):
                return Answer(200, pulls.find(number))
        raise not_found()

    def _comments(self, request: Request, pulls: Pulls, rest: Sequence[str]) -> Answer:
        if not request.token.may("pull_requests", "read" if request.method == "GET" else "write"):
            request.takes("issues")
        match (request.method, *rest):
            case ("GET", "comments", number):
                return Answer(200, pulls.find_comment(number))
            case ("PATCH", "comments", number):
                return Answer(200, pulls.change_comment(pulls.find_comment(number), request.body))
            case ("DELETE", "comments", number):
                pulls.delete_comment(pulls.find_comment(number))
                return Answer(204)
            case ("GET", number, "comments"):
                return self._page(request, pulls.comments(pulls.find(number), request.query.get("since", "")))
            case ("POST", number, "comments"):
                return Answer(201, pulls.comment(pulls.find(number), request.body))
        raise not_found()

    def _page(
        self, request: Request, items: list[Object], wrapper: str = "", *, usual: int = 30, most: int = 100
    ) -> Answer:
        """A part of a list, with links to the others; within an object of that name, where there is one."""
        size = min(_number(request.query, "per_page", usual), most)
        page = _number(request.query, "page", 1)
        last = max(1, -(-len(items) // size))
        others = {
            **({"prev": page - 1, "first": 1} if page > 1 else {}),
            **({"next": page + 1, "last": last} if page < last else {}),
        }
        links = ", ".join(f'<{self._link(request, number)}>; rel="{name}"' for name, number in others.items())
        part = items[(page - 1) * size : page * size]
        body = {"total_count": len(items), wrapper: part} if wrapper else part
        return Answer(200, body, {"Link": links} if links else {})

    def _link(self, request: Request, page: int) -> str:
        return f"{self._site.url}{request.path}?{urllib.parse.urlencode({**request.query, 'page': page})}"


def _read_or_administer(request: Request) -> None:
    if request.method == "GET":
        request.needs("actions", "read")
    else:
        request.needs("administration", "write")


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise not_found()


def _number(query: Mapping[str, str], name: str, usual: int) -> int:
    """A number above 0; anything else counts as omitted."""
    text = query.get(name, "")
    return int(text) if text.isdecimal() and int(text) > 0 else usual
