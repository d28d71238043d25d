"""Tags, pages, and what else a list takes."""

from __future__ import annotations

from tests.kong_contract.cases import UNEXPECTED, Call, Case, Runner, case, get, post, put
from tests.kong_contract.cleanup import entities
from tests.kong_contract.client import Plane
from tests.kong_contract.matching import ABSENT, Exactly, Matching, unordered

SYNTAX = "invalid filter syntax"
INVALID_TAG = "expected printable ascii (except `,` and `/`) or valid utf-8 sequences"
BETWEEN = "size must be an integer between 1 and 1000"
EMPTY = Exactly({"data": [], "next": None})
SERVICE = {"name": "{n}", "host": "h"}
BOTH = put("/services/{n}-both", {"host": "h", "tags": ["{n}-1", "{n}-2"]})
FIRST = put("/services/{n}-first", {"host": "h", "tags": ["{n}-1"]})
SECOND = put("/services/{n}-second", {"host": "h", "tags": ["{n}-2"]})


def refused_tags(query: str, reason: str) -> Call:
    """Give what a list answers to a filter that it does not understand."""
    return get(f"/services?tags={query}").refused(11, {"tags": reason}, f"invalid option (tags: {reason})")


CASES = [
    case(
        "one tag",
        BOTH,
        FIRST,
        SECOND,
        get("/services?tags={n}-1").gives(
            200, {"data": unordered({"name": "{n}-both"}, {"name": "{n}-first"}), "next": None}
        ),
    ),
    case(
        "a comma means and",
        BOTH,
        FIRST,
        SECOND,
        get("/services?tags={n}-1,{n}-2").gives(200, {"data": [{"name": "{n}-both"}]}),
    ),
    case(
        "a slash means or",
        BOTH,
        FIRST,
        SECOND,
        get("/services?tags={n}-1/{n}-2").gives(
            200, {"data": unordered({"name": "{n}-both"}, {"name": "{n}-first"}, {"name": "{n}-second"})}
        ),
    ),
    case("and with or is refused", refused_tags("a,b/c", SYNTAX)),
    case("no tag is refused", refused_tags("", "cannot be null")),
    case("no tag may be missing in a row of and", refused_tags("a,,b", SYNTAX)),
    case("nor in a row of or", refused_tags("a//b", SYNTAX)),
    case("five tags at most", refused_tags("a,b,c,d,e,f", "cannot query more than 5 tags")),
    case("a tag that nothing has", get("/services?tags={n}").gives(200, EMPTY)),
    case("the filter twice", get("/services?tags={n}-a&tags={n}-b").gives(200, EMPTY)),
    case(
        "a tag with a space and one beyond ASCII",
        post("/services", {**SERVICE, "tags": ["{n} x", "{n}-\u00fc"]}).gives(201, {"tags": ["{n} x", "{n}-\u00fc"]}),
        get("/services?tags={n}%20x").gives(200, {"data": [{"name": "{n}"}], "next": None}),
    ),
    case(
        "no comma and no slash in a tag",
        post("/services", {**SERVICE, "tags": ["a b", "c,d", "e/f", "g"]}).violates(
            {"tags": [None, f"invalid tag 'c,d': {INVALID_TAG}", f"invalid tag 'e/f': {INVALID_TAG}"]}
        ),
    ),
    case(
        "a tag twice is a tag once",
        post("/services", {**SERVICE, "tags": ["dup", "dup", "x"]}).gives(201, {"tags": ["dup", "x"]}),
    ),
    case("tags are a list", post("/services", {**SERVICE, "tags": "one"}).violates({"tags": "expected a set"})),
    case("no tags are not null", post("/services", {**SERVICE, "tags": []}).gives(201, {"tags": []})),
    case(
        "tags do not filter a single entity",
        post("/services", SERVICE),
        get("/services/{n}?tags={n}-none").gives(200, {"name": "{n}"}),
    ),
    case(
        "all entities with a tag",
        put("/services/{n}", {"host": "h", "tags": ["{n}"]}).kept("service"),
        put("/consumers/{n}", {"tags": ["{n}"]}).kept("consumer"),
        put("/vaults/{n}", {"name": "env", "tags": ["{n}"]}).kept("vault"),
        put("/consumers/{n}/jwt/{n}", {"tags": ["{n}"]}).kept("jwt"),
        get("/tags/{n}").gives(
            200,
            {
                "data": unordered(
                    {"entity_name": "services", "entity_id": "{service.id}", "tag": "{n}"},
                    {"entity_name": "consumers", "entity_id": "{consumer.id}", "tag": "{n}"},
                    {"entity_name": "sm_vaults", "entity_id": "{vault.id}", "tag": "{n}"},
                    {"entity_name": "jwt_secrets", "entity_id": "{jwt.id}", "tag": "{n}"},
                ),
                "next": None,
            },
        ),
    ),
    case("no entity with a tag", get("/tags/{n}").gives(200, EMPTY)),
    case(
        "all tags, page by page",
        BOTH,
        get("/tags?size=1").gives(200, {"data": [{}], "next": Matching(r"^/tags\?.*size=1(&|$)")}),
    ),
    case("size 0", get("/consumers?size=0").refused(9, message=BETWEEN)),
    case("size -1", get("/consumers?size=-1").refused(9, message=BETWEEN)),
    case("size 1001", get("/consumers?size=1001").refused(9, message=BETWEEN)),
    case("size 1000", get("/consumers?size=1000&tags={n}").gives(200, EMPTY)),
    case("a size in letters", get("/consumers?size=x").refused(9, message="size must be a number")),
    case("an empty size", get("/services?size=").refused(9, message="size must be a number")),
    case("a size twice is an unexpected error", get("/services?size=1&size=2").gives(500, UNEXPECTED)),
    case(
        "an offset that is none",
        get("/consumers?offset=garbage").refused(7, message="'garbage' is not a valid offset: bad json encoding"),
    ),
    case(
        "an offset that looks like one is an unexpected error", get("/consumers?offset=WyJ4Il0").gives(500, UNEXPECTED)
    ),
    case(
        "a page tells the offset of the next, and keeps tags and size",
        BOTH,
        FIRST,
        get("/services?size=1&tags={n}-1")
        .kept("page")
        .gives(200, {"data": [{}], "next": Matching(r"^/services\?(?=.*tags={n}-1)(?=.*size=1)")}),
        get("{page.next}").gives(200, {"data": [{}], "next": None, "offset": ABSENT}),
    ),
    case(
        "the next page of a nested list has lost its size",
        put("/services/{n}", {"host": "h"}),
        put("/services/{n}/routes/{n}-1", {"paths": ["/{n}-1"]}),
        put("/services/{n}/routes/{n}-2", {"paths": ["/{n}-2"]}),
        get("/services/{n}/routes?size=1").gives(
            200, {"data": [{}], "next": Matching(r"^/services/{n}/routes\?offset=[^&]+$")}
        ),
    ),
    case(
        "the offset of one collection will do for another",
        put("/consumers/{n}-1", {"tags": ["{n}"]}),
        put("/consumers/{n}-2", {"tags": ["{n}"]}),
        get("/consumers?size=1&tags={n}").kept("page"),
        get("/services?tags={n}&offset={page.offset}").gives(200, EMPTY),
    ),
]


def test_tags_and_paging(case: Case, run: Runner) -> None:
    run(case)


def test_pages_are_ordered_by_id_and_hold_every_entity_once(run: Runner) -> None:
    admin: Plane = run.planes["admin"]
    for number in range(7):
        run.make(put("/consumers/{n}-" + str(number), {"tags": ["{n}"]}))
    path, sizes, ids = run.fill("/consumers?size=3&tags={n}"), [], []
    while path:
        page = admin.request("GET", path).json
        sizes.append(len(page["data"]))
        ids += [consumer["id"] for consumer in page["data"]]
        path = page["next"]
    assert sizes == [3, 3, 1]
    assert ids == sorted(set(ids))


def test_a_list_of_everything_holds_what_was_just_created(run: Runner) -> None:
    created = run.make(put("/consumers/{n}", {})).json
    assert created in list(entities(run.planes["admin"], "consumers"))
