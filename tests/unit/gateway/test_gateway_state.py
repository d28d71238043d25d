"""What the description of a gateway becomes in Kong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.trademaster.platform.plugins.filter.gateway_state import gateway_state
from ansible_collections.trademaster.platform.plugins.module_utils._kong import files
from ansible_collections.trademaster.platform.plugins.module_utils._kong.lint import Target, lint
from ansible_collections.trademaster.platform.plugins.plugin_utils.gateway_entities import jwt_algorithm

from tests.unit.gateway.description import FUNCTIONS, ROUTES, SECRETS, gateway, with_route

ROLE = Path(__file__).resolve().parents[3] / "roles" / "kong_config"


def state_of(description: dict[str, Any], secrets: dict[str, Any] | None = None) -> dict[str, Any]:
    return gateway_state(description, SECRETS if secrets is None else secrets, FUNCTIONS)


STATE = state_of(gateway())


def named(entities: list[dict[str, Any]], name: str) -> dict[str, Any]:
    (found,) = [one for one in entities if name in (one.get("name"), one.get("username"))]
    return found


def config(owner: dict[str, Any], plugin: str) -> dict[str, Any]:
    return dict(named(owner["plugins"], plugin)["config"])


def plugins(owner: dict[str, Any]) -> list[str]:
    return [plugin["name"] for plugin in owner["plugins"]]


def route(name: str, state: dict[str, Any] = STATE) -> dict[str, Any]:
    return named([one for service in state["services"] for one in service["routes"]], f"auth-{name}")


def test_kong_can_read_it() -> None:
    document = files.read({"_format_version": "3.0", **STATE})
    assert [str(problem) for problem in files.problems(document)] == []


def test_there_is_nothing_in_it_that_a_linter_would_doubt() -> None:
    lua = {
        "strip": (ROLE / "files" / "strip.lua").read_text(encoding="utf-8"),
        "identity": (ROLE / "templates" / "identity.lua.j2").read_text(encoding="utf-8"),
    }
    document = files.read({"_format_version": "3.0", **gateway_state(gateway(), SECRETS, lua)})
    target = Target(lua_modules=frozenset({"cjson.safe"}), issuers=frozenset({"issuer"}))
    assert [str(finding) for finding in lint(document.entities, target)] == []


@pytest.mark.parametrize(
    ("service", "routes", "with_plugins"),
    [
        ("auth", ["auth-devices", "auth-reports", "auth-audit"], ["pre-function", "jwt", "key-auth"]),
        ("auth-public", ["auth-sign-in", "auth-reset", "auth-actuator"], ["cors", "rate-limiting"]),
        ("auth-health", ["auth-health"], []),
        ("auth-internal", ["auth-internal"], ["ip-restriction", "key-auth", "acl"]),
    ],
)
def test_routes_belong_to_the_service_that_protects_them(
    service: str, routes: list[str], with_plugins: list[str]
) -> None:
    found = named(STATE["services"], service)
    assert [one["name"] for one in found["routes"]] == routes
    assert set(with_plugins) <= set(plugins(found))
    assert found["host"] == "auth"


def test_every_service_that_asks_for_a_token_asks_twice_and_lets_nobody_in_without() -> None:
    for service in STATE["services"]:
        given = set(plugins(service))
        assert ("jwt" in given) == ("pre-function" in given)
        assert "jwt" not in given or "key-auth" in given
        assert all("anonymous" not in plugin["config"] for plugin in service["plugins"])


def test_tokens_come_in_the_header_alone_and_end() -> None:
    auth = named(STATE["services"], "auth")
    assert config(auth, "jwt") == {"claims_to_verify": ["exp"], "uri_param_names": [], "cookie_names": []}
    key_auth = config(auth, "key-auth")
    assert key_auth["key_names"] == ["X-Tier-Key"]
    assert key_auth["hide_credentials"]
    assert not key_auth["key_in_query"]


@pytest.mark.parametrize(("tier", "per_minute"), [("free", 100), ("smart", 1000), ("premium", 5000)])
def test_each_tier_counts_its_users_over_everything(tier: str, per_minute: int) -> None:
    consumer = named(STATE["consumers"], f"tier-{tier}")
    limit = config(consumer, "rate-limiting")
    assert consumer["keyauth_credentials"] == [{"key": f"key-of-{tier}"}]
    assert consumer["acls"] == [{"group": tier}]
    assert (limit["minute"], limit["limit_by"], limit["header_name"]) == (per_minute, "header", "X-User-ID")
    assert (limit["policy"], limit["sync_rate"]) == ("redis", -1)


def test_counters_are_kept_over_verified_tls_and_the_password_is_a_reference() -> None:
    redis = config(named(STATE["consumers"], "tier-free"), "rate-limiting")["redis"]
    assert redis == {
        "host": "cache.example.internal",
        "port": 6379,
        "password": "{vault://env/kong-redis-password}",
        "timeout": 2000,
        "ssl": True,
        "ssl_verify": True,
        "server_name": "cache.example.internal",
    }


def test_a_redis_without_tls_is_given_no_name_to_verify() -> None:
    plain = state_of(gateway(redis={"host": "127.0.0.1", "ssl": False}))
    redis = config(named(plain["consumers"], "tier-free"), "rate-limiting")["redis"]
    assert redis == {"host": "127.0.0.1", "port": 6379, "timeout": 2000, "ssl": False, "ssl_verify": False}


def test_public_routes_are_limited_by_address_and_some_more_strictly() -> None:
    public = config(named(STATE["services"], "auth-public"), "rate-limiting")
    sign_in = config(route("sign-in"), "rate-limiting")
    assert (public["limit_by"], public["minute"]) == ("ip", 60)
    assert (sign_in["limit_by"], sign_in["minute"], "hour" in sign_in) == ("ip", 10, False)


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("sign-in", ["POST", "OPTIONS"]),
        ("devices", ["GET", "OPTIONS"]),
        ("health", ["GET"]),
        ("reset", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    ],
)
def test_preflight_requests_reach_the_routes_that_browsers_use(name: str, methods: list[str]) -> None:
    assert route(name)["methods"] == methods


def test_without_origins_no_browser_application_may_call() -> None:
    closed = state_of(gateway(cors={"origins": []}))
    assert [service["name"] for service in closed["services"] if "cors" in plugins(service)] == []


def test_all_routes_match_the_same_attributes_so_that_the_longest_path_decides() -> None:
    matched = {
        frozenset(one) & {"hosts", "methods", "paths", "headers"} for s in STATE["services"] for one in s["routes"]
    }
    assert matched == {frozenset({"methods", "paths"})}


@pytest.mark.parametrize(
    ("name", "plugin", "expected"),
    [
        ("reports", "acl", {"allow": ["smart", "premium"], "hide_groups_header": True}),
        ("audit", "ip-restriction", {"allow": ["192.0.2.0/24"]}),
        ("health", "request-transformer", {"replace": {"uri": "/actuator/health"}}),
        ("actuator", "request-termination", {"status_code": 404, "message": "Not found"}),
    ],
)
def test_kinds_of_routes_have_their_own_plugins(name: str, plugin: str, expected: dict[str, Any]) -> None:
    assert config(route(name), plugin) == expected


def test_services_are_not_told_which_consumer_a_token_was_turned_into() -> None:
    removed = config(named(STATE["services"], "auth"), "request-transformer")["remove"]["headers"]
    assert {"X-Consumer-ID", "X-Consumer-Username", "X-Credential-Identifier"} <= set(removed)


def test_a_rewritten_route_that_asks_for_a_token_still_keeps_the_consumer_back() -> None:
    state = state_of(with_route(name="me", kind="protected", paths=["/me"], rewrite="/users/me"))
    transformed = config(route("me", state), "request-transformer")
    assert transformed["replace"] == {"uri": "/users/me"}
    assert "X-Consumer-ID" in transformed["remove"]["headers"]


def test_internal_callers_show_their_key_and_are_a_group_of_their_own() -> None:
    internal = named(STATE["services"], "auth-internal")
    caller = named(STATE["consumers"], "auth-internal")
    assert config(internal, "key-auth")["key_names"] == ["X-API-Key"]
    assert caller["keyauth_credentials"] == [{"key": "key-of-callers"}]
    assert config(internal, "acl")["allow"] == [caller["acls"][0]["group"]]
    assert config(internal, "ip-restriction") == {"allow": ["10.20.0.0/16"]}


def test_what_holds_everywhere() -> None:
    assert plugins(STATE) == ["pre-function", "correlation-id", "response-transformer", "prometheus"]
    transformed = config(STATE, "response-transformer")
    assert transformed["add"] == transformed["replace"] == {"headers": ["X-Frame-Options:DENY"]}
    assert "RateLimit-Remaining:X-RateLimit-Remaining" in transformed["rename"]["headers"]
    assert config(STATE, "pre-function") == {"rewrite": [FUNCTIONS["strip"]]}


def test_tasks_are_checked_and_watched() -> None:
    upstream = named(STATE["upstreams"], "auth")
    assert upstream["targets"] == [{"target": "auth.example.internal:8080", "weight": 100}]
    checks = upstream["healthchecks"]
    assert checks["active"]["http_path"] == "/actuator/health"
    assert checks["active"]["healthy"] == {"interval": 5, "successes": 1}
    assert 500 not in checks["passive"]["unhealthy"]["http_statuses"]


def test_a_service_without_health_path_is_not_checked() -> None:
    description = gateway()
    del description["services"][0]["health"]
    assert "healthchecks" not in named(state_of(description)["upstreams"], "auth")


@pytest.mark.parametrize(
    ("size", "algorithm"),
    [(32, "HS256"), (47, "HS256"), (48, "HS384"), (63, "HS384"), (64, "HS512"), (72, "HS512")],
)
def test_the_algorithm_follows_from_the_length_of_the_secret(size: int, algorithm: str) -> None:
    assert jwt_algorithm("s" * size) == algorithm


def test_a_secret_that_is_too_short_is_refused_without_being_shown() -> None:
    with pytest.raises(AnsibleFilterError, match="31 bytes are too few") as refused:
        jwt_algorithm("s" * 31)
    assert "s" * 31 not in str(refused.value)


def test_without_secrets_it_can_be_planned_and_no_key_is_there_twice() -> None:
    planned = state_of(gateway(), {})
    keys = [one["key"] for consumer in planned["consumers"] for one in consumer.get("keyauth_credentials", [])]
    assert all("(known after apply)" in key for key in keys)
    assert len(set(keys)) == len(keys) == 4
    assert [str(problem) for problem in files.problems(files.read({"_format_version": "3.0", **planned}))] == []


def test_further_entities_are_added_as_they_are() -> None:
    further = {"consumers": [{"username": "partner"}], "vaults": [{"name": "env", "prefix": "platform"}]}
    state = state_of(gateway(entities=further))
    assert named(state["consumers"], "partner") == {"username": "partner"}
    assert state["vaults"] == further["vaults"]
    assert len(state["consumers"]) == len(STATE["consumers"]) + 1


def test_a_second_service_is_a_second_entry() -> None:
    description = gateway()
    portfolio = {"name": "portfolio", "host": "portfolio.example.internal", "hosts": ["portfolio.example.com"]}
    description["services"].append({**portfolio, "routes": [dict(ROUTES[2])]})
    state = state_of(description)
    assert named(state["services"], "portfolio")["routes"][0]["hosts"] == ["portfolio.example.com"]
    assert [upstream["name"] for upstream in state["upstreams"]] == ["auth", "portfolio"]
    assert len(state["consumers"]) == len(STATE["consumers"])


@pytest.mark.parametrize(
    ("description", "message"),
    [
        pytest.param(
            with_route(name="x", kind="secret", paths=["/x"]),
            r"kong_config_services\[0\].routes\[8\].kind: 'secret' is no kind of route: choose from protected",
            id="unknown kind",
        ),
        pytest.param(
            with_route(name="x", kind="premium", paths=["/x"], tiers=["gold"]),
            r"routes\[8\].tiers: 'gold' is no tier: choose from free, smart, premium",
            id="unknown tier",
        ),
        pytest.param(
            with_route(name="x", kind="premium", paths=["/x"]),
            r"routes\[8\].tiers: '' is empty: name the tiers that may call",
            id="premium for nobody",
        ),
        pytest.param(
            with_route(name="x", kind="protected", paths=["/x"], limits={"minute": 5}),
            r"routes\[8\].limits: \{'minute': 5\} is for public routes",
            id="limit by address where users are known",
        ),
        pytest.param(
            with_route(name="x", kind="protected", paths=["/login"], methods=["POST"]),
            r"routes\[8\].paths: '/login' is a path of kong_config_services\[0\].routes\[0\] too",
            id="path of another route",
        ),
        pytest.param(
            gateway(admin_networks=[]),
            "kong_config_admin_networks: '' is empty: name who may call audit",
            id="admin routes for nobody",
        ),
        pytest.param(
            gateway(internal_networks=[]),
            "kong_config_internal_networks: '' is empty: name who may call internal",
            id="internal routes for nobody",
        ),
        pytest.param(
            gateway(tiers={"free": 1, "smart": 1, "premium": 1, "gold": 10}),
            "kong_config_tiers: 'gold' has no key in the secret of kong_config_tier_keys_secret",
            id="tier without key",
        ),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(description: dict[str, Any], message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=message):
        state_of(description)


def test_internal_routes_without_a_key_are_refused() -> None:
    description = gateway()
    del description["services"][0]["api_key_secret"]
    with pytest.raises(AnsibleFilterError, match=r"kong_config_services\[0\].api_key_secret: '' is missing"):
        state_of(description)


def test_one_path_may_be_public_for_some_methods_and_protected_for_others() -> None:
    state_of(with_route(name="x", kind="protected", paths=["/login"], methods=["DELETE"]))


def test_without_a_collector_nothing_is_traced() -> None:
    assert "opentelemetry" not in plugins(STATE)


def test_traces_go_to_the_collector_and_follow_requests_in_the_headers_of_w3c() -> None:
    traced = gateway(tracing={"endpoint": "http://127.0.0.1:4318", "service_name": "gateway"})

    state = state_of(traced)

    assert config(state, "opentelemetry") == {
        "traces_endpoint": "http://127.0.0.1:4318/v1/traces",
        "resource_attributes": {"service.name": "gateway"},
        "propagation": {"extract": ["w3c"], "inject": ["w3c"], "default_format": "w3c"},
    }
    assert list(files.problems(files.read({"_format_version": "3.0", **state}))) == []


def test_while_keys_are_rotated_both_are_valid() -> None:
    rotated = {
        **SECRETS,
        "api_keys": {"auth": ["key-of-callers", "next-key-of-callers"]},
        "accepted_tier_keys": [SECRETS["tier_keys"], {tier: f"next-{tier}" for tier in ("free", "smart", "premium")}],
    }
    consumers = state_of(gateway(), rotated)["consumers"]
    assert named(consumers, "auth-internal")["keyauth_credentials"] == [
        {"key": "key-of-callers"},
        {"key": "next-key-of-callers"},
    ]
    assert named(consumers, "tier-free")["keyauth_credentials"] == [{"key": "key-of-free"}, {"key": "next-free"}]


def test_while_the_secret_of_tokens_is_rotated_their_algorithm_tells_which_has_signed() -> None:
    old, new = "j" * 72, "n" * 56
    state = state_of(gateway(), {**SECRETS, "jwt": old, "accepted_jwt": [new, old]})
    assert config(named(state["services"], "auth"), "jwt")["key_claim_name"] == "alg"
    assert named(state["consumers"], "issuer")["jwt_secrets"] == [
        {"key": "issuer", "algorithm": "HS512", "secret": old},
        {"key": "HS384", "algorithm": "HS384", "secret": new},
        {"key": "HS512", "algorithm": "HS512", "secret": old},
    ]


def test_one_secret_of_tokens_is_found_by_their_issuer() -> None:
    state = state_of(gateway(), {**SECRETS, "accepted_jwt": [SECRETS["jwt"]]})
    assert state == STATE
