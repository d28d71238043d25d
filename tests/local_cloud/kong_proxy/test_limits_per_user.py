"""Limits per user and tier, with Lua functions, two authentication plugins and a Redis that nodes share; under attack.

The functions are those of the role kong_config. All tokens carry one issuer, so jwt finds one consumer for everybody.
A function reads the tier from the token that jwt then verifies, and key-auth switches to the consumer of the tier,
whose rate limit counts by user.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import jinja2
import pytest
from local_cloud_support import REPOSITORY, eventually
from proxy_support import Answer, Echo, Node, RedisServer, World

Start = Callable[..., Node]

SECRET = "a secret of the tokens that only tests know, and no one else"
KEYS = {"free": "key-of-free", "smart": "key-of-smart", "premium": "key-of-premium"}
LIMITS = {"free": 5, "smart": 10, "premium": 20}

ROLE = REPOSITORY / "roles" / "kong_config"
STRIP = (ROLE / "files" / "strip.lua").read_text()


def identity() -> str:
    """The function that reads the token, as the role renders it."""
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701  Lua
    environment.filters["to_json"] = json.dumps
    template = environment.from_string((ROLE / "templates" / "identity.lua.j2").read_text())
    return template.render(tier_keys=KEYS, lowest_tier="free")


def encoded(value: Any) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token(user: Any = 1, header: Any = None, secret: str = SECRET, **claims: Any) -> str:
    payload = {"iss": "auth", "sub": user, "exp": int(time.time()) + 300, **claims}
    return signed(header or {"alg": "HS512", "typ": "JWT"}, payload, secret)


def signed(header: Any, payload: Any, secret: str = SECRET) -> str:
    text = f"{encoded(header)}.{encoded(payload)}"
    return f"{text}.{encoded(hmac.new(secret.encode(), text.encode(), hashlib.sha512).digest())}"


@dataclass
class Gateway:
    """Nodes with three routes over two services."""

    nodes: list[Node]
    upstream: Echo

    def get(self, credential: str | None = None, *more: tuple[str, str], path: str = "/one", node: int = 0) -> Answer:
        headers = [("Authorization", f"Bearer {credential}")] if credential else []
        return self.nodes[node].send(path, [*headers, *more])


def fill(world: World, upstream: Echo, redis_server: RedisServer, *, fault_tolerant: bool = False) -> None:
    issuer = world.add("consumers", username="users")
    world.add("jwt_secrets", consumer={"id": issuer["id"]}, key="auth", secret=SECRET, algorithm="HS512")
    world.plugin("pre-function", {"rewrite": [STRIP]})
    for tier, key in KEYS.items():
        consumer = world.add("consumers", username=f"tier-{tier}")
        world.add("keyauth_credentials", consumer={"id": consumer["id"]}, key=key, ttl=None)
        limits = {
            "minute": LIMITS[tier],
            "limit_by": "header",
            "header_name": "X-User-ID",
            "policy": "redis",
            "sync_rate": -1,
            "fault_tolerant": fault_tolerant,
            "redis": redis_server.record(),
        }
        world.plugin("rate-limiting", limits, consumer=consumer)
    for paths in (["/one", "/two"], ["/three"]):
        service = world.service(upstream)
        for path in paths:
            world.route(service, paths=[path])
        world.plugin("pre-function", {"access": [identity()]}, service=service)
        world.plugin("jwt", {"claims_to_verify": ["exp"], "uri_param_names": [], "cookie_names": []}, service=service)
        world.plugin(
            "key-auth",
            {"key_names": ["X-Tier-Key"], "key_in_query": False, "hide_credentials": True},
            service=service,
        )


def variables(redis_server: RedisServer) -> dict[str, str]:
    return {"UNTRUSTED_LUA_SANDBOX_REQUIRES": "cjson.safe", **redis_server.variables()}


@pytest.fixture
def gateway(world: World, start: Start, echo: Callable[..., Echo], redis_server: RedisServer) -> Gateway:
    upstream = echo()
    fill(world, upstream, redis_server)
    # A test must not straddle two windows.
    eventually(lambda: time.time() % 60 < 50, timeout=15, what="the minute is young enough")
    return Gateway([start(**variables(redis_server)) for _ in range(2)], upstream)


@pytest.mark.parametrize(
    ("tier", "limit"),
    [*LIMITS.items(), ("no-such-tier", LIMITS["free"]), (None, LIMITS["free"]), (7, LIMITS["free"])],
)
def test_each_tier_has_its_limit(gateway: Gateway, tier: Any, limit: int) -> None:
    credential = token(subscription_tier=tier)
    answers = [gateway.get(credential) for _ in range(limit + 2)]
    assert [answer.status for answer in answers] == [200] * limit + [429] * 2
    assert [answer.headers["RateLimit-Remaining"] for answer in answers[:2]] == [str(limit - 1), str(limit - 2)]
    refused = answers[-1]
    assert refused.json["message"] == "API rate limit exceeded"
    assert refused.headers["X-RateLimit-Limit-Minute"] == str(limit)
    assert refused.headers["Retry-After"] == refused.headers["RateLimit-Reset"]
    # Somebody else of that tier is served.
    assert gateway.get(token(user=2, subscription_tier=tier)).status == 200


def test_one_user_has_one_counter_over_routes_services_and_tiers(gateway: Gateway) -> None:
    paths = ["/one", "/two", "/three", "/one", "/three", "/two"]
    assert [gateway.get(token(), path=path).status for path in paths] == [200] * 5 + [429]
    # A better tier is a higher limit for the same count: six so far, the refused one among them.
    answers = [gateway.get(token(subscription_tier="smart")).status for _ in range(5)]
    assert answers == [200] * 4 + [429]


def test_requests_at_the_same_time_over_two_nodes(gateway: Gateway) -> None:
    credential = token(subscription_tier="premium")
    with ThreadPoolExecutor(32) as pool:
        answers = list(pool.map(lambda number: gateway.get(credential, node=number % 2).status, range(160)))
    assert Counter(answers) == {200: 20, 429: 140}


def test_what_the_service_learns(gateway: Gateway) -> None:
    answer = gateway.get(token(user=42, roles=["USER", "ADMIN", "not a role"], subscription_tier="smart"))
    assert (answer.seen("X-User-ID"), answer.seen("X-User-Roles")) == ("42", "USER,ADMIN")
    assert answer.seen("X-Consumer-Username") == "tier-smart"
    assert answer.seen("X-Tier-Key") is None


@pytest.mark.parametrize(
    "name",
    ["X-User-ID", "X_User_ID", "x-user-roles", "X_USER_ROLES", "X-Tier-Key", "X_Tier_Key", "X-Consumer-ID"],
)
def test_forged_headers_change_nothing(gateway: Gateway, name: str) -> None:
    forged = [(name, KEYS["premium"]), (name, "9")]
    answer = gateway.get(token(user=1), *forged)
    seen = answer.json["headers"]
    assert answer.headers["RateLimit-Limit"] == str(LIMITS["free"])
    assert seen["x-user-id"] == "1"
    assert KEYS["premium"] not in json.dumps(seen)
    assert not [header for header in seen if "_" in header or header in ("x-tier-key", "x-user-roles")]
    assert gateway.get(None, *forged).status == 401


def test_many_headers_hide_nothing(gateway: Gateway) -> None:
    padding = [(f"X-Padding-{number}", "1") for number in range(150)]
    forged = [("X-Tier-Key", KEYS["premium"]), ("X-User-ID", "9")]
    # jwt and key-auth look at the first hundred headers only, so the token is not seen: refused, not let through.
    assert gateway.get(None, *padding, *forged, ("Authorization", f"Bearer {token()}")).status == 401
    assert not gateway.upstream.requests


@pytest.mark.parametrize("named", ["close, X-User-ID", "x_user_id", "keep-alive, Authorization", "X-Tier-Key"])
def test_a_connection_header_cannot_take_the_identity_away(gateway: Gateway, named: str) -> None:
    answer = gateway.get(token(), ("Connection", named))
    assert (answer.status, answer.json) == (400, {"message": "Bad Connection header"})
    assert not gateway.upstream.requests


def bad_tokens() -> dict[str, str]:
    good = token()
    header, payload, signature = good.split(".")
    soon = int(time.time()) + 300
    hs512 = {"alg": "HS512", "typ": "JWT"}
    return {
        "nothing": "",
        "one word": "word",
        "two parts": f"{header}.{payload}",
        "four parts": f"{good}.more",
        "another secret": token(secret="another"),
        "no signature": f"{header}.{payload}.",
        "a changed payload": f"{header}.{encoded({'iss': 'auth', 'sub': 2, 'exp': soon})}.{signature}",
        "alg none": f"{encoded({'alg': 'none'})}.{payload}.",
        "alg none, signed": token(header={"alg": "none"}),
        "another algorithm": token(header={"alg": "HS256", "typ": "JWT"}),
        "expired": token(exp=1),
        "expires never": token(exp=None),
        "expires in words": token(exp=str(soon)),
        "no user": token(user=None),
        "a user that is a list": token(user=[1]),
        "a user with a line feed": token(user="1\n2"),
        "a long user": token(user="u" * 129),
        "an empty user": token(user=""),
        "unknown issuer": token(iss="other"),
        "issuer a list": token(iss=["auth"]),
        "issuer a number": token(iss=5),
        "issuer null": token(iss=None),
        "payload a number": signed(hs512, 5),
        "payload a list": signed(hs512, ["auth"]),
        "payload null": signed(hs512, None),
        "payload no JSON": signed(hs512, b"{"),
        "header no JSON": signed(b"{", {"iss": "auth", "sub": 1, "exp": soon}),
        "padding": f"{header}.{payload}=.{signature}",
        "too long": token(more="x" * 5000),
        "a space in it": good.replace(".", ". "),
    }


def test_bad_tokens_are_refused_and_cost_the_user_nothing(gateway: Gateway) -> None:
    statuses = {kind: gateway.get(credential).status for kind, credential in bad_tokens().items()}
    assert {kind: status for kind, status in statuses.items() if status != 401} == {}
    assert not gateway.upstream.requests
    assert gateway.get(token()).headers["RateLimit-Remaining"] == str(LIMITS["free"] - 1)


def test_tokens_elsewhere_and_twice(gateway: Gateway) -> None:
    assert gateway.nodes[0].send(f"/one?jwt={token()}").status == 401
    assert gateway.get(None, ("Cookie", f"jwt={token()}")).status == 401
    assert gateway.get(token(), ("Authorization", f"Bearer {token(user=2)}")).status == 400
    for scheme in ("bearer", "Bearer  "):
        assert gateway.get(None, ("Authorization", f"{scheme} {token()}")).status == 200
    for wrong in (token(), f"Basic {token()}", f"Bearer\t{token()}"):
        assert gateway.get(None, ("Authorization", wrong)).status == 401


@pytest.mark.parametrize("behaviour", [(True, 200), (False, 500)])
def test_without_redis(
    world: World,
    start: Start,
    echo: Callable[..., Echo],
    redis_server: RedisServer,
    behaviour: tuple[bool, int],
) -> None:
    fault_tolerant, status = behaviour
    fill(world, echo(), redis_server, fault_tolerant=fault_tolerant)
    node = start(**variables(redis_server))
    redis_server.stop()
    answers = [node.send("/one", [("Authorization", f"Bearer {token()}")]) for _ in range(LIMITS["free"] + 1)]
    assert {answer.status for answer in answers} == {status}
    if status == 500:
        assert answers[0].json["message"] == "An unexpected error occurred"


@pytest.mark.parametrize("wrong", [{"server_name": "other.example.com"}, {"ssl": False}, {"password": "wrong"}])
def test_wrong_settings_of_redis_are_no_open_door(
    world: World, start: Start, echo: Callable[..., Echo], redis_server: RedisServer, wrong: dict[str, Any]
) -> None:
    service = world.service(echo())
    world.route(service, paths=["/"])
    record = redis_server.record(**wrong)
    world.plugin(
        "rate-limiting", {"minute": 5, "policy": "redis", "redis": record, "fault_tolerant": False}, service=service
    )
    assert start(**variables(redis_server)).send().status == 500


def test_a_forbidden_require_fails_every_request(world: World, start: Start, echo: Callable[..., Echo]) -> None:
    service = world.service(echo())
    world.route(service, paths=["/"])
    world.plugin("pre-function", {"access": [identity()]}, service=service)
    node = start()
    assert [node.send().status for _ in range(3)] == [500] * 3
