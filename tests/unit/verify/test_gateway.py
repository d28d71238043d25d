"""What a gateway owes its clients, against one that owes one thing at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._verify.flow import CheckFailed, Flow
from ansible_collections.trademaster.platform.plugins.module_utils._verify.gateway import forged, guards
from ansible_collections.trademaster.platform.plugins.module_utils._verify.http import Answer, Request

TOKEN = "header.claims.Signature"
ORIGIN = "https://app.example.com"
LIMITS = {"x-ratelimit-limit": "100", "x-ratelimit-remaining": "99", "x-ratelimit-reset": "31"}
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
}


@dataclass
class Gateway:
    """Answers as it should, but for what is replaced."""

    limits: Mapping[str, str] = field(default_factory=lambda: LIMITS)
    security: Mapping[str, str] = field(default_factory=lambda: SECURITY)
    takes_any_token: bool = False
    believes_headers: bool = False
    allows: str = ORIGIN

    def __call__(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            origin = request.headers["Origin"]
            allowed = self.allows in (origin, "*")
            return Answer(200, {"Access-Control-Allow-Origin": origin} if allowed else {}, {})
        if request.path == "/health":
            return Answer(200, self.security, {})
        known = request.bearer == TOKEN or (request.bearer and self.takes_any_token)
        believed = self.believes_headers and "X-Consumer-ID" in request.headers
        return Answer(200 if known or believed else 401, self.limits, {})


def checks_of(gateway: Gateway, origin: str = ORIGIN) -> Flow:
    flow = Flow(gateway, Clock(now=lambda: 0.0))
    guards(flow, TOKEN, origin)
    return flow


def test_every_check_holds() -> None:
    assert [check["name"] for check in checks_of(Gateway()).checks] == [
        "limits are told",
        "security headers",
        "forged tokens refused",
        "forged identities refused",
        "preflight requests",
    ]


def test_without_an_origin_no_preflight_request_is_made() -> None:
    assert checks_of(Gateway(allows="nobody"), "").checks[-1]["name"] == "forged identities refused"


@pytest.mark.parametrize(
    ("gateway", "check", "seen"),
    [
        (Gateway(limits={}), "limits are told", "no X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"),
        (Gateway(limits={**LIMITS, "x-ratelimit-reset": ""}), "limits are told", "no X-RateLimit-Reset"),
        (Gateway(security={}), "security headers", "X-Content-Type-Options is missing"),
        (
            Gateway(security={**SECURITY, "X-Frame-Options": "SAMEORIGIN"}),
            "security headers",
            "X-Frame-Options is SAMEORIGIN",
        ),
        (Gateway(takes_any_token=True), "forged tokens refused", "answered 200 instead of 401"),
        (Gateway(believes_headers=True), "forged identities refused", "for a forged user answered 200"),
        (Gateway(allows="https://other.example.com"), "preflight requests", "app.example.com is refused"),
        (Gateway(allows="*"), "preflight requests", "stranger.example.com is allowed"),
    ],
)
def test_what_does_not_hold_is_named(gateway: Gateway, check: str, seen: str) -> None:
    with pytest.raises(CheckFailed, match=seen) as failure:
        checks_of(gateway)
    assert failure.value.name == check


@pytest.mark.parametrize("token", ["header.claims.Asignature", "header.claims.Signature"])
def test_a_forged_token_differs_in_its_signature_alone(token: str) -> None:
    made = forged(token)
    assert made != token
    assert made.rpartition(".")[0] == token.rpartition(".")[0]
    assert len(made) == len(token)
