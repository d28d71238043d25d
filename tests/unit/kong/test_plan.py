"""From a file and what is there to calls: which entity is meant, in which order, and what gives way to what."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._kong import files
from ansible_collections.trademaster.platform.plugins.module_utils._kong.match import (
    keep_weights,
    match,
    predecessors,
    unresolved,
)
from ansible_collections.trademaster.platform.plugins.module_utils._kong.plan import Plan, plan
from ansible_collections.trademaster.platform.plugins.module_utils._kong.schemas import Field, Record

FIELDS = (
    *("name", "host", "tags", "service", "route", "consumer", "paths", "username", "custom_id", "instance_name"),
    *("password", "group", "key", "config"),
)


class AnySchema:
    """Every field is optional and has no default."""

    def of(self, _collection: str, _entity: Any) -> Record:
        return Record({name: Field("any", secret=name == "password") for name in FIELDS})


def there(**collections: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        name: {entity["id"]: {"created_at": 1, **entity} for entity in entities}
        for name, entities in collections.items()
    }


def planned(state: dict[str, Any], current: dict[str, dict[str, Any]], *, purge: bool = True) -> Plan:
    document = files.read(state, version_required=False)
    schemas: Any = AnySchema()
    return plan(match(document.entities, current, {}), current, schemas, purge=purge)


def calls(found: Plan) -> list[tuple[int, str, str, str]]:
    return sorted((step.level, step.method, step.kind, step.id or step.key) for step in found.steps)


def test_parents_come_first_and_what_protects_comes_before_what_it_protects() -> None:
    state = {
        "services": [
            {
                "name": "s",
                "host": "h",
                "plugins": [{"name": "jwt"}],
                "routes": [{"name": "r", "paths": ["/"], "plugins": [{"name": "cors"}]}],
            }
        ]
    }
    order = [(step.level, f"{step.kind} {step.key}") for step in planned(state, {}).steps]
    assert sorted(order) == [(1, "service s"), (2, "plugin jwt of s"), (3, "route r"), (4, "plugin cors of r")]


def test_what_goes_takes_along_what_hangs_on_it_in_one_call() -> None:
    current = there(
        services=[{"id": "s", "name": "s", "host": "h"}],
        routes=[{"id": "r", "name": "r", "service": {"id": "s"}}],
        plugins=[
            {"id": "p", "name": "cors", "route": {"id": "r"}, "service": {"id": "s"}},
            {"id": "q", "name": "jwt", "service": {"id": "s"}},
        ],
    )
    found = planned({}, current)
    assert calls(found) == [(10, "DELETE", "route", "r"), (11, "DELETE", "service", "s")]
    assert sorted(str(change) for change in found.changes) == [
        "delete plugin cors of s and r",
        "delete plugin jwt of s",
        "delete route r",
        "delete service s",
    ]


@pytest.mark.parametrize(
    ("state", "changed"),
    [
        ({"name": "a", "host": "new"}, [(1, "PUT", "service", "1")]),
        ({"name": "b", "host": "h", "id": "00000000-0000-4000-8000-000000000001"}, None),
    ],
)
def test_an_entity_is_found_by_name_whatever_its_id(state: dict[str, Any], changed: Any) -> None:
    found = planned({"services": [state]}, there(services=[{"id": "1", "name": "a", "host": "h"}]), purge=False)
    created = [(1, "POST", "service", "00000000-0000-4000-8000-000000000001")]
    assert calls(found) == (changed or created)


def test_a_rename_is_seen_by_the_other_unique_field() -> None:
    current = there(consumers=[{"id": "1", "username": "old", "custom_id": "c"}])
    found = planned({"consumers": [{"username": "new", "custom_id": "c"}]}, current)
    assert calls(found) == [(0, "PUT", "consumer", "1")]


def test_values_that_change_hands_are_given_up_first() -> None:
    current = there(
        consumers=[
            {"id": "1", "username": "a", "custom_id": "x"},
            {"id": "2", "username": "b", "custom_id": "y"},
        ]
    )
    state = {"consumers": [{"username": "a", "custom_id": "y"}, {"username": "b", "custom_id": "x"}]}
    found = planned(state, current)
    assert calls(found) == [
        (-1, "PATCH", "consumer", "1"),
        (-1, "PATCH", "consumer", "2"),
        (0, "PUT", "consumer", "1"),
        (0, "PUT", "consumer", "2"),
    ]
    # Undoing the later call leaves the value free for undoing the earlier one.
    parked = {step.id: step.body["custom_id"] for step in found.steps if step.level == -1}
    assert {step.id: step.was["custom_id"] for step in found.steps if step.level == 0} == parked
    assert len(found.changes) == 2


def test_a_plugin_that_goes_makes_room_for_its_name() -> None:
    current = there(plugins=[{"id": "1", "name": "cors", "instance_name": "i"}, {"id": "2", "name": "jwt"}])
    state = {"plugins": [{"name": "jwt", "instance_name": "i"}]}
    assert calls(planned(state, current)) == [(-1, "DELETE", "plugin", "1"), (2, "PUT", "plugin", "2")]


def test_a_value_of_one_that_stays_is_refused_before_anything_is_written() -> None:
    current = there(consumers=[{"id": "1", "username": "a", "custom_id": "x"}, {"id": "2", "username": "b"}])
    state = {"consumers": [{"username": "b", "custom_id": "x"}]}
    with pytest.raises(InvalidInput, match=r"consumers\[0\]\.custom_id: 'b' is taken by consumer a, which stays"):
        planned(state, current, purge=False)


def test_what_cannot_be_undone_comes_last() -> None:
    consumer = {"id": "c", "username": "c"}
    current = there(
        consumers=[consumer],
        basicauth_credentials=[
            {"id": "1", "username": "gone", "password": "0" * 40, "consumer": {"id": "c"}},
            {"id": "2", "username": "kept", "password": "1" * 40, "consumer": {"id": "c"}},
        ],
    )
    kept = {"username": "kept", "password": "changed"}
    found = planned({"consumers": [{"username": "c", "basicauth_credentials": [kept]}]}, current)
    assert [(step.level, step.method, bool(step.lost)) for step in found.steps] == [
        (20, "PATCH", True),
        (20, "DELETE", True),
    ]
    assert found.steps[0].body == {"password": "changed"}
    assert "changed" not in str(found.steps[0].after)


def test_what_stays_must_not_refer_to_what_goes() -> None:
    current = there(services=[{"id": "s", "name": "s"}])
    with pytest.raises(InvalidInput, match=r"routes\[0\]\.service: 's' would be removed, as it is not listed"):
        planned({"routes": [{"name": "r", "service": "s"}]}, current)


def test_references_to_nothing_are_named() -> None:
    document = files.read({"routes": [{"name": "r", "service": "none"}]}, version_required=False)
    assert unresolved(document.entities, {}) == {("services", "name", "none")}
    with pytest.raises(InvalidInput, match=r"routes\[0\]\.service: 'none' refers to a service that is neither given"):
        match(document.entities, {}, {})


@pytest.mark.parametrize("collection", ["services", "routes"])
def test_what_no_later_run_would_find_again_is_refused(collection: str) -> None:
    with pytest.raises(InvalidInput, match=rf"{collection}\[0\]\.name: .*without name and id"):
        planned({collection: [{"tags": ["a"]}]}, {})


def test_a_key_that_is_secret_gives_no_id_away() -> None:
    document = files.read(
        {"consumers": [{"username": "c", "keyauth_credentials": [{"key": "k"}]}]}, version_required=False
    )
    ids = [{item.kind.collection: item.id for item in match(document.entities, {}, {})} for _ in range(2)]
    assert ids[0]["consumers"] == ids[1]["consumers"]
    assert ids[0]["keyauth_credentials"] != ids[1]["keyauth_credentials"]


def test_targets_that_are_there_keep_their_weight() -> None:
    targets = [{"target": "blue:80", "weight": 100}, {"target": "green:80", "weight": 0}]
    state = {"upstreams": [{"name": "u", "targets": targets}]}
    there_is = there(
        upstreams=[{"id": "1", "name": "u"}],
        targets=[{"id": "2", "target": "blue:80", "weight": 7, "upstream": {"id": "1"}}],
    )
    wanted = keep_weights(match(files.read(state, version_required=False).entities, there_is, {}))
    found = {item.fields["target"]: item.fields["weight"] for item in wanted if item.kind.collection == "targets"}
    assert found == {"blue:80": 7, "green:80": 0}


@pytest.mark.parametrize(
    ("wanted", "current", "found"),
    [
        ({"headers": {"X-Token": ["new"]}}, {"headers": {"X-Token": ["old", "older"]}}, ["old", "older"]),
        ({"headers": {"X-Token": ["new"]}}, {"headers": None}, []),
        ({"headers": {"X-Token": ["new"]}}, None, []),
        ({"headers": {"X-Token": ["other"]}}, {"headers": {"X-Token": ["old"]}}, []),
        ({"config": {"token": "new", "path": "/"}}, {"config": {"token": "old", "path": "/was"}}, ["old"]),
    ],
)
def test_what_a_secret_takes_the_place_of_is_one_too(wanted: Any, current: Any, found: list[str]) -> None:
    assert list(predecessors(wanted, current, {"new"})) == found
