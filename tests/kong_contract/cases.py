"""A case: what it proves, the calls it makes, and what each must answer.

Texts may hold names in braces. `{n}` is a name that no other case has, `{id1}` to `{id3}` are UUIDs of its own,
`{nobody}` is a UUID that nothing has, and `{service.id}` is a part of the answer that was kept as `service`.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from _pytest.mark import ParameterSet

from tests.kong_contract.cleanup import Journal
from tests.kong_contract.client import Answer, Body, Headers, Plane, form_body, json_body, wait_until
from tests.kong_contract.matching import (
    ANYTHING,
    Containing,
    Exactly,
    Matching,
    Other,
    Unordered,
    difference,
)

PLACEHOLDER = re.compile(r"\{([a-z]\w*(?:\.\w+)*)\}")

# Code of an error → status and name.
ERRORS = {
    2: (400, "schema violation"),
    3: (400, "primary key violation"),
    4: (400, "foreign key violation"),
    5: (409, "unique constraint violation"),
    6: (404, "not found"),
    7: (400, "invalid offset"),
    9: (400, "invalid size"),
    11: (400, "invalid options"),
    13: (400, "foreign keys unresolved"),
    19: (400, "referenced by others"),
}

NOT_FOUND = {"message": "Not found"}
NOT_ALLOWED = {"message": "Method not allowed"}
UNEXPECTED = {"message": "An unexpected error occurred"}
REQUIRED = "required field missing"
UNKNOWN = "unknown field"


@dataclass(frozen=True)
class Call:
    """One request. Without `gives` or `refused` it prepares something, and any 2xx will do."""

    method: str
    path: str
    body: Any = None
    headers: Headers = ()
    plane: str = "admin"
    status: int | None = None
    like: Any = ANYTHING
    answer_headers: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    seconds: float = 0

    def gives(self, status: int, like: Any = ANYTHING, headers: Mapping[str, Any] | None = None) -> Call:
        return replace(self, status=status, like=like, answer_headers=headers or {})

    def refused(self, code: int, fields: Any = None, message: Any = ANYTHING) -> Call:
        """Expect an error of this code: `fields` are all the fields it names (or options, with code 11)."""
        status, name = ERRORS[code]
        like: dict[str, Any] = {"code": code, "name": name, "message": message}
        if fields is not None:
            like["options" if code == 11 else "fields"] = Exactly(fields)
        return self.gives(status, like)

    def violates(self, fields: Any, message: Any = ANYTHING) -> Call:
        return self.refused(2, fields, message)

    def kept(self, name: str) -> Call:
        return replace(self, name=name)

    def within(self, seconds: float) -> Call:
        """Make the call until it answers as it should: for what a node does in its own time."""
        return replace(self, seconds=seconds)


def get(path: str, headers: Headers = ()) -> Call:
    return Call("GET", path, headers=headers)


def post(path: str, body: Any = None, headers: Headers = ()) -> Call:
    return Call("POST", path, body, headers)


def put(path: str, body: Any = None, headers: Headers = ()) -> Call:
    return Call("PUT", path, body, headers)


def patch(path: str, body: Any = None, headers: Headers = ()) -> Call:
    return Call("PATCH", path, body, headers)


def delete(path: str) -> Call:
    return Call("DELETE", path)


def through(method: str, path: str, headers: Headers = (), body: Any = None) -> Call:
    """Make a request through the proxy, below the part of the URL space that the module's site owns."""
    return Call(method, "{base}" + path, body, headers, plane="proxy")


@dataclass(frozen=True)
class Form:
    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Raw:
    text: str
    content_type: str | None = "application/json"


def form(*pairs: tuple[str, str]) -> Form:
    return Form(pairs)


@dataclass(frozen=True)
class Case:
    proves: str
    calls: tuple[Call, ...]


def case(proves: str, *calls: Call, marks: Any = ()) -> ParameterSet:
    return pytest.param(Case(proves, calls), id=proves, marks=marks)


@dataclass
class Runner:
    """Makes the calls of a case with names of its own, and notes what they create."""

    planes: Mapping[str, Plane]
    journal: Journal
    variables: dict[str, Any]

    @classmethod
    def named(cls, name: str, planes: Mapping[str, Plane], journal: Journal, more: Mapping[str, Any]) -> Runner:
        ids = {key: str(uuid.uuid4()) for key in ("id1", "id2", "id3", "nobody")}
        return cls(planes, journal, {"n": name, **ids, **more})

    def __call__(self, one: Case) -> None:
        for call in one.calls:
            self.make(call)

    def make(self, call: Call) -> Answer:
        if call.seconds:
            awaited: Answer = wait_until(repr(call), lambda: self._answered_well(call), call.seconds)
            return awaited
        answer = self._send(call)
        told = self._told(call, answer)
        assert not told, f"{call.method} {self.fill(call.path)}: {told}\n{answer}"
        return answer

    def _answered_well(self, call: Call) -> Answer | None:
        answer = self._send(call)
        return None if self._told(call, answer) else answer

    def _send(self, call: Call) -> Answer:
        path = self.fill(call.path)
        answer = self.planes[call.plane].request(
            call.method, path, self._body(call.body), [*self._headers(call.headers)]
        )
        if call.plane == "admin":
            self.journal.note(call.method, path, answer)
        if call.name:
            self.variables[call.name] = answer.json
        return answer

    def _headers(self, headers: Headers) -> list[tuple[str, str]]:
        pairs = headers.items() if isinstance(headers, Mapping) else headers
        return [(self.fill(name), self.fill(value)) for name, value in pairs]

    def _body(self, body: Any) -> Body | None:
        if body is None:
            return None
        if isinstance(body, Form):
            return form_body([(name, self.fill(value)) for name, value in body.pairs])
        if isinstance(body, Raw):
            return Body(self.fill(body.text).encode(), body.content_type)
        return json_body(self.fill(body))

    def _told(self, call: Call, answer: Answer) -> str:
        if call.status is None:
            return "" if 200 <= answer.status < 300 else "this was only to prepare the case"
        if answer.status != call.status:
            return f"expected status {call.status}, got {answer.status}"
        body = answer.json if answer.json is not None else answer.text
        return difference(self.fill(call.like), body) or difference(
            {name.lower(): self.fill(value) for name, value in call.answer_headers.items()},
            dict(answer.headers),
            "headers",
        )

    def fill(self, value: Any) -> Any:
        """Replace the names in braces; a text that is nothing but one becomes what it names, whatever its type."""
        if isinstance(value, str):
            whole = PLACEHOLDER.fullmatch(value)
            return self._named(whole[1]) if whole else self._filled(value, str)
        if isinstance(value, Mapping):
            return {self.fill(key): self.fill(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self.fill(one) for one in value]
        return self._filled_expectation(value)

    def _filled_expectation(self, value: Any) -> Any:
        if isinstance(value, Matching):
            return Matching(self._filled(value.pattern, lambda found: re.escape(str(found))))
        if isinstance(value, Exactly):
            return Exactly(self.fill(value.value))
        if isinstance(value, Other):
            return Other(self.fill(value.than))
        if isinstance(value, (Containing, Unordered)):
            return type(value)(tuple(self.fill(item) for item in value.items))
        return value

    def _filled(self, text: str, shown: Callable[[Any], str]) -> str:
        return PLACEHOLDER.sub(lambda found: shown(self._named(found[1])), text)

    def _named(self, dotted: str) -> Any:
        first, *parts = dotted.split(".")
        value = self.variables[first]
        for part in parts:
            value = value[int(part)] if isinstance(value, list) else value[part]
        return value
