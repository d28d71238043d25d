"""The REST API v2: which request is answered by what."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

from local_cloud.pagerduty import checks
from local_cloud.pagerduty.account import Account, Object
from local_cloud.pagerduty.errors import ApiError, invalid, not_found, unauthorized
from local_cloud.pagerduty.incidents import Incidents
from local_cloud.pagerduty.on_call import Policies, Schedules
from local_cloud.pagerduty.services import Integrations, Services

DEFAULT_LIMIT = 25
LARGEST_LIMIT = 100
_LAST_RECORD = 10_000
_USER_ROLES = ("admin", "limited_user", "observer", "owner", "read_only_user", "restricted_access", "user")

Query = dict[str, list[str]]
Answer = tuple[int, Object | None]


@dataclass(frozen=True)
class Request:
    method: str
    segments: tuple[str, ...]
    query: Query
    headers: Mapping[str, str]
    body: Any


class Kind(Protocol):
    """A kind of object that can be created, changed and deleted."""

    def view(self, item: Object, include: list[str], /) -> Object: ...
    def create(self, body: Any, /) -> Object: ...
    def update(self, item: Object, body: Any, /) -> Object: ...
    def delete(self, item: Object, /) -> None: ...


class RestApi:
    def __init__(self, account: Account, incidents: Incidents, token: str):
        self._account = account
        self._incidents = incidents
        self._token = token
        self._schedules = Schedules(account)
        self._kinds: dict[str, tuple[str, Kind, MutableMapping[str, Object]]] = {
            "schedules": ("schedule", self._schedules, account.schedules),
            "escalation_policies": ("escalation_policy", Policies(account), account.escalation_policies),
            "services": ("service", Services(account), account.services),
        }

    def answer(self, request: Request) -> Answer:
        """Status and body. Raises ApiError."""
        self._authenticate(request.headers)
        match request.segments:
            case (collection,) | (collection, _) if collection in self._kinds:
                return self._of_kind(request, collection)
            case ("services", service_id, "integrations", *rest):
                return self._integrations(request, service_id, rest)
            case ("users", *rest):
                return self._users(request, rest)
            case ("vendors", *rest):
                return self._vendors(request, rest)
            case ("incidents", *rest):
                return self._of_incidents(request, rest)
        raise not_found()

    def _authenticate(self, headers: Mapping[str, str]) -> None:
        scheme, _, value = headers.get("Authorization", "").partition(" ")
        token = value.removeprefix("token=")
        if scheme != "Token" or token == value or not hmac.compare_digest(token.encode(), self._token.encode()):
            raise unauthorized()

    def _of_kind(self, request: Request, collection: str) -> Answer:
        name, kind, known = self._kinds[collection]
        include = request.query.get("include[]", [])
        if len(request.segments) == 1:
            if request.method == "POST":
                return 201, {name: kind.view(kind.create(request.body), include)}
            _only(request, "GET")
            found = _matching(known, request.query)
            if collection == "schedules":
                shown = [self._schedules.view(item, include, listed=True) for item in found]
            else:
                shown = [kind.view(item, include) for item in found]
            return 200, _page(collection, shown, request.query)
        item = _find(known, request.segments[1])
        if request.method == "PUT":
            return 200, {name: kind.view(kind.update(item, request.body), include)}
        if request.method == "DELETE":
            kind.delete(item)
            return 204, None
        _only(request, "GET")
        return 200, {name: kind.view(item, include)}

    def _integrations(self, request: Request, service_id: str, rest: list[str]) -> Answer:
        service = _find(self._account.services, service_id)
        integrations = Integrations(self._account, service)
        if not rest:
            _only(request, "POST")
            return 201, {"integration": integrations.create(request.body)}
        if len(rest) > 1:
            raise not_found()
        item = integrations.find(rest[0])
        if request.method == "PUT":
            return 200, {"integration": integrations.update(item, request.body)}
        if request.method == "DELETE":
            integrations.delete(item)
            return 204, None
        _only(request, "GET")
        return 200, {"integration": item}

    def _vendors(self, request: Request, rest: list[str]) -> Answer:
        _only(request, "GET")
        vendors = self._account.vendors
        if rest:
            return 200, {"vendor": _find(vendors, rest[0])}
        return 200, _page("vendors", _matching(vendors, request.query), request.query)

    def _users(self, request: Request, rest: list[str]) -> Answer:
        users = self._account.users
        if rest:
            _only(request, "GET")
            return 200, {"user": _find(users, rest[0])}
        if request.method == "POST":
            return 201, {"user": self._create_user(request)}
        _only(request, "GET")
        return 200, _page("users", _matching(users, request.query, "name", "email"), request.query)

    def _create_user(self, request: Request) -> Object:
        self._requester(request)
        data = checks.wrapped(request.body, "user")
        taken = {user["email"] for user in self._account.users.values()}
        checks.refuse(
            checks.required(data, "name", "email"),
            checks.one_of(data, "role", _USER_ROLES),
            ["Email has already been taken"] if data.get("email") in taken else [],
        )
        names = ("name", "email", "role", "time_zone", "job_title")
        return self._account.add_user({name: data[name] for name in names if name in data})

    def _of_incidents(self, request: Request, rest: list[str]) -> Answer:
        incidents = self._incidents
        if not rest:
            _only(request, "GET")
            return 200, _page("incidents", incidents.listed(request.query), request.query)
        incident = incidents.find(rest[0])
        if len(rest) == 1 and request.method == "PUT":
            self._requester(request)
            return 200, {"incident": incidents.update(incident, request.body)}
        _only(request, "GET")
        if len(rest) == 1:
            return 200, {"incident": incidents.view(incident)}
        views: dict[str, Callable[[Object], list[Object]]] = {
            "alerts": incidents.alerts_of,
            "log_entries": incidents.log_of,
        }
        if len(rest) > 2 or rest[1] not in views:
            raise not_found()
        return 200, _page(rest[1], views[rest[1]](incident), request.query)

    def _requester(self, request: Request) -> None:
        """Some requests of an account's token have to say for whom."""
        emails = {user["email"] for user in self._account.users.values()}
        if request.headers.get("From") not in emails:
            raise ApiError(400, 1008, "Requester User Not Found")


def _only(request: Request, method: str) -> None:
    if request.method != method:
        raise not_found()


def _find(known: Mapping[str, Object], identifier: str) -> Object:
    if identifier not in known:
        raise not_found()
    return known[identifier]


def _matching(known: Mapping[str, Object], query: Query, *fields: str) -> list[Object]:
    """Those whose name, or one of `fields`, holds the text of `query`; sorted by name."""
    wanted = (query.get("query") or [""])[0].lower()
    names = fields or ("name",)
    found = [item for item in known.values() if any(wanted in str(item[name]).lower() for name in names)]
    return sorted(found, key=lambda item: str(item["name"]).lower())


def _page(name: str, found: list[Object], query: Query) -> Object:
    limit, offset = _number(query, "limit", DEFAULT_LIMIT), _number(query, "offset", 0)
    if limit + offset > _LAST_RECORD:
        raise invalid("Offset plus limit must not exceed 10000")
    limit = min(limit, LARGEST_LIMIT)
    total = len(found) if query.get("total") == ["true"] else None
    page = {name: found[offset : offset + limit], "limit": limit, "offset": offset, "total": total}
    return {**page, "more": offset + limit < len(found)}


def _number(query: Query, name: str, default: int) -> int:
    text = (query.get(name) or [str(default)])[0]
    if not text.isdecimal() or (name == "limit" and int(text) == 0):
        raise invalid(f"{name.capitalize()} is not a number")
    return int(text)
