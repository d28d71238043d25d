"""Contract cases of kong_service, kong_route, kong_upstream and kong_target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Case
from tests.contract.kong_admin import Admin, issue

CLIENT, CA = issue("contract-client"), issue("contract-ca", ca=True)
CERTIFICATE_ID, CA_ID = "00000000-0000-4000-8000-00000000c0f1", "00000000-0000-4000-8000-00000000c0f2"


def prepare_service(kong: Admin) -> Mapping[str, Any]:
    kong.made("/certificates", {"id": CERTIFICATE_ID, "cert": CLIENT.certificate, "key": CLIENT.key})
    kong.made("/ca_certificates", {"id": CA_ID, "cert": CA.certificate})
    return {}


def foreign_service(kong: Admin) -> Callable[[], Any]:
    """A service that goes to the same place, and one whose name only begins alike."""
    ids = [
        kong.made("/services", {"name": name, "host": "auth"})["id"] for name in ("contract-other", "contract-auth2")
    ]
    return lambda: [kong.get(f"/services/{one}") for one in ids]


def prepare_routes(kong: Admin) -> Mapping[str, Any]:
    for name in ("contract-one", "contract-two"):
        kong.made("/services", {"name": name, "host": "auth"})
    return {}


def foreign_route(kong: Admin) -> Callable[[], Any]:
    route = kong.made("/routes", {"name": "contract-foreign", "paths": ["/contract"]})
    return lambda: kong.get(f"/routes/{route['id']}")


def prepare_upstream(kong: Admin) -> Mapping[str, Any]:
    kong.made("/certificates", {"id": CERTIFICATE_ID, "cert": CLIENT.certificate, "key": CLIENT.key})
    return {}


def foreign_target(kong: Admin) -> Callable[[], Any]:
    """The same address behind another upstream, and another one behind the same."""
    other = kong.made("/upstreams", {"name": "contract-elsewhere"})["id"]
    same = kong.get("/upstreams/contract-up")["id"]
    kong.call("POST", f"/upstreams/{other}/targets", {"target": "192.0.2.1:8080"})
    kong.call("POST", f"/upstreams/{same}/targets", {"target": "192.0.2.9:8080"})

    def described() -> Any:
        found = [target for one in (other, same) for target in kong.get(f"/upstreams/{one}/targets")["data"]]
        return [target for target in found if (target["upstream"]["id"], target["target"]) != (same, "192.0.2.1:8080")]

    return described


def prepare_target(kong: Admin) -> Mapping[str, Any]:
    checks = {"passive": {"unhealthy": {"http_failures": 3}, "healthy": {"successes": 1}}}
    kong.made("/upstreams", {"name": "contract-up", "healthchecks": checks})
    return {}


SERVICE = {
    "name": "contract-auth",
    "protocol": "https",
    "host": "auth.example.com",
    "port": 8443,
    "path": "/api",
    "retries": 3,
    "tags": ["contract", "ours"],
    "tls_verify_depth": 1,
}
STREAM = {"name": "contract-stream", "protocols": ["tls"], "snis": ["a.example.com"]}
ROUTE = {
    "name": "contract-login",
    "service": "contract-one",
    "protocols": ["https"],
    "methods": ["POST"],
    "hosts": ["api.example.com"],
    "paths": ["/login"],
    "headers": {"X-Version": ["1"]},
    "tags": ["contract"],
}
ACTIVE = {
    "http_path": "/health",
    "healthy": {"interval": 5, "successes": 2},
    "unhealthy": {"interval": 5, "timeouts": 1},
}
UPSTREAM = {
    "name": "contract-auth-service",
    "algorithm": "consistent-hashing",
    "hash_on": "header",
    "hash_on_header": "X-User",
    "healthchecks": {"active": ACTIVE},
    "tags": ["contract"],
}


def active(**fields: Any) -> dict[str, Any]:
    return {"healthchecks": {"active": fields}}


def passive(**fields: Any) -> dict[str, Any]:
    return {"healthchecks": {"passive": fields}}


CASES = [
    Case(
        name="kong_service",
        module="kong_service",
        api="kong",
        present=SERVICE,
        absent={"state": "absent"},
        prepare=prepare_service,
        foreign=foreign_service,
        edits={
            "protocol": {"protocol": "tls", "path": ""},
            "host": {"host": "other.example.com"},
            "port": {"port": 443},
            "path": {"path": "/v2"},
            "no path": {"path": ""},
            "retries": {"retries": 0},
            "connect_timeout": {"connect_timeout": 1000},
            "read_timeout": {"read_timeout": 1000},
            "write_timeout": {"write_timeout": 1000},
            "enabled": {"enabled": False},
            "tls_verify": {"tls_verify": True},
            "tls_verify_depth": {"tls_verify_depth": 2},
            "client_certificate": {"client_certificate": CERTIFICATE_ID},
            "ca_certificates": {"ca_certificates": [CA_ID]},
            "no client_certificate": {"client_certificate": ""},
            "no ca_certificates": {"ca_certificates": []},
            "tags": {"tags": ["contract"]},
            "no tags": {"tags": []},
        },
    ),
    Case(
        name="kong_service by url",
        module="kong_service",
        api="kong",
        present={"name": "contract-by-url", "url": "http://auth.example.com:8080/api"},
        absent={"state": "absent"},
        edits={
            "host": {"url": "http://other.example.com:8080/api"},
            "no port": {"url": "http://auth.example.com/api"},
            "no path": {"url": "https://auth.example.com"},
        },
    ),
    Case(
        name="kong_route",
        module="kong_route",
        api="kong",
        present=ROUTE,
        absent={"state": "absent"},
        prepare=prepare_routes,
        foreign=foreign_route,
        edits={
            "service": {"service": "contract-two"},
            "no service": {"service": ""},
            "protocols": {"protocols": ["http", "https"]},
            "methods": {"methods": ["GET", "POST"]},
            "no methods": {"methods": []},
            "hosts": {"hosts": ["*.example.com"]},
            "paths": {"paths": ["/login", r"~/users/\d+$"]},
            "headers": {"headers": {"X-Version": ["1", "2"]}},
            "no headers": {"headers": {}},
            "snis": {"snis": ["api.example.com"]},
            "https_redirect_status_code": {"https_redirect_status_code": 301},
            "regex_priority": {"regex_priority": 7},
            "strip_path": {"strip_path": False},
            "path_handling": {"path_handling": "v1"},
            "preserve_host": {"preserve_host": True},
            "request_buffering": {"request_buffering": False},
            "response_buffering": {"response_buffering": False},
            "tags": {"tags": []},
        },
    ),
    Case(
        name="kong_route of a stream",
        module="kong_route",
        api="kong",
        present=STREAM,
        absent={"state": "absent"},
        edits={
            "sources": {"sources": [{"ip": "192.0.2.0/24", "port": 1}, {"port": 2}]},
            "destinations": {"destinations": [{"ip": "192.0.2.1"}]},
        },
    ),
    Case(
        name="kong_upstream",
        module="kong_upstream",
        api="kong",
        present=UPSTREAM,
        absent={"state": "absent"},
        prepare=prepare_upstream,
        edits={
            "algorithm": {"algorithm": "round-robin", "hash_on": "none"},
            "slots": {"slots": 100},
            "hash_on": {"hash_on": "ip"},
            "hash_on_header": {"hash_on_header": "X-Session"},
            "hash_fallback": {"hash_fallback": "ip"},
            "hash_fallback_header": {"hash_fallback": "header", "hash_fallback_header": "X-Other"},
            "hash_on_cookie": {"hash_on": "cookie", "hash_on_cookie": "session", "hash_fallback": "none"},
            "hash_on_cookie_path": {"hash_on_cookie_path": "/app"},
            "hash_on_query_arg": {"hash_on": "query_arg", "hash_on_query_arg": "user"},
            "hash_fallback_query_arg": {"hash_fallback": "query_arg", "hash_fallback_query_arg": "who"},
            "hash_on_uri_capture": {"hash_on": "uri_capture", "hash_on_uri_capture": "user"},
            "hash_fallback_uri_capture": {"hash_fallback": "uri_capture", "hash_fallback_uri_capture": "who"},
            "active type": active(type="https", https_sni="a.example.com", https_verify_certificate=False),
            "active timeout": active(timeout=2.5, concurrency=3, headers={"X-Probe": ["kong"]}),
            "active path": active(http_path="/ready"),
            "active healthy": active(healthy={"interval": 1, "successes": 3, "http_statuses": [200]}),
            "active unhealthy": active(
                unhealthy={"interval": 2, "tcp_failures": 1, "http_failures": 4, "timeouts": 5, "http_statuses": [503]}
            ),
            "passive type": passive(type="tcp"),
            "passive healthy": passive(healthy={"successes": 3, "http_statuses": [200, 201]}),
            "passive unhealthy": passive(
                unhealthy={"tcp_failures": 1, "http_failures": 4, "timeouts": 5, "http_statuses": [503]}
            ),
            "threshold": {"healthchecks": {"threshold": 55.5}},
            "host_header": {"host_header": "auth.example.com"},
            "client_certificate": {"client_certificate": CERTIFICATE_ID},
            "no client_certificate": {"client_certificate": ""},
            "use_srv_name": {"use_srv_name": True},
            "tags": {"tags": ["contract", "more"]},
        },
    ),
    Case(
        name="kong_target",
        module="kong_target",
        api="kong",
        present={"upstream": "contract-up", "target": "192.0.2.1:8080", "weight": 10, "health": "healthy"},
        absent={"state": "absent"},
        prepare=prepare_target,
        foreign=foreign_target,
        edits={
            "weight": {"weight": 0},
            "tags": {"tags": ["contract"]},
            "no tags": {"tags": []},
            "health": {"health": "unhealthy"},
        },
    ),
    Case(
        name="kong_target as Kong writes it",
        module="kong_target",
        api="kong",
        present={"upstream": "contract-up", "target": "2001:db8::1"},
        absent={"state": "absent"},
        prepare=prepare_target,
        edits={"weight": {"weight": 1}},
    ),
]
