# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a gateway before the service owes its clients, seen from outside, check by check."""

from __future__ import annotations

from .flow import BASE, Flow
from .http import Request

PROTECTED = f"{BASE}/mfa/status"
INTERNAL = "/api/internal/v1/auth/status"
LIMITS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Strict-Transport-Security": "max-age=31536000",
}
# What the service would believe, did it come from the gateway.
FORGED = {
    "X-Consumer-ID": "11111111-1111-4111-8111-111111111111",
    "X-Consumer-Username": "trusted-service",
    "X-User-ID": "1",
    "X_User_ID": "1",
    "X-User-Roles": "ROLE_ADMIN",
}
STRANGER = "https://stranger.example.com"


def guards(flow: Flow, token: str, origin: str) -> None:
    """Check with a valid access `token`; preflight requests come from `origin`, and are not checked without one."""
    _limits(flow, token)
    _security_headers(flow)
    _refusals(flow, token)
    if origin:
        _preflight(flow, origin)


def _limits(flow: Flow, token: str) -> None:
    with flow.check("limits are told") as expect:
        answer = flow.send(Request("GET", PROTECTED, bearer=token))
        expect(answer.status == 200, f"mfa/status answered {answer.status}")
        missing = [name for name in LIMITS if not answer.header(name).isdecimal()]
        expect(not missing, f"the answer has no {', '.join(missing)}")


def _security_headers(flow: Flow) -> None:
    with flow.check("security headers") as expect:
        answer = flow.send(Request("GET", "/health"))
        expect(answer.status == 200, f"GET /health answered {answer.status}")
        for name, value in SECURITY.items():
            expect(answer.header(name).startswith(value), f"{name} is {answer.header(name) or 'missing'}")


def _refusals(flow: Flow, token: str) -> None:
    with flow.check("forged tokens refused") as expect:
        answer = flow.send(Request("GET", PROTECTED, bearer=forged(token)))
        expect(answer.status == 401, f"mfa/status with a forged token answered {answer.status} instead of 401")
    with flow.check("forged identities refused") as expect:
        answer = flow.send(Request("GET", PROTECTED, headers=FORGED))
        expect(answer.status == 401, f"mfa/status for a forged user answered {answer.status} instead of 401")
        answer = flow.send(Request("GET", INTERNAL, headers=FORGED))
        expect(answer.status in (401, 403, 404), f"an internal path answered {answer.status} to a forged consumer")


def _preflight(flow: Flow, origin: str) -> None:
    with flow.check("preflight requests") as expect:
        for asks in (origin, STRANGER):
            asked = {"Origin": asks, "Access-Control-Request-Method": "GET"}
            answer = flow.send(Request("OPTIONS", PROTECTED, headers=asked))
            expect(answer.status in (200, 204), f"a preflight request answered {answer.status}")
            allowed = answer.header("Access-Control-Allow-Origin") in (asks, "*")
            expect(allowed == (asks == origin), f"{asks} is {'allowed' if allowed else 'refused'}")


def forged(token: str) -> str:
    """The token with another signature of the same length."""
    head, signature = token.rsplit(".", 1)
    return f"{head}.{'B' if signature.startswith('A') else 'A'}{signature[1:]}"
