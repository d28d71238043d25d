"""What the gateway's Lua does to a request, run by LuaJIT with just as much of Kong around it as it uses."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from lupa import luajit21

ROLE = Path(__file__).resolve().parents[3] / "roles" / "kong_config"
STRIP = (ROLE / "files" / "strip.lua").read_text(encoding="utf-8")
IDENTITY = (ROLE / "templates" / "identity.lua.j2").read_text(encoding="utf-8")
KEYS = {"free": "key-of-free", "smart": "key-of-smart", "premium": "key-of-premium"}

# The environment of a function: no global of Lua that Kong's sandbox keeps away.
SANDBOX = """
function(code, world)
  local known = {
    ipairs = ipairs, pairs = pairs, type = type, math = math, string = string, table = table, tostring = tostring,
  }
  known.require = function(name)
    assert(name == "cjson.safe", "require '" .. name .. "' not allowed within sandbox")
    return { decode = world.decode }
  end
  known.ngx = { decode_base64 = world.decode_base64, req = world.req }
  known.kong = { request = world.request, service = { request = world.upstream }, response = world.response }
  return setfenv(assert(loadstring(code)), known)()
end
"""


def rendered(**keys: str) -> str:
    """The template as Ansible renders it."""
    environment = Environment(trim_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701 - it is Lua
    environment.filters["to_json"] = json.dumps
    return environment.from_string(IDENTITY).render(tier_keys=keys or KEYS, lowest_tier="free")


class Exited(Exception):
    """The function has answered the request itself."""


@dataclass
class Request:
    """A request on its way through the gateway: name and values of each header, as the client spelled them."""

    headers: dict[str, str | list[str]]
    answered: list[Any] = field(default_factory=list)

    def through(self, code: str) -> Request:
        """The request after a function has run on it."""
        lua = luajit21.LuaRuntime(unpack_returned_tuples=True, encoding="latin-1")

        def given(value: str | list[str]) -> Any:
            return lua.table_from(value) if isinstance(value, list) else value

        def exit_with(status: int, body: Any) -> None:
            self.answered.append((status, body["message"]))
            raise Exited

        world = {
            "decode": lambda text: _to_lua(lua, text),
            "decode_base64": _decoded,
            "req": lua.table_from(
                {
                    "get_headers": lambda _limit: lua.table_from({n: given(v) for n, v in self.headers.items()}),
                    "clear_header": self._clear,
                }
            ),
            "request": lua.table_from({"get_header": self._get}),
            "upstream": lua.table_from({"set_header": self.headers.__setitem__, "clear_header": self._clear}),
            "response": lua.table_from({"exit": exit_with}),
        }
        function = lua.eval(SANDBOX)(code, lua.table_from(world))
        try:
            function()
        except Exited:
            pass
        return self

    def _get(self, name: str) -> str | None:
        found = next((value for key, value in self.headers.items() if key.lower() == name.lower()), None)
        return found[0] if isinstance(found, list) else found

    def _clear(self, name: str) -> None:
        for key in [key for key in self.headers if key.lower() == name.lower()]:
            del self.headers[key]


def _decoded(text: str) -> str | None:
    try:
        return base64.b64decode(text, validate=True).decode("latin-1")
    except ValueError:
        return None


def _to_lua(lua: Any, text: str) -> Any:
    """JSON as cjson.safe decodes it: null is a value of its own that counts as true, junk is nil."""
    null = lua.eval("newproxy()")

    def converted(value: Any) -> Any:
        if isinstance(value, dict):
            return lua.table_from({name: converted(item) for name, item in value.items()})
        if isinstance(value, list):
            return lua.table_from([converted(item) for item in value])
        return null if value is None else value

    try:
        return converted(json.loads(text))
    except ValueError:
        return None


def part(value: Any) -> str:
    return (
        base64.urlsafe_b64encode(value if isinstance(value, bytes) else json.dumps(value).encode()).decode().rstrip("=")
    )


def bearer(payload: Any) -> str:
    return f"Bearer {part({'alg': 'HS512'})}.{part(payload)}.c2lnbmF0dXJl"


def claims(**more: Any) -> dict[str, Any]:
    return {"iss": "issuer", "sub": "42", **more}


def identified(payload: Any) -> dict[str, Any]:
    return Request({"Authorization": bearer(payload)}).through(rendered()).headers


# Taking forged identities away


@pytest.mark.parametrize(
    "name",
    [
        "X-User-ID",
        "x-user-id",
        "X_User_ID",
        "X-User-Roles",
        "X_USER-anything",
        "X-Consumer-ID",
        "X_Consumer_Username",
        "X-Consumer-Groups",
        "X-Credential-Identifier",
        "X-Anonymous-Consumer",
        "X-Tier-Key",
        "x_tier_key",
    ],
)
def test_headers_of_the_gateway_are_taken_from_clients(name: str) -> None:
    assert Request({name: "forged", "Accept": "text/plain"}).through(STRIP).headers == {"Accept": "text/plain"}


@pytest.mark.parametrize("name", ["X-Userid", "X-Correlation-ID", "Authorization", "My-X-User-ID", "X-API-Key"])
def test_other_headers_stay(name: str) -> None:
    assert Request({name: "kept"}).through(STRIP).headers == {name: "kept"}


@pytest.mark.parametrize(
    "value",
    ["X-User-ID", "close, x-tier-key", "x_user_roles", "Authorization", ["keep-alive", "X-Consumer-ID"]],
)
def test_a_client_cannot_have_our_headers_dropped(value: str | list[str]) -> None:
    assert Request({"Connection": value}).through(STRIP).answered == [(400, "Bad Connection header")]


@pytest.mark.parametrize("value", ["close", "keep-alive", "Upgrade", ["keep-alive", "TE"]])
def test_connections_may_be_kept_and_closed(value: str | list[str]) -> None:
    request = Request({"Connection": value}).through(STRIP)
    assert (request.answered, request.headers) == ([], {"Connection": value})


# Deriving identities


@pytest.mark.parametrize(
    ("tier", "key"),
    [
        ({"subscription_tier": "free"}, "key-of-free"),
        ({"subscription_tier": "smart"}, "key-of-smart"),
        ({"subscription_tier": "premium"}, "key-of-premium"),
        ({"subscription_tier": "PREMIUM"}, "key-of-premium"),
        ({"subscription_tier": "unknown"}, "key-of-free"),
        ({"subscription_tier": None}, "key-of-free"),
        ({"subscription_tier": 5}, "key-of-free"),
        ({"subscription_tier": ["premium"]}, "key-of-free"),
        ({}, "key-of-free"),
    ],
)
def test_the_tier_of_the_token_selects_the_key(tier: dict[str, Any], key: str) -> None:
    assert identified(claims(**tier))["X-Tier-Key"] == key


@pytest.mark.parametrize(
    ("subject", "user"),
    [("42", "42"), (42, "42"), (9007199254740993, "9007199254740992"), ("ada@example.com", "ada@example.com")],
)
def test_the_subject_becomes_the_user(subject: Any, user: str) -> None:
    assert identified({"iss": "issuer", "sub": subject})["X-User-ID"] == user


@pytest.mark.parametrize(
    ("given", "roles"),
    [
        ({"authorities": "ROLE_USER,ROLE_ADMIN"}, "ROLE_USER,ROLE_ADMIN"),
        ({"authorities": ["ROLE_USER", "ROLE_ADMIN"]}, "ROLE_USER,ROLE_ADMIN"),
        ({"roles": ["USER"]}, "USER"),
        ({"authorities": None, "roles": "USER"}, "USER"),
        ({"authorities": "ROLE_USER", "roles": "ADMIN"}, "ROLE_USER"),
        ({"authorities": ["ROLE_USER", 5, None, "two words", "x" * 65]}, "ROLE_USER"),
        ({"authorities": "ROLE_USER\r\nX-User-ID: 1"}, None),
        ({"authorities": ""}, None),
        ({"authorities": {"a": "b"}}, None),
        ({}, None),
    ],
)
def test_roles_are_those_of_the_token_that_can_be_roles(given: dict[str, Any], roles: str | None) -> None:
    assert identified(claims(**given)).get("X-User-Roles") == roles


def test_no_more_roles_are_passed_on_than_a_header_holds() -> None:
    given = claims(authorities=[f"R{number}" for number in range(40)])
    assert identified(given)["X-User-Roles"].count(",") == 31


def test_the_token_is_passed_on_in_one_form() -> None:
    token = bearer(claims()).removeprefix("Bearer ")
    request = Request({"authorization": f"bearer   {token}"}).through(rendered())
    assert request.headers["Authorization"] == f"Bearer {token}"


JUNK: Iterable[Any] = (
    "Basic YTpi",
    "Bearer",
    "Bearer ",
    "Bearer a.b",
    "Bearer a.b.c.d",
    f"Bearer  {bearer(claims())}",
    bearer(claims()) + " ",
    bearer(claims()).replace(" ", "\t"),
    bearer(claims()).replace(".c2ln", ".=c2ln"),
    bearer(5),
    bearer(None),
    bearer(["iss"]),
    bearer("text"),
    bearer(b"{not json"),
    bearer(b"\xff\xfe"),
    bearer({"sub": "42"}),
    bearer({"iss": ["issuer"], "sub": "42"}),
    bearer({"iss": None, "sub": "42"}),
    bearer({"iss": "issuer"}),
    bearer({"iss": "issuer", "sub": None}),
    bearer({"iss": "issuer", "sub": ""}),
    bearer({"iss": "issuer", "sub": "a b"}),
    bearer({"iss": "issuer", "sub": "42\r\nX-Tier-Key: key-of-premium"}),
    bearer({"iss": "issuer", "sub": "x" * 129}),
    bearer({"iss": "issuer", "sub": {"id": 1}}),
    bearer({"iss": "issuer", "sub": True}),
    bearer(claims(padding="x" * 6144)),
)


@pytest.mark.parametrize("authorization", JUNK)
def test_whatever_is_odd_leaves_no_token_to_verify_and_no_identity(authorization: str) -> None:
    assert Request({"Authorization": authorization}).through(rendered()).headers == {}


def test_without_a_token_nothing_happens() -> None:
    assert Request({"Accept": "*/*"}).through(rendered()).headers == {"Accept": "*/*"}


def test_keys_cannot_leave_their_quotes() -> None:
    awkward = 'quote " backslash \\ ]]'
    code = rendered(free=awkward)
    assert Request({"Authorization": bearer(claims())}).through(code).headers["X-Tier-Key"] == awkward
