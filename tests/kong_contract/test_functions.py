"""pre-function and post-function: Lua in the sandbox, and limits per user built with it."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.kong_contract.cases import Case, Runner, case, through
from tests.kong_contract.client import wait_until
from tests.kong_contract.matching import ABSENT
from tests.kong_contract.site import Site

SET = """return function()
  kong.service.request.set_header("X-Set", "by " .. kong.request.get_method())
end"""
STRIP = """return function()
  for name in pairs(ngx.req.get_headers(0)) do
    if name:lower():gsub("_", "-"):find("^x%-user%-") then ngx.req.clear_header(name) end
  end
end"""
REFUSE = """return function()
  if kong.request.get_header("X-Bad") then
    return kong.response.exit(400, { message = "bad header" })
  end
end"""
FIRST = 'return function() kong.service.request.set_header("X-One", "1") end'
SECOND = 'return function() kong.service.request.set_header("X-Two", "2") end'
ANSWER = 'return function() kong.response.set_header("X-Answer", "42") end'
FORBIDDEN = 'local socket = require "socket"\nreturn function() end'
TIER = """return function()
  local set, user = kong.service.request.set_header, kong.request.get_header("X-Test-User")
  kong.service.request.clear_header("X-Tier-Key")
  if user then
    set("X-User-ID", user)
    set("X-Tier-Key", "%s")
  end
end"""
CLAIMS = """local json = require "cjson.safe"
return function()
  local auth = kong.request.get_header("Authorization") or ""
  local payload = (auth:match("^Bearer [%w_-]+%.([%w_-]+)%.[%w_-]*$") or ""):gsub("-", "+"):gsub("_", "/")
  local claims = json.decode(ngx.decode_base64(payload .. ("="):rep(-#payload % 4)) or "")
  if type(claims) == "table" and type(claims.sub) == "string" then
    kong.service.request.set_header("X-User-ID", claims.sub)
  end
end"""
ALLOWED_REQUIRE = "cjson.safe"
NEEDED_S = 8  # the window of a minute must last this long yet when a case with limits begins


def token(claims: Mapping[str, Any]) -> str:
    parts = (json.dumps({"alg": "HS256"}), json.dumps(claims), "x")
    return ".".join(base64.urlsafe_b64encode(part.encode()).rstrip(b"=").decode() for part in parts)


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site]) -> Site:
    site = new_site()
    service = site.service("echo", url=f"http://{site.backend('echo').address}")
    consumer = site.consumer("consumer")
    site.key(consumer, "key")
    lend = f'return function() kong.service.request.set_header("apikey", "{site.variables["key"]}") end'
    site.guarded("set", service, pre_function={"access": [SET]})
    site.guarded("strip", service, pre_function={"access": [STRIP]})
    site.guarded("refuse", service, pre_function={"access": [REFUSE]})
    site.guarded("pair", service, pre_function={"access": [FIRST, SECOND]})
    site.guarded("answer", service, pre_function={"header_filter": [ANSWER]})
    site.guarded("post", service, post_function={"access": [SECOND]}, pre_function={"access": [FIRST]})
    site.guarded("lend", service, pre_function={"access": [lend]}, key_auth={})
    site.guarded("forbidden", service, pre_function={"access": [FORBIDDEN]})
    site.guarded("claims", service, pre_function={"access": [CLAIMS]})
    site.plugin("pre-function", {"access": [FIRST]}, service=site.service("own", url=service_url(service)))
    site.guarded("own", site.variables["service_own"], pre_function={"access": [SECOND]})
    tiers(site, service)
    site.variables["token"] = token({"sub": "user-7"})
    site.publish()
    return site


def tiers(site: Site, service: Mapping[str, Any]) -> None:
    """Let a function pick the consumer of a tier, whose limit counts per user over all routes."""
    tier = site.consumer("tier")
    key = site.key(tier, "tier_key")
    limit = {"minute": 2, "policy": "local", "limit_by": "header", "header_name": "X-User-ID"}
    site.plugin("rate-limiting", limit, consumer=tier)
    for name in ("tier-a", "tier-b"):
        switch = {"key_names": ["x-tier-key"], "key_in_query": False, "hide_credentials": True}
        site.guarded(name, service, pre_function={"access": [TIER % key]}, key_auth=switch)


def service_url(service: Mapping[str, Any]) -> str:
    return f"{service['protocol']}://{service['host']}:{service['port']}"


CASES = [
    case(
        "a function sees the request and sets a header for the service",
        through("GET", "/set").gives(200, {"headers": {"x-set": "by GET"}}),
        through("POST", "/set", {"X-Set": "mine"}).gives(200, {"headers": {"x-set": "by POST"}}),
    ),
    case(
        "a function clears headers by their normalised name",
        through("GET", "/strip", {"X-User-ID": "1", "X-USER-Roles": "admin", "X-Other": "2"}).gives(
            200, {"headers": {"x-user-id": ABSENT, "x-user-roles": ABSENT, "x-other": "2"}}
        ),
    ),
    case(
        "a function answers in place of the service",
        through("GET", "/refuse", {"X-Bad": "1"}).gives(400, {"message": "bad header"}, {"x-backend": ABSENT}),
        through("GET", "/refuse").gives(200, {"server": "echo"}),
    ),
    case(
        "functions run one after the other",
        through("GET", "/pair").gives(200, {"headers": {"x-one": "1", "x-two": "2"}}),
    ),
    case("a function sets a header of the answer", through("GET", "/answer").gives(200, {}, {"x-answer": "42"})),
    case(
        "there are functions before and after all other plugins",
        through("GET", "/post").gives(200, {"headers": {"x-one": "1", "x-two": "2"}}),
    ),
    case(
        "a function runs before authentication and may provide for it",
        through("GET", "/lend").gives(200, {"headers": {"x-consumer-username": "{site}-consumer"}}),
    ),
    case(
        "the function of a route replaces that of its service",
        through("GET", "/own").gives(200, {"headers": {"x-one": ABSENT, "x-two": "2"}}),
    ),
    case(
        "tiers: two requests a minute for a user, over all routes",
        through("GET", "/tier-a", {"X-Test-User": "{n}-1"}).gives(
            200, {"headers": {"x-user-id": "{n}-1", "x-tier-key": ABSENT, "x-consumer-username": "{site}-tier"}}
        ),
        through("GET", "/tier-b", {"X-Test-User": "{n}-1"}).gives(200),
        through("GET", "/tier-a", {"X-Test-User": "{n}-1"}).gives(429),
        through("GET", "/tier-b", {"X-Test-User": "{n}-1"}).gives(429),
        through("GET", "/tier-a", {"X-Test-User": "{n}-2"}).gives(200),
    ),
    case(
        "tiers: the key of a tier is of no use to a client",
        through("GET", "/tier-a", {"X-Tier-Key": "{tier_key}"}).gives(401),
    ),
]


def test_functions(case: Case, run: Runner, site: Site) -> None:
    if case.proves.startswith("tiers"):
        wait_until("the minute is young enough", lambda: time.time() % 60 < 60 - NEEDED_S, seconds=NEEDED_S + 2)
    run(case)


def sandboxed_requires(node: Any) -> list[str] | None:
    """List what functions may require on this node, None when they are not in the sandbox."""
    if node.configuration["untrusted_lua"] != "sandbox":
        return None
    return list(node.configuration["untrusted_lua_sandbox_requires"] or [])


def test_what_the_sandbox_forbids_is_accepted_and_fails_every_request(site: Site, run: Runner, node: Any) -> None:
    allowed = sandboxed_requires(node)
    if allowed is None or "socket" in allowed:
        pytest.skip("this node lets functions require socket")
    run.make(through("GET", "/forbidden").gives(500))


def test_a_function_reads_the_claims_of_a_token(site: Site, run: Runner, node: Any) -> None:
    if ALLOWED_REQUIRE not in (sandboxed_requires(node) or []):
        pytest.skip(f"untrusted_lua_sandbox_requires of this node lacks {ALLOWED_REQUIRE}")
    run.make(
        through("GET", "/claims", {"Authorization": "Bearer {token}"}).gives(200, {"headers": {"x-user-id": "user-7"}})
    )
