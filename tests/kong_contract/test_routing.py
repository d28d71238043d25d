"""Which route a request takes, and what reaches the service."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.kong_contract.backend import unused_port
from tests.kong_contract.cases import Case, Runner, case, through
from tests.kong_contract.matching import ABSENT, Matching
from tests.kong_contract.site import Site

NO_ROUTE = {"message": "no Route matched with those values", "request_id": Matching("^[0-9a-f]{32}$")}
DIGITS = Matching(r"^\d+$")


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site]) -> Site:
    site = new_site()
    echo, base = site.backend("echo"), site.service
    service = base("echo", url=f"http://{echo.address}", retries=1)
    below = base("below", url=f"http://{echo.address}/base")
    other = base("other", url=f"http://{site.backend('other').address}")
    site.route("plain", service)
    site.route("kept", service, strip_path=False)
    site.route("below", below)
    site.route("both", service, strip_path=False, paths=[f"/{site.name}/both", f"/{site.name}/either"])
    site.route("hosted", service, hosts=[f"{site.name}.test"])
    site.route("preserved", service, hosts=[f"{site.name}-preserved.test"], preserve_host=True)
    site.route("wild", service, hosts=[f"*.{site.name}.test"])
    site.route("written", service, methods=["POST"])
    site.route("asked", service, headers={"x-kct": ["1", "2"]})
    site.route("digits", service, paths=[rf"~/{site.name}/re/(?<id>\d+)$"])
    site.route("deep", service)
    site.route("deeper", other, paths=[f"/{site.name}/deep/er"])
    site.route("first", service, paths=[rf"~/{site.name}/prio/\d+$"], regex_priority=1)
    site.route("second", other, paths=[rf"~/{site.name}/prio/[0-9]+$"], regex_priority=9)
    site.route("tls", service, protocols=["https"])
    site.route("tls-308", service, protocols=["https"], https_redirect_status_code=308)
    site.route("less", None)
    site.route("off", base("off", url=f"http://{echo.address}", enabled=False))
    site.route("dead", base("dead", url=f"http://127.0.0.1:{unused_port()}", retries=0))
    site.route("nameless", base("nameless", url="http://no-such-host.invalid", retries=0))
    site.publish()
    return site


CASES = [
    case("no route, no answer but 404", through("GET", "/none").gives(404, NO_ROUTE)),
    case(
        "the matched path is stripped, the query stays",
        through("GET", "/plain/a?b=c").gives(200, {"server": "echo", "method": "GET", "path": "/a?b=c", "body": ""}),
    ),
    case("of the whole path a slash is left", through("GET", "/plain").gives(200, {"path": "/"})),
    case(
        "the service learns where the request came from",
        through("GET", "/plain/a").gives(
            200,
            {
                "headers": {
                    "host": "127.0.0.1:{echo_port}",
                    "x-forwarded-for": "{client}",
                    "x-real-ip": "{client}",
                    "x-forwarded-proto": "http",
                    "x-forwarded-host": Matching("."),
                    "x-forwarded-port": DIGITS,
                    "x-forwarded-path": "{base}/plain/a",
                    "x-forwarded-prefix": "{base}/plain",
                    "x-kong-request-id": Matching("^[0-9a-f]{32}$"),
                    "via": Matching("^1.1 kong"),
                }
            },
        ),
    ),
    case(
        "the client learns how long it took",
        through("GET", "/plain").gives(
            200,
            {},
            {
                "x-kong-upstream-latency": DIGITS,
                "x-kong-proxy-latency": DIGITS,
                "x-kong-request-id": Matching("^[0-9a-f]{32}$"),
                "via": Matching("^1.1 kong"),
                "x-backend": "echo",
            },
        ),
    ),
    case(
        "an answer of the gateway itself has another latency",
        through("GET", "/less").gives(503, {}, {"x-kong-response-latency": DIGITS, "x-kong-upstream-latency": ABSENT}),
    ),
    case(
        "a body passes as it is",
        through("POST", "/plain", {"X-One": "1"}, {"x": 1}).gives(
            200,
            {
                "method": "POST",
                "body": '{"x": 1}',
                "headers": {"content-type": "application/json", "content-length": "8", "x-one": "1"},
            },
        ),
    ),
    case("strip_path off keeps the path", through("GET", "/kept/a").gives(200, {"path": "{base}/kept/a"})),
    case("the service's path comes first", through("GET", "/below/a").gives(200, {"path": "/base/a"})),
    case(
        "each of several paths matches",
        through("GET", "/both").gives(200, {"path": "{base}/both"}),
        through("GET", "/either").gives(200, {"path": "{base}/either"}),
        through("GET", "/neither").gives(404, NO_ROUTE),
    ),
    case(
        "a host matches, and the service sees its own",
        through("GET", "/hosted", {"Host": "{site}.test"}).gives(200, {"headers": {"host": "127.0.0.1:{echo_port}"}}),
    ),
    case("another host does not match", through("GET", "/hosted", {"Host": "{site}-other.test"}).gives(404, NO_ROUTE)),
    case(
        "preserve_host hands the host on",
        through("GET", "/preserved", {"Host": "{site}-preserved.test"}).gives(
            200, {"headers": {"host": "{site}-preserved.test"}}
        ),
    ),
    case(
        "a wildcard stands for the leftmost labels",
        through("GET", "/wild", {"Host": "a.{site}.test"}).gives(200, {"server": "echo"}),
        through("GET", "/wild", {"Host": "{site}.test"}).gives(404, NO_ROUTE),
    ),
    case(
        "a method matches",
        through("POST", "/written").gives(200, {"method": "POST"}),
        through("GET", "/written").gives(404, NO_ROUTE),
    ),
    case(
        "a header matches with one of its values",
        through("GET", "/asked", {"X-Kct": "2"}).gives(200, {"server": "echo"}),
        through("GET", "/asked", {"X-Kct": "3"}).gives(404, NO_ROUTE),
        through("GET", "/asked").gives(404, NO_ROUTE),
    ),
    case(
        "a regular expression matches",
        through("GET", "/re/42").gives(200, {"server": "echo"}),
        through("GET", "/re/x").gives(404, NO_ROUTE),
        through("GET", "/re/42/x").gives(404, NO_ROUTE),
    ),
    case(
        "of two paths the longer wins",
        through("GET", "/deep/x").gives(200, {"server": "echo"}),
        through("GET", "/deep/er/x").gives(200, {"server": "other", "path": "/x"}),
    ),
    case(
        "of two regular expressions that with the higher priority wins",
        through("GET", "/prio/1").gives(200, {"server": "other"}),
    ),
    case("a route for TLS tells plain requests to upgrade", through("GET", "/tls").gives(426)),
    case("or answers with the status it is given", through("GET", "/tls-308").gives(308)),
    case(
        "a route without a service",
        through("GET", "/less").gives(503, {"message": "no Service found with those values"}),
    ),
    case("the route of a disabled service is none", through("GET", "/off").gives(404, NO_ROUTE)),
    case(
        "a service that does not listen",
        through("GET", "/dead").gives(
            502,
            Matching("^An invalid response was received from the upstream server\nrequest_id: [0-9a-f]{32}\n"),
            {"content-type": Matching("^text/plain")},
        ),
    ),
    case(
        "a service whose name cannot be resolved",
        through("GET", "/nameless").gives(503, {"message": "name resolution failed"}),
    ),
]


def test_routing(case: Case, run: Runner, site: Site) -> None:
    run(case)


def test_the_request_id_is_the_same_for_client_and_service(site: Site) -> None:
    answer = site.request("GET", "/plain")
    assert answer.headers["x-kong-request-id"] == answer.json["headers"]["x-kong-request-id"]


def test_a_route_for_tls_serves_over_tls(site: Site) -> None:
    if "proxy_ssl" not in site.planes:
        pytest.skip("KONG_PROXY_SSL_URL is not given")
    answer = site.planes["proxy_ssl"].request("GET", f"/{site.name}/tls/a")
    assert (answer.status, answer.json["path"]) == (200, "/a")
    assert answer.json["headers"]["x-forwarded-proto"] == "https"
