"""decK's files, and those for Kong without database, against the flat list of entities."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput, PlatformError
from ansible_collections.trademaster.platform.plugins.module_utils._core.redact import Secret
from ansible_collections.trademaster.platform.plugins.module_utils._kong import files

ID = "5a5c2c0e-93a2-4d9d-8a1c-0d4b3c1f2e10"


def flat(data: dict[str, Any]) -> list[tuple[str, dict[str, Any], str]]:
    document = files.read({"_format_version": "3.0", **data})
    return [(listed.collection, dict(listed.fields), listed.path) for listed in document.entities]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(
            {"services": [{"name": "auth", "url": "http://h", "routes": [{"name": "login", "paths": ["/l"]}]}]},
            [
                ("services", {"name": "auth", "url": "http://h"}, "services[0]"),
                ("routes", {"name": "login", "paths": ["/l"], "service": {"name": "auth"}}, "services[0].routes[0]"),
            ],
            id="routes of a service",
        ),
        pytest.param(
            {"services": [{"name": "a", "routes": [{"name": "r", "plugins": [{"name": "cors"}]}]}]},
            [
                ("services", {"name": "a"}, "services[0]"),
                ("routes", {"name": "r", "service": {"name": "a"}}, "services[0].routes[0]"),
                ("plugins", {"name": "cors", "route": {"name": "r"}}, "services[0].routes[0].plugins[0]"),
            ],
            id="plugins of a route",
        ),
        pytest.param(
            {"routes": [{"name": "r", "service": {"name": "a"}}, {"name": "s", "service": "a"}]},
            [
                ("routes", {"name": "r", "service": {"name": "a"}}, "routes[0]"),
                ("routes", {"name": "s", "service": {"name": "a"}}, "routes[1]"),
            ],
            id="references by map and by name",
        ),
        pytest.param(
            {"plugins": [{"name": "cors", "route": "r", "consumer": "alice"}, {"name": "acl", "service": ID}]},
            [
                ("plugins", {"name": "cors", "route": {"name": "r"}, "consumer": {"username": "alice"}}, "plugins[0]"),
                ("plugins", {"name": "acl", "service": {"id": ID}}, "plugins[1]"),
            ],
            id="scopes by name and by id",
        ),
        pytest.param(
            {"consumers": [{"custom_id": "c1", "acls": [{"group": "g"}], "keyauth_credentials": [{"key": "k"}]}]},
            [
                ("consumers", {"custom_id": "c1"}, "consumers[0]"),
                (
                    "keyauth_credentials",
                    {"key": "k", "consumer": {"custom_id": "c1"}},
                    "consumers[0].keyauth_credentials[0]",
                ),
                ("acls", {"group": "g", "consumer": {"custom_id": "c1"}}, "consumers[0].acls[0]"),
            ],
            id="credentials under decK's names",
        ),
        pytest.param(
            {"upstreams": [{"name": "u", "targets": [{"target": "192.0.2.1:80"}]}]},
            [
                ("upstreams", {"name": "u"}, "upstreams[0]"),
                ("targets", {"target": "192.0.2.1:80", "upstream": {"name": "u"}}, "upstreams[0].targets[0]"),
            ],
            id="targets",
        ),
        pytest.param(
            {
                "certificates": [
                    {"id": ID, "cert": "c", "key": "k", "snis": ["a.example.com", {"name": "b.example.com"}]}
                ]
            },
            [
                ("certificates", {"id": ID, "cert": "c", "key": "k"}, "certificates[0]"),
                ("snis", {"name": "a.example.com", "certificate": {"id": ID}}, "certificates[0].snis[0]"),
                ("snis", {"name": "b.example.com", "certificate": {"id": ID}}, "certificates[0].snis[1]"),
            ],
            id="SNIs by name and by map",
        ),
        pytest.param(
            {"key_sets": [{"name": "s", "keys": [{"kid": "1"}]}], "keys": [{"kid": "2", "set": "s"}]},
            [
                ("key_sets", {"name": "s"}, "key_sets[0]"),
                ("keys", {"kid": "1", "set": {"name": "s"}}, "key_sets[0].keys[0]"),
                ("keys", {"kid": "2", "set": {"name": "s"}}, "keys[0]"),
            ],
            id="keys of a key set",
        ),
        pytest.param(
            {
                "_info": {"defaults": {"service": {"retries": 1}}},
                "services": [{"name": "a"}, {"name": "b", "retries": 9}],
            },
            [
                ("services", {"retries": 1, "name": "a"}, "services[0]"),
                ("services", {"retries": 9, "name": "b"}, "services[1]"),
            ],
            id="defaults of the file",
        ),
        pytest.param(
            {
                "_plugin_configs": {"limits": {"minute": 5, "redis": {"host": "r", "port": 1}}},
                "plugins": [{"name": "rate-limiting", "_config": "limits", "config": {"redis": {"port": 2}}}],
            },
            [
                (
                    "plugins",
                    {"name": "rate-limiting", "config": {"minute": 5, "redis": {"host": "r", "port": 2}}},
                    "plugins[0]",
                )
            ],
            id="shared plugin configuration",
        ),
        pytest.param({"services": None, "_comment": "for people"}, [], id="nothing"),
        pytest.param(
            {"services": [{"name": "a", "_comment": "for people", "_ignore": ["x"]}]},
            [("services", {"name": "a"}, "services[0]")],
            id="remarks",
        ),
    ],
)
def test_reading(data: dict[str, Any], expected: list[tuple[str, dict[str, Any], str]]) -> None:
    assert flat(data) == expected


def test_a_certificate_keeps_its_id_when_it_is_renewed() -> None:
    before, after = (
        flat({"certificates": [{"cert": text, "key": "k", "snis": ["a.example.com"]}]}) for text in ("old", "new")
    )
    assert before[0][1]["id"] == after[0][1]["id"]
    assert before[1][1]["certificate"] == {"id": before[0][1]["id"]}
    other = flat({"certificates": [{"cert": "old", "key": "k", "snis": ["b.example.com"]}]})
    assert other[0][1]["id"] != before[0][1]["id"]


def test_select_tags() -> None:
    assert files.read({"_format_version": "3.0", "_info": {"select_tags": ["a", "b"]}}).select_tags == ("a", "b")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"_format_version": "1.1"}, """_format_version: '1.1' has to be "3.0", in quotes"""),
        ({"_format_version": 3.0}, """_format_version: 3.0 has to be "3.0", in quotes"""),
        ({}, "_format_version: None has to be"),
        ({"_format_version": "3.0", "servces": []}, "servces: [] is unknown; kinds are services"),
        ({"_format_version": "3.0", "consumer_groups": []}, "consumer_groups: [] is a kind that Kong's open-source"),
        ({"_format_version": "3.0", "_workspace": "team"}, "_workspace: 'team' needs Kong's Enterprise edition"),
        ({"_format_version": "3.0", "services": {"a": 1}}, "services: {'a': 1} has to be a list"),
        ({"_format_version": "3.0", "services": ["a"]}, "services[0]: 'a' has to be a map"),
        ({"_format_version": "3.0", "services": [{"name": "a", "routes": {}}]}, "services[0].routes: {} has to be a"),
        ({"_format_version": "3.0", "_info": {"select_tags": [1]}}, "_info.select_tags[0]: 1 has to be a text"),
        ({"_format_version": "3.0", "_info": {"defaults": {"consumer": {}}}}, "_info.defaults.consumer: {} is unknown"),
        (
            {"_format_version": "3.0", "services": [{"host": "h", "plugins": [{"name": "cors"}]}]},
            "services[0]: {'host': 'h'} has entities nested in it and therefore needs name or id",
        ),
        (
            {"_format_version": "3.0", "services": [{"name": "a", "routes": [{"name": "r", "service": "b"}]}]},
            "services[0].routes[0].service: 'b' is given already by where it is nested",
        ),
        (
            {"_format_version": "3.0", "plugins": [{"name": "cors", "_config": "x"}]},
            "plugins[0]._config: 'x' is not among _plugin_configs",
        ),
        (
            {
                "_format_version": "3.0",
                "_transform": False,
                "consumers": [{"username": "a", "basicauth_credentials": [{"username": "a", "password": "f00"}]}],
            },
            "consumers[0].basicauth_credentials[0].password: '********' is hashed",
        ),
    ],
)
def test_what_a_file_may_not_hold(data: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        files.read(data)
    assert str(caught.value).startswith(message)


def problems(data: dict[str, Any]) -> list[str]:
    return [str(problem) for problem in files.problems(files.read(data, version_required=False))]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            {"services": [{"name": "a", "host": "h", "hsot": "h"}]},
            "services[0].hsot: 'h' is no field of services; fields are",
        ),
        (
            {"services": [{"name": "a", "host": "h", "port": "80"}]},
            "services[0].port: '80' has to be an integer from 0",
        ),
        ({"services": [{"name": "a", "host": "h:80"}]}, "services[0].host: 'h:80' has to be a host name or address"),
        ({"services": [{"name": "a b", "host": "h"}]}, "services[0].name: 'a b' has to be a name of letters"),
        (
            {"services": [{"name": "a", "host": "h", "tags": ["x", "y,z"]}]},
            "services[0].tags[1]: 'y,z' has to be a tag",
        ),
        (
            {"services": [{"name": "a", "host": "h", "routes": [{"name": "r", "paths": ["/a", "b"]}]}]},
            "services[0].routes[0].paths[1]: 'b' has to be a path that starts with /",
        ),
        (
            {"upstreams": [{"name": "u", "healthchecks": {"active": {"healthy": {"intervall": 1}}}}]},
            "upstreams[0].healthchecks.active.healthy.intervall: 1 is unknown; known are interval",
        ),
        (
            {"upstreams": [{"name": "u", "targets": [{"weight": 1}]}]},
            "upstreams[0].targets[0].target: None is missing, and required",
        ),
        (
            {"consumers": [{"username": "a", "jwt_secrets": [{"secret": 12}]}]},
            "consumers[0].jwt_secrets[0].secret: ******** has to be a text",
        ),
        (
            {"services": [{"name": "a", "host": "h"}, {"name": "a", "host": "i"}]},
            "services[1].name: 'a' is the same as in services[0]",
        ),
        (
            {"upstreams": [{"name": "u", "targets": [{"target": "a:8000"}, {"target": "a"}]}]},
            "upstreams[0].targets[1].target: 'u, a' is the same as in upstreams[0].targets[0]",
        ),
        (
            {"plugins": [{"name": "cors", "route": "r"}, {"name": "cors", "route": {"name": "r"}}]},
            """plugins[1].name: 'cors, r' is the same as in plugins[0]""",
        ),
        (
            {"consumers": [{"username": name, "keyauth_credentials": [{"key": "kk"}]} for name in "ab"]},
            "consumers[1].keyauth_credentials[0].key: '********' is the same as in consumers[0].keyauth_credentials[0]",
        ),
    ],
)
def test_problems_name_path_value_and_remedy(data: dict[str, Any], message: str) -> None:
    found = problems(data)
    assert len(found) == 1
    assert found[0].startswith(message)


@pytest.mark.parametrize(
    "data",
    [
        {"services": [{"name": "a", "host": "h", "path": None, "retries": 0, "tags": None}]},
        {"consumers": [{"username": name, "acls": [{"group": "g"}]} for name in "ab"]},
        {"plugins": [{"name": "cors"}, {"name": "cors", "route": "r"}, {"name": "cors", "service": "r"}]},
        {"services": [{"name": "a", "host": "(known after apply)", "port": "(known after apply)"}]},
        {"consumers": [{"username": "a", "jwt_secrets": [{"key": "k", "secret": Secret("s")}]}]},
    ],
)
def test_what_is_right_has_no_problems(data: dict[str, Any]) -> None:
    assert problems(data) == []


WHOLE = {
    "_format_version": "3.0",
    "services": [
        {
            "name": "auth",
            "host": "auth",
            "routes": [
                {"name": "login", "paths": ["/login"], "plugins": [{"name": "cors", "config": {"max_age": 60}}]}
            ],
            "plugins": [{"name": "jwt"}],
        }
    ],
    "routes": [
        {"name": "open", "paths": ["/open"]},
        {"name": "theirs", "paths": ["/t"], "service": {"name": "foreign"}},
    ],
    "upstreams": [{"name": "auth", "targets": [{"target": "192.0.2.1:80", "weight": 10}]}],
    "consumers": [{"username": "app", "acls": [{"group": "g"}], "jwt_secrets": [{"key": "iss", "secret": "s"}]}],
    "plugins": [{"name": "prometheus"}, {"name": "rate-limiting", "service": "auth", "consumer": "app"}],
    "certificates": [{"cert": "c", "key": "k", "id": ID, "snis": [{"name": "a.example.com"}]}],
    "vaults": [{"prefix": "my-env", "name": "env"}],
    "key_sets": [{"name": "set", "keys": [{"name": "key", "kid": "1", "jwk": "{}"}]}],
}


def test_a_decK_file_is_written_as_it_was_read() -> None:  # noqa: N802 - its name
    document = files.read({**WHOLE, "_info": {"select_tags": ["ours"]}})
    written = files.deck(document.entities, document.select_tags)
    assert written == {**WHOLE, "_info": {"select_tags": ["ours"]}}
    assert files.read(written) == document


def test_what_only_the_server_knows_is_not_written() -> None:
    fields = {"id": ID, "name": "a", "host": "h", "path": None, "created_at": 1, "updated_at": 2}
    assert files.deck([files.Listed("services", fields, "")]) == {
        "_format_version": "3.0",
        "services": [{"name": "a", "host": "h"}],
    }


@pytest.mark.parametrize(
    "data",
    [
        {"consumers": [{"username": "a", "jwt_secrets": "pa55"}]},
        {"consumers": [{"username": "a", "keyauth_credentials": ["pa55"]}]},
        {"consumers": [{"username": "a", "keyauth_credentials": [{"key": "k", "sercet": "pa55"}]}]},
        {"plugins": [{"name": "session", "confg": {"secret": "pa55"}}]},
    ],
)
def test_what_is_misplaced_may_be_a_secret(data: dict[str, Any]) -> None:
    try:
        found = problems(data)
    except InvalidInput as error:
        found = [str(error)]
    assert "********" in found[0]
    assert "pa55" not in found[0]


def test_without_database_references_are_bare_names() -> None:
    written = files.declarative(files.read(WHOLE).entities)
    assert written["_transform"] is True
    assert written["routes"][1]["service"] == "foreign"
    assert written["plugins"][1] == {"name": "rate-limiting", "service": "auth", "consumer": "app"}
    assert written["services"][0]["routes"][0]["plugins"] == [{"name": "cors", "config": {"max_age": 60}}]


def test_variables_of_the_environment() -> None:
    text = """services: [{name: a, host: ${{ env "DECK_HOST" }}, port: ${{ env 'DECK_PORT' }}}]"""
    data, used = files.parse(text, {"DECK_HOST": "h.example.com", "DECK_PORT": "80"})
    assert data == {"services": [{"name": "a", "host": "h.example.com", "port": 80}]}
    assert used == {"h.example.com", "80"}
    with pytest.raises(PlatformError, match="DECK_HOST: the file names this environment variable, and it is not set"):
        files.parse(text, {})


def test_json_is_read_as_such() -> None:
    assert files.parse('{"_format_version": "3.0"}', {}) == ({"_format_version": "3.0"}, set())


@pytest.mark.parametrize(("consumer", "shown"), [({"username": "ann"}, "ann"), ({}, None)])
def test_a_kong_without_database_knows_no_consumer_by_its_custom_id(
    consumer: dict[str, Any], shown: str | None
) -> None:
    state = {
        "services": [{"name": "auth", "host": "h"}],
        "consumers": [{"custom_id": "c-1", **consumer}],
        "plugins": [{"name": "cors", "service": "auth", "consumer": {"custom_id": "c-1"}}],
    }
    written = files.declarative(files.read(state, version_required=False).entities)
    (plugin,), (known,) = written["plugins"], written["consumers"]
    assert plugin == {"name": "cors", "service": "auth", "consumer": shown or known["id"]}
