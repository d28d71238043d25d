"""References between entities, who wins when path and body disagree, and what a deletion takes along."""

from __future__ import annotations

from tests.kong_contract.cases import NOT_FOUND, Case, Runner, case, delete, get, patch, post, put
from tests.kong_contract.matching import UUID

NO_KEY = {"service": {"id": "missing primary key"}}
A = put("/services/{n}-a", {"host": "h"}).kept("a")
B = put("/services/{n}-b", {"host": "h"}).kept("b")
ROUTE = {"name": "{n}", "paths": ["/{n}"]}
CONSUMER = put("/consumers/{n}", {}).kept("consumer")


def unresolved(kind: str, key: str, value: str) -> str:
    return f"the foreign key cannot be resolved with '{{{key}=\"{value}\"}}' for an existing '{kind}' entity"


def dangling(kind: str) -> str:
    return f"the foreign key '{{id=\"{{nobody}}\"}}' does not reference an existing '{kind}' entity."


CASES = [
    case(
        "a reference by name is answered by id",
        A,
        post("/routes", {**ROUTE, "service": {"name": "{n}-a"}}).gives(201, {"service": {"id": "{a.id}"}}),
    ),
    case(
        "a reference by a name that nothing has",
        post("/routes", {**ROUTE, "service": {"name": "{n}-a"}}).refused(
            13,
            {"service": {"name": unresolved("services", "name", "{n}-a")}},
            f"foreign key unresolved (service.name: {unresolved('services', 'name', '{n}-a')})",
        ),
    ),
    case(
        "a plugin's consumer by a username that nobody has",
        post("/plugins", {"name": "cors", "consumer": {"username": "{n}"}}).refused(
            13, {"consumer": {"username": unresolved("consumers", "username", "{n}")}}
        ),
    ),
    case(
        "a reference by an id that nothing has",
        post("/routes", {**ROUTE, "service": {"id": "{nobody}"}}).refused(
            4, {"service": {"id": "{nobody}"}}, dangling("services")
        ),
    ),
    case(
        "a plugin of a service that is not there",
        post("/plugins", {"name": "cors", "service": {"id": "{nobody}"}}).refused(
            4, {"service": {"id": "{nobody}"}}, dangling("services")
        ),
    ),
    case(
        "a reference by an id that is none",
        post("/routes", {**ROUTE, "service": {"id": "zzz"}}).violates({"service": {"id": "expected a valid UUID"}}),
    ),
    case("a bare name is no reference", A, post("/routes", {**ROUTE, "service": "{n}-a"}).violates(NO_KEY)),
    case("a bare id is no reference", A, post("/routes", {**ROUTE, "service": "{a.id}"}).violates(NO_KEY)),
    case(
        "a plugin by the names of its service",
        A,
        post("/plugins", {"name": "cors", "service": {"name": "{n}-a"}}).gives(201, {"service": {"id": "{a.id}"}}),
    ),
    case(
        "PUT takes references by name",
        A,
        put("/routes/{n}", {"paths": ["/put"], "service": {"name": "{n}-a"}}).gives(200, {"service": {"id": "{a.id}"}}),
    ),
    case(
        "PUT below another service moves the route there",
        A,
        B,
        put("/services/{n}-b/routes/{n}", {"paths": ["/r"]}).kept("before"),
        put("/services/{n}-a/routes/{n}", {"paths": ["/r2"]}).gives(
            200, {"id": "{before.id}", "service": {"id": "{a.id}"}}
        ),
        get("/routes/{n}").gives(200, {"service": {"id": "{a.id}"}, "paths": ["/r2"]}),
    ),
    case(
        "PUT: the path wins over the body",
        A,
        B,
        put("/services/{n}-a/routes/{n}", {"paths": ["/r"], "service": {"id": "{b.id}"}}).gives(
            200, {"service": {"id": "{a.id}"}}
        ),
    ),
    case(
        "POST: the path wins over the body",
        A,
        B,
        post("/services/{n}-a/routes", {**ROUTE, "service": {"id": "{b.id}"}}).gives(
            201, {"service": {"id": "{a.id}"}}
        ),
    ),
    case(
        "PATCH: the body wins over the path",
        A,
        B,
        put("/services/{n}-a/routes/{n}", {"paths": ["/r"]}),
        patch("/services/{n}-a/routes/{n}", {"service": {"id": "{b.id}"}}).gives(200, {"service": {"id": "{b.id}"}}),
    ),
    case(
        "a name that looks like an id is looked up as one",
        post("/services", {"name": "{id1}", "host": "h"}).gives(201, {"name": "{id1}", "id": UUID}),
        get("/services/{id1}").gives(404, NOT_FOUND),
        put("/services/{id1}", {"host": "h2"}).gives(200, {"id": "{id1}", "name": None}),
    ),
    case(
        "a service with routes stays",
        A,
        put("/services/{n}-a/routes/{n}", {"paths": ["/r"]}),
        delete("/services/{n}-a").refused(
            4, {"@referenced_by": "routes"}, "an existing 'routes' entity references this 'services' entity"
        ),
        get("/services/{n}-a").gives(200, {"id": "{a.id}"}),
    ),
    case(
        "the plugins of a service go with it",
        A,
        post("/services/{n}-a/plugins", {"name": "cors"}).kept("plugin"),
        delete("/services/{n}-a").gives(204, ""),
        get("/plugins/{plugin.id}").gives(404, NOT_FOUND),
    ),
    case(
        "the credentials of a consumer go with it",
        CONSUMER,
        put("/consumers/{n}/jwt/{n}", {}),
        put("/consumers/{n}/key-auth/{n}", {}),
        delete("/consumers/{n}").gives(204, ""),
        get("/jwts/{n}").gives(404, NOT_FOUND),
        get("/key-auths/{n}").gives(404, NOT_FOUND),
    ),
    case(
        "the plugins of a consumer go with it",
        CONSUMER,
        post("/consumers/{n}/plugins", {"name": "rate-limiting", "config": {"minute": 5}}).kept("plugin"),
        delete("/consumers/{n}").gives(204, ""),
        get("/plugins/{plugin.id}").gives(404, NOT_FOUND),
    ),
    case(
        "an upstream goes with its targets",
        put("/upstreams/{n}", {}),
        post("/upstreams/{n}/targets", {"target": "127.0.0.1:18900"}),
        delete("/upstreams/{n}").gives(204, ""),
        get("/upstreams/{n}/targets").gives(404, NOT_FOUND),
    ),
    case(
        "a service needs no upstream of its host's name",
        put("/upstreams/{n}", {}),
        put("/services/{n}", {"host": "{n}", "path": "/"}).gives(200, {"host": "{n}"}),
        delete("/upstreams/{n}").gives(204, ""),
        get("/services/{n}").gives(200, {"host": "{n}"}),
    ),
]


def test_references(case: Case, run: Runner) -> None:
    run(case)
