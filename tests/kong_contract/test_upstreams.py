"""Upstreams and their targets, as entities."""

from __future__ import annotations

from tests.kong_contract.cases import (
    NOT_ALLOWED,
    NOT_FOUND,
    REQUIRED,
    Case,
    Runner,
    case,
    delete,
    get,
    patch,
    post,
    put,
)
from tests.kong_contract.matching import TIMESTAMP_MS, UUID

UNHEALTHY_STATUSES = [429, 404, 500, 501, 502, 503, 504, 505]
PASSIVE_STATUSES = [*range(200, 209), 226, *range(300, 309)]
CONDITION = {"@entity": ["failed conditional validation given value of field 'hash_on'"]}
UPSTREAM = put("/upstreams/{n}", {}).kept("upstream")
TARGETS = "/upstreams/{n}/targets"
TARGET = post(TARGETS, {"target": "127.0.0.1:18900"}).kept("target")

CASES = [
    case(
        "a creation fills in the defaults",
        post("/upstreams", {"name": "{n}"}).gives(
            201,
            {
                "id": UUID,
                "name": "{n}",
                "algorithm": "round-robin",
                "slots": 10000,
                "hash_on": "none",
                "hash_fallback": "none",
                "hash_on_header": None,
                "hash_on_cookie_path": "/",
                "host_header": None,
                "use_srv_name": False,
                "client_certificate": None,
                "tags": None,
                "healthchecks": {
                    "threshold": 0,
                    "active": {
                        "type": "http",
                        "http_path": "/",
                        "timeout": 1,
                        "concurrency": 10,
                        "headers": None,
                        "https_sni": None,
                        "https_verify_certificate": True,
                        "healthy": {"interval": 0, "successes": 0, "http_statuses": [200, 302]},
                        "unhealthy": {
                            "interval": 0,
                            "http_failures": 0,
                            "tcp_failures": 0,
                            "timeouts": 0,
                            "http_statuses": UNHEALTHY_STATUSES,
                        },
                    },
                    "passive": {
                        "type": "http",
                        "healthy": {"successes": 0, "http_statuses": PASSIVE_STATUSES},
                        "unhealthy": {
                            "http_failures": 0,
                            "tcp_failures": 0,
                            "timeouts": 0,
                            "http_statuses": [429, 500, 503],
                        },
                    },
                },
            },
        ),
    ),
    case(
        "a taken name is a conflict",
        UPSTREAM,
        post("/upstreams", {"name": "{n}"}).refused(5, {"name": "{n}"}),
    ),
    case(
        "a name is a host name",
        post("/upstreams", {"name": "bad name"}).violates(
            {"name": "Invalid name ('bad name'); must be a valid hostname"}
        ),
    ),
    case(
        "a name is no address",
        post("/upstreams", {"name": "127.0.0.1"}).violates(
            {"name": "Invalid name ('127.0.0.1'); no ip addresses allowed"}
        ),
    ),
    case(
        "a name has no port",
        post("/upstreams", {"name": "up:80"}).violates({"name": "Invalid name ('up:80'); no port allowed"}),
    ),
    case(
        "there are at least ten slots",
        post("/upstreams", {"name": "{n}", "slots": 5}).violates({"slots": "value should be between 10 and 65536"}),
    ),
    case(
        "hashing on a header needs its name",
        post("/upstreams", {"name": "{n}", "hash_on": "header"}).violates({"hash_on_header": REQUIRED, **CONDITION}),
    ),
    case(
        "hashing on a cookie has no fallback",
        post("/upstreams", {"name": "{n}", "hash_on": "cookie", "hash_on_cookie": "c", "hash_fallback": "ip"}).violates(
            {"hash_fallback": "expected one of: none", **CONDITION}
        ),
    ),
    case(
        "there are four algorithms",
        post("/upstreams", {"name": "{n}", "algorithm": "nope"}).violates(
            {"algorithm": "expected one of: consistent-hashing, least-connections, round-robin, latency"}
        ),
    ),
    case(
        "least-connections forgets what to hash on",
        post("/upstreams", {"name": "{n}", "algorithm": "least-connections", "hash_on": "ip"}).gives(
            201, {"algorithm": "least-connections", "hash_on": "none"}
        ),
    ),
    case(
        "PUT by name creates",
        put("/upstreams/{n}", {"algorithm": "round-robin"}).gives(200, {"name": "{n}", "algorithm": "round-robin"}),
    ),
    case(
        "PATCH merges records, also deep ones",
        UPSTREAM,
        patch("/upstreams/{n}", {"healthchecks": {"active": {"healthy": {"interval": 2}}}}).gives(
            200,
            {
                "healthchecks": {
                    "active": {"healthy": {"interval": 2, "http_statuses": [200, 302]}, "http_path": "/"},
                    "threshold": 0,
                }
            },
        ),
    ),
    case(
        "PATCH replaces lists in records",
        UPSTREAM,
        patch("/upstreams/{n}", {"healthchecks": {"active": {"healthy": {"http_statuses": [200]}}}}).gives(
            200, {"healthchecks": {"active": {"healthy": {"interval": 0, "http_statuses": [200]}}}}
        ),
    ),
    case(
        "errors of records nest",
        UPSTREAM,
        patch("/upstreams/{n}", {"healthchecks": {"active": {"nope": 1, "healthy": {"interval": -1}}}}).violates(
            {
                "healthchecks": {
                    "active": {"nope": "unknown field", "healthy": {"interval": "value should be between 0 and 65535"}}
                }
            }
        ),
    ),
    case(
        "PUT resets the health checks",
        put("/upstreams/{n}", {"healthchecks": {"active": {"healthy": {"interval": 2}}}}),
        put("/upstreams/{n}", {"slots": 100}).gives(
            200, {"slots": 100, "healthchecks": {"active": {"healthy": {"interval": 0}}}}
        ),
    ),
    case(
        "PATCH renames",
        UPSTREAM,
        patch("/upstreams/{n}", {"name": "{n}-b"}).gives(200, {"id": "{upstream.id}", "name": "{n}-b"}),
    ),
    case(
        "target: a creation",
        UPSTREAM,
        post(TARGETS, {"target": "127.0.0.1:18900", "weight": 50, "tags": ["t1"]}).gives(
            201,
            {
                "id": UUID,
                "target": "127.0.0.1:18900",
                "weight": 50,
                "tags": ["t1"],
                "upstream": {"id": "{upstream.id}"},
                "created_at": TIMESTAMP_MS,
                "updated_at": TIMESTAMP_MS,
            },
        ),
    ),
    case(
        "target: port 8000 and weight 100 unless given",
        UPSTREAM,
        post(TARGETS, {"target": "127.0.0.1"}).gives(201, {"target": "127.0.0.1:8000", "weight": 100}),
    ),
    case(
        "target: an IPv6 address is written out",
        UPSTREAM,
        post(TARGETS, {"target": "[::1]:80"}).gives(201, {"target": "[0000:0000:0000:0000:0000:0000:0000:0001]:80"}),
    ),
    case(
        "target: an IPv6 address without a port",
        UPSTREAM,
        post(TARGETS, {"target": "::1"}).gives(201, {"target": "[0000:0000:0000:0000:0000:0000:0000:0001]:8000"}),
    ),
    case(
        "target: a creation takes the id it is given",
        UPSTREAM,
        post(TARGETS, {"id": "{id1}", "target": "host.lab:81", "weight": 1}).gives(
            201, {"id": "{id1}", "target": "host.lab:81"}
        ),
    ),
    case(
        "target: names differ by case alone",
        UPSTREAM,
        post(TARGETS, {"target": "host.lab:81", "weight": 1}).gives(201),
        post(TARGETS, {"target": "HOST.lab:81", "weight": 1}).gives(201, {"target": "HOST.lab:81"}),
    ),
    case(
        "target: the same one twice is a conflict",
        UPSTREAM,
        TARGET,
        post(TARGETS, {"target": "127.0.0.1:18900"}).refused(
            5,
            {"target": "127.0.0.1:18900", "upstream": {"id": "{upstream.id}"}},
            'UNIQUE violation detected on \'{target="127.0.0.1:18900",upstream={id="{upstream.id}"}}\'',
        ),
    ),
    case(
        "target: it is a host name or an address",
        UPSTREAM,
        post(TARGETS, {"target": "bad target"}).violates(
            {"target": "Invalid target; not a valid hostname or ip address"}
        ),
    ),
    case(
        "target: a weight ends at 65535",
        UPSTREAM,
        post(TARGETS, {"target": "127.0.0.1:18901", "weight": 70000}).violates(
            {"weight": "value should be between 0 and 65535"}
        ),
    ),
    case("target: it is required", UPSTREAM, post(TARGETS, {}).violates({"target": REQUIRED})),
    case("target: no upstream, no target", post(TARGETS, {"target": "127.0.0.1:1"}).gives(404, NOT_FOUND)),
    case(
        "target: PUT and PATCH create none",
        UPSTREAM,
        put("/upstreams/{n}/targets/127.0.0.1:18901", {"weight": 10}).gives(404, NOT_FOUND),
        put("/upstreams/{n}/targets/{id1}", {"target": "127.0.0.1:18902"}).gives(404, NOT_FOUND),
        patch("/upstreams/{n}/targets/127.0.0.1:18901", {"weight": 0}).gives(404, NOT_FOUND),
    ),
    case(
        "target: PUT changes one by name or by id",
        UPSTREAM,
        TARGET,
        put("/upstreams/{n}/targets/127.0.0.1:18900", {"weight": 7}).gives(
            200, {"id": "{target.id}", "weight": 7, "created_at": "{target.created_at}"}
        ),
        put("/upstreams/{n}/targets/{target.id}", {"weight": 8}).gives(200, {"weight": 8, "target": "127.0.0.1:18900"}),
    ),
    case(
        "target: PATCH changes weight and tags",
        UPSTREAM,
        TARGET,
        patch("/upstreams/{n}/targets/127.0.0.1:18900", {"weight": 0, "tags": ["x"]}).gives(
            200, {"id": "{target.id}", "weight": 0, "tags": ["x"]}
        ),
    ),
    case(
        "target: PATCH changes the address",
        UPSTREAM,
        TARGET,
        patch("/upstreams/{n}/targets/{target.id}", {"target": "127.0.0.1:18901"}).gives(
            200, {"id": "{target.id}", "target": "127.0.0.1:18901"}
        ),
        get(TARGETS).gives(200, {"data": [{"target": "127.0.0.1:18901"}]}),
    ),
    case(
        "target: lists, and all of them, weight 0 included",
        UPSTREAM,
        TARGET,
        patch("/upstreams/{n}/targets/{target.id}", {"weight": 0}),
        get(TARGETS).gives(200, {"data": [{"target": "127.0.0.1:18900", "weight": 0}], "next": None}),
        get("/upstreams/{n}/targets/all").gives(
            200, {"data": [{"target": "127.0.0.1:18900", "weight": 0}], "next": None}
        ),
    ),
    case(
        "target: found by name",
        UPSTREAM,
        TARGET,
        get("/upstreams/{n}/targets/127.0.0.1:18900").gives(200, {"id": "{target.id}"}),
    ),
    case(
        "target: the next page of a list has lost its size",
        UPSTREAM,
        TARGET,
        post(TARGETS, {"target": "127.0.0.1"}),
        get("/upstreams/{n}/targets?size=1").gives(
            200, {"data": [{}], "offset": "1", "next": "/upstreams/{n}/targets?offset=1"}
        ),
    ),
    case(
        "target: deleted by name, once",
        UPSTREAM,
        TARGET,
        delete("/upstreams/{n}/targets/127.0.0.1:18900").gives(204, ""),
        delete("/upstreams/{n}/targets/127.0.0.1:18900").gives(404, NOT_FOUND),
        delete("/upstreams/{n}/targets/{nobody}").gives(404, NOT_FOUND),
    ),
    case(
        "target: health is not set with POST",
        UPSTREAM,
        TARGET,
        post("/upstreams/{n}/targets/127.0.0.1:18900/unhealthy").gives(405, NOT_ALLOWED),
    ),
]


def test_upstreams(case: Case, run: Runner) -> None:
    run(case)
