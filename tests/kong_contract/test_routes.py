"""Routes: matchers, what a protocol allows, and routes below their service."""

from __future__ import annotations

from tests.kong_contract.cases import NOT_FOUND, UNKNOWN, Case, Runner, case, delete, get, patch, post, put
from tests.kong_contract.matching import UUID

NO_MATCHER = {"@entity": ["must set one of 'methods', 'hosts', 'headers', 'paths', 'snis' when 'protocols' is 'https'"]}
BAD_REGEX = "invalid regex: '/b(' (PCRE returned: pcre2_compile() failed: missing closing parenthesis in \"/b(\")"
WILDCARD = "invalid wildcard: must be placed at leftmost or rightmost label"
PROTOCOL = "expected one of: grpc, grpcs, http, https, tcp, tls, tls_passthrough, udp"
SERVICE = put("/services/{n}", {"host": "h"}).kept("service")
OTHER_SERVICE = put("/services/{n}-b", {"host": "h"}).kept("other")
ROUTE = {"name": "{n}", "paths": ["/{n}"]}

CASES = [
    case(
        "a creation fills in the defaults",
        SERVICE,
        post("/routes", {**ROUTE, "service": {"id": "{service.id}"}}).gives(
            201,
            {
                "id": UUID,
                "name": "{n}",
                "paths": ["/{n}"],
                "service": {"id": "{service.id}"},
                "protocols": ["http", "https"],
                "strip_path": True,
                "preserve_host": False,
                "regex_priority": 0,
                "path_handling": "v0",
                "https_redirect_status_code": 426,
                "request_buffering": True,
                "response_buffering": True,
                "methods": None,
                "hosts": None,
                "headers": None,
                "snis": None,
                "sources": None,
                "destinations": None,
                "tags": None,
            },
        ),
    ),
    case("a route needs something to match", post("/routes", {"name": "{n}"}).violates(NO_MATCHER)),
    case("a route may have no service", post("/routes", {**ROUTE, "service": None}).gives(201, {"service": None})),
    case(
        "all matchers of HTTP together",
        SERVICE,
        post(
            "/routes",
            {
                **ROUTE,
                "headers": {"x-lab": ["1", "2"]},
                "methods": ["GET", "POST"],
                "hosts": ["h.lab", "*.w.lab"],
                "service": {"id": "{service.id}"},
            },
        ).gives(201, {"headers": {"x-lab": ["1", "2"]}, "methods": ["GET", "POST"], "hosts": ["h.lab", "*.w.lab"]}),
    ),
    case(
        "the less usual settings",
        post(
            "/routes",
            {
                **ROUTE,
                "regex_priority": 5,
                "https_redirect_status_code": 308,
                "preserve_host": True,
                "request_buffering": False,
                "path_handling": "v1",
            },
        ).gives(
            201,
            {
                "regex_priority": 5,
                "https_redirect_status_code": 308,
                "preserve_host": True,
                "request_buffering": False,
                "path_handling": "v1",
            },
        ),
    ),
    case(
        "a taken name is a conflict",
        post("/routes", ROUTE),
        post("/routes", {"name": "{n}", "paths": ["/dup"]}).refused(5, {"name": "{n}"}),
    ),
    case(
        "a path begins with a slash, or with ~/ when it is a regular expression",
        post("/routes", {"name": "{n}", "paths": ["nopath"]}).violates(
            {"paths": ["should start with: / (fixed path) or ~/ (regex path)"]}
        ),
    ),
    case(
        "errors of a list stand at the place of the item",
        post("/routes", {"name": "{n}", "paths": ["/a", "~/b(", "/c//d"]}).violates(
            {
                "paths": [
                    None,
                    BAD_REGEX,
                    "must not have empty segments",
                ]
            }
        ),
    ),
    case(
        "without ~ a path that looks like a regular expression is taken as it is",
        post("/routes", {"name": "{n}", "paths": ["/a(b)+"]}).gives(201, {"paths": ["/a(b)+"]}),
    ),
    case(
        "a regular expression may name a capture",
        post("/routes", {"name": "{n}", "paths": [r"~/re/(?<id>\d+)$"]}).gives(201, {"paths": [r"~/re/(?<id>\d+)$"]}),
    ),
    case(
        "a method is written in capitals",
        post("/routes", {**ROUTE, "methods": ["get"]}).violates({"methods": ["invalid value: get"]}),
    ),
    case(
        "hosts have their wildcard at an end, and no scheme",
        post("/routes", {"name": "{n}", "hosts": ["a.*.b", "*", "http://x"]}).violates(
            {"hosts": [WILDCARD, WILDCARD, "invalid hostname: http://x"]}
        ),
    ),
    case(
        "a tcp route has no paths",
        post("/routes", {**ROUTE, "protocols": ["tcp"]}).violates(
            {
                "paths": "cannot set 'paths' when 'protocols' is 'tcp', 'tls', 'tls_passthrough' or 'udp'",
                "@entity": [
                    "must set one of 'sources', 'destinations', 'snis' when 'protocols' is 'tcp', 'tls' or 'udp'"
                ],
            }
        ),
    ),
    case(
        "protocols cannot be empty",
        post("/routes", {**ROUTE, "protocols": []}).violates({"protocols": "unknown type: nil"}),
    ),
    case(
        "a protocol is one of eight",
        post("/routes", {**ROUTE, "protocols": ["http", "nope"]}).violates({"protocols": [None, PROTOCOL]}),
    ),
    case(
        "plain http knows no SNI",
        post("/routes", {"name": "{n}", "snis": ["a.b"], "protocols": ["http"]}).violates(
            {
                "snis": "length must be 0",
                "@entity": [
                    "'snis' can only be set when 'protocols' is 'grpcs', 'https', 'tls' or 'tls_passthrough'",
                    "must set one of 'methods', 'hosts', 'headers', 'paths' when 'protocols' is 'http'",
                ],
            }
        ),
    ),
    case(
        "the host header is matched by hosts, not by headers",
        post("/routes", {"name": "{n}", "headers": {"host": ["x"]}}).violates(
            {"headers": "cannot contain 'host' header, which must be specified in the 'hosts' attribute"}
        ),
    ),
    case(
        "headers are a map",
        post("/routes", {"name": "{n}", "headers": ["x"]}).violates({"headers": "expected a string"}),
    ),
    case(
        "expressions belong to another router",
        post("/routes", {"name": "{n}", "expression": 'http.path == "/a"'}).violates(
            {"expression": UNKNOWN, **NO_MATCHER}
        ),
    ),
    case(
        "settings have a set of values and types",
        post(
            "/routes", {**ROUTE, "https_redirect_status_code": 200, "path_handling": "v2", "regex_priority": "x"}
        ).violates(
            {
                "https_redirect_status_code": "expected one of: 426, 301, 302, 307, 308",
                "path_handling": "expected one of: v0, v1",
                "regex_priority": "expected an integer",
            }
        ),
    ),
    case(
        "below a service a route belongs to it",
        SERVICE,
        post("/services/{n}/routes", ROUTE).gives(201, {"service": {"id": "{service.id}"}}),
    ),
    case(
        "nothing is created below a service that is not there",
        post("/services/{n}/routes", ROUTE).gives(404, NOT_FOUND),
    ),
    case("no list below a service that is not there", get("/services/{n}/routes").gives(404, NOT_FOUND)),
    case(
        "PUT below a service creates by name",
        SERVICE,
        put("/services/{n}/routes/{n}-r", {"paths": ["/nput"]}).gives(
            200, {"name": "{n}-r", "service": {"id": "{service.id}"}}
        ),
        get("/services/{n}/routes/{n}-r").gives(200, {"name": "{n}-r"}),
    ),
    case(
        "a route is not seen below another service",
        SERVICE,
        OTHER_SERVICE,
        put("/services/{n}/routes/{n}-r", {"paths": ["/nput"]}),
        get("/services/{n}-b/routes/{n}-r").gives(404, NOT_FOUND),
    ),
    case(
        "PATCH and DELETE below the service",
        SERVICE,
        put("/services/{n}/routes/{n}-r", {"paths": ["/nput"]}),
        patch("/services/{n}/routes/{n}-r", {"strip_path": False}).gives(
            200, {"strip_path": False, "paths": ["/nput"]}
        ),
        delete("/services/{n}/routes/{n}-r").gives(204, ""),
        get("/routes/{n}-r").gives(404, NOT_FOUND),
    ),
    case(
        "the service of a route",
        SERVICE,
        post("/routes", {**ROUTE, "service": {"id": "{service.id}"}}),
        get("/routes/{n}/service").gives(200, {"id": "{service.id}", "name": "{n}"}),
    ),
    case(
        "a route without a service has none to show",
        post("/routes", ROUTE),
        get("/routes/{n}/service").gives(404, NOT_FOUND),
    ),
    case(
        "PATCH reaches the service through the route",
        SERVICE,
        post("/routes", {**ROUTE, "service": {"id": "{service.id}"}}),
        patch("/routes/{n}/service", {"retries": 4}).gives(200, {"id": "{service.id}", "retries": 4}),
    ),
    case(
        "PUT replaces: service and paths are gone",
        SERVICE,
        put("/routes/{n}", {"paths": ["/put"], "service": {"name": "{n}"}}).gives(
            200, {"paths": ["/put"], "service": {"id": "{service.id}"}}
        ),
        put("/routes/{n}", {"hosts": ["only.host"]}).gives(
            200, {"hosts": ["only.host"], "paths": None, "service": None}
        ),
    ),
    case(
        "PATCH gives a service and takes it away",
        SERVICE,
        post("/routes", ROUTE),
        patch("/routes/{n}", {"service": {"id": "{service.id}"}}).gives(200, {"service": {"id": "{service.id}"}}),
        patch("/routes/{n}", {"service": None}).gives(200, {"service": None, "paths": ["/{n}"]}),
    ),
    case(
        "PATCH cannot take away the last matcher",
        post("/routes", ROUTE),
        patch("/routes/{n}", {"paths": None}).violates(NO_MATCHER),
        patch("/routes/{n}", {"paths": []}).violates(NO_MATCHER),
    ),
    case(
        "PATCH replaces the map of headers",
        post("/routes", {**ROUTE, "headers": {"x-lab": ["1", "2"]}}),
        patch("/routes/{n}", {"headers": {"x-new": ["1"]}}).gives(200, {"headers": {"x-new": ["1"]}}),
        get("/routes/{n}").gives(200, {"headers": {"x-new": ["1"]}, "paths": ["/{n}"]}),
    ),
]


def test_routes(case: Case, run: Runner) -> None:
    run(case)
