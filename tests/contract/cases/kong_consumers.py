"""Contract cases of kong_consumer, kong_credential and kong_plugin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Case
from tests.contract.kong_admin import Admin, issue

SECRET, OTHER_SECRET = "correct-horse-battery-staple-0001", "correct-horse-battery-staple-0002"
PUBLIC_KEY, OTHER_PUBLIC_KEY = issue("contract-jwt").public_key, issue("contract-jwt").public_key
REDIS = {"host": "cache.example.com", "password": SECRET, "ssl": True}
LIMITS = {"minute": 100, "policy": "redis", "redis": REDIS}


def prepare_consumers(kong: Admin) -> Mapping[str, Any]:
    for name in ("contract-alice", "contract-bob"):
        kong.made("/consumers", {"username": name})
    return {}


def prepare_scopes(kong: Admin) -> Mapping[str, Any]:
    prepare_consumers(kong)
    kong.made("/services", {"name": "contract-plugged", "host": "auth.example.com"})
    kong.made("/routes", {"name": "contract-plugged", "paths": ["/contract"], "service": {"name": "contract-plugged"}})
    return {}


def foreign_consumer(kong: Admin) -> Callable[[], Any]:
    consumer = kong.made("/consumers", {"username": "contract-tier-premium", "custom_id": "contract-4712"})
    return lambda: kong.get(f"/consumers/{consumer['id']}")


def foreign_group(kong: Admin) -> Callable[[], Any]:
    """The same group of another consumer, and another group of the same."""
    kong.call("POST", "/consumers/contract-bob/acls", {"group": "contract-staff"})
    kong.call("POST", "/consumers/contract-alice/acls", {"group": "contract-others"})

    def described() -> Any:
        found = [kong.get(f"/consumers/{name}/acls")["data"] for name in ("contract-bob", "contract-alice")]
        return [found[0], [row for row in found[1] if row["group"] != "contract-staff"]]

    return described


def foreign_plugin(kong: Admin) -> Callable[[], Any]:
    """The same plugin on a route, and another one on the same service."""
    other = {"name": "rate-limiting", "config": {"minute": 1}, "route": {"name": "contract-plugged"}}
    rows = [kong.made("/plugins", other), kong.call("POST", "/services/contract-plugged/plugins", {"name": "cors"})]
    return lambda: [kong.get(f"/plugins/{row['id']}") for row in rows]


def credential(kind: str, present: Mapping[str, Any], edits: Mapping[str, Any], **more: Any) -> Case:
    return Case(
        name=f"kong_credential {kind}",
        module="kong_credential",
        api="kong",
        present={"type": kind, "consumer": "contract-alice", **present},
        absent={"state": "absent"},
        prepare=prepare_consumers,
        edits={**edits, "tags": {"tags": ["contract"]}, "no tags": {"tags": []}},
        secrets=(SECRET, OTHER_SECRET),
        **more,
    )


CASES = [
    Case(
        name="kong_consumer",
        module="kong_consumer",
        api="kong",
        present={"username": "contract-tier-free"},
        absent={"state": "absent"},
        foreign=foreign_consumer,
        edits={
            "custom_id": {"custom_id": "contract-4711"},
            "no custom_id": {"custom_id": ""},
            "tags": {"tags": ["contract"]},
            "no tags": {"tags": []},
        },
    ),
    Case(
        name="kong_consumer by custom_id",
        module="kong_consumer",
        api="kong",
        present={"custom_id": "contract 4711/ü"},
        absent={"state": "absent"},
        edits={"tags": {"tags": ["contract"]}},
    ),
    credential(
        "jwt",
        {"key": "contract-issuer", "secret": SECRET, "algorithm": "HS256"},
        {
            "secret": {"secret": OTHER_SECRET},
            "algorithm": {"algorithm": "HS384"},
            "rsa_public_key": {"algorithm": "RS256", "rsa_public_key": PUBLIC_KEY},
            "another rsa_public_key": {"rsa_public_key": OTHER_PUBLIC_KEY},
        },
    ),
    credential("key-auth", {"key": SECRET}, {"ttl": {"ttl": 3600}, "shorter ttl": {"ttl": 600}}),
    credential(
        "basic-auth", {"username": "contract-basic", "password": SECRET}, {"password": {"password": OTHER_SECRET}}
    ),
    credential("hmac-auth", {"username": "contract-hmac", "secret": SECRET}, {"secret": {"secret": OTHER_SECRET}}),
    credential(
        "oauth2",
        {"name": "contract-app", "client_id": "contract-app", "client_secret": SECRET},
        {
            "name": {"name": "contract-application"},
            "client_secret": {"client_secret": OTHER_SECRET},
            "client_type": {"client_type": "public"},
            "redirect_uris": {"redirect_uris": ["https://app.example.com/back"]},
        },
    ),
    credential("acl", {"group": "contract-staff"}, {}, foreign=foreign_group),
    Case(
        name="kong_plugin",
        module="kong_plugin",
        api="kong",
        present={"name": "rate-limiting", "service": "contract-plugged", "config": LIMITS},
        absent={"state": "absent"},
        prepare=prepare_scopes,
        foreign=foreign_plugin,
        edits={
            "config": {"config": {"minute": 200}},
            "config below": {"config": {"redis": {"port": 6380}}},
            "secret": {"config": {"redis": {"password": OTHER_SECRET}}},
            "deprecated name": {"config": {"redis_host": "other.example.com"}},
            "no password": {"config": {"redis": {"password": None}}},
            "instance_name": {"instance_name": "contract-limits"},
            "protocols": {"protocols": ["http", "https"]},
            "enabled": {"enabled": False},
            "tags": {"tags": ["contract"]},
            "no tags": {"tags": []},
        },
        secrets=(SECRET, OTHER_SECRET),
    ),
    Case(
        name="kong_plugin for all",
        module="kong_plugin",
        api="kong",
        present={"name": "correlation-id"},
        absent={"state": "absent"},
        edits={"config": {"config": {"generator": "uuid"}}},
    ),
    Case(
        name="kong_plugin of a consumer on a route",
        module="kong_plugin",
        api="kong",
        present={
            "name": "response-transformer",
            "route": "contract-plugged",
            "consumer": "contract-bob",
            "config": {"add": {"headers": ["X-One:1"]}},
        },
        absent={"state": "absent"},
        prepare=prepare_scopes,
        edits={
            "list": {"config": {"add": {"headers": ["X-One:1", "X-Two:2"]}}},
            "empty list": {"config": {"add": {"headers": []}}},
        },
    ),
]
