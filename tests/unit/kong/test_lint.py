"""The linter: each rule with a state that breaks it, and one beside it that does not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.redact import Secret
from ansible_collections.trademaster.platform.plugins.module_utils._kong import files
from ansible_collections.trademaster.platform.plugins.module_utils._kong.lint import Target, lint

ID = "5a5c2c0e-93a2-4d9d-8a1c-0d4b3c1f2e10"
STRIPS = {"name": "pre-function", "config": {"rewrite": ["if n:find('^x%-consumer%-') then clear(name) end"]}}
REDIS = {"host": "cache.example.com", "ssl": True, "ssl_verify": True, "server_name": "cache.example.com"}
JWT = {"name": "jwt", "config": {"claims_to_verify": ["exp"], "uri_param_names": []}}
SECRET = "0123456789abcdef" * 4


def found(data: dict[str, Any], **target: Any) -> list[tuple[str, str]]:
    document = files.read(data, version_required=False)
    return [(finding.level, finding.path) for finding in lint(document.entities, Target(**target))]


def one_plugin(name: str, **config: Any) -> dict[str, Any]:
    return {"plugins": [{"name": name, "config": config}]}


def limited(**config: Any) -> dict[str, Any]:
    return one_plugin("rate-limiting", **{"minute": 5, "policy": "local", **config})


def by_redis(**redis: Any) -> dict[str, Any]:
    return limited(policy="redis", redis=redis)


def paths(*written: str) -> dict[str, Any]:
    return {"routes": [{"name": "r", "paths": list(written)}]}


def checked(active: dict[str, Any], passive: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"upstreams": [{"name": "u", "healthchecks": {"active": active, "passive": {"unhealthy": passive or {}}}}]}


def credential(**fields: Any) -> dict[str, Any]:
    return {"consumers": [{"username": "app", "jwt_secrets": [{"key": "iss", "secret": SECRET, **fields}]}]}


def served(*, plugins: Any = (), everywhere: Any = (STRIPS,), **route: Any) -> dict[str, Any]:
    routes = [{"name": "r", "paths": ["/r"], "plugins": list(plugins), **route}]
    return {"services": [{"name": "s", "host": "h", "routes": routes}], "plugins": list(everywhere)}


CONFIG = "plugins[0].config"
ACTIVE = "upstreams[0].healthchecks.active"
CREDENTIAL = "consumers[0].jwt_secrets[0]"
OF_ROUTE = "services[0].routes[0]"

PLUGINS = [
    (one_plugin("jwt", uri_param_names=[], claims_to_verify=["exp", "iss"]), "error", f"{CONFIG}.claims_to_verify[1]"),
    (one_plugin("jwt", uri_param_names=[], claims_to_verify=["nbf"]), "warning", f"{CONFIG}.claims_to_verify"),
    (one_plugin("jwt", claims_to_verify=["exp"]), "warning", f"{CONFIG}.uri_param_names"),
    (one_plugin("key-auth", hide_credentials=True), "warning", f"{CONFIG}.key_in_query"),
    (one_plugin("key-auth", key_in_query=False), "warning", f"{CONFIG}.hide_credentials"),
    (one_plugin("basic-auth"), "warning", f"{CONFIG}.hide_credentials"),
    (one_plugin("hmac-auth", anonymous="guest"), "warning", f"{CONFIG}.anonymous"),
    (one_plugin("request-size-limiting", allowed_payload_size=4096), "warning", f"{CONFIG}.allowed_payload_size"),
    (one_plugin("cors", origins=["https://a.example.com", "*"], credentials=True), "error", f"{CONFIG}.origins"),
    (one_plugin("cors", credentials=True), "error", f"{CONFIG}.origins"),
    (one_plugin("bot-detection", whitelist=["x"]), "error", f"{CONFIG}.whitelist"),
    (one_plugin("ip-restriction", blacklist=["192.0.2.1"]), "error", f"{CONFIG}.blacklist"),
    (one_plugin("proxy-cache"), "error", f"{CONFIG}.strategy"),
    (one_plugin("rate-limiting", minute=5), "warning", f"{CONFIG}.policy"),
    (one_plugin("response-ratelimiting", limits={}), "warning", f"{CONFIG}.policy"),
    (limited(limit_by="header"), "error", f"{CONFIG}.header_name"),
    (limited(policy="redis", sync_rate=10, redis=REDIS), "warning", f"{CONFIG}.sync_rate"),
    (by_redis(**{**REDIS, "host": "clustercfg.x.cache.example.com"}), "error", f"{CONFIG}.redis.host"),
    (
        limited(policy="redis", redis_host="clustercfg.example.com", redis={**REDIS, "host": "clustercfg.example.com"}),
        "error",
        f"{CONFIG}.redis.host",
    ),
    (by_redis(**REDIS, password="in-clear"), "warning", f"{CONFIG}.redis.password"),
    (by_redis(**REDIS, password=Secret("in-clear")), "warning", f"{CONFIG}.redis.password"),
    (by_redis(host="cache.example.com"), "warning", f"{CONFIG}.redis.ssl"),
    (limited(policy="redis", redis_host="cache.example.com"), "warning", f"{CONFIG}.redis.ssl"),
    (by_redis(host="cache.example.com", ssl=True), "warning", f"{CONFIG}.redis.ssl_verify"),
    (by_redis(host="cache.example.com", ssl=True, ssl_verify=True), "warning", f"{CONFIG}.redis.server_name"),
    ({"plugins": [{**JWT, "consumer": "alice"}]}, "error", "plugins[0].consumer"),
    (one_plugin("openid-connect"), "error", "plugins[0].name"),
    (limited(limit_by="header", header_name="X-User-ID"), "warning", f"{CONFIG}.header_name"),
]

STATES = [
    (paths("/a", r"/users/\d+"), "error", "routes[0].paths[1]"),
    (paths("/a(b)+"), "error", "routes[0].paths[0]"),
    (paths("/a$"), "error", "routes[0].paths[0]"),
    (paths("/users/(me)"), "warning", "routes[0].paths[0]"),
    ({"consumers": [{"username": ID}]}, "error", "consumers[0].username"),
    ({"services": [{"name": "s", "url": "http://h/p?q=1"}]}, "error", "services[0].url"),
    ({"services": [{"name": "s", "url": "http://user:word@h/p"}]}, "error", "services[0].url"),
    ({"services": [{"name": "s", "url": "http://h/p", "port": 81}]}, "error", "services[0].port"),
    ({"upstreams": [{"name": "u", "targets": [{"target": "192.0.2.1"}]}]}, "warning", "upstreams[0].targets[0].target"),
    (checked({"healthy": {"interval": 5}}), "warning", f"{ACTIVE}.healthy.successes"),
    (checked({"unhealthy": {"interval": 5}}), "warning", f"{ACTIVE}.unhealthy.http_failures"),
    (checked({}, {"tcp_failures": 1}), "warning", f"{ACTIVE}.unhealthy.interval"),
    (
        {"upstreams": [{"name": "u", "algorithm": "round-robin", "hash_on": "ip"}]},
        "warning",
        "upstreams[0].hash_on",
    ),
    (served(everywhere=()), "warning", OF_ROUTE),
    (served(everywhere=[{**STRIPS, "enabled": False}]), "warning", OF_ROUTE),
    (credential(key=None, algorithm="HS512"), "warning", f"{CREDENTIAL}.key"),
    (credential(secret="short", algorithm="HS256"), "error", f"{CREDENTIAL}.algorithm"),
    (credential(secret="x" * 40, algorithm="HS512"), "error", f"{CREDENTIAL}.algorithm"),
    (credential(algorithm="HS256"), "warning", f"{CREDENTIAL}.algorithm"),
    (credential(secret="x" * 48), "warning", f"{CREDENTIAL}.algorithm"),
    (credential(secret=f"change-me-{SECRET}", algorithm="HS512"), "warning", f"{CREDENTIAL}.secret"),
    ({"consumers": [{"username": "app"}], "plugins": [JWT]}, "warning", "plugins[0]"),
    (
        {**credential(algorithm="HS512"), "plugins": [JWT, *limited()["plugins"]]},
        "warning",
        "plugins[1].config.limit_by",
    ),
    (
        served(
            plugins=[{"name": "pre-function", "config": {"access": ["-- own"]}}],
            everywhere=[{"name": "pre-function", "config": {**STRIPS["config"], "access": ["-- for all"]}}],
        ),
        "warning",
        f"{OF_ROUTE}.plugins[0]",
    ),
    (served(plugins=[{"name": "cors"}], methods=["GET", "POST"]), "warning", f"{OF_ROUTE}.methods"),
    (served(plugins=[{"name": "acl", "config": {"allow": ["staff"]}}]), "warning", OF_ROUTE),
]


@pytest.mark.parametrize(("data", "level", "path"), [*PLUGINS, *STATES])
def test_a_mistake_is_found_where_it_is(data: dict[str, Any], level: str, path: str) -> None:
    assert found(data) == [(level, path)]


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"plugins": [JWT]}, id="jwt"),
        pytest.param(one_plugin("key-auth", key_in_query=False, hide_credentials=True), id="key-auth"),
        pytest.param(one_plugin("request-size-limiting", allowed_payload_size=8), id="small size"),
        pytest.param(
            one_plugin("request-size-limiting", allowed_payload_size=4096, size_unit="kilobytes"), id="size with unit"
        ),
        pytest.param(one_plugin("cors", origins=["https://a.example.com"], credentials=True), id="cors by origin"),
        pytest.param(one_plugin("cors", origins=["*"]), id="cors without credentials"),
        pytest.param(one_plugin("proxy-cache", strategy="memory"), id="strategy"),
        pytest.param(by_redis(**REDIS, password="{vault://env/redis-password}"), id="redis"),
        pytest.param(by_redis(host="127.0.0.1"), id="redis beside the gateway"),
        pytest.param(by_redis(host="{vault://env/redis-host}"), id="redis from a vault"),
        pytest.param(paths("/a", r"~/users/\d+$", "/v1.0/a-b_c~d/%20"), id="paths"),
        pytest.param({"services": [{"name": "s", "url": "http://h:81/p"}]}, id="url"),
        pytest.param({"upstreams": [{"name": "u", "targets": [{"target": "[2001:db8::1]:80"}]}]}, id="port"),
        pytest.param(
            checked(
                {"healthy": {"interval": 5, "successes": 1}, "unhealthy": {"interval": 5, "timeouts": 2}},
                {"timeouts": 1},
            ),
            id="health checks",
        ),
        pytest.param(
            {"upstreams": [{"name": "u", "algorithm": "consistent-hashing", "hash_on": "ip"}]}, id="consistent hashing"
        ),
        pytest.param(served(), id="stripped everywhere"),
        pytest.param(served(plugins=[JWT], everywhere=()), id="authenticated"),
        pytest.param(served(plugins=[{"name": "request-termination"}], everywhere=()), id="ended here"),
        pytest.param(
            served(
                plugins=[{"name": "request-transformer", "config": {"remove": {"headers": ["X-Consumer-ID"]}}}],
                everywhere=(),
            ),
            id="stripped here",
        ),
        pytest.param({"routes": [{"name": "r", "paths": ["/r"]}]}, id="no service"),
        pytest.param(served(plugins=[{"name": "cors"}], methods=["GET", "OPTIONS"]), id="preflight"),
        pytest.param(credential(algorithm="HS512"), id="secret of 64 bytes"),
        pytest.param(credential(secret="x" * 32, algorithm="HS256"), id="secret of 32 bytes"),
        pytest.param(credential(secret="{vault://env/jwt}", algorithm="HS512"), id="secret in a vault"),
        pytest.param(credential(secret="(known after apply)", algorithm="HS512"), id="secret of later"),
        pytest.param(credential(algorithm="RS256", secret=None, rsa_public_key="PEM"), id="no hmac"),
        pytest.param(
            {
                "plugins": [
                    {
                        "name": "pre-function",
                        "config": {"access": ["kong.service.request.set_header('X-User-ID', sub)"]},
                    },
                    *limited(limit_by="header", header_name="X-User-ID")["plugins"],
                ]
            },
            id="header set before",
        ),
        pytest.param(
            served(plugins=limited(limit_by="header", header_name="X-Key")["plugins"], headers={"x-key": ["a"]}),
            id="header that the route demands",
        ),
        pytest.param(
            {
                **credential(algorithm="HS512"),
                "plugins": [
                    JWT,
                    {"name": "key-auth", "config": {"key_in_query": False, "hide_credentials": True}},
                    *limited()["plugins"],
                ],
            },
            id="another consumer by key-auth",
        ),
    ],
)
def test_what_is_right_is_left_alone(data: dict[str, Any]) -> None:
    assert found(data) == []


def test_issuers_of_the_tokens() -> None:
    ours = credential(algorithm="HS512")
    assert found(ours, issuers=frozenset({"iss"})) == []
    assert found(ours, issuers=frozenset({"auth"})) == [("error", f"{CREDENTIAL}.key")]


@pytest.mark.parametrize(
    ("name", "target", "expected"),
    [
        ("openid-connect", {"edition": "enterprise"}, []),
        ("openid-connect", {"plugins": frozenset({"openid-connect"})}, []),
        ("ours", {}, []),
        ("ours", {"plugins": frozenset({"ours"})}, []),
        ("ours", {"plugins": frozenset({"cors"})}, [("error", "plugins[0].name")]),
    ],
)
def test_plugins_that_the_gateway_offers(name: str, target: dict[str, Any], expected: Any) -> None:
    assert found(one_plugin(name), **target) == expected


def test_modules_that_functions_require() -> None:
    data = one_plugin("pre-function", access=['local json = require "cjson.safe"\nlocal x = require("resty.http")'])
    assert found(data) == []
    assert found(data, lua_modules=frozenset({"cjson.safe"})) == [("error", f"{CONFIG}.access[0]")]


def test_errors_come_first_and_read_as_one_line() -> None:
    data = {"routes": [{"name": "r", "paths": ["/(a)"]}, {"name": "s", "paths": ["/b$"]}]}
    document = files.read(data, version_required=False)
    assert [str(finding) for finding in lint(document.entities)] == [
        "routes[1].paths[0]: '/b$' is a regex, and would be taken as it is; write ~/b$",
        "routes[0].paths[0]: '/(a)' looks like a regex, and is taken as it is; write ~/(a) if it is one",
    ]
