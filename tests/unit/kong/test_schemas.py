"""Comparing by Kong's schemas: what is a difference, and what only looks like one."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._kong.schemas import Record, compile_record

REDIS = {
    "fields": [
        {"host": {"type": "string"}},
        {"port": {"type": "integer", "default": 6379}},
        {"password": {"type": "string", "encrypted": True}},
    ],
    "type": "record",
    "required": True,
}
SCHEMA = {
    "fields": [
        {"minute": {"type": "number"}},
        {"policy": {"type": "string", "default": "local"}},
        {"redis": REDIS},
        {"auth": {"type": "record", "fields": [{"token": {"type": "string"}}]}},
        {"methods": {"type": "set", "elements": {"type": "string"}, "default": ["GET", "PUT"]}},
        {"paths": {"type": "array", "elements": {"type": "string"}}},
        {"headers": {"type": "map", "values": {"type": "array", "elements": {"type": "string"}}}},
        {
            "sources": {
                "type": "set",
                "elements": {"type": "record", "fields": [{"ip": {"type": "string"}}, {"port": {}}]},
            }
        },
        {"cert": {"type": "string"}},
        {"provision_key": {"type": "string", "auto": True}},
        {"secret": {"type": "string", "encrypted": True, "default": "random-at-each-start"}},
    ],
    "shorthand_fields": [
        {"redis_host": {"type": "string", "deprecation": {"replaced_with": [{"path": ["redis", "host"]}]}}},
        {"redis_password": {"type": "string", "deprecation": {"replaced_with": [{"path": ["redis", "password"]}]}}},
        {"url": {"type": "string"}},
    ],
}
FULL = {
    "minute": 5,
    "policy": "local",
    "redis": {"host": None, "port": 6379, "password": None},
    "auth": None,
    "methods": ["PUT", "GET"],
    "paths": None,
    "headers": None,
    "sources": None,
    "cert": None,
    "provision_key": "made-up",
    "secret": "made-up-too",
    "redis_host": None,
}


@pytest.fixture(name="record")
def compiled() -> Record:
    return compile_record(SCHEMA)


@pytest.mark.parametrize(
    ("desired", "current", "paths"),
    [
        ({"minute": 5}, {}, []),
        ({"minute": 5.0}, {}, []),
        ({"minute": 6}, {}, ["minute"]),
        ({}, {}, ["minute"]),
        ({"minute": 5, "policy": None}, {}, ["policy"]),
        ({"minute": 5, "auth": None}, {}, []),
        ({"minute": 5, "redis": {"host": "r"}}, {"redis": {"host": "r", "port": 6379, "password": None}}, []),
        ({"minute": 5, "redis_host": "r"}, {"redis": {"host": "r", "port": 6379, "password": None}}, []),
        ({"minute": 5, "redis_host": "s"}, {"redis": {"host": "r", "port": 6379, "password": None}}, ["redis.host"]),
        ({"minute": 5, "redis": {"port": 1}}, {}, ["redis.port"]),
        ({"minute": 5, "auth": {"token": "t"}}, {}, ["auth"]),
        ({"minute": 5, "methods": ["GET", "PUT", "GET"]}, {}, []),
        ({"minute": 5, "methods": ["GET"]}, {}, ["methods"]),
        ({"minute": 5, "paths": ["/a", "/b"]}, {"paths": ["/b", "/a"]}, ["paths"]),
        ({"minute": 5, "headers": {"a": ["1"], "b": []}}, {"headers": {"b": {}, "a": ["1"]}}, []),
        ({"minute": 5, "sources": [{"ip": "i"}]}, {"sources": [{"ip": "i", "port": None}]}, []),
        ({"minute": 5, "cert": "-----BEGIN X\na\n"}, {"cert": "-----BEGIN X\r\na"}, []),
        ({"minute": 5, "cert": "a b"}, {"cert": "a  b"}, ["cert"]),
        ({"minute": 5, "unknown": 1}, {}, ["unknown"]),
        ({"minute": 5, "secret": "mine"}, {}, ["secret"]),
    ],
)
def test_differences(record: Record, desired: dict[str, Any], current: dict[str, Any], paths: list[str]) -> None:
    assert [path for path, _want, _have in record.differences(desired, {**FULL, **current})] == paths


def test_what_is_left_out_is_not_compared_in_part(record: Record) -> None:
    assert list(record.differences({"redis": {"port": 6379}}, {**FULL, "policy": "redis"}, partial=True)) == []


def test_the_order_of_an_array_may_mean_nothing() -> None:
    record = compile_record(SCHEMA, unordered=("paths",))
    desired = {"minute": 5, "paths": ["/a", "/b"]}
    assert list(record.differences(desired, {**FULL, "paths": ["/b", "/a"]})) == []


def test_what_kong_made_up_is_kept(record: Record) -> None:
    assert record.kept({"minute": 5}, FULL) == {"provision_key": "made-up", "secret": "made-up-too"}
    assert record.kept({"secret": "mine"}, FULL) == {"provision_key": "made-up"}


def test_secrets_are_found_below_records_and_under_old_names(record: Record) -> None:
    given = {"redis": {"password": "p"}, "secret": "{vault://env/s}"}
    assert dict(record.secrets(given)) == {"redis.password": "p"}


def test_a_secret_has_a_path_under_each_name_that_it_comes_with(record: Record) -> None:
    paths = {"redis.password": "p", "redis_password": "p"}
    assert dict(record.secrets({"redis_password": "p"})) == paths
    assert dict(record.secrets({"redis_password": "p", "redis": {"password": "p"}})) == paths


def test_defaults_of_a_required_record_are_filled_in(record: Record) -> None:
    filled = record.filled({"minute": 5})
    assert filled["redis"] == {"host": None, "port": 6379, "password": None}
    assert filled["auth"] is None
