"""Variables of a repository or of an environment. Names do not tell upper from lower case; they are kept in upper."""

from __future__ import annotations

import re
from typing import Any

from local_cloud.github import checks
from local_cloud.github.errors import ApiError, not_found
from local_cloud.github.site import Object, Site

MOST_OF_A_REPOSITORY = 500
MOST_OF_AN_ENVIRONMENT = 100
_LARGEST_VALUE = 48 * 1024
_NAME = re.compile(r"[A-Z_][A-Z0-9_]*", re.IGNORECASE | re.ASCII)


class Variables:
    def __init__(self, site: Site, known: dict[str, Object], most: int):
        self._site = site
        self._known = known
        self._most = most

    def listed(self) -> list[Object]:
        return [self._known[name] for name in sorted(self._known)]

    def find(self, name: str) -> Object:
        if name.upper() not in self._known:
            raise not_found()
        return self._known[name.upper()]

    def create(self, body: Any) -> None:
        given = checks.record(body, ("name", "value"))
        name, value = _name(checks.needed(given, "name", str)), _value(checks.needed(given, "value", str))
        if name in self._known:
            raise ApiError(409, "Already exists - Variable already exists")
        if len(self._known) >= self._most:
            raise ApiError(422, f"The limit of {self._most} variables is reached")
        now = self._site.timestamp()
        self._known[name] = {"name": name, "value": value, "created_at": now, "updated_at": now}

    def update(self, item: Object, body: Any) -> None:
        given = checks.record(body, ("name", "value"))
        name = _name(checks.field(given, "name", str, item["name"]))
        value = _value(checks.field(given, "value", str, item["value"]))
        if name != item["name"] and name in self._known:
            raise ApiError(409, "Already exists - Variable already exists")
        del self._known[item["name"]]
        self._known[name] = {**item, "name": name, "value": value, "updated_at": self._site.timestamp()}

    def delete(self, item: Object) -> None:
        del self._known[item["name"]]


def _name(given: str) -> str:
    if not _NAME.fullmatch(given):
        raise ApiError(
            422,
            "Variable name can only contain alphanumeric characters ([a-z], [A-Z], [0-9]) or underscores (_). "
            "Spaces are not allowed. Must start with a letter ([a-z], [A-Z]) or underscores (_).",
        )
    if given.upper().startswith("GITHUB_"):
        raise ApiError(422, "Variable names must not start with GITHUB_.")
    return given.upper()


def _value(given: str) -> str:
    if len(given.encode()) > _LARGEST_VALUE:
        raise ApiError(422, "Variable value is too large: it must be 48 KB or less.")
    return given
