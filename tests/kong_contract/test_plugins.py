"""Plugins: scope, keys, configuration, and the deprecated names of Redis settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from _pytest.mark import ParameterSet

from tests.kong_contract.cases import NOT_FOUND, REQUIRED, UNKNOWN, Case, Runner, case, delete, get, patch, post, put
from tests.kong_contract.matching import ABSENT, TIMESTAMP, UUID, containing

SERVICE = put("/services/{n}", {"host": "h"}).kept("service")
OTHER_SERVICE = put("/services/{n}-b", {"host": "h"}).kept("other")
ROUTE = put("/routes/{n}", {"paths": ["/{n}"], "service": {"name": "{n}"}}).kept("route")
CONSUMER = put("/consumers/{n}", {}).kept("consumer")
BELOW = "/services/{n}/plugins"

PERIODS = "'config.second', 'config.minute', 'config.hour', 'config.day', 'config.month', 'config.year'"
NO_LIMIT = {"@entity": [f"at least one of these fields must be non-empty: {PERIODS}"]}
NO_LIMIT_LEFT = {"@entity": [f"when updating, at least one of these fields must be non-empty: {PERIODS}"]}
ONE_LIST = "exactly one of these fields must be non-empty: 'config.allow', 'config.deny'"
ANY_LIST = "at least one of these fields must be non-empty: 'config.allow', 'config.deny'"
LIMIT = {"name": "rate-limiting", "config": {"minute": 5, "policy": "local"}}
REDIS_LIMIT: dict[str, Any] = {
    "name": "rate-limiting",
    "config": {"minute": 5, "policy": "redis", "redis": {"host": "r1"}},
}
TRANSFORMER = {"name": "request-transformer", "config": {"add": {"headers": ["a:b"]}}}


def refused_config(proves: str, plugin: str, config: object, fields: Mapping[str, object]) -> ParameterSet:
    """Give a case in which a service gets a plugin whose configuration is refused."""
    return case(proves, SERVICE, post(BELOW, {"name": plugin, "config": config}).violates(fields))


def mismatch(old: str, new: str) -> dict[str, str]:
    told = "both deprecated and new field are used but their values mismatch"
    return {"redis_host": f"{told}: redis_host = {old} vs redis.host = {new}"}


CASES = [
    case(
        "an unknown plugin is not enabled",
        post("/plugins", {"name": "nope"}).violates(
            {"name": "plugin 'nope' not enabled; add it to the 'plugins' configuration property"}
        ),
    ),
    case("a plugin has a name", post("/plugins", {"config": {}}).violates({"name": REQUIRED})),
    case(
        "a creation below a service fills in defaults",
        SERVICE,
        post(BELOW, LIMIT).gives(
            201,
            {
                "id": UUID,
                "name": "rate-limiting",
                "enabled": True,
                "service": {"id": "{service.id}"},
                "route": None,
                "consumer": None,
                "protocols": ["grpc", "grpcs", "http", "https"],
                "instance_name": None,
                "tags": None,
                "created_at": TIMESTAMP,
                "updated_at": TIMESTAMP,
                "config": {
                    "minute": 5,
                    "second": None,
                    "policy": "local",
                    "limit_by": "consumer",
                    "fault_tolerant": True,
                    "hide_client_headers": False,
                    "error_code": 429,
                    "error_message": "API rate limit exceeded",
                    "sync_rate": -1,
                },
            },
        ),
    ),
    case(
        "one plugin of a name for a scope",
        SERVICE,
        post(BELOW, LIMIT),
        post(BELOW, {"name": "rate-limiting", "config": {"minute": 6}}).refused(
            5,
            {"name": "rate-limiting", "service": {"id": "{service.id}"}, "route": None, "consumer": None},
            "UNIQUE violation detected on "
            '\'{consumer=null,name="rate-limiting",route=null,service={id="{service.id}"}}\'',
        ),
    ),
    case(
        "one plugin of a name for a route, whatever its configuration",
        SERVICE,
        ROUTE,
        post("/routes/{n}/plugins", {"name": "jwt"}),
        post("/routes/{n}/plugins", {"name": "jwt", "config": {"anonymous": "no-such"}}).refused(
            5, {"name": "jwt", "route": {"id": "{route.id}"}, "service": None, "consumer": None}
        ),
    ),
    case(
        "the same plugin for a service, its route, and both together",
        SERVICE,
        ROUTE,
        post(BELOW, {"name": "cors"}).gives(201, {"service": {"id": "{service.id}"}, "route": None}),
        post("/routes/{n}/plugins", {"name": "cors"}).gives(201, {"route": {"id": "{route.id}"}, "service": None}),
        post("/plugins", {"name": "cors", "route": {"name": "{n}"}, "service": {"name": "{n}"}}).gives(
            201, {"route": {"id": "{route.id}"}, "service": {"id": "{service.id}"}}
        ),
    ),
    case(
        "an instance_name is unique",
        SERVICE,
        post(BELOW, {**LIMIT, "instance_name": "{n}-i"}),
        post(BELOW, {"name": "cors", "instance_name": "{n}-i"}).refused(
            5, {"instance_name": "{n}-i"}, "UNIQUE violation detected on '{instance_name=\"{n}-i\"}'"
        ),
    ),
    case(
        "an instance_name is a key",
        SERVICE,
        post(BELOW, {**LIMIT, "instance_name": "{n}-i"}).kept("plugin"),
        get("/plugins/{n}-i").gives(200, {"id": "{plugin.id}"}),
    ),
    case(
        "PUT by instance_name creates, and replaces",
        SERVICE,
        put("/plugins/{n}-i", {"name": "key-auth", "service": {"name": "{n}"}}).gives(
            200, {"instance_name": "{n}-i", "config": {"key_names": ["apikey"]}}
        ),
        put("/plugins/{n}-i", {"name": "key-auth", "service": {"name": "{n}"}, "config": {"key_names": ["k"]}}).gives(
            200, {"instance_name": "{n}-i", "config": {"key_names": ["k"]}}
        ),
        delete("/plugins/{n}-i").gives(204, ""),
        get("/plugins/{n}-i").gives(404, NOT_FOUND),
    ),
    case(
        "PUT by instance_name below the service",
        SERVICE,
        put("/services/{n}/plugins/{n}-i", {"name": "cors", "config": {}}).gives(
            200, {"instance_name": "{n}-i", "service": {"id": "{service.id}"}}
        ),
    ),
    case(
        "PUT by a new id below the service",
        SERVICE,
        put("/services/{n}/plugins/{id1}", {"name": "correlation-id"}).gives(
            200, {"id": "{id1}", "service": {"id": "{service.id}"}}
        ),
    ),
    case(
        "a plugin is not seen below another service, nor deleted there",
        SERVICE,
        OTHER_SERVICE,
        put("/services/{n}/plugins/{id1}", {"name": "correlation-id"}),
        get("/services/{n}-b/plugins/{id1}").gives(404, NOT_FOUND),
        delete("/services/{n}-b/plugins/{id1}").gives(404, NOT_FOUND),
        get("/plugins/{id1}").gives(200, {"id": "{id1}"}),
    ),
    case("an unknown id is not found", get("/plugins/{nobody}").gives(404, NOT_FOUND)),
    case("an unknown instance_name is not found", get("/plugins/{n}").gives(404, NOT_FOUND)),
    case("deleting an unknown instance_name is fine", delete("/plugins/{n}").gives(204, "")),
    case(
        "the plugins of a service",
        SERVICE,
        post(BELOW, LIMIT),
        get(BELOW).gives(200, {"data": [{"name": "rate-limiting"}], "next": None}),
    ),
    case(
        "a filter by name does not exist",
        SERVICE,
        post(BELOW, {**LIMIT, "tags": ["{n}"]}),
        post(BELOW, {"name": "cors", "tags": ["{n}"]}),
        get("/plugins?tags={n}&name=cors").gives(
            200, {"data": containing({"name": "rate-limiting"}, {"name": "cors"})}
        ),
    ),
    case(
        "some plugins are not for consumers",
        CONSUMER,
        post("/consumers/{n}/plugins", {"name": "key-auth"}).violates({"consumer": "value must be null"}),
    ),
    case(
        "others are",
        CONSUMER,
        post(
            "/consumers/{n}/plugins",
            {"name": "request-size-limiting", "config": {"allowed_payload_size": 1, "size_unit": "kilobytes"}},
        ).gives(201, {"consumer": {"id": "{consumer.id}"}, "service": None, "route": None}),
    ),
    case(
        "consumer groups are unknown",
        post("/plugins", {**LIMIT, "consumer_group": {"id": "{nobody}"}}).violates({"consumer_group": UNKNOWN}),
    ),
    case(
        "an ordering is unknown",
        post(
            "/plugins",
            {
                "name": "file-log",
                "config": {"path": "/usr/local/kong/file.log"},
                "enabled": False,
                "ordering": {"before": {"access": ["key-auth"]}},
            },
        ).violates({"ordering": UNKNOWN}),
    ),
    case(
        "a plugin for HTTP does not take tcp",
        post("/plugins", {"name": "acl", "config": {"allow": ["x"]}, "protocols": ["tcp"]}).violates(
            {"protocols": ["expected one of: grpc, grpcs, http, https"]}
        ),
    ),
    case(
        "ip-restriction takes tcp as well",
        SERVICE,
        post(
            BELOW, {"name": "ip-restriction", "config": {"deny": ["10.0.0.0/8"], "status": 403, "message": "no"}}
        ).gives(
            201,
            {
                "protocols": ["http", "https", "tcp", "tls", "grpc", "grpcs"],
                "config": {"allow": None, "deny": ["10.0.0.0/8"], "status": 403, "message": "no"},
            },
        ),
    ),
    refused_config("a limit needs a period", "rate-limiting", {}, NO_LIMIT),
    refused_config(
        "a longer period has no lower limit",
        "rate-limiting",
        {"minute": 10, "second": 100},
        {"config": "The limit for minute(10.0) cannot be lower than the limit for second(100.0)"},
    ),
    refused_config(
        "limits in Redis need a host",
        "rate-limiting",
        {"minute": 5, "policy": "redis"},
        {
            "config": {"redis": {"host": REQUIRED}},
            "@entity": ["failed conditional validation given value of field 'config.policy'"],
        },
    ),
    refused_config(
        "errors of a configuration nest",
        "rate-limiting",
        {"minute": "five", "nope": 1, "policy": "x"},
        {
            "config": {
                "nope": UNKNOWN,
                "minute": "expected a number",
                "policy": "expected one of: local, cluster, redis",
            }
        },
    ),
    refused_config("a configuration is an object", "rate-limiting", "x", {"config": "expected a record", **NO_LIMIT}),
    refused_config(
        "jwt verifies exp and nbf alone",
        "jwt",
        {"claims_to_verify": ["exp", "zzz"]},
        {"config": {"claims_to_verify": [None, "expected one of: exp, nbf"]}},
    ),
    refused_config(
        "jwt settings have ranges",
        "jwt",
        {"key_claim_name": "", "maximum_expiration": -1},
        {
            "config": {
                "maximum_expiration": "value should be between 0 and 31536000",
                "key_claim_name": "length must be at least 1",
            }
        },
    ),
    refused_config("acl needs a list", "acl", {}, {"@entity": [ONE_LIST, ANY_LIST]}),
    refused_config("acl takes one list alone", "acl", {"allow": ["a"], "deny": ["b"]}, {"@entity": [ONE_LIST]}),
    refused_config(
        "acl's former list names are gone",
        "acl",
        {"whitelist": ["admins"]},
        {"config": {"whitelist": UNKNOWN}, "@entity": [ONE_LIST, ANY_LIST]},
    ),
    refused_config("ip-restriction needs a list", "ip-restriction", {}, {"@entity": [ANY_LIST]}),
    refused_config(
        "addresses and ranges are looked into",
        "ip-restriction",
        {"allow": ["300.1.1.1", "127.0.0.1/33", "127.0.0.1"]},
        {"config": {"allow": ["invalid ip or cidr range: '300.1.1.1'", "invalid ip or cidr range: '127.0.0.1/33'"]}},
    ),
    refused_config(
        "an origin is a regular expression",
        "cors",
        {"origins": ["*", "("]},
        {"config": {"origins": [None, "'(' is not a valid regex"]}},
    ),
    refused_config(
        "bot patterns are regular expressions",
        "bot-detection",
        {"allow": ["("]},
        {"config": {"allow": ["not a valid regex: ("]}},
    ),
    refused_config(
        "correlation-id has three generators",
        "correlation-id",
        {"generator": "bad"},
        {"config": {"generator": "expected one of: uuid, uuid#counter, tracker"}},
    ),
    refused_config(
        "correlation-id needs a header name",
        "correlation-id",
        {"header_name": ""},
        {"config": {"header_name": "length must be at least 1"}},
    ),
    refused_config(
        "a header to add is name:value",
        "request-transformer",
        {"add": {"headers": ["nocolon"]}},
        {"config": {"add": {"headers": ["invalid value: nocolon"]}}},
    ),
    refused_config(
        "a size is an integer in one of three units",
        "request-size-limiting",
        {"allowed_payload_size": 0.5, "size_unit": "bits"},
        {
            "config": {
                "allowed_payload_size": "expected an integer",
                "size_unit": "expected one of: megabytes, kilobytes, bytes",
            }
        },
    ),
    refused_config("file-log needs a path", "file-log", {}, {"config": {"path": REQUIRED}}),
    refused_config(
        "http-log needs a URL",
        "http-log",
        {"http_endpoint": "not a url"},
        {"config": {"http_endpoint": "missing host in url"}},
    ),
    refused_config("proxy-cache needs a strategy", "proxy-cache", {}, {"config": {"strategy": REQUIRED}}),
    case(
        "acme in Redis needs a host",
        post(
            "/plugins",
            {
                "name": "acme",
                "config": {
                    "account_email": "a@b.c",
                    "storage": "redis",
                    "tos_accepted": True,
                    "storage_config": {"redis": {"auth": "x", "database": 1}},
                },
            },
        ).violates(
            {
                "config": {"storage_config": {"redis": {"host": REQUIRED}}},
                "@entity": ["failed conditional validation given value of field 'config.storage'"],
            }
        ),
    ),
    case(
        "an empty list is a value",
        SERVICE,
        post(BELOW, {"name": "key-auth", "config": {"key_names": []}}).gives(201, {"config": {"key_names": []}}),
    ),
    case(
        "a setting may refer to a vault, and keeps the reference",
        SERVICE,
        post(BELOW, {"name": "http-log", "config": {"http_endpoint": "{vault://env/lab-log}"}, "enabled": False}).gives(
            201, {"config": {"http_endpoint": "{vault://env/lab-log}"}}
        ),
    ),
    case(
        "PATCH merges the configuration",
        SERVICE,
        post(BELOW, LIMIT).kept("plugin"),
        patch("/plugins/{plugin.id}", {"config": {"hour": 50}}).gives(200, {"config": {"hour": 50, "minute": 5}}),
        patch("/plugins/{plugin.id}", {"config": {"minute": None}}).gives(
            200, {"config": {"hour": 50, "minute": None}}
        ),
    ),
    case(
        "PATCH leaves nothing invalid",
        SERVICE,
        post(BELOW, LIMIT).kept("plugin"),
        patch("/plugins/{plugin.id}", {"config": {"minute": None}}).violates(NO_LIMIT_LEFT),
    ),
    case(
        "PATCH merges records and replaces lists",
        SERVICE,
        post(BELOW, TRANSFORMER).kept("plugin"),
        patch("/plugins/{plugin.id}", {"config": {"add": {"querystring": ["q:1"]}}}).gives(
            200, {"config": {"add": {"headers": ["a:b"], "querystring": ["q:1"], "body": []}}}
        ),
        patch("/plugins/{plugin.id}", {"config": {"add": {"headers": ["c:d"]}}}).gives(
            200, {"config": {"add": {"headers": ["c:d"], "querystring": ["q:1"]}}}
        ),
    ),
    case(
        "PATCH cannot take the configuration away",
        SERVICE,
        post(BELOW, TRANSFORMER).kept("plugin"),
        patch("/plugins/{plugin.id}", {"config": None}).violates({"config": REQUIRED}),
        patch("/plugins/{plugin.id}", {"config": {"add": None}}).violates({"config": {"add": REQUIRED}}),
    ),
    case(
        "PATCH below the service",
        SERVICE,
        post(BELOW, TRANSFORMER).kept("plugin"),
        patch("/services/{n}/plugins/{plugin.id}", {"tags": ["x"]}).gives(
            200, {"tags": ["x"], "config": {"add": {"headers": ["a:b"]}}}
        ),
    ),
    case(
        "PATCH switches a plugin off",
        SERVICE,
        post(BELOW, LIMIT).kept("plugin"),
        patch("/plugins/{plugin.id}", {"enabled": False}).gives(200, {"enabled": False, "config": {"minute": 5}}),
    ),
    case(
        "PATCH cannot make another plugin of it",
        SERVICE,
        post(BELOW, LIMIT).kept("plugin"),
        patch("/plugins/{plugin.id}", {"name": "cors"}).refused(2),
        get("/plugins/{plugin.id}").gives(200, {"name": "rate-limiting"}),
    ),
    case(
        "PATCH cannot move it to a scope that has one",
        SERVICE,
        OTHER_SERVICE,
        post("/services/{n}-b/plugins", LIMIT),
        post(BELOW, LIMIT).kept("plugin"),
        patch("/plugins/{plugin.id}", {"service": {"id": "{other.id}"}}).refused(
            5, {"name": "rate-limiting", "service": {"id": "{other.id}"}, "route": None, "consumer": None}
        ),
    ),
    case(
        "PUT by id replaces: what is left out is a default again",
        SERVICE,
        post(BELOW, {**LIMIT, "enabled": False, "config": {"minute": 5, "hour": 50}}).kept("plugin"),
        put(
            "/plugins/{plugin.id}",
            {"name": "rate-limiting", "config": {"minute": 7}, "service": {"id": "{service.id}"}},
        ).gives(200, {"id": "{plugin.id}", "enabled": True, "config": {"minute": 7, "hour": None}}),
    ),
    case(
        "Redis: answers have the new and the deprecated names",
        SERVICE,
        post(BELOW, {**REDIS_LIMIT, "config": {**REDIS_LIMIT["config"], "redis": {"host": "r1", "port": 1}}}).gives(
            201,
            {
                "config": {
                    "redis": {"host": "r1", "port": 1, "timeout": 2000, "database": 0, "ssl": False, "password": None},
                    "redis_host": "r1",
                    "redis_port": 1,
                    "redis_timeout": 2000,
                    "redis_database": 0,
                    "redis_ssl": False,
                    "redis_password": None,
                }
            },
        ),
    ),
    case(
        "Redis: the deprecated names fill the new ones",
        SERVICE,
        post(
            BELOW,
            {
                "name": "rate-limiting",
                "config": {"minute": 5, "policy": "redis", "redis_host": "o", "redis_port": 6380},
            },
        ).gives(201, {"config": {"redis": {"host": "o", "port": 6380}, "redis_host": "o", "redis_port": 6380}}),
    ),
    case(
        "Redis: an answer put back changes nothing",
        SERVICE,
        post(BELOW, REDIS_LIMIT).kept("plugin"),
        put("/plugins/{plugin.id}", "{plugin}").gives(200, {"id": "{plugin.id}", "config": "{plugin.config}"}),
    ),
    case(
        "Redis: PATCH by the new name moves both, by the old name too",
        SERVICE,
        post(BELOW, REDIS_LIMIT).kept("plugin"),
        patch("/plugins/{plugin.id}", {"config": {"redis": {"host": "r3"}}}).gives(
            200, {"config": {"redis": {"host": "r3"}, "redis_host": "r3"}}
        ),
        patch("/plugins/{plugin.id}", {"config": {"redis_host": "r4"}}).gives(
            200, {"config": {"redis": {"host": "r4"}, "redis_host": "r4"}}
        ),
    ),
    case(
        "Redis: both names with two values are refused",
        SERVICE,
        post(BELOW, REDIS_LIMIT).kept("plugin"),
        patch("/plugins/{plugin.id}", {"config": {"redis_host": "r5", "redis": {"host": "r6"}}}).violates(
            mismatch("r5", "r6")
        ),
    ),
    case(
        "Redis: PUT with both names and two values is refused",
        SERVICE,
        put(
            "/plugins/{id1}",
            {
                "name": "rate-limiting",
                "service": {"name": "{n}"},
                "config": {"minute": 5, "redis_host": "r1", "redis": {"host": "r2"}},
            },
        ).violates(mismatch("r1", "r2")),
    ),
    case(
        "a maximum_expiration does not ask for exp",
        SERVICE,
        post(BELOW, {"name": "jwt", "config": {"maximum_expiration": 100}, "enabled": False}).gives(
            201, {"config": {"maximum_expiration": 100, "claims_to_verify": None}}
        ),
    ),
    case(
        "a plugin that is switched off from the start",
        SERVICE,
        post(BELOW, {"name": "cors", "enabled": False, "config": {"origins": ["http://a.test"], "max_age": 10}}).gives(
            201, {"enabled": False, "ordering": ABSENT, "config": {"origins": ["http://a.test"], "max_age": 10}}
        ),
    ),
]


def test_plugins(case: Case, run: Runner) -> None:
    run(case)


def test_redis_an_answer_put_back_with_the_new_name_alone_changed_is_refused(run: Runner) -> None:
    run.make(SERVICE)
    plugin = run.make(post(BELOW, REDIS_LIMIT)).json
    plugin["config"]["redis"]["host"] = "r2"
    run.make(put(f"/plugins/{plugin['id']}", plugin).violates(mismatch("r1", "r2")))
