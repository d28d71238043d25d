"""What Kong makes of fields that it does not store as given: no difference may be left that writing cannot mend."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._kong.entities import KINDS
from ansible_collections.trademaster.platform.plugins.module_utils._kong.meaning import comparable, expand_url

# sha1 of "pw" and the id of the consumer, as a gateway answered it.
CONSUMER = {"id": "42ba03f1-8a0a-4437-b0ab-642845a07476"}
HASH = "4a6570ae7ee06f39709453ecb4a3df671abc93d8"


@pytest.mark.parametrize(
    ("url", "fields"),
    [
        ("http://h", {"protocol": "http", "host": "h", "port": 80, "path": None}),
        ("https://example.com", {"protocol": "https", "host": "example.com", "port": 443, "path": None}),
        ("http://h:0/", {"protocol": "http", "host": "h", "port": 0, "path": "/"}),
        ("http://user:pw@h/p?q=1", {"protocol": "http", "host": "h", "port": 80, "path": "/p"}),
        ("http://[::1]:80/", {"protocol": "http", "host": "::1", "port": 80, "path": "/"}),
        ("http://Auth.Example:8080/A", {"protocol": "http", "host": "Auth.Example", "port": 8080, "path": "/A"}),
        ("http://[2001:DB8::1]/", {"protocol": "http", "host": "2001:DB8::1", "port": 80, "path": "/"}),
        ("http://h:65536", {"protocol": "http", "host": "h", "port": 65536, "path": None}),
        ("tcp://h:99", {"protocol": "tcp", "host": "h", "port": 99, "path": None}),
    ],
)
def test_url_stands_for_four_fields_and_overrides_them(url: str, fields: dict[str, Any]) -> None:
    assert expand_url({"url": url, "host": "other", "retries": 1}) == {"retries": 1, **fields}


@pytest.mark.parametrize(
    ("collection", "desired", "current", "field", "value"),
    [
        ("basicauth_credentials", {"password": "pw"}, {"password": HASH, "consumer": CONSUMER}, "password", HASH),
        ("basicauth_credentials", {"password": HASH}, {"password": HASH, "consumer": CONSUMER}, "password", HASH),
        ("basicauth_credentials", {"password": "no"}, {"password": HASH, "consumer": CONSUMER}, "password", "no"),
        ("targets", {"target": "192.0.2.1"}, {}, "target", "192.0.2.1:8000"),
        ("targets", {"target": "::1"}, {}, "target", "[0000:0000:0000:0000:0000:0000:0000:0001]:8000"),
        ("targets", {"target": "HOST:81"}, {}, "target", "HOST:81"),
        ("upstreams", {"algorithm": "least-connections", "hash_on": "ip"}, {}, "hash_on", "none"),
        (
            "upstreams",
            {"hash_on": "consumer"},
            {"algorithm": "consistent-hashing"},
            "algorithm",
            "consistent-hashing",
        ),
        (
            "upstreams",
            {"hash_on": "ip", "algorithm": "latency"},
            {"algorithm": "consistent-hashing"},
            "algorithm",
            "consistent-hashing",
        ),
        ("keyauth_credentials", {"ttl": 60}, {"ttl": 12}, "ttl", 12),
        ("keyauth_credentials", {"ttl": 60}, {"ttl": None}, "ttl", 60),
        ("keyauth_credentials", {"ttl": 60}, {"ttl": 100}, "ttl", 60),
        ("keyauth_credentials", {}, {"ttl": 12}, "ttl", None),
    ],
)
def test_what_is_compared(
    collection: str, desired: dict[str, Any], current: dict[str, Any], field: str, value: Any
) -> None:
    assert comparable(KINDS[collection], desired, current)[field] == value
