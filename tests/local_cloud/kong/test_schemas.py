"""Filling in, validating, merging: tables over pure functions."""

from __future__ import annotations

from typing import Any

import pytest

from local_cloud.kong import addresses, errors, patterns, schemas
from local_cloud.kong.entities import Catalogue, validated
from local_cloud.kong.errors import AdminError
from local_cloud.kong.kinds import KINDS
from local_cloud.kong.schema import fill, merge, with_former_names

CATALOGUE = Catalogue()
TAG = "expected printable ascii (except `,` and `/`) or valid utf-8 sequences"


def _created(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    return validated(CATALOGUE, None, KINDS[kind], data, "insert")


def _refused(kind: str, data: dict[str, Any]) -> dict[str, Any]:
    with pytest.raises(AdminError) as caught:
        _created(kind, data)
    fields: dict[str, Any] = caught.value.body["fields"]
    return fields


@pytest.mark.parametrize(
    ("pattern", "matching", "other"),
    [
        ("^%u+$", "GET", "get"),
        ("^[^:]+:.*$", "a:b", "ab"),
        ("^[0-9]+-[0-9]+$", "10-20", "10"),
        ("^[a-z][a-z%d-]-[a-z%d]+$", "my-env", "Bad_Prefix"),
        ("%.%*$", "a.*", "a*"),
        ("a-b", "aab", "a-"),
        ("^{x}|$", "{x}|", "x"),
    ],
)
def test_lua_patterns(pattern: str, matching: str, other: str) -> None:
    assert patterns.lua(pattern).search(matching)
    assert not patterns.lua(pattern).search(other)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("127.0.0.1", "127.0.0.1:8000"),
        ("host.example:81", "host.example:81"),
        ("::1", "[0000:0000:0000:0000:0000:0000:0000:0001]:8000"),
        ("[::1]:80", "[0000:0000:0000:0000:0000:0000:0000:0001]:80"),
        ("h_under", "h_under:8000"),
    ],
)
def test_targets_are_written_out(text: str, shown: str) -> None:
    address = addresses.parse(text)
    assert address
    assert address.with_port(8000) == shown


@pytest.mark.parametrize("text", ["", "bad name", "a..b", "a.", "-", "300.1.1.1", "a:70000", "[::1", "x:y:z"])
def test_these_are_no_addresses(text: str) -> None:
    assert addresses.parse(text) is None


@pytest.mark.parametrize(
    ("kind", "data", "fields"),
    [
        ("services", {"host": "h", "port": "80"}, {"port": "expected an integer"}),
        ("services", {"host": "h", "path": "/a%zz"}, {"path": "invalid url-encoded value: '/a%zz'"}),
        ("services", {"host": "h", "tags": ["a,b", "c"]}, {"tags": [f"invalid tag 'a,b': {TAG}"]}),
        (
            "routes",
            {"paths": ["/a"], "protocols": ["http", "tcp"]},
            {"protocols": "these sets are mutually exclusive: ('http', 'https'), ('tcp', 'tls', 'udp')"},
        ),
        (
            "upstreams",
            {"name": "u", "hash_on": "header"},
            {
                "hash_on_header": "required field missing",
                "@entity": ["failed conditional validation given value of field 'hash_on'"],
            },
        ),
        (
            "plugins",
            {"name": "rate-limiting", "config": {"minute": 0}},
            {"config": {"minute": "value must be greater than 0"}},
        ),
        (
            "plugins",
            {"name": "rate-limiting", "config": {"second": 5, "hour": 1}},
            {"config": "The limit for hour(1.0) cannot be lower than the limit for second(5.0)"},
        ),
        (
            "plugins",
            {"name": "request-transformer", "config": {"add": {"headers": ["a:b", "c"]}}},
            {"config": {"add": {"headers": [None, "invalid value: c"]}}},
        ),
        (
            "plugins",
            {"name": "session", "consumer": {"id": "00000000-0000-4000-8000-000000000001"}},
            {"consumer": "value must be null"},
        ),
        (
            "plugins",
            {"name": "nope", "config": {"a": 1}, "zip": 1},
            {
                "name": "plugin 'nope' not enabled; add it to the 'plugins' configuration property",
                "zip": "unknown field",
            },
        ),
        ("ca_certificates", {}, {"cert": "required field missing"}),
        (
            "plugins",
            {"name": "request-termination", "config": {"message": "a", "body": "b"}},
            {"config": "message cannot be used with content_type or body"},
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_is(kind: str, data: dict[str, Any], fields: dict[str, Any]) -> None:
    assert _refused(kind, data) == fields


@pytest.mark.parametrize(
    ("code", "accepted"), [("return 1", True), ("return function() end", True), ("if then", False)]
)
def test_functions_have_to_be_lua(code: str, accepted: bool) -> None:
    plugin = {"name": "pre-function", "config": {"access": [code]}}
    if accepted:
        assert _created("plugins", plugin)["config"]["access"] == [code]
    else:
        (problem,) = _refused("plugins", plugin)["config"]["access"]
        assert "unexpected symbol" in problem


def test_an_empty_list_and_an_empty_object_are_the_same() -> None:
    assert _created("routes", {"paths": {}, "hosts": ["a.example"]})["paths"] == []
    assert _created("plugins", {"name": "cors", "config": []})["config"]["credentials"] is False
    assert _refused("plugins", {"name": "cors", "config": ["x"]}) == {"config": ["unknown field"]}


def test_a_reference_to_a_vault_is_taken_as_it_is() -> None:
    endpoint = "{vault://env/log-endpoint}"
    created = _created("plugins", {"name": "http-log", "config": {"http_endpoint": endpoint}})
    assert created["config"]["http_endpoint"] == endpoint


@pytest.mark.parametrize(
    ("data", "algorithm", "hash_on"),
    [
        ({}, "round-robin", "none"),
        ({"hash_on": "ip"}, "consistent-hashing", "ip"),
        ({"algorithm": "least-connections", "hash_on": "ip"}, "least-connections", "none"),
    ],
)
def test_hashing_and_algorithm_go_together(data: dict[str, Any], algorithm: str, hash_on: str) -> None:
    upstream = _created("upstreams", {"name": "u.example", **data})
    assert (upstream["algorithm"], upstream["hash_on"]) == (algorithm, hash_on)


def test_every_plugin_fills_its_defaults() -> None:
    for name in schemas.PLUGINS:
        schema = schemas.plugin(name)
        config = fill(schema, {"name": name}, "insert")["config"]
        assert set(config) == set(schema.fields["config"].fields)


def test_former_names_are_accepted_and_shown() -> None:
    created = _created(
        "plugins", {"name": "rate-limiting", "config": {"minute": 1, "redis_host": "r", "redis_port": 7}}
    )
    assert (created["config"]["redis"]["host"], created["config"]["redis"]["port"]) == ("r", 7)
    shown = with_former_names(schemas.plugin("rate-limiting"), created)["config"]
    assert (shown["redis_host"], shown["redis_port"]) == ("r", 7)


def test_records_are_merged_and_lists_replaced() -> None:
    schema = schemas.plugin("request-transformer")
    current = _created("plugins", {"name": "request-transformer", "config": {"add": {"headers": ["a:b"]}}})
    change = fill(schema, {"config": {"add": {"querystring": ["q:1"]}}}, "update")
    merged = merge(schema, current, change)["config"]
    assert merged["add"] == {"body": [], "headers": ["a:b"], "querystring": ["q:1"]}


def test_nested_errors_are_written_as_lua() -> None:
    found = {"config": {"add": {"headers": [None, 'say "no"']}}, "@entity": ["first"]}
    assert errors.messages(found) == ["first", 'config.add: {\n  headers = {\n    [2] = "say \\"no\\""\n  }\n}']
    assert errors.as_lua(found) == '{["@entity"]={"first"},config={add={headers={[2]="say \\"no\\""}}}}'


def test_a_schema_is_described_without_its_own_business() -> None:
    described = schemas.describe_entity(schemas.ENTITIES["routes"])
    assert [list(rule) for rule in described["entity_checks"]] == [
        ["conditional"],
        ["custom_entity_check"],
        ["custom_entity_check"],
    ]
    assert "'check'" not in repr(described)
