"""rate-limiting: windows, whom a limit is for, and what happens without the store."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.kong_contract.backend import unused_port
from tests.kong_contract.cases import Call, Case, Runner, case, through
from tests.kong_contract.client import wait_until
from tests.kong_contract.matching import ABSENT, Is, Matching
from tests.kong_contract.site import Site

EXCEEDED = {"message": "API rate limit exceeded"}
SECONDS = Is("seconds of a minute", lambda value: isinstance(value, str) and 0 <= int(value) <= 60)
NEEDED_S = 8  # a window must last this long yet when a case begins
PER_MINUTE = {"minute": 2, "policy": "local"}
NO_LIMIT = {"ratelimit-limit": ABSENT, "x-ratelimit-limit-minute": ABSENT}


def redis_settings() -> dict[str, Any] | None:
    given = os.environ.get("KONG_TEST_REDIS_URL")
    if not given:
        return None
    parts = urlsplit(given)
    return {"host": parts.hostname, "port": parts.port or 6379, "password": parts.password}


REDIS = redis_settings()
NEEDS_REDIS = pytest.mark.skipif(REDIS is None, reason="KONG_TEST_REDIS_URL does not name a Redis")


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site]) -> Site:
    site = new_site()
    service = site.service("echo", url=f"http://{site.backend('echo').address}")
    nowhere = {"host": "127.0.0.1", "port": unused_port(), "timeout": 500}
    by_user = {"limit_by": "header", "header_name": "X-User-ID"}
    for name in ("alice", "bob"):
        site.key(site.consumer(name), f"{name}_key")
    site.guarded("minute", service, rate_limiting={"minute": 3, "policy": "local"})
    site.guarded("own", service, rate_limiting=PER_MINUTE)
    site.guarded("silent", service, rate_limiting={**PER_MINUTE, "hide_client_headers": True})
    site.guarded("worded", service, rate_limiting={**PER_MINUTE, "error_code": 418, "error_message": "enough"})
    site.guarded("user", service, rate_limiting={**PER_MINUTE, **by_user})
    site.guarded("nobody", service, rate_limiting={**PER_MINUTE, **by_user})
    site.guarded("consumer", service, key_auth={}, rate_limiting=PER_MINUTE)
    site.guarded("refused", service, key_auth={}, rate_limiting=PER_MINUTE)
    site.guarded("both", service, rate_limiting={"minute": 2, "hour": 50, "policy": "local"})
    site.guarded("off", service)
    site.plugin("rate-limiting", PER_MINUTE, service=site.service("shared", url=service_url(service)))
    for key in ("shared-1", "shared-2"):
        site.route(key, site.variables["service_shared"])
    for key, tolerant in (("tolerant", True), ("strict", False)):
        config = {"minute": 1, "policy": "redis", "fault_tolerant": tolerant, "redis": nowhere}
        site.guarded(key, service, rate_limiting=config)
    if REDIS:
        stored = {"minute": 2, "policy": "redis", "sync_rate": -1, "fault_tolerant": False, "redis": REDIS}
        site.guarded("stored", service, rate_limiting={**stored, **by_user})
        site.guarded("stored-headers", service, rate_limiting={**stored, **by_user})
    site.publish()
    return site


def service_url(service: dict[str, Any]) -> str:
    return f"{service['protocol']}://{service['host']}:{service['port']}"


def asked(path: str, times: int, headers: dict[str, str] | None = None) -> list[Call]:
    """Ask as often as the limit allows."""
    return [through("GET", path, headers or {}).gives(200)] * times


def limited(path: str, headers: dict[str, str] | None = None) -> Call:
    return through("GET", path, headers or {}).gives(429, EXCEEDED)


CASES = [
    case(
        "the requests of a minute count down, and then it is over",
        *[
            through("GET", "/minute").gives(
                200,
                {},
                {
                    "ratelimit-limit": "3",
                    "ratelimit-remaining": str(left),
                    "ratelimit-reset": SECONDS,
                    "x-ratelimit-limit-minute": "3",
                    "x-ratelimit-remaining-minute": str(left),
                    "retry-after": ABSENT,
                },
            )
            for left in (2, 1, 0)
        ],
        through("GET", "/minute").gives(
            429,
            {**EXCEEDED, "request_id": Matching("^[0-9a-f]{32}$")},
            {
                "ratelimit-limit": "3",
                "ratelimit-remaining": "0",
                "ratelimit-reset": SECONDS,
                "retry-after": SECONDS,
                "x-ratelimit-limit-minute": "3",
                "x-ratelimit-remaining-minute": "0",
            },
        ),
    ),
    case("a limit on a route is the route's own", *asked("/own", 2), limited("/own"), *asked("/off", 3)),
    case(
        "a limit on a service is for all its routes",
        *asked("/shared-1", 1),
        *asked("/shared-2", 1),
        limited("/shared-1"),
        limited("/shared-2"),
    ),
    case(
        "the headers can be kept back",
        through("GET", "/silent").gives(200, {}, NO_LIMIT),
        *asked("/silent", 1),
        through("GET", "/silent").gives(429, EXCEEDED, NO_LIMIT),
    ),
    case(
        "code and message are a matter of configuration",
        *asked("/worded", 2),
        through("GET", "/worded").gives(418, {"message": "enough"}),
    ),
    case(
        "by a header: every value has its own count",
        *asked("/user", 2, {"X-User-ID": "7"}),
        limited("/user", {"X-User-ID": "7"}),
        *asked("/user", 2, {"X-User-ID": "8"}),
        limited("/user", {"X-User-ID": "8"}),
    ),
    case(
        "by a header that is missing: the client's address counts",
        *asked("/nobody", 2),
        limited("/nobody"),
        *asked("/nobody", 1, {"X-User-ID": "9"}),
    ),
    case(
        "by consumer: one does not use up another's",
        *asked("/consumer", 2, {"apikey": "{alice_key}"}),
        limited("/consumer", {"apikey": "{alice_key}"}),
        *asked("/consumer", 1, {"apikey": "{bob_key}"}),
    ),
    case(
        "requests that are not authenticated do not count",
        *[through("GET", "/refused").gives(401, {}, NO_LIMIT)] * 4,
        *asked("/refused", 2, {"apikey": "{alice_key}"}),
    ),
    case(
        "of two periods each has its headers",
        through("GET", "/both").gives(
            200,
            {},
            {
                "x-ratelimit-limit-minute": "2",
                "x-ratelimit-remaining-minute": "1",
                "x-ratelimit-limit-hour": "50",
                "x-ratelimit-remaining-hour": "49",
            },
        ),
    ),
    case("Redis is down, and the plugin tolerates it: no limit", *asked("/tolerant", 3)),
    case("Redis is down, and the plugin does not tolerate it", through("GET", "/strict").gives(500)),
    case(
        "Redis: every value of a header has its own count",
        *asked("/stored", 2, {"X-User-ID": "{n}-7"}),
        limited("/stored", {"X-User-ID": "{n}-7"}),
        *asked("/stored", 1, {"X-User-ID": "{n}-8"}),
        marks=NEEDS_REDIS,
    ),
    case(
        "Redis: the headers are those of the local policy",
        through("GET", "/stored-headers", {"X-User-ID": "{n}"}).gives(
            200, {}, {"ratelimit-limit": "2", "ratelimit-remaining": "1", "ratelimit-reset": SECONDS}
        ),
        marks=NEEDS_REDIS,
    ),
]


def test_rate_limiting(case: Case, run: Runner, site: Site) -> None:
    wait_until("the minute is young enough", lambda: time.time() % 60 < 60 - NEEDED_S, seconds=NEEDED_S + 2)
    run(case)
