"""Services: defaults, ranges, keys, and what PUT and PATCH do to what is there."""

from __future__ import annotations

from tests.kong_contract.cases import (
    NOT_FOUND,
    REQUIRED,
    UNKNOWN,
    Case,
    Runner,
    case,
    delete,
    get,
    patch,
    post,
    put,
)
from tests.kong_contract.matching import TIMESTAMP, UUID

PROTOCOLS = "expected one of: grpc, grpcs, http, https, tcp, tls, tls_passthrough, udp"
CHARACTERS = "the only accepted ascii characters are alphanumerics or ., -, _, and ~"
CONDITION = {"@entity": ["failed conditional validation given value of field 'protocol'"]}
SERVICE = {"name": "{n}", "host": "h"}

CASES = [
    case(
        "a creation fills in the defaults",
        post("/services", {"name": "{n}", "host": "127.0.0.1", "port": 18900}).gives(
            201,
            {
                "id": UUID,
                "name": "{n}",
                "host": "127.0.0.1",
                "port": 18900,
                "protocol": "http",
                "path": None,
                "retries": 5,
                "connect_timeout": 60000,
                "read_timeout": 60000,
                "write_timeout": 60000,
                "enabled": True,
                "tags": None,
                "client_certificate": None,
                "ca_certificates": None,
                "tls_verify": None,
                "tls_verify_depth": None,
                "created_at": TIMESTAMP,
                "updated_at": TIMESTAMP,
            },
        ),
    ),
    case("the port is 80 when none is given", post("/services", SERVICE).gives(201, {"port": 80, "protocol": "http"})),
    case("a host is required", post("/services", {"name": "{n}"}).violates({"host": REQUIRED})),
    case("an empty object lacks a host", post("/services", {}).violates({"host": REQUIRED})),
    case("no body at all counts as an empty object", post("/services").violates({"host": REQUIRED})),
    case(
        "every unknown field is told",
        post("/services", {**SERVICE, "nope": 1, "also": {"a": 1}}).violates(
            {"nope": UNKNOWN, "also": UNKNOWN}, "2 schema violations (also: unknown field; nope: unknown field)"
        ),
    ),
    case(
        "a port is no text, be it all digits",
        post("/services", {**SERVICE, "port": "80"}).violates({"port": "expected an integer"}),
    ),
    case(
        "a port has no fraction",
        post("/services", {**SERVICE, "port": 80.5}).violates({"port": "expected an integer"}),
    ),
    case(
        "a port ends at 65535",
        post("/services", {**SERVICE, "port": 99999}).violates({"port": "value should be between 0 and 65535"}),
    ),
    case(
        "a boolean is no text",
        post("/services", {**SERVICE, "enabled": "true"}).violates({"enabled": "expected a boolean"}),
    ),
    case(
        "the protocol is one of eight",
        post("/services", {**SERVICE, "protocol": "ftp"}).violates(
            {"protocol": PROTOCOLS}, f"schema violation (protocol: {PROTOCOLS})"
        ),
    ),
    case(
        "a path begins with a slash",
        post("/services", {**SERVICE, "path": "nope"}).violates({"path": "should start with: /"}),
    ),
    case(
        "a path has no empty segment",
        post("/services", {**SERVICE, "path": "/a//b"}).violates({"path": "must not have empty segments"}),
    ),
    case(
        "a name has no space",
        post("/services", {"name": "svc x", "host": "h"}).violates({"name": f"invalid value 'svc x': {CHARACTERS}"}),
    ),
    case(
        "a name has no NUL",
        post("/services", {"name": "nul\0x", "host": "h"}).violates({"name": f"invalid value 'nul\0x': {CHARACTERS}"}),
    ),
    case(
        "a name has at least one character",
        post("/services", {"name": "", "host": "h"}).violates({"name": "length must be at least 1"}),
    ),
    case("a name may be missing", post("/services", {"name": None, "host": "h"}).gives(201, {"name": None})),
    case(
        "a name may have letters beyond ASCII and is found percent-encoded",
        post("/services", {"name": "{n}-\u00e9", "host": "h"}).gives(201, {"name": "{n}-\u00e9"}),
        get("/services/{n}-%C3%A9").gives(200, {"name": "{n}-\u00e9"}),
        delete("/services/{n}-%C3%A9").gives(204),
        get("/services/{n}-%C3%A9").gives(404, NOT_FOUND),
    ),
    case(
        "a name may have hundreds of characters",
        post("/services", {"name": "{n}" + "x" * 300, "host": "h"}).gives(201, {"name": "{n}" + "x" * 300}),
    ),
    case(
        "names differ by case alone",
        post("/services", {"name": "{n}-Case", "host": "h"}).gives(201),
        post("/services", {"name": "{n}-case", "host": "h"}).gives(201),
        get("/services/{n}-CASE").gives(404, NOT_FOUND),
    ),
    case(
        "a taken name is a conflict",
        post("/services", SERVICE),
        post("/services", {"name": "{n}", "host": "x"}).refused(
            5, {"name": "{n}"}, "UNIQUE violation detected on '{name=\"{n}\"}'"
        ),
    ),
    case(
        "several values out of range are told together",
        post("/services", {**SERVICE, "connect_timeout": 0, "retries": 40000, "port": -1}).violates(
            {
                "connect_timeout": "value should be between 1 and 2147483646",
                "port": "value should be between 0 and 65535",
                "retries": "value should be between 0 and 32767",
            }
        ),
    ),
    case(
        "1000.0 is an integer, and a timeout ends below 2^31 - 1",
        post("/services", {**SERVICE, "retries": 1000.0, "write_timeout": 2147483647}).violates(
            {"write_timeout": "value should be between 1 and 2147483646"}
        ),
    ),
    case(
        "retries may be none, a timeout may be 1 ms",
        post("/services", {**SERVICE, "retries": 0, "connect_timeout": 1}).gives(
            201, {"retries": 0, "connect_timeout": 1}
        ),
    ),
    case(
        "a tcp service has no path",
        post("/services", {**SERVICE, "protocol": "tcp", "path": "/p"}).violates(
            {"path": "value must be null", **CONDITION}
        ),
    ),
    case(
        "only a TLS service verifies TLS",
        post("/services", {**SERVICE, "protocol": "http", "tls_verify": True}).violates(
            {"tls_verify": "value must be null", **CONDITION}
        ),
    ),
    case(
        "an id is a UUID", post("/services", {**SERVICE, "id": "not-a-uuid"}).violates({"id": "expected a valid UUID"})
    ),
    case(
        "a creation takes the id it is given",
        post("/services", {**SERVICE, "id": "{id1}"}).gives(201, {"id": "{id1}", "name": "{n}"}),
        get("/services/{id1}").gives(200, {"id": "{id1}", "name": "{n}"}),
    ),
    case(
        "a taken id is no conflict but a bad request",
        post("/services", {**SERVICE, "id": "{id1}"}),
        post("/services", {"id": "{id1}", "name": "{n}-b", "host": "h"}).refused(
            3, {"id": "{id1}"}, "primary key violation on key '{id=\"{id1}\"}'"
        ),
    ),
    case("an id of null is not generated", post("/services", {**SERVICE, "id": None}).refused(3, {"id": None})),
    case(
        "a service is found by name and by id",
        post("/services", SERVICE).kept("service"),
        get("/services/{n}").gives(200, {"id": "{service.id}"}),
        get("/services/{service.id}").gives(200, {"name": "{n}"}),
    ),
    case("an unknown name is not found", get("/services/{n}").gives(404, NOT_FOUND)),
    case("an unknown id is not found", get("/services/{nobody}").gives(404, NOT_FOUND)),
    case(
        "an unknown query parameter is ignored",
        post("/services", SERVICE),
        get("/services/{n}?foo=bar").gives(200, {"name": "{n}"}),
    ),
    case(
        "PUT by a new name creates and answers 200",
        put("/services/{n}", {"host": "h1", "port": 81}).gives(
            200, {"name": "{n}", "host": "h1", "port": 81, "id": UUID}
        ),
        get("/services/{n}").gives(200, {"host": "h1", "port": 81}),
    ),
    case(
        "PUT replaces: what is left out is a default again, the id stays",
        put("/services/{n}", {"host": "h1", "port": 81}).kept("before"),
        put("/services/{n}", {"host": "h2"}).gives(200, {"id": "{before.id}", "host": "h2", "port": 80}),
    ),
    case(
        "PUT by name ignores another name in the body",
        put("/services/{n}", {"host": "h2"}).kept("before"),
        put("/services/{n}", {"host": "h2", "name": "{n}-other"}).gives(200, {"id": "{before.id}", "name": "{n}"}),
        get("/services/{n}-other").gives(404, NOT_FOUND),
    ),
    case(
        "PUT by name ignores another id in the body",
        put("/services/{n}", {"host": "h2"}).kept("before"),
        put("/services/{n}", {"host": "h2", "id": "{id1}"}).gives(200, {"id": "{before.id}"}),
        get("/services/{id1}").gives(404, NOT_FOUND),
    ),
    case(
        "PUT wants what a creation wants",
        put("/services/{n}", {"host": "h"}),
        put("/services/{n}", {"port": 1}).violates({"host": REQUIRED}),
    ),
    case("PUT without a body creates nothing", put("/services/{n}").violates({"host": REQUIRED})),
    case(
        "PUT by a new id creates",
        put("/services/{id1}", {"host": "h", "name": "{n}"}).gives(200, {"id": "{id1}", "name": "{n}"}),
    ),
    case(
        "PUT by id without the name takes the name away",
        put("/services/{id1}", {"host": "h", "name": "{n}", "retries": 9}).gives(200, {"retries": 9}),
        put("/services/{id1}", {"host": "h"}).gives(200, {"id": "{id1}", "name": None, "retries": 5}),
    ),
    case(
        "PUT by id cannot take the name of another",
        post("/services", SERVICE),
        put("/services/{id1}", {"host": "h", "name": "{n}"}).refused(5, {"name": "{n}"}),
    ),
    case(
        "PUT by id ignores another id in the body",
        put("/services/{id1}", {"host": "h", "id": "{id2}"}).gives(200, {"id": "{id1}"}),
        get("/services/{id2}").gives(404, NOT_FOUND),
    ),
    case(
        "PATCH changes what it names",
        post("/services", {**SERVICE, "port": 18900}).kept("before"),
        patch("/services/{n}", {"retries": 3}).gives(
            200, {"id": "{before.id}", "retries": 3, "port": 18900, "created_at": "{before.created_at}"}
        ),
    ),
    case(
        "an empty PATCH is allowed",
        post("/services", SERVICE),
        patch("/services/{n}", {}).gives(200, {"name": "{n}", "retries": 5}),
    ),
    case(
        "PATCH refuses an unknown field",
        post("/services", SERVICE),
        patch("/services/{n}", {"nope": 1}).violates({"nope": UNKNOWN}, "schema violation (nope: unknown field)"),
    ),
    case(
        "PATCH cannot take away what is required",
        post("/services", SERVICE),
        patch("/services/{n}", {"host": None}).violates({"host": REQUIRED}),
    ),
    case(
        "PATCH with null stores null where there was a default",
        post("/services", SERVICE),
        patch("/services/{n}", {"retries": None}).gives(200, {"retries": None}),
        get("/services/{n}").gives(200, {"retries": None}),
    ),
    case(
        "PATCH with null unsets a path",
        post("/services", {**SERVICE, "path": "/x"}),
        patch("/services/{n}", {"path": None}).gives(200, {"path": None}),
    ),
    case(
        "PATCH replaces tags as a whole",
        post("/services", {**SERVICE, "tags": ["t1", "t2"]}),
        patch("/services/{n}", {"tags": ["t1", "t3"]}).gives(200, {"tags": ["t1", "t3"]}),
        patch("/services/{n}", {"tags": None}).gives(200, {"tags": None}),
    ),
    case(
        "PATCH renames and keeps the id",
        post("/services", SERVICE).kept("before"),
        patch("/services/{n}", {"name": "{n}-b"}).gives(200, {"id": "{before.id}", "name": "{n}-b"}),
        get("/services/{n}").gives(404, NOT_FOUND),
        patch("/services/{n}-b", {"name": "{n}"}).gives(200, {"id": "{before.id}", "name": "{n}"}),
    ),
    case(
        "PATCH cannot rename to a taken name",
        post("/services", SERVICE),
        post("/services", {"name": "{n}-b", "host": "h"}),
        patch("/services/{n}-b", {"name": "{n}"}).refused(5, {"name": "{n}"}),
    ),
    case(
        "PATCH ignores another id",
        post("/services", SERVICE).kept("before"),
        patch("/services/{n}", {"id": "{id1}"}).gives(200, {"id": "{before.id}"}),
    ),
    case(
        "PATCH of nothing tells by which key it looked",
        patch("/services/{n}", {"host": "h"}).refused(
            6, {"name": "{n}"}, "could not find the entity with '{name=\"{n}\"}'"
        ),
    ),
    case(
        "DELETE answers 204, also when nothing is there",
        post("/services", SERVICE),
        delete("/services/{n}").gives(204, ""),
        get("/services/{n}").gives(404, NOT_FOUND),
        delete("/services/{n}").gives(204, ""),
        delete("/services/{nobody}").gives(204, ""),
    ),
    case(
        "a host may have an underscore",
        put("/services/{n}", {"host": "h_under"}).gives(200, {"host": "h_under"}),
    ),
    case("a host keeps its case", put("/services/{n}", {"host": "HOST"}).gives(200, {"host": "HOST"})),
    case("a host has no port", put("/services/{n}", {"host": "h:80"}).violates({"host": "must not have a port"})),
    case(
        "a host has no scheme",
        put("/services/{n}", {"host": "http://h"}).violates({"host": "invalid value: http://h"}),
    ),
]


def test_services(case: Case, run: Runner) -> None:
    run(case)
