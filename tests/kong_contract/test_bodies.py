"""Request bodies and the plain side of HTTP: content types, forms, broken JSON, paths, methods, limits."""

from __future__ import annotations

from tests.kong_contract.cases import (
    NOT_ALLOWED,
    NOT_FOUND,
    UNEXPECTED,
    Call,
    Case,
    Raw,
    Runner,
    case,
    form,
    get,
    patch,
    post,
    put,
)
from tests.kong_contract.client import Body
from tests.kong_contract.matching import PRESENT, Matching

NO_JSON = {"message": "Cannot parse JSON body"}
UNSUPPORTED = (415, Matching("<title>415 Unsupported Media Type</title>"), {"content-type": Matching("^text/html")})
SERVICE = put("/services/{n}", {"host": "h"})
MULTIPART = """--B\r
Content-Disposition: form-data; name="name"\r
\r
{n}\r
--B\r
Content-Disposition: form-data; name="host"\r
\r
h\r
--B--\r
"""
ELEVEN_MIB = 11 * 1024 * 1024

CASES = [
    case("broken JSON is told without a code", post("/services", Raw('{"name": "x", ')).gives(400, NO_JSON)),
    case("broken JSON is told to PATCH as well", SERVICE, patch("/services/{n}", Raw("{bad")).gives(400, NO_JSON)),
    case("nothing may follow the JSON", post("/services", Raw('{"name":"{n}","host":"h"} x')).gives(400, NO_JSON)),
    case(
        "a JSON list is an unexpected error", post("/services", Raw('[{"name":"x","host":"h"}]')).gives(500, UNEXPECTED)
    ),
    case("a JSON text is an unexpected error", post("/services", Raw('"str"')).gives(500, UNEXPECTED)),
    case("JSON null is an unexpected error", post("/services", Raw("null")).gives(500, UNEXPECTED)),
    case(
        "the last of two equal JSON keys counts",
        post("/services", Raw('{"name":"{n}","host":"a","host":"b"}')).gives(201, {"host": "b"}),
    ),
    case(
        "a content type may name its charset",
        put("/services/{n}", Raw('{"host":"h"}', "application/json; charset=utf-8")).gives(200, {"host": "h"}),
    ),
    case("YAML is not supported", post("/services", Raw("name: x\nhost: h\n", "application/yaml")).gives(*UNSUPPORTED)),
    case(
        "plain text is not supported",
        post("/services", Raw('{"name":"x-text","host":"h"}', "text/plain")).gives(*UNSUPPORTED),
    ),
    case(
        "a form turns texts into the types of the fields",
        post(
            "/services",
            form(
                ("name", "{n}"), ("host", "h"), ("port", "8080"), ("tags[]", "a"), ("tags[]", "b"), ("enabled", "true")
            ),
        ).gives(201, {"port": 8080, "tags": ["a", "b"], "enabled": True}),
    ),
    case(
        "a form with a key twice makes a list",
        SERVICE,
        patch("/services/{n}", form(("retries", "7"), ("tags", "x"), ("tags", "y"))).gives(
            200, {"retries": 7, "tags": ["x", "y"]}
        ),
    ),
    case("PUT takes a form", put("/services/{n}", form(("host", "hh"), ("port", "81"))).gives(200, {"port": 81})),
    case(
        "a form cannot make a number of letters",
        put("/services/{n}", form(("host", "hh"), ("port", "abc"))).violates({"port": "expected an integer"}),
    ),
    case(
        "a form knows true and false alone",
        post("/services", form(("name", "{n}"), ("host", "h"), ("enabled", "yes"))).violates(
            {"enabled": "expected a boolean"}
        ),
    ),
    case(
        "an empty value of a form is null",
        post("/services", form(("name", "{n}"), ("host", "h"), ("path", ""))).gives(201, {"path": None}),
        patch("/services/{n}", form(("tags", ""))).gives(200, {"tags": None}),
    ),
    case(
        "a form reaches into a plugin's configuration with dots",
        SERVICE,
        post(
            "/services/{n}/plugins",
            form(
                ("name", "request-termination"),
                ("config.status_code", "503"),
                ("config.message", "down"),
                ("enabled", "false"),
            ),
        ).gives(201, {"enabled": False, "config": {"status_code": 503, "message": "down"}}),
    ),
    case(
        "a multipart form",
        post("/services", Raw(MULTIPART, "multipart/form-data; boundary=B")).gives(201, {"name": "{n}", "host": "h"}),
    ),
    case(
        "a slash at the end of a path changes nothing",
        post("/services/", {"name": "{n}", "host": "h"}).gives(201, {"name": "{n}"}),
        get("/services/{n}/").gives(200, {"name": "{n}"}),
    ),
    case("a slash twice in a path is another path", SERVICE, get("/services//{n}").gives(404, NOT_FOUND)),
    case("paths differ by case", get("/Services").gives(404, NOT_FOUND)),
    case("an unknown path is not found", get("/nope").gives(404, NOT_FOUND)),
    case("workspaces do not exist here", get("/workspaces").gives(404, NOT_FOUND)),
    case("paths do not begin with a workspace", get("/default/services?size=1").gives(404, NOT_FOUND)),
    case("consumer groups do not exist here", get("/consumer_groups").gives(404, NOT_FOUND)),
    case("targets have no list of their own", get("/targets?size=1").gives(404, NOT_FOUND)),
    case("nor can a target be found without its upstream", get("/targets/{nobody}").gives(404, NOT_FOUND)),
    case("a collection is not deleted", Call("DELETE", "/services").gives(405, NOT_ALLOWED)),
    case("a status is not created", Call("POST", "/status").gives(405, NOT_ALLOWED)),
    case(
        "OPTIONS tells the methods",
        Call("OPTIONS", "/services").gives(
            204, "", {"allow": "GET, HEAD, OPTIONS, POST", "access-control-allow-methods": "GET, HEAD, OPTIONS, POST"}
        ),
    ),
    case("HEAD is GET without a body", Call("HEAD", "/services").gives(200, "")),
    case(
        "answers are JSON whatever is accepted",
        SERVICE,
        get("/services/{n}", {"If-None-Match": "x", "Accept": "application/xml"}).gives(
            200, {"name": "{n}"}, {"content-type": "application/json; charset=utf-8"}
        ),
    ),
    case("answers say which origin may read them", get("/").gives(200, {}, {"access-control-allow-origin": PRESENT})),
]


def test_bodies(case: Case, run: Runner) -> None:
    run(case)


def test_a_body_of_eleven_mebibytes_is_too_large(run: Runner) -> None:
    content = b'{"name": "x", "host": "' + b"h" * ELEVEN_MIB + b'"}'
    answer = run.planes["admin"].request("POST", "/services", Body(content, "application/json"))
    assert answer.status == 413
    assert answer.headers["content-type"].startswith("text/html")
