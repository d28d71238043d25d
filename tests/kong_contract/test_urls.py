"""The shorthand `url` of a service: written, never read."""

from __future__ import annotations

from tests.kong_contract.cases import REQUIRED, Case, Runner, case, patch, post, put
from tests.kong_contract.matching import ABSENT

PROTOCOLS = "expected one of: grpc, grpcs, http, https, tcp, tls, tls_passthrough, udp"


def parts(protocol: str, host: str, port: int, path: str | None) -> dict[str, object]:
    return {"protocol": protocol, "host": host, "port": port, "path": path, "url": ABSENT}


CASES = [
    case(
        "a URL becomes protocol, host, port and path, and is not answered",
        post("/services", {"name": "{n}", "url": "http://127.0.0.1:18900/base"}).gives(
            201, parts("http", "127.0.0.1", 18900, "/base")
        ),
    ),
    case(
        "https without a port is 443, and no path stays none",
        post("/services", {"name": "{n}", "url": "https://example.com"}).gives(
            201, parts("https", "example.com", 443, None)
        ),
    ),
    case(
        "a URL wins over host and port beside it",
        post("/services", {"name": "{n}", "url": "http://h1:81/p", "host": "h2", "port": 99}).gives(
            201, parts("http", "h1", 81, "/p")
        ),
    ),
    case(
        "a URL wins over the whole entity beside it",
        put("/services/{n}", {"host": "a"}).kept("before"),
        put(
            "/services/{n}", {"host": "a", "port": 80, "protocol": "http", "path": None, "url": "https://new.host/p"}
        ).gives(200, {"id": "{before.id}", **parts("https", "new.host", 443, "/p")}),
    ),
    case(
        "PATCH takes a URL",
        post("/services", {"name": "{n}", "url": "http://127.0.0.1:18900/base"}),
        patch("/services/{n}", {"url": "http://127.0.0.1:18901/x"}).gives(200, parts("http", "127.0.0.1", 18901, "/x")),
    ),
    case("port 0 is a port", put("/services/{n}", {"url": "http://h:0/"}).gives(200, parts("http", "h", 0, "/"))),
    case(
        "a query is dropped", put("/services/{n}", {"url": "http://h/p?q=1"}).gives(200, parts("http", "h", 80, "/p"))
    ),
    case(
        "user and password are dropped",
        put("/services/{n}", {"url": "http://user:pw@h/"}).gives(200, parts("http", "h", 80, "/")),
    ),
    case("http without a path", put("/services/{n}", {"url": "http://h"}).gives(200, parts("http", "h", 80, None))),
    case(
        "tcp has no default path", put("/services/{n}", {"url": "tcp://h:99"}).gives(200, parts("tcp", "h", 99, None))
    ),
    case(
        "an IPv6 address loses its brackets",
        put("/services/{n}", {"url": "http://[::1]:80/"}).gives(200, parts("http", "::1", 80, "/")),
    ),
    case(
        "a URL without a scheme is taken for a path",
        post("/services", {"name": "{n}", "url": "example.com"}).violates(
            {"path": "should start with: /", "host": REQUIRED}
        ),
    ),
    case(
        "an unknown scheme is an unknown protocol",
        post("/services", {"name": "{n}", "url": "ftp://example.com/"}).violates({"protocol": PROTOCOLS}),
    ),
    case("an empty URL is too short", put("/services/{n}", {"url": ""}).violates({"url": "length must be at least 1"})),
    case(
        "a URL of null leaves nothing valid",
        put("/services/{n}", {"url": None}).violates(
            {"path": "should start with: /", "protocol": PROTOCOLS, "host": REQUIRED}
        ),
    ),
]


def test_urls(case: Case, run: Runner) -> None:
    run(case)
