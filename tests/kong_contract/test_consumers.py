"""Consumers and their two keys."""

from __future__ import annotations

from tests.kong_contract.cases import NOT_FOUND, Case, Runner, case, delete, get, post, put
from tests.kong_contract.matching import UUID, Exactly, containing

CASES = [
    case(
        "a consumer with both keys",
        post("/consumers", {"username": "{n}", "custom_id": "{n}-c", "tags": ["t1"]}).gives(
            201, {"id": UUID, "username": "{n}", "custom_id": "{n}-c", "tags": ["t1"]}
        ),
    ),
    case(
        "a custom_id alone will do",
        post("/consumers", {"custom_id": "{n}-c"}).gives(201, {"custom_id": "{n}-c", "username": None}),
    ),
    case(
        "one of the two keys is needed",
        post("/consumers", {}).violates(
            {"@entity": ["at least one of these fields must be non-empty: 'custom_id', 'username'"]}
        ),
    ),
    case(
        "a taken username is a conflict",
        put("/consumers/{n}", {}),
        post("/consumers", {"username": "{n}"}).refused(
            5, {"username": "{n}"}, "UNIQUE violation detected on '{username=\"{n}\"}'"
        ),
    ),
    case(
        "a taken custom_id is a conflict",
        put("/consumers/{n}", {"custom_id": "{n}-c"}),
        post("/consumers", {"username": "{n}-b", "custom_id": "{n}-c"}).refused(5, {"custom_id": "{n}-c"}),
    ),
    case(
        "a taken custom_id stops PUT as well",
        put("/consumers/{n}", {"custom_id": "{n}-c"}),
        put("/consumers/{n}-b", {"custom_id": "{n}-c"}).refused(5, {"custom_id": "{n}-c"}),
    ),
    case(
        "a list can be filtered by custom_id",
        put("/consumers/{n}", {"custom_id": "{n}-c"}),
        get("/consumers?custom_id={n}-c").gives(200, {"data": [{"username": "{n}"}], "next": None}),
    ),
    case(
        "a custom_id that nobody has gives an empty list",
        get("/consumers?custom_id={n}-c").gives(200, Exactly({"data": [], "next": None})),
    ),
    case(
        "an empty custom_id is no filter",
        get("/consumers?custom_id=").gives(400, Exactly({"message": "custom_id must be an unempty string"})),
    ),
    case(
        "a filter by username does not exist: everybody comes",
        put("/consumers/{n}", {"tags": ["{n}"]}),
        put("/consumers/{n}-b", {"tags": ["{n}"]}),
        get("/consumers?tags={n}&username={n}").gives(
            200, {"data": containing({"username": "{n}"}, {"username": "{n}-b"})}
        ),
    ),
    case(
        "a custom_id is no key of a path",
        put("/consumers/{n}", {"custom_id": "{n}-c"}),
        get("/consumers/{n}-c").gives(404, NOT_FOUND),
    ),
    case(
        "PUT by username creates from an empty object",
        put("/consumers/{n}", {}).gives(200, {"username": "{n}", "custom_id": None}),
    ),
    case(
        "PUT keeps the id",
        put("/consumers/{n}", {}).kept("before"),
        put("/consumers/{n}", {"custom_id": "{n}-c"}).gives(200, {"id": "{before.id}", "custom_id": "{n}-c"}),
    ),
    case(
        "a username may have any character and is found percent-encoded",
        post("/consumers", {"username": "{n}@host/with slash"}).gives(201, {"username": "{n}@host/with slash"}),
        get("/consumers/{n}%40host%2Fwith%20slash").gives(200, {"username": "{n}@host/with slash"}),
        delete("/consumers/{n}%40host%2Fwith%20slash").gives(204, ""),
    ),
]


def test_consumers(case: Case, run: Runner) -> None:
    run(case)
