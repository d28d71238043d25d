"""What the modules for Kong do beyond the life of one entity."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._kong.client import Client, KongError

from tests.contract.harness import Run, run_module
from tests.contract.kong_admin import Admin, issue

SECRET = "correct-horse-battery-staple"
UUID = "00000000-0000-4000-8000-00000000c0fe"
UNHEALTHY = {"passive": {"unhealthy": {"http_failures": 3}}}


def done(module: str, /, *, check: bool = False, **options: Any) -> Run:
    run = run_module(module, options, check=check)
    assert not run.answer.get("failed"), run.answer.get("msg")
    return run


def refused(module: str, /, *, check: bool = True, **options: Any) -> str:
    run = run_module(module, options, check=check)
    assert run.answer.get("failed")
    assert run.calls.writes == []
    return str(run.answer["msg"])


def test_an_entity_is_renamed_by_its_id(kong: Admin) -> None:
    service = kong.made("/services", {"name": "contract-old", "host": "h"})
    run = done("kong_service", id=service["id"], name="contract-new")
    assert run.changes == [{"op": "update", "kind": "service", "key": "contract-new", "fields": ["name"]}]
    assert kong.get(f"/services/{service['id']}")["name"] == "contract-new"
    assert not done("kong_service", name="contract-new", host="h").changed


def test_a_consumer_is_renamed_by_its_custom_id(kong: Admin) -> None:
    made = kong.made("/consumers", {"username": "contract-was", "custom_id": "contract-4711"})
    run = run_module("kong_consumer", {"username": "contract-is", "custom_id": "contract-4711"})
    assert [change["op"] for change in run.changes] == ["update"], run.answer
    assert kong.get(f"/consumers/{made['id']}")["username"] == "contract-is"


def test_the_old_name_of_a_renamed_entity_is_free_again(kong: Admin) -> None:
    first = done("kong_service", name="contract-old", host="h").answer["service"]["id"]
    done("kong_service", id=first, name="contract-new")
    second = done("kong_service", name="contract-old", host="h").answer["service"]["id"]
    assert kong.get(f"/services/{first}")["name"] == "contract-new"
    assert first != second
    for name in ("contract-old", "contract-new"):
        assert done("kong_service", name=name, state="absent").changed


def test_what_is_only_known_later_is_not_judged(kong: Admin) -> None:
    later = "(known after apply)"
    assert done("kong_service", check=True, name="contract-later", host=later).changes[0]["op"] == "create"
    assert done("kong_service", check=True, name="contract-later", url=later).changes[0]["op"] == "create"
    assert (
        done("kong_route", check=True, name="contract-later", paths=["/l"], service=later).changes[0]["op"] == "create"
    )


def test_a_plugin_is_moved_by_its_id(kong: Admin) -> None:
    for name in ("contract-here", "contract-there"):
        kong.made("/services", {"name": name, "host": "h"})
    plugin = kong.made("/plugins", {"name": "correlation-id", "service": {"name": "contract-here"}})
    run = done("kong_plugin", id=plugin["id"], name="correlation-id", service="contract-there")
    assert run.changes[0]["fields"] == ["service"]
    assert not done("kong_plugin", name="correlation-id", service="contract-there").changed


def test_an_interrupted_run_is_taken_up_again(kong: Admin) -> None:
    """The id is the same each time: a second run after a lost answer finds its own entity."""
    first = done("kong_consumer", username="contract-again").answer["consumer"]["id"]
    done("kong_consumer", username="contract-again", state="absent")
    second = done("kong_consumer", username="contract-again").answer["consumer"]["id"]
    done("kong_consumer", username="contract-again", state="absent")
    assert first == second


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_an_answer_that_is_lost_is_asked_for_again(kong: Admin, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """The call has its effect, and the module does not hear of it."""
    kong.made("/upstreams", {"name": "contract-lost"})
    target = {"upstream": "contract-lost", "target": "192.0.2.1:80"}
    lives = [
        ("kong_consumer", {"username": "contract-lost"}, {"username": "contract-lost", "tags": ["contract"]}),
        ("kong_target", target, {**target, "weight": 1}),
    ]
    request, lost = Client.request, set()

    def flaky(client: Client, verb: str, path: str, body: Any = None) -> Any:
        answer = request(client, verb, path, body)
        if verb == method and "/validate" not in path and (verb, path) not in lost:
            lost.add((verb, path))
            raise KongError(f"{verb} {path}", 0, "the connection was lost")
        return answer

    monkeypatch.setattr(Client, "request", flaky)
    for module, first, second in lives:
        for options in (first, second):
            assert done(module, **options).changed
            assert not done(module, **options).changed
        assert done(module, **first, state="absent").changed
        assert not done(module, **first, state="absent").changed
    assert lost


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_what_may_have_happened_is_taken_back(kong: Admin, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """No answer comes, be it to the call or to the question whether it had its effect, which it had."""
    service = {"name": "contract-unsure", "host": "h"}
    if method == "PATCH":
        kong.made("/services", service)
    before = kong.get("/services")["data"]
    request, unheard = Client.request, []

    def silent(client: Client, verb: str, path: str, body: Any = None) -> Any:
        answer = request(client, verb, path, body)
        called = verb == method and "/validate" not in path
        asked = bool(unheard) and verb == "GET"
        if (called and len(unheard) < 3) or (asked and method == "POST" and len(unheard) < 4):
            unheard.append(path)
            raise KongError(f"{verb} {path}", 0, "the connection was lost")
        return answer

    monkeypatch.setattr(Client, "request", silent)
    said = run_module("kong_service", {**service, "retries": 1})
    assert said.answer.get("failed")
    assert "the connection was lost" in said.answer["msg"]

    def shown(services: Any) -> Any:
        return [{name: value for name, value in one.items() if name != "updated_at"} for one in services]

    assert shown(kong.get("/services")["data"]) == shown(before)


def test_check_mode_takes_what_earlier_tasks_would_make_for_granted(kong: Admin) -> None:
    route = done("kong_route", check=True, name="contract-r", service="contract-none", paths=["/contract"])
    assert route.changes[0]["op"] == "create"
    assert "service contract-none does not exist" in str(route.answer["warnings"])
    options = {"type": "jwt", "consumer": "contract-none", "key": "contract", "secret": SECRET}
    assert done("kong_credential", check=True, **options).changes[0]["op"] == "create"
    assert "service: 'contract-none' is no service that exists; create it first" in refused(
        "kong_route", check=False, name="contract-r", service="contract-none", paths=["/contract"]
    )


def test_what_hangs_on_nothing_is_absent(kong: Admin) -> None:
    assert not done("kong_target", upstream="contract-none", target="192.0.2.1:80", state="absent").changed
    assert not done("kong_plugin", name="cors", service="contract-none", state="absent").changed
    assert not done("kong_credential", type="acl", consumer="contract-none", group="g", state="absent").changed


@pytest.mark.parametrize(
    ("module", "options", "message"),
    [
        ("kong_service", {"name": "a", "host": "h:80"}, "host: 'h:80' has to be a host name or address"),
        ("kong_service", {"name": UUID, "host": "h"}, f"name: '{UUID}' is looked up as an id by Kong"),
        ("kong_service", {"name": "contract-bare"}, "host: None is missing: a service needs host or url"),
        ("kong_service", {"name": "contract-a", "host": "h", "tls_verify": True}, "tls_verify: True needs protocol"),
        ("kong_service", {"name": "a", "url": "h"}, "url: 'h' has to be a URL such as"),
        ("kong_route", {"name": "contract-bare"}, "methods: None is missing: a route for http, https needs one of"),
        ("kong_route", {"name": "a", "paths": ["/a", "b"]}, "paths[1]: 'b' has to be a path that starts with /"),
        ("kong_route", {"name": "contract-a", "paths": ["~/("]}, "route contract-a: paths[0]: invalid regex"),
        (
            "kong_plugin",
            {"name": "rate-limiting", "config": {"minute": "five"}},
            "plugin rate-limiting of all: config.minute: expected a number",
        ),
        ("kong_plugin", {"name": "no-such"}, "plugin no-such of all: name: plugin 'no-such' not enabled"),
        (
            "kong_credential",
            {"type": "acl", "consumer": "x", "group": "g", "secret": SECRET},
            "type: 'acl' has no option secret; its options are group",
        ),
        ("kong_key", {"name": "contract-a", "kid": "1"}, "pem: None has to be given, or jwk, but not both"),
        ("kong_certificate", {"cert": "PEM"}, "key: None is missing, and required"),
    ],
)
def test_bad_options_are_refused_in_one_line_before_anything_is_written(
    kong: Admin, module: str, options: dict[str, Any], message: str
) -> None:
    said = refused(module, check=False, **options)
    assert said.startswith(message)
    assert "\n" not in said


def test_a_gateway_that_is_not_there(kong: Admin) -> None:
    said = refused("kong_service", admin_url="http://127.0.0.1:1", name="a", host="h")
    assert said.startswith("admin_url: http://127.0.0.1:1 cannot be reached")


def test_a_credential_of_another_consumer_is_not_taken(kong: Admin) -> None:
    for name in ("contract-alice", "contract-bob"):
        kong.made("/consumers", {"username": name})
    for kind, body in (("jwt", {"key": "contract-k", "secret": SECRET}), ("key-auth", {"key": SECRET})):
        kong.call("POST", f"/consumers/contract-alice/{kind}", body)
        said = refused("kong_credential", check=False, type=kind, consumer="contract-bob", **body)
        assert "belongs to another consumer" in said
        assert SECRET not in said


def test_a_key_that_looks_like_an_id(kong: Admin) -> None:
    kong.made("/consumers", {"username": "contract-alice"})
    options = {"type": "key-auth", "consumer": "contract-alice", "key": UUID}
    assert done("kong_credential", **options).changed
    again = done("kong_credential", **options)
    assert not again.changed
    assert UUID not in again.output
    assert done("kong_credential", **options, state="absent").changed


def test_a_secret_that_kong_hashes_is_written_once(kong: Admin) -> None:
    kong.made("/consumers", {"username": "contract-alice"})
    options = {"type": "oauth2", "consumer": "contract-alice", "name": "app", "client_id": "contract-app"}
    hashed = {**options, "client_secret": SECRET, "hash_secret": True}
    assert done("kong_credential", **hashed).changed
    assert not done("kong_credential", **hashed).changed
    changed = done("kong_credential", **{**hashed, "client_secret": f"other-{SECRET}"})
    assert changed.changes[0]["fields"] == ["client_secret"]


def test_a_time_to_live_that_runs_down_is_no_difference(kong: Admin) -> None:
    kong.made("/consumers", {"username": "contract-alice"})
    kong.call("POST", "/consumers/contract-alice/key-auth?ttl=500", {"key": "contract-key", "ttl": 500})
    options = {"type": "key-auth", "consumer": "contract-alice", "key": "contract-key"}
    assert not done("kong_credential", **options, ttl=1000).changed
    assert done("kong_credential", **options, ttl=100).changes[0]["fields"] == ["ttl"]


def test_a_second_certificate_of_another_type(kong: Admin) -> None:
    first, rsa = issue("contract-ec"), issue("contract-rsa", rsa_key=True)
    options = {"cert": first.certificate, "key": first.key, "snis": ["alt.contract.example"]}
    done("kong_certificate", **options)
    changed = done("kong_certificate", **options, cert_alt=rsa.certificate, key_alt=rsa.key)
    assert set(changed.changes[0]["fields"]) == {"cert_alt", "key_alt"}
    assert all(line not in changed.output for line in rsa.key.splitlines()[1:-1])
    assert not done("kong_certificate", **options, cert_alt=rsa.certificate, key_alt=rsa.key).changed
    assert done("kong_certificate", **options, cert_alt="", key_alt="").changed
    assert done("kong_certificate", snis=["alt.contract.example"], state="absent").changed


def test_health_needs_checks(kong: Admin) -> None:
    kong.made("/upstreams", {"name": "contract-unchecked"})
    options = {"upstream": "contract-unchecked", "target": "192.0.2.1:80", "health": "unhealthy"}
    assert "needs an upstream with health checks" in refused("kong_target", check=False, **options)


def test_info_tells_what_there_is_and_no_secret(kong: Admin) -> None:
    kong.made("/consumers", {"username": "contract-told", "tags": ["contract-info"]})
    kong.call(
        "POST", "/consumers/contract-told/jwt", {"key": "contract-i", "secret": SECRET, "tags": ["contract-info"]}
    )
    redis = {"host": "cache.example.com", "password": f"of-redis-{SECRET}"}
    limits = {"minute": 1, "policy": "redis", "redis": redis}
    kong.made("/plugins", {"name": "rate-limiting", "config": limits, "tags": ["contract-info"]})
    upstream = kong.made("/upstreams", {"name": "contract-told", "healthchecks": UNHEALTHY, "tags": ["contract-info"]})
    kong.call("POST", f"/upstreams/{upstream['id']}/targets", {"target": "192.0.2.1:80", "tags": ["contract-info"]})
    kinds = ["consumers", "jwt_secrets", "plugins", "targets"]
    run = done("kong_info", kinds=kinds, tags=["contract-info"], health=True)
    assert SECRET not in run.output
    assert run.calls.writes == []
    found = run.answer["entities"]
    assert [len(found[kind]) for kind in kinds] == [1, 1, 1, 1]
    assert found["jwt_secrets"][0]["key"] == "contract-i"
    assert found["plugins"][0]["config"]["redis_password"] == "********"
    assert run.answer["node"]["version"].startswith("3.")
    assert "rate-limiting" in run.answer["node"]["plugins"]
    assert set(run.answer["health"]) == {"contract-told"}


def test_info_lists_nothing_that_is_not_asked_for(kong: Admin) -> None:
    assert done("kong_info").answer["entities"] == {}


def test_what_others_refer_to_is_not_removed(kong: Admin) -> None:
    kong.made("/services", {"name": "contract-held", "host": "h"})
    kong.made("/routes", {"name": "contract-holds", "paths": ["/held"], "service": {"name": "contract-held"}})
    config = {"services": [{"name": "contract-held", "host": "h"}]}
    said = refused("kong_config", config=config, state="absent")
    assert said == "delete service contract-held: route contract-holds refers to it; remove that too"


def test_the_lint_knows_what_tokens_carry(kong: Admin) -> None:
    secret = {"key": "contract-iss", "secret": f"{SECRET}-of-32-bytes", "algorithm": "HS256"}
    options = {"config": {"consumers": [{"username": "contract-app", "jwt_secrets": [secret]}]}}
    said = refused("kong_config", **options, token_issuers=["auth-service"])
    assert "consumers[0].jwt_secrets[0].key: no token carries 'contract-iss'; set it to one of the issuers" in said
    assert done("kong_config", check=True, **options, token_issuers=["contract-iss"]).changed


COLOURS = ("contract-blue:80", "contract-green:80")
OWNED: dict[str, Any] = {"select_tags": ["contract-colours"], "purge": True}


def coloured(blue: int, green: int, token: str = "") -> dict[str, Any]:
    """An upstream with a target for each colour; with a token, a route that asks for it."""
    targets = [{"target": name, "weight": weight} for name, weight in zip(COLOURS, (blue, green), strict=True)]
    route = {"name": "contract-preview", "paths": ["/preview"], "headers": {"X-Preview": [token]}}
    services = [{"name": "contract-preview", "host": "contract-colours", "routes": [route]}] if token else []
    return {"upstreams": [{"name": "contract-colours", "targets": targets}], "services": services}


def weights(kong: Admin) -> list[int]:
    found = {item["target"]: item["weight"] for item in kong.get("/upstreams/contract-colours/targets")["data"]}
    return [found[name] for name in COLOURS]


def test_weights_that_a_release_has_moved_stay_as_they_are(kong: Admin) -> None:
    options = {"config": coloured(100, 0), "keep_weights": True, **OWNED}
    done("kong_config", **options)
    assert weights(kong) == [100, 0]
    for name, weight in zip(COLOURS, (10, 90), strict=True):
        kong.call("PATCH", f"/upstreams/contract-colours/targets/{name}", {"weight": weight})
    again = done("kong_config", **options)
    assert (again.changed, again.calls.writes) == (False, [])
    changed = coloured(100, 0)
    changed["upstreams"][0]["algorithm"] = "least-connections"
    assert [change["kind"] for change in done("kong_config", config=changed, keep_weights=True, **OWNED).changes] == [
        "upstream"
    ]
    assert weights(kong) == [10, 90]
    done("kong_config", config=coloured(100, 0), **OWNED)
    assert weights(kong) == [100, 0]
    done("kong_config", state="absent", **OWNED)


def test_a_token_in_a_route_shows_neither_before_nor_after_it_changes(kong: Admin) -> None:
    first, second = f"first-{SECRET}", f"second-{SECRET}"
    runs = [done("kong_config", config=coloured(100, 0, token), secrets=[token], **OWNED) for token in (first, second)]
    runs.append(done("kong_config", state="absent", secrets=[second], **OWNED))
    assert [run.changed for run in runs] == [True, True, True]
    assert not [run for run in runs if first in run.output or second in run.output]
