"""Plugins that admit, refuse or answer a request: cors, ip-restriction, bot-detection, sizes, termination."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kong_contract.cases import Call, Case, Raw, Runner, case, through
from tests.kong_contract.matching import ABSENT, Exactly, Matching
from tests.kong_contract.site import Site

REQUEST_ID = Matching("^[0-9a-f]{32}$")
FRIEND = {"Origin": "http://a.test"}
STRANGER = {"Origin": "http://evil.test"}
PREFLIGHT = {"Access-Control-Request-Method": "POST"}
ALLOWED = {"access-control-allow-origin": "http://a.test", "access-control-allow-credentials": "true"}
ANSWERED = {
    "access-control-allow-methods": "GET,POST",
    "access-control-allow-headers": "X-One",
    "access-control-max-age": "60",
    "content-length": "0",
}
CORS = {
    "origins": ["http://a.test", "http://b.test"],
    "methods": ["GET", "POST"],
    "headers": ["X-One"],
    "exposed_headers": ["X-Two"],
    "credentials": True,
    "max_age": 60,
}


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site]) -> Site:
    site = new_site()
    service = site.service("echo", url=f"http://{site.backend('echo').address}")
    own_range = f"{site.client}/{128 if ':' in site.client else 32}"
    site.guarded("cors", service, cors=CORS)
    site.guarded("continued", service, cors={**CORS, "preflight_continue": True})
    site.guarded("denied", service, ip_restriction={"deny": [own_range], "status": 418, "message": "nope"})
    site.guarded("elsewhere", service, ip_restriction={"allow": ["192.0.2.0/24"]})
    site.guarded("here", service, ip_restriction={"allow": [site.client]})
    site.guarded("bots", service, bot_detection={"deny": [r"labbot/\d+"]})
    site.guarded("size", service, request_size_limiting={"allowed_payload_size": 16, "size_unit": "bytes"})
    site.guarded("kilo", service, request_size_limiting={"allowed_payload_size": 1, "size_unit": "kilobytes"})
    site.guarded("closed", service, request_termination={"status_code": 403, "message": "closed"})
    site.guarded(
        "page", service, request_termination={"status_code": 503, "body": "<p>later</p>", "content_type": "text/html"}
    )
    site.publish()
    return site


def upload(path: str, size: int) -> Call:
    return through("POST", path, body=Raw("x" * size, "text/plain"))


CASES = [
    case(
        "cors: an origin that is allowed",
        through("GET", "/cors", FRIEND).gives(
            200, {"server": "echo"}, {**ALLOWED, "access-control-expose-headers": "X-Two", "vary": Matching("Origin")}
        ),
    ),
    case(
        "cors: an origin that is not allowed is served all the same, without its name",
        through("GET", "/cors", STRANGER).gives(
            200, {"server": "echo"}, {"access-control-allow-origin": ABSENT, "vary": Matching("Origin")}
        ),
    ),
    case(
        "cors: a preflight request is answered by the gateway",
        through("OPTIONS", "/cors", {**FRIEND, **PREFLIGHT}).gives(
            200, "", {**ALLOWED, **ANSWERED, "x-backend": ABSENT}
        ),
    ),
    case(
        "cors: a preflight request from elsewhere has no allowed origin",
        through("OPTIONS", "/cors", {**STRANGER, **PREFLIGHT}).gives(
            200, "", {"access-control-allow-origin": ABSENT, "access-control-allow-methods": "GET,POST"}
        ),
    ),
    case(
        "cors: without a preflight's headers OPTIONS is a request like others",
        through("OPTIONS", "/cors").gives(200, {"method": "OPTIONS"}),
    ),
    case(
        "cors: a preflight request may go on to the service",
        through("OPTIONS", "/continued", {**FRIEND, **PREFLIGHT}).gives(200, {"method": "OPTIONS"}),
    ),
    case(
        "ip-restriction: an address that is denied, with status and message",
        through("GET", "/denied").gives(418, {"message": "nope", "request_id": REQUEST_ID}),
    ),
    case(
        "ip-restriction: an address that is not allowed is told",
        through("GET", "/elsewhere").gives(403, {"message": "IP address not allowed: {client}"}),
    ),
    case("ip-restriction: an address that is allowed", through("GET", "/here").gives(200, {"server": "echo"})),
    case(
        "bot-detection: an agent that is denied",
        through("GET", "/bots", {"User-Agent": "labbot/1"}).gives(
            403, {"message": "Forbidden", "request_id": REQUEST_ID}
        ),
    ),
    case(
        "bot-detection: another agent",
        through("GET", "/bots", {"User-Agent": "curl/8"}).gives(200, {"headers": {"user-agent": "curl/8"}}),
    ),
    case("bot-detection: no agent", through("GET", "/bots").gives(200, {"headers": {"user-agent": ABSENT}})),
    case("size: within the limit", upload("/size", 10).gives(200, {"body": "x" * 10})),
    case("size: at the limit", upload("/size", 16).gives(200, {"body": "x" * 16})),
    case(
        "size: above the limit",
        upload("/size", 17).gives(413, {"message": "Request size limit exceeded", "request_id": REQUEST_ID}),
    ),
    case("size: no body", through("GET", "/size").gives(200)),
    case("size: in kilobytes", upload("/kilo", 900).gives(200), upload("/kilo", 1100).gives(413)),
    case(
        "termination: a message",
        through("GET", "/closed").gives(403, Exactly({"message": "closed"}), {"x-backend": ABSENT}),
    ),
    case(
        "termination: a body with its type",
        through("GET", "/page").gives(503, "<p>later</p>", {"content-type": Matching("^text/html")}),
    ),
]


def test_policies(case: Case, run: Runner, site: Site) -> None:
    run(case)
