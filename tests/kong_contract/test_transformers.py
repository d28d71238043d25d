"""Plugins that change a request or an answer on the way."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kong_contract.cases import Case, Raw, Runner, case, through
from tests.kong_contract.matching import ABSENT, UUID, Matching
from tests.kong_contract.site import Site

REQUEST = {
    "add": {"headers": ["X-Added:1"], "querystring": ["q:1"]},
    "remove": {"headers": ["X-Remove"]},
    "rename": {"headers": ["X-Old:X-New"]},
    "replace": {"uri": "/replaced"},
    "append": {"headers": ["X-App:2"]},
}
RESPONSE = {
    "add": {"headers": ["X-Resp:1"], "json": ["added:1"], "json_types": ["number"]},
    "remove": {"json": ["gone"], "headers": ["X-Backend"]},
}
COUNTED = Matching(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}#\d+$")


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site]) -> Site:
    site = new_site()
    service = site.service("echo", url=f"http://{site.backend('echo').address}")
    site.guarded("request", service, request_transformer=REQUEST)
    site.guarded("query", service, request_transformer={"remove": {"querystring": ["secret"]}})
    site.guarded("replaced", service, request_transformer={"replace": {"headers": ["X-One:other"]}})
    site.guarded("method", service, request_transformer={"http_method": "POST"})
    site.guarded("body", service, request_transformer={"add": {"body": ["b:2"]}})
    site.guarded("response", service, response_transformer=RESPONSE)
    site.guarded(
        "id", service, correlation_id={"header_name": "X-Lab-Id", "generator": "uuid", "echo_downstream": True}
    )
    site.guarded("quiet", service, correlation_id={"header_name": "X-Lab-Id", "generator": "uuid"})
    site.guarded("counted", service, correlation_id={"header_name": "X-Lab-Id", "echo_downstream": True})
    site.publish()
    return site


CASES = [
    case(
        "request: the path is replaced, the query is added to",
        through("GET", "/request/zz?a=b").gives(200, {"path": "/replaced?a=b&q=1"}),
    ),
    case(
        "request: headers are added, removed and renamed",
        through("GET", "/request", {"X-Remove": "1", "X-Old": "o"}).gives(
            200, {"headers": {"x-added": "1", "x-remove": ABSENT, "x-old": ABSENT, "x-new": "o"}}
        ),
    ),
    case(
        "request: what is there is not added",
        through("GET", "/request", {"X-Added": "mine"}).gives(200, {"headers": {"x-added": "mine"}}),
    ),
    case(
        "request: where nothing is, appending sets",
        through("GET", "/request").gives(200, {"headers": {"x-app": "2"}}),
    ),
    case(
        "request: the original path is told all the same",
        through("GET", "/request/zz").gives(200, {"headers": {"x-forwarded-path": "{base}/request/zz"}}),
    ),
    case("request: a query argument is removed", through("GET", "/query?secret=1&a=b").gives(200, {"path": "/?a=b"})),
    case(
        "request: a header is replaced where it is",
        through("GET", "/replaced", {"X-One": "1"}).gives(200, {"headers": {"x-one": "other"}}),
        through("GET", "/replaced").gives(200, {"headers": {"x-one": ABSENT}}),
    ),
    case("request: the method is another", through("GET", "/method").gives(200, {"method": "POST"})),
    case(
        "request: a JSON body gets another member",
        through("POST", "/body", body=Raw('{"a":1}')).gives(200, {"body": Matching(r'"b":\s*"2"')}),
    ),
    case(
        "response: headers are added and removed",
        through("GET", "/response").gives(200, {"server": "echo"}, {"x-resp": "1", "x-backend": ABSENT}),
    ),
    case(
        "response: members of a JSON body are added with their type, and removed",
        through("GET", "/response").gives(200, {"added": 1, "gone": ABSENT, "method": "GET"}),
    ),
    case(
        "correlation-id: made, handed on and answered",
        through("GET", "/id").kept("answer").gives(200, {"headers": {"x-lab-id": UUID}}, {"x-lab-id": UUID}),
    ),
    case(
        "correlation-id: the client's own is kept",
        through("GET", "/id", {"X-Lab-Id": "mine"}).gives(200, {"headers": {"x-lab-id": "mine"}}, {"x-lab-id": "mine"}),
    ),
    case(
        "correlation-id: not answered unless asked for",
        through("GET", "/quiet").gives(200, {"headers": {"x-lab-id": UUID}}, {"x-lab-id": ABSENT}),
    ),
    case(
        "correlation-id: a UUID with a counter by default",
        through("GET", "/counted").gives(200, {"headers": {"x-lab-id": COUNTED}}, {"x-lab-id": COUNTED}),
    ),
]


def test_transformers(case: Case, run: Runner, site: Site) -> None:
    run(case)


def test_the_correlation_id_is_the_same_for_client_and_service_and_another_each_time(site: Site) -> None:
    first, second = (site.request("GET", "/id") for _ in range(2))
    assert first.headers["x-lab-id"] == first.json["headers"]["x-lab-id"]
    assert first.headers["x-lab-id"] != second.headers["x-lab-id"]
