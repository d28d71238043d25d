"""Whatever two states of Kong somebody writes down: each is reached in one run, from the other too."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.contract.harness import run_module
from tests.contract.kong_admin import Admin
from tests.contract.test_kong_transactions import TAG, dump, gateway, options, sync

__all__ = ["gateway"]

State = dict[str, Any]

LETTERS = st.sampled_from("abcd")
TAGS = st.lists(st.sampled_from(["x", "with space", "ü"]), max_size=2, unique=True)


def few(strategy: st.SearchStrategy[Any], key: str) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, max_size=3, unique_by=lambda entity: entity[key])


def entity(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[State]:
    return st.fixed_dictionaries(required, optional={"tags": TAGS, **optional})


def named(prefix: str) -> st.SearchStrategy[str]:
    return LETTERS.map(lambda letter: f"prop-{prefix}-{letter}")


PLUGINS = st.one_of(
    entity({"name": st.just("cors")}, {"config": st.fixed_dictionaries({"origins": st.just(["https://a.example"])})}),
    entity(
        {
            "name": st.just("rate-limiting"),
            "config": st.one_of(
                st.fixed_dictionaries({"minute": st.integers(1, 9)}, optional={"hour": st.integers(10, 20)}),
                st.fixed_dictionaries({"minute": st.just(5), "policy": st.just("redis"), "redis_host": named("redis")}),
            ),
        },
        {"enabled": st.booleans()},
    ),
    entity({"name": st.just("key-auth")}, {"protocols": st.permutations(["http", "https"])}),
)
ROUTES = entity(
    {"paths": st.lists(LETTERS.map(lambda letter: f"/prop-{letter}"), min_size=1, max_size=3, unique=True)},
    {
        "hosts": st.permutations(["a.example", "b.example"]),
        "methods": st.permutations(["GET", "PUT"]),
        "headers": st.just({"x-prop": ["1", "2"]}),
        "strip_path": st.booleans(),
        "plugins": few(PLUGINS, "name"),
    },
)
SERVICES = entity(
    {"name": named("s"), "host": named("host")},
    {"retries": st.integers(0, 3), "path": st.just("/p"), "plugins": few(PLUGINS, "name")},
)
UPSTREAMS = entity(
    {"name": named("u")},
    {
        "targets": few(
            entity(
                {"target": st.sampled_from(["192.0.2.1", "192.0.2.2:80", "::1", "[2001:db8::1]:443", "a.example:1"])},
                {"weight": st.integers(0, 2)},
            ),
            "target",
        ),
        "algorithm": st.just("least-connections"),
        "healthchecks": st.just({"active": {"healthy": {"interval": 5, "successes": 1}}}),
    },
)
CREDENTIALS = {
    "jwt_secrets": few(entity({"key": named("jwt")}, {"secret": named("secret")}), "key"),
    "keyauth_credentials": few(entity({"key": named("key")}, {"ttl": st.just(1000)}), "key"),
    "basicauth_credentials": few(entity({"username": named("basic"), "password": named("pw")}, {}), "username"),
    "acls": few(entity({"group": LETTERS}, {}), "group"),
}
CONSUMERS = entity({"username": named("c")}, {**CREDENTIALS})


@st.composite
def states(draw: st.DrawFn) -> State:
    """A state in which names and other unique values are given once, but change hands from state to state."""
    services = draw(few(SERVICES, "name"))
    names = iter(draw(st.permutations([f"prop-r-{letter}" for letter in "abcd"])))
    for service in services:
        service["routes"] = [{"name": next(names), **draw(ROUTES)}]
    consumers = draw(few(CONSUMERS, "username"))
    ids = iter(draw(st.permutations(["1", "2", "3", "4"])))
    for consumer in consumers:
        consumer["custom_id"] = f"prop-{next(ids)}"
    for name in ("jwt_secrets", "keyauth_credentials", "basicauth_credentials"):
        _once(consumers, name)
    return {"services": services, "upstreams": draw(few(UPSTREAMS, "name")), "consumers": consumers}


def _once(consumers: list[State], name: str) -> None:
    """Leave each credential to the first consumer that has it."""
    seen: set[str] = set()
    for consumer in consumers:
        own = [one for one in consumer.get(name, []) if (one.get("key") or one["username"]) not in seen]
        consumer[name] = own
        seen |= {one.get("key") or one["username"] for one in own}


@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=states(), second=states())
def test_any_state_is_reached_from_any_other(gateway: Admin, first: State, second: State) -> None:
    foreign = {name for name, entity in everything(gateway).items() if TAG not in (entity["tags"] or ())}
    for state in (first, second):
        predicted = run_module("kong_config", options(state), check=True).answer
        assert not predicted.get("failed"), predicted
        applied = sync(state)
        assert not applied.get("failed"), applied
        assert applied["changes"] == predicted["changes"]
        there = dump(gateway)
        again = sync(state)
        assert again["changes"] == []
        assert dump(gateway) == there
    assert foreign == {name for name, entity in everything(gateway).items() if TAG not in (entity["tags"] or ())}


def everything(admin: Admin) -> dict[str, State]:
    return {name: found for entities in dump(admin).values() for name, found in entities.items()}
