"""Small pure parts: windows, tokens, client addresses, references to secrets, headers."""

from __future__ import annotations

import datetime
import ipaddress
import subprocess
import sys
from typing import Any

import pytest
from local_cloud_support import REPOSITORY
from test_limits_per_user import encoded, signed

from local_cloud.kong.proxy import PLUGINS_RUN, clients
from local_cloud.kong.proxy.encodings import decode_base64
from local_cloud.kong.proxy.gateway import Gateway
from local_cloud.kong.proxy.headers import Headers
from local_cloud.kong.proxy.plugins import tokens
from local_cloud.kong.proxy.plugins.cors import allowed_origin
from local_cloud.kong.proxy.plugins.windows import Usage, exceeded, headers, window_start
from local_cloud.kong.proxy.vaults import Vaults
from local_cloud.kong.settings import from_environment

NOW = int(datetime.datetime(2026, 11, 22, 13, 14, 15, tzinfo=datetime.UTC).timestamp())


@pytest.mark.parametrize(
    ("period", "begin"),
    [
        ("second", "2026-11-22T13:14:15"),
        ("minute", "2026-11-22T13:14:00"),
        ("hour", "2026-11-22T13:00:00"),
        ("day", "2026-11-22T00:00:00"),
        ("month", "2026-11-01T00:00:00"),
        ("year", "2026-01-01T00:00:00"),
    ],
)
def test_windows_begin(period: str, begin: str) -> None:
    assert datetime.datetime.fromtimestamp(window_start(period, NOW), datetime.UTC).isoformat() == f"{begin}+00:00"


def test_headers_speak_of_the_tightest_period() -> None:
    shown = headers({"minute": Usage(5, 3), "hour": Usage(100, 2)}, NOW)
    assert shown == {
        "X-RateLimit-Limit-Minute": "5",
        "X-RateLimit-Remaining-Minute": "2",
        "X-RateLimit-Limit-Hour": "100",
        "X-RateLimit-Remaining-Hour": "1",
        "RateLimit-Limit": "100",
        "RateLimit-Remaining": "1",
        "RateLimit-Reset": str(3600 - 14 * 60 - 15),
    }


def test_a_used_up_period() -> None:
    usage = {"minute": Usage(5, 2), "hour": Usage(100, 0)}
    assert exceeded(usage) == "hour"
    assert headers(usage, NOW)["X-RateLimit-Remaining-Minute"] == "2"
    assert exceeded({"minute": Usage(5, 1)}) is None


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("YWI", b"ab"),
        ("YWI=", b"ab"),
        ("-_8", b"\xfb\xff"),
        ("+/8=", b"\xfb\xff"),
        ("a", None),
        ("a*b", None),
        ("", b""),
    ],
)
def test_base64(text: str, content: bytes | None) -> None:
    assert decode_base64(text) == content


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("word", "Bad token; invalid JSON"),
        ("a.b.c", "Bad token; invalid JSON"),
        (signed({"alg": "none"}, {}), "Bad token; invalid alg"),
        (signed({"typ": "JWT"}, {}), "Bad token; invalid alg"),
        (signed({"alg": "HS256", "typ": "JWS"}, {}), "Bad token; invalid typ"),
        (f"{encoded({'alg': 'HS256'})}.{encoded({})}.a*", "Bad token; invalid signature"),
    ],
)
def test_tokens_that_cannot_be_read(text: str, reason: str) -> None:
    with pytest.raises(tokens.BadToken, match=f"^{reason}$"):
        tokens.parse(text)


@pytest.mark.parametrize("payload", [5, None, True, {"iss": None}])
def test_tokens_on_which_the_real_gateway_breaks(payload: Any) -> None:
    with pytest.raises(tokens.Broken):
        tokens.parse(signed({"alg": "HS256"}, payload)).claim("iss")


@pytest.mark.parametrize(
    ("claims", "errors"),
    [
        ({"exp": 101, "nbf": 100}, {}),
        ({"exp": 100, "nbf": 101}, {"exp": "token expired", "nbf": "token not valid yet"}),
        ({"exp": "101"}, {"exp": "must be a number", "nbf": "must be a number"}),
    ],
)
def test_claims(claims: dict[str, Any], errors: dict[str, str]) -> None:
    assert tokens.claim_errors(claims, ["exp", "nbf"], 100) == errors


LOCAL = [ipaddress.ip_network("10.0.0.0/8")]


@pytest.mark.parametrize(
    ("peer", "values", "header", "recursive", "client"),
    [
        ("192.0.2.1", ["198.51.100.1"], "X-Forwarded-For", True, "192.0.2.1"),
        ("10.0.0.1", [], "X-Forwarded-For", True, "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "X-Forwarded-For", True, "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], "X-Forwarded-For", True, "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1, 10.0.0.2"], "X-Forwarded-For", True, "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "X-Forwarded-For", False, "10.0.0.2"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "X-Forwarded-For", True, "10.0.0.3"),
        ("10.0.0.1", ["junk"], "X-Forwarded-For", True, "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:1234"], "X-Forwarded-For", True, "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1"], "X-Real-IP", False, "198.51.100.1"),
    ],
)
def test_who_the_client_is(peer: str, values: list[str], header: str, recursive: bool, client: str) -> None:
    given = Headers((header, value) for value in values)
    assert clients.client_address(peer, given, LOCAL, header, recursive=recursive) == client


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ([], "https://a.example.com", "*"),
        (["*"], "https://a.example.com", "*"),
        (["https://a.example.com"], "https://evil.example.com", "https://a.example.com"),
        (["https://a.example.com", "https://b.example.com"], "https://b.example.com", "https://b.example.com"),
        (["https://a.example.com", "https://b.example.com"], "https://b.example.com:443", "https://b.example.com:443"),
        (["https://a.example.com", "https://b.example.com"], "https://evil.example.com", None),
        (["https://a.example.com", "https://b.example.com"], "http://a.example.com", None),
        ([r"https://(.+\.)?example\.com"], "https://x.example.com", "https://x.example.com"),
        ([r"https://(.+\.)?example\.com"], "https://x.example.com.evil.test", None),
        ([r".*\.example\.com"], "http://x.example.com:8080", "http://x.example.com:8080"),
        (["https://a.example.com", "https://b.example.com"], None, None),
    ],
)
def test_origins(origins: list[str], origin: str | None, allowed: str | None) -> None:
    assert allowed_origin(origins, origin) == allowed


def test_references_to_secrets(caplog: pytest.LogCaptureFixture) -> None:
    environment = {"REDIS_PASSWORD": "one", "MY_REDIS_PASSWORD": "two", "ACCOUNT": '{"password": "three"}'}
    entities = {"1": {"name": "env", "prefix": "mine", "config": {"prefix": "my_"}}}
    config = {
        "plain": "x",
        "list": ["{vault://env/redis-password}", "{vault://mine/redis-password}", "{vault://env/account/password}"],
        "inner": {"missing": "{vault://env/none}", "within": "a {vault://env/account}"},
    }
    assert Vaults(environment, entities).resolve(config) == {
        "plain": "x",
        "list": ["one", "two", "three"],
        "inner": {"missing": "", "within": "a {vault://env/account}"},
    }
    assert "{vault://env/none}" in caplog.text


def test_headers_keep_their_order() -> None:
    fields = Headers([("A", "1"), ("B", "2"), ("a", "3"), ("C", "4")])
    fields.set("a", "5", "6")
    fields.set("D", "7")
    assert list(fields) == [("a", "5"), ("a", "6"), ("B", "2"), ("C", "4"), ("D", "7")]
    assert (fields.get("A"), fields.all("A"), fields.joined("A")) == ("5", ["5", "6"], "5, 6")
    assert list(fields.first(2)) == [("a", "5"), ("a", "6")]
    fields.remove("A")
    assert "a" not in fields


def test_the_list_of_plugins_is_true() -> None:
    assert frozenset(Gateway(from_environment({})).plugin_names) == PLUGINS_RUN


MANY_STATES = """
import gc
from local_cloud.kong.proxy.lua.runtime import Lua, LuaError
from local_cloud.kong.proxy.exchange import Exchange
from local_cloud.kong.settings import from_environment

for _ in range(50):
    lua = Lua(from_environment({}), "node")
    exchange = Exchange.__new__(Exchange)
    exchange.lua = None
    for source in ("ngx.re.match('a', '(')", "kong.ctx.shared.a = {kong}", "kong.response.exit({})"):
        try:
            lua.run(lua.compile(source), exchange, "access")
        except LuaError:
            pass
    del lua, exchange
    gc.collect()
"""


def test_lua_states_come_and_go() -> None:
    """Freed in the wrong order they take the process with them."""
    done = subprocess.run([sys.executable, "-c", MANY_STATES], cwd=REPOSITORY, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
