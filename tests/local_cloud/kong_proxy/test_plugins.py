"""What each plugin does to requests and answers."""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from local_cloud_support import eventually
from proxy_support import Answer, Echo, Node, World

Start = Callable[..., Node]
MakeEcho = Callable[..., Echo]


@pytest.fixture
def served(world: World, start: Start, echo: MakeEcho) -> Callable[..., Node]:
    """A node with a route `/` on which these plugins are."""

    def make(*plugins: tuple[str, dict[str, Any]], upstream: Echo | None = None, **variables: str) -> Node:
        service = world.service(upstream or echo(), name="echo")
        route = world.route(service, paths=["/"], name="all")
        for name, config in plugins:
            world.plugin(name, config, route=route)
        return start(**variables)

    return make


def person(world: World, name: str, **data: Any) -> dict[str, Any]:
    consumer = world.add("consumers", username=name, **data)
    world.add("keyauth_credentials", consumer={"id": consumer["id"]}, key=f"key-of-{name}", ttl=None)
    return consumer


def outcome(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.json["message"]


# key-auth, basic-auth, acl


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/", [], (401, "No API key found in request")),
        ("/", [("apikey", "")], (401, "No API key found in request")),
        ("/", [("apikey", "wrong")], (401, "Unauthorized")),
        ("/", [("apikey", "key-of-ann"), ("apikey", "x")], (401, "Duplicate API key found")),
        ("/?apikey=a&apikey=b", [], (401, "Duplicate API key found")),
    ],
)
def test_key_auth_refuses(world: World, served: Any, path: str, headers: Any, expected: tuple[int, str]) -> None:
    person(world, "ann")
    answer = served(("key-auth", {})).send(path, headers)
    assert outcome(answer) == expected


def test_key_auth_tells_who_it_is(world: World, served: Any) -> None:
    ann = person(world, "ann", custom_id="c-1")
    node = served(("key-auth", {"hide_credentials": True, "key_in_body": True}))
    form = node.send(
        "/", [("Content-Type", "application/x-www-form-urlencoded")], method="POST", body="apikey=key-of-ann"
    )
    assert form.status == 200
    seen = node.send("/?a=1&apikey=key-of-ann").json
    assert seen["path"] == "/?a=1"
    assert (seen["headers"]["x-consumer-id"], seen["headers"]["x-consumer-custom-id"]) == (ann["id"], "c-1")
    assert "apikey" not in node.send("/", [("apikey", "key-of-ann")]).json["headers"]
    assert node.send("/").headers["WWW-Authenticate"] == "Key"


def test_a_key_expires(world: World, served: Any) -> None:
    ann = world.add("consumers", username="ann")
    world.add("keyauth_credentials", consumer={"id": ann["id"]}, key="short", ttl=1)
    node = served(("key-auth", {}))
    assert node.send("/", [("apikey", "short")]).status == 200
    eventually(lambda: node.send("/", [("apikey", "short")]).status == 401, 20)


def test_anonymous_consumers(world: World, served: Any) -> None:
    person(world, "ann")
    nobody = world.add("consumers", username="nobody")
    node = served(("key-auth", {"anonymous": nobody["id"]}))
    seen = node.send("/").json["headers"]
    assert (seen["x-consumer-username"], seen["x-anonymous-consumer"]) == ("nobody", "true")
    seen = node.send("/", [("apikey", "key-of-ann"), ("X-Anonymous-Consumer", "true")]).json["headers"]
    assert seen["x-consumer-username"] == "ann"
    assert "x-anonymous-consumer" not in seen


def test_basic_auth(world: World, served: Any) -> None:
    ann = world.add("consumers", username="ann")
    stored = hashlib.sha1(f"secret:1{ann['id']}".encode(), usedforsecurity=False).hexdigest()
    world.add("basicauth_credentials", consumer={"id": ann["id"]}, username="ann", password=stored)
    node = served(("basic-auth", {"hide_credentials": True}))
    assert node.send("/").headers["WWW-Authenticate"] == 'Basic realm="service"'
    right, wrong = ("Authorization", "Basic YW5uOnNlY3JldDox"), ("Authorization", "Basic YW5uOnNlY3JldA==")
    assert outcome(node.send("/", [wrong])) == (401, "Unauthorized")
    seen = node.send("/", [right]).json["headers"]
    assert (seen["x-credential-identifier"], "authorization" in seen) == ("ann", False)


@pytest.mark.parametrize(
    ("config", "name", "status"),
    [
        ({"allow": ["admins"]}, "ann", 200),
        ({"allow": ["admins"]}, "bob", 403),
        ({"deny": ["admins"]}, "ann", 403),
        ({"deny": ["admins"]}, "bob", 200),
    ],
)
def test_acl(world: World, served: Any, config: dict[str, Any], name: str, status: int) -> None:
    ann = person(world, "ann")
    person(world, "bob")
    world.add("acls", consumer={"id": ann["id"]}, group="admins")
    answer = served(("key-auth", {}), ("acl", config)).send("/", [("apikey", f"key-of-{name}")])
    assert answer.status == status
    if status == 403:
        assert answer.json["message"] == "You cannot consume this service"
    elif name == "ann":
        assert answer.seen("X-Consumer-Groups") == "admins"


# jwt

SECRET = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"


def credential(world: World, key: str = "ann-iss", **data: Any) -> None:
    ann = world.add("consumers", username=f"owner-of-{key}")
    world.add("jwt_secrets", consumer={"id": ann["id"]}, key=key, **data)


def bearer(token: str) -> list[tuple[str, str]]:
    return [("Authorization", f"Bearer {token}")]


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_jwt_with_a_secret(world: World, served: Any, algorithm: str) -> None:
    credential(world, secret=SECRET, algorithm=algorithm)
    node = served(("jwt", {}))
    token = jwt.encode({"iss": "ann-iss"}, SECRET, algorithm)
    answer = node.send("/", bearer(token))
    assert (answer.status, answer.seen("X-Credential-Identifier")) == (200, "ann-iss")
    forged = jwt.encode({"iss": "ann-iss"}, SECRET + "x", algorithm)
    assert (node.send("/", bearer(forged)).json, node.send("/", bearer(forged)).status) == (
        {"message": "Invalid signature"},
        401,
    )


@pytest.mark.parametrize("algorithm", ["RS256", "RS512", "PS256", "ES256", "ES384"])
def test_jwt_with_a_public_key(world: World, served: Any, algorithm: str) -> None:
    curve = {"ES256": ec.SECP256R1(), "ES384": ec.SECP384R1()}.get(algorithm)
    keys = [ec.generate_private_key(curve) if curve else rsa.generate_private_key(65537, 2048) for _ in range(2)]
    public = (
        keys[0].public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    credential(world, algorithm=algorithm, rsa_public_key=public.decode())
    node = served(("jwt", {}))
    statuses = [node.send("/", bearer(jwt.encode({"iss": "ann-iss"}, key, algorithm))).status for key in keys]
    assert statuses == [200, 401]
    # The public key is no secret of the other kind.
    confused = jwt.encode({"iss": "ann-iss"}, "x" * 32, "HS256")
    assert node.send("/", bearer(confused)).json == {"message": "Invalid algorithm"}


@pytest.mark.parametrize(
    ("config", "claims", "expected"),
    [
        ({}, {}, (401, {"message": "No mandatory 'iss' in claims"})),
        ({}, {"iss": ""}, (401, {"message": "Invalid 'iss' in claims"})),
        ({}, {"iss": "unknown"}, (401, {"message": "No credentials found for given 'iss'"})),
        ({}, {"iss": "ann-iss", "exp": 1}, (200, None)),
        ({"claims_to_verify": ["exp"]}, {"iss": "ann-iss", "exp": 1}, (401, {"exp": "token expired"})),
        ({"claims_to_verify": ["exp"]}, {"iss": "ann-iss"}, (401, {"exp": "must be a number"})),
        ({"claims_to_verify": ["nbf"]}, {"iss": "ann-iss", "nbf": 9e9}, (401, {"nbf": "token not valid yet"})),
        (
            {"claims_to_verify": ["exp"], "maximum_expiration": 60},
            {"iss": "ann-iss", "exp": 9e9},
            (401, {"exp": "exceeds maximum allowed expiration"}),
        ),
        ({"key_claim_name": "kid"}, {"kid": "ann-iss"}, (200, None)),
        ({}, {"iss": ["ann-iss"]}, (500, None)),
    ],
)
def test_jwt_claims(world: World, served: Any, config: Any, claims: Any, expected: tuple[int, Any]) -> None:
    credential(world, secret=SECRET, algorithm="HS256")
    node = served(("jwt", config))
    answer = node.send("/", bearer(jwt.api_jws.encode(json.dumps(claims).encode(), SECRET, "HS256")))
    status, body = expected
    assert answer.status == status
    if body:
        assert answer.json == body
        assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'


def test_where_jwt_looks(world: World, served: Any) -> None:
    credential(world, secret=SECRET, algorithm="HS256")
    credential(world, "bob-iss", secret=SECRET, algorithm="HS256")
    node = served(("jwt", {"cookie_names": ["session"], "realm": "api", "run_on_preflight": False}))
    token, other = (jwt.encode({"iss": f"{name}-iss"}, SECRET, "HS256") for name in ("ann", "bob"))
    assert node.send(f"/?jwt={token}").status == 200
    assert node.send("/", [("Cookie", f"a=b; session={token}")]).status == 200
    assert node.send(f"/?jwt={token}", bearer(token)).status == 200
    assert node.send(f"/?jwt={token}", bearer(other)).json == {"message": "Multiple tokens provided"}
    assert node.send("/").headers["WWW-Authenticate"] == 'Bearer realm="api"'
    assert node.send("/", method="OPTIONS").status == 200


# rate-limiting


def young_minute() -> None:
    eventually(lambda: time.time() % 60 < 55, 20, "the minute is young enough")


def test_rate_limiting_with_several_periods(served: Any) -> None:
    node = served(("rate-limiting", {"minute": 3, "hour": 100, "error_code": 420, "error_message": "slow down"}))
    young_minute()
    answers = [node.send() for _ in range(4)]
    assert [answer.status for answer in answers] == [200, 200, 200, 420]
    assert answers[3].json["message"] == "slow down"
    assert answers[1].headers["X-RateLimit-Remaining-Hour"] == "98"
    assert answers[1].headers["RateLimit-Limit"] == "3"
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("config", "one", "other"),
    [
        ({"limit_by": "header", "header_name": "X-Key"}, ("/", [("X-Key", "a")]), ("/", [("X-Key", "b")])),
        ({"limit_by": "path", "path": "/a"}, ("/a", []), ("/b", [])),
        ({"limit_by": "consumer"}, ("/", [("apikey", "key-of-ann")]), ("/", [("apikey", "key-of-bob")])),
        ({"limit_by": "credential"}, ("/", [("apikey", "key-of-ann")]), ("/", [("apikey", "key-of-bob")])),
        ({"limit_by": "ip"}, ("/", [("X-Real-IP", "192.0.2.1")]), ("/", [("X-Real-IP", "192.0.2.2")])),
    ],
)
def test_what_rate_limiting_counts(world: World, served: Any, config: Any, one: Any, other: Any) -> None:
    nobody = world.add("consumers", username="nobody")
    for name in ("ann", "bob"):
        person(world, name)
    node = served(
        ("key-auth", {"anonymous": nobody["id"]}),
        ("rate-limiting", {"minute": 1, "hide_client_headers": True, **config}),
        TRUSTED_IPS="127.0.0.1",
    )
    young_minute()
    answers = [node.send(*request) for request in (one, one, other)]
    assert [answer.status for answer in answers] == [200, 429, 200]
    assert not [name for name in answers[1].headers if "ratelimit" in name.lower() or name == "Retry-After"]


# cors


def test_cors(served: Any) -> None:
    origins = ["https://a.example.com", "https://b.example.com"]
    node = served(("cors", {"origins": origins, "methods": ["GET", "POST"], "credentials": True, "max_age": 60}))
    asked = [("Origin", "https://b.example.com"), ("Access-Control-Request-Method", "POST")]
    answer = node.send("/", [*asked, ("Access-Control-Request-Headers", "X-One")], method="OPTIONS")
    assert (answer.status, answer.body) == (200, b"")
    shown = {name: value for name, value in answer.headers.items() if name.startswith("Access-Control")}
    assert shown == {
        "Access-Control-Allow-Origin": "https://b.example.com",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Headers": "X-One",
        "Access-Control-Allow-Methods": "GET,POST",
        "Access-Control-Max-Age": "60",
    }
    answer = node.send("/", [("Origin", "https://evil.example.com")])
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Vary"] == "Origin"


def test_cors_also_on_refusals(world: World, served: Any) -> None:
    node = served(("key-auth", {}), ("cors", {"origins": ["https://a.example.com"]}))
    answer = node.send("/", [("Origin", "https://a.example.com")])
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (401, "https://a.example.com")


# small ones


@pytest.mark.parametrize(
    ("plugin", "headers", "expected"),
    [
        (("ip-restriction", {"deny": ["127.0.0.0/8"]}), [], (403, "IP address not allowed: 127.0.0.1")),
        (("ip-restriction", {"allow": ["192.0.2.0/24"], "status": 418, "message": "no"}), [], (418, "no")),
        (("bot-detection", {}), [("User-Agent", "Examplebot/1.0")], (403, "Forbidden")),
        (("bot-detection", {"deny": [r"labs/\d+"]}), [("User-Agent", "labs/1")], (403, "Forbidden")),
        (("request-termination", {"status_code": 403, "message": "closed"}), [], (403, "closed")),
        (("request-termination", {"status_code": 503}), [], (503, "Service unavailable")),
    ],
)
def test_refusals(served: Any, plugin: tuple[str, Any], headers: Any, expected: tuple[int, str]) -> None:
    assert outcome(served(plugin).send("/", headers)) == expected


@pytest.mark.parametrize(
    ("plugin", "headers"),
    [
        (("ip-restriction", {"allow": ["127.0.0.1"]}), []),
        (("bot-detection", {"allow": ["Examplebot"]}), [("User-Agent", "Examplebot/1.0")]),
        (("bot-detection", {}), []),
        (("bot-detection", {}), [("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0")]),
        (("request-termination", {"status_code": 403, "trigger": "X-Stop"}), []),
    ],
)
def test_no_refusals(served: Any, plugin: tuple[str, Any], headers: Any) -> None:
    assert served(plugin).send("/", headers).status == 200


def test_request_termination_with_a_body(served: Any) -> None:
    config = {"status_code": 200, "body": "<p>hello</p>", "content_type": "text/html"}
    answer = served(("request-termination", config)).send()
    assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, b"<p>hello</p>", "text/html")


@pytest.mark.parametrize(
    ("size", "headers", "status"),
    [(16, [], 200), (17, [], 413), (17, [("Expect", "100-continue")], 417)],
)
def test_request_size(served: Any, size: int, headers: Any, status: int) -> None:
    node = served(("request-size-limiting", {"allowed_payload_size": 16, "size_unit": "bytes"}))
    assert node.send("/", headers, method="POST", body="x" * size).status == status


def test_request_size_of_a_chunked_body(served: Any) -> None:
    node = served(("request-size-limiting", {"allowed_payload_size": 4, "size_unit": "bytes"}))
    chunked = [("Transfer-Encoding", "chunked")]
    for content, status in ((b"4\r\nhell\r\n0\r\n\r\n", 200), (b"5\r\nhello\r\n0\r\n\r\n", 413)):
        assert node.send("/", chunked, method="POST", body=content).status == status


@pytest.mark.parametrize(
    ("generator", "pattern"), [("uuid", r"[0-9a-f-]{36}"), ("uuid#counter", r"[0-9a-f-]{36}#1"), ("tracker", r"\S+")]
)
def test_correlation_id(served: Any, generator: str, pattern: str) -> None:
    node = served(("correlation-id", {"header_name": "X-Id", "generator": generator, "echo_downstream": True}))
    answer = node.send()
    assert answer.seen("X-Id") == answer.headers["X-Id"]
    assert re.fullmatch(pattern, answer.headers["X-Id"])
    assert node.send("/", [("X-Id", "mine")]).headers["X-Id"] == "mine"


# transformers


def test_request_transformer(world: World, start: Start, echo: MakeEcho) -> None:
    route = world.route(world.service(echo()), paths=[r"~/users/(?<id>\d+)"])
    config = {
        "http_method": "PUT",
        "remove": {"headers": ["X-Remove"], "querystring": ["gone"], "body": ["secret"]},
        "rename": {"headers": ["X-Old:X-New"]},
        "replace": {"uri": "/people/$(uri_captures.id)", "headers": ["X-Present:new", "X-Absent:new"]},
        "add": {
            "headers": ["X-Added:1", "X-Present:other", "X-User:$(headers['x-name'])", "X-Nothing:$(headers.nothing)"],
            "querystring": ["q:$(query_params.a)"],
            "body": ["more:1"],
        },
        "append": {"headers": ["X-Present:too"]},
    }
    world.plugin("request-transformer", config, route=route)
    headers = [("X-Remove", "1"), ("X-Old", "o"), ("X-Present", "old"), ("X-Name", "ann")]
    body = json.dumps({"secret": 1, "kept": [2]})
    answer = start().send(
        "/users/12?a=b&gone=1", [*headers, ("Content-Type", "application/json")], method="POST", body=body
    )
    seen = answer.json
    assert (seen["method"], seen["path"]) == ("PUT", "/people/12?a=b&q=b")
    assert json.loads(seen["body"]) == {"kept": [2], "more": "1"}
    got = {name: value for name, value in seen["headers"].items() if name.startswith("x-") and "forwarded" not in name}
    assert {name: got[name] for name in got if name not in ("x-real-ip", "x-kong-request-id")} == {
        "x-new": "o",
        "x-name": "ann",
        "x-present": "new, too",
        "x-added": "1",
        "x-user": "ann",
    }


def test_response_transformer(served: Any, echo: MakeEcho) -> None:
    upstream = echo()
    upstream.behaviour.body = b'{"gone":1,"old":2,"kept":[3],"list":[4]}'
    upstream.behaviour.headers = [("X-Remove", "1"), ("X-Old", "o")]
    config = {
        "remove": {"headers": ["X-Remove"], "json": ["gone"]},
        "rename": {"headers": ["X-Old:X-New"], "json": ["old:new"]},
        "add": {"headers": ["X-Added:a:b"], "json": ["added:1", "flag:true"], "json_types": ["number", "boolean"]},
        "append": {"json": ["list:5"], "json_types": ["number"]},
    }
    answer = served(("response-transformer", config), upstream=upstream).send()
    assert answer.json == {"new": 2, "kept": [3], "list": [4, 5], "added": 1, "flag": True}
    assert (answer.headers["X-New"], answer.headers["X-Added"]) == ("o", "a:b")
    assert "X-Remove" not in answer.headers


# functions


@pytest.mark.parametrize(
    ("source", "status", "body"),
    [
        ("kong.response.exit(418, 'text')", 418, b"text"),
        ("kong.response.exit(200, {list = {1, 2}, text = 'a/b'}, {['X-A'] = '1'})", 200, None),
        ("return kong.response.error(403, 'no')", 403, None),
        ("error('broken')", 500, None),
        ("local x = nil; x.y = 1", 500, None),
        ("io.open('/etc/passwd')", 500, None),
        ("os.execute('true')", 500, None),
        ("require 'ffi'", 500, None),
        ("coroutine.yield(1)", 500, None),
        ("pcall(function() kong.response.exit(403) end) error('not reached')", 403, None),
    ],
)
def test_functions_that_answer(served: Any, source: str, status: int, body: bytes | None) -> None:
    node = served(("pre-function", {"access": [source]}))
    for _ in range(2):
        answer = node.send()
        assert answer.status == status
        if body is not None:
            assert answer.body == body


def test_the_json_that_a_function_answers_with(served: Any) -> None:
    source = "kong.response.exit(200, {list = {1, 2.5}, text = 'a/b', inner = {yes = true}}, {['X-A'] = '1'})"
    answer = served(("pre-function", {"access": [source]})).send()
    assert answer.json == {"list": [1, 2.5], "text": "a/b", "inner": {"yes": True}}
    assert (answer.headers["X-A"], answer.headers["Content-Type"]) == ("1", "application/json; charset=utf-8")


EXPRESSIONS = {
    "kong.request.get_method()": "POST",
    "kong.request.get_path_with_query()": "/a%20b?x=1&x=2&y",
    "kong.request.get_path()": "/a b",
    "kong.request.get_query_arg('x')": "1",
    "kong.request.get_query().x[2]": "2",
    "kong.request.get_header('X_Test')": "value",
    "kong.request.get_headers()['X-Test']": "value",
    "kong.request.get_raw_body()": '{"a":[1,null,{"b":"\\u00e9"}]}',
    "kong.request.get_body().a[3].b": "\xc3\xa9",
    "kong.request.get_scheme() .. kong.request.get_forwarded_scheme()": "httphttp",
    "kong.client.get_forwarded_ip()": "127.0.0.1",
    "kong.router.get_service().name": "echo",
    "kong.router.get_route().paths[1]": "/",
    "type(kong.client.get_consumer())": "nil",
    "ngx.var.request_uri": "/a%20b?x=1&x=2&y",
    "ngx.var.http_x_test": "value",
    "ngx.encode_base64(ngx.decode_base64('AP8='))": "AP8=",
    "tostring(ngx.decode_base64('*'))": "nil",
    "ngx.md5('a')": "0cc175b9c0f1b6a831c399e269772661",
    "ngx.escape_uri('a/b c')": "a%2Fb%20c",
    "ngx.re.match('abc12', '[a-z]+(?<n>[0-9]+)').n": "12",
    "(ngx.re.gsub('abc', 'b', '[$0]'))": "a[b]c",
    "tostring(require('cjson.safe').decode('{') == nil)": "true",
    "tostring(require('cjson.safe').decode('[null]')[1] == ngx.null)": "true",
    "type(require('cjson.safe').decode('null'))": "userdata",
    "require('cjson.safe').encode({a = {1, 2}})": '{"a":[1,2]}',
    "require('cjson.safe').encode({1.5, 'x/y'})": '[1.5,"x\\/y"]',
    "ngx.get_phase()": "access",
    "tostring(ngx.now() > 1e9)": "true",
    "('x'):rep(3)": "xxx",
    "type(kong.request.get_method) .. type(ngx.time)": "functionfunction",
    "tostring(pcall(kong.service.request.set_header))": "false",
}


def test_what_functions_can_ask_for(served: Any) -> None:
    source = ";".join(
        f"kong.service.request.set_header('X-Result-{number}', {expression})"
        for number, expression in enumerate(EXPRESSIONS)
    )
    node = served(("pre-function", {"access": [source]}), UNTRUSTED_LUA_SANDBOX_REQUIRES="cjson.safe")
    body = '{"a":[1,null,{"b":"\\u00e9"}]}'
    answer = node.send("/a%20b?x=1&x=2&y", [("X-Test", "value")], method="POST", body=body)
    assert answer.status == 200, answer.body
    found = {expression: answer.seen(f"X-Result-{number}") for number, expression in enumerate(EXPRESSIONS)}
    assert found == EXPRESSIONS


def test_what_functions_can_change(served: Any) -> None:
    source = """
      local request = kong.service.request
      request.set_method("PUT") request.set_path("/changed") request.set_query({ b = { "2", "3" }, a = "1" })
      request.set_raw_body("new body") request.add_header("X-Two", "1") request.add_header("X-Two", "2")
      request.clear_header("X-Gone") request.set_header("Host", "other.example.com")
      kong.ctx.shared.note = "kept" kong.response.set_header("X-From-Access", "1")
    """
    later = "kong.response.set_header('X-Note', kong.ctx.shared.note .. kong.response.get_status())"
    node = served(
        ("pre-function", {"access": [source], "header_filter": [later, "kong.response.clear_header('Server')"]})
    )
    answer = node.send("/", [("X-Gone", "1")], method="POST", body="old")
    seen = answer.json
    assert (seen["method"], seen["path"], seen["body"]) == ("PUT", "/changed?a=1&b=2&b=3", "new body")
    assert (seen["headers"]["x-two"], seen["headers"]["host"]) == ("1, 2", "other.example.com")
    assert "x-gone" not in seen["headers"]
    assert (answer.headers["X-Note"], answer.headers["X-From-Access"]) == ("kept200", "1")
    assert "Server" not in answer.headers


def test_phases_that_are_not_run_are_named(served: Any, caplog: pytest.LogCaptureFixture) -> None:
    served(("pre-function", {"body_filter": ["error()"]}))
    assert "DOES NOT RUN FUNCTIONS OF pre-function IN THE PHASES" in caplog.text


def test_a_function_is_loaded_once(served: Any) -> None:
    source = """
      local count = 0
      return function() count = count + 1 kong.service.request.set_header("X-Count", count) end
    """
    node = served(("pre-function", {"access": [source]}))
    assert [node.send().seen("X-Count") for _ in range(3)] == ["1", "2", "3"]


def test_global_functions_run_before_routing(world: World, start: Start, echo: MakeEcho) -> None:
    world.route(world.service(echo()), paths=["/"], headers={"X-Color": ["blue"]})
    world.plugin("pre-function", {"rewrite": ["kong.service.request.set_header('X-Color', 'blue')"]})
    node = start()
    assert node.send().status == 200
    world.plugin("post-function", {"rewrite": ["error('broken')"]})
    answer = node.send()
    assert (answer.status, answer.headers["Content-Type"]) == (500, "text/plain; charset=utf-8")


def test_post_function_runs_last(served: Any) -> None:
    config = {"access": ["kong.service.request.set_header('X-Seen', kong.request.get_header('X-Consumer-Username'))"]}
    limits = ("request-termination", {"status_code": 403, "trigger": "X-Stop"})
    node = served(
        ("post-function", config), ("request-transformer", {"add": {"headers": ["X-Consumer-Username:t"]}}), limits
    )
    assert node.send().seen("X-Seen") == "t"


# precedence


def test_the_most_specific_plugin_applies(world: World, start: Start, echo: MakeEcho) -> None:
    service = world.service(echo())
    routes = {path: world.route(service, paths=[path]) for path in ("/route", "/service")}
    other = world.route(world.service(echo()), paths=["/global"])
    ann = person(world, "ann")
    nobody = world.add("consumers", username="nobody")
    world.plugin("key-auth", {"anonymous": nobody["id"]})

    def mark(name: str, **scopes: Any) -> None:
        world.plugin("request-transformer", {"add": {"headers": [f"X-Applied:{name}"]}}, **scopes)

    mark("global")
    mark("service", service=service)
    mark("route", route=routes["/route"])
    mark("consumer", consumer=ann)
    mark("consumer and route", consumer=ann, route=routes["/route"])
    mark("switched off", route=other, enabled=False)
    node = start()
    found = {
        (path, who): node.send(path, [("apikey", f"key-of-{who}")]).seen("X-Applied")
        for path in ("/route", "/service", "/global")
        for who in ("ann", "nobody")
    }
    assert found == {
        ("/route", "ann"): "consumer and route",
        ("/route", "nobody"): "route",
        ("/service", "ann"): "consumer",
        ("/service", "nobody"): "service",
        ("/global", "ann"): "consumer",
        ("/global", "nobody"): "global",
    }


# logs and metrics


def test_logs(world: World, served: Any, echo: MakeEcho, tmp_path: Path) -> None:
    collector = echo()
    node = served(
        ("file-log", {"path": str(tmp_path / "log")}),
        ("http-log", {"http_endpoint": f"{collector.url}/logs"}),
    )
    node.send("/a?b=c", [("Authorization", "secret")])
    (line,) = eventually(lambda: (tmp_path / "log").exists() and (tmp_path / "log").read_text().splitlines())
    record = json.loads(line)
    assert (record["request"]["uri"], record["response"]["status"], record["service"]["name"]) == (
        "/a?b=c",
        200,
        "echo",
    )
    assert "secret" not in line
    eventually(lambda: collector.requests == ["/logs"])


def test_metrics(world: World, served: Any, echo: MakeEcho) -> None:
    node = served(("request-termination", {"status_code": 403, "trigger": "stop"}))
    switches = ("status_code_metrics", "latency_metrics", "bandwidth_metrics", "upstream_health_metrics")
    world.plugin("prometheus", dict.fromkeys(switches, True))
    target = echo().target
    upstream = world.add("upstreams", name="watched.lab")
    world.add("targets", target=target, upstream={"id": upstream["id"]})
    node.send()
    node.send("/?stop=1")

    async def look() -> str:
        return node.gateway.metrics()

    def lines() -> set[str]:
        return set(node.call(look).splitlines())

    eventually(lambda: any('code="403"' in line for line in lines()))
    labels = 'service="echo",route="all"'
    watched = f'upstream="watched.lab",target="{target}",address="{target}",state="healthchecks_off",subsystem="http"'
    assert lines() >= {
        "# TYPE kong_http_requests_total counter",
        f'kong_http_requests_total{{{labels},code="200",source="service",workspace="default",consumer=""}} 1',
        f'kong_http_requests_total{{{labels},code="403",source="kong",workspace="default",consumer=""}} 1',
        f'kong_request_latency_ms_count{{{labels},workspace="default"}} 2',
        f'kong_upstream_latency_ms_count{{{labels},workspace="default"}} 1',
        f'kong_kong_latency_ms_bucket{{{labels},workspace="default",le="+Inf"}} 2',
        "kong_datastore_reachable 1",
        f"kong_upstream_target_health{{{watched}}} 1",
    }
    assert any(line.startswith(f'kong_bandwidth_bytes{{{labels},direction="egress"') for line in lines())
    assert any(line.startswith("kong_nginx_requests_total{node_id=") and line.endswith(" 2") for line in lines())
