"""What the fields of one entity have to agree on."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._kong.rules import check_whole


@pytest.mark.parametrize(
    ("collection", "entity", "path"),
    [
        ("services", {"name": "a"}, "host"),
        ("services", {"host": "h", "tls_verify": True}, "tls_verify"),
        ("services", {"url": "http://h", "client_certificate": "c"}, "client_certificate"),
        ("services", {"host": "h", "protocol": "grpc", "path": "/p"}, "path"),
        ("services", {"url": "tcp://h:1", "path": "/p"}, "path"),
        ("routes", {"name": "r"}, "methods"),
        ("routes", {"paths": ["/p"], "protocols": []}, "protocols"),
        ("routes", {"snis": ["a.example.com"], "protocols": ["tcp"], "sources": [{"port": 1}]}, "snis"),
        ("routes", {"sources": [{"port": 1}], "paths": ["/p"], "protocols": ["tcp"]}, "paths"),
        ("routes", {"sources": [{"port": 1}]}, "methods"),
        ("routes", {"headers": {"Host": ["a"]}}, "headers"),
        ("upstreams", {"name": "u", "hash_on": "header"}, "hash_on_header"),
        ("upstreams", {"name": "u", "hash_on": "ip", "hash_fallback": "cookie"}, "hash_on_cookie"),
        (
            "upstreams",
            {"name": "u", "hash_on": "cookie", "hash_on_cookie": "c", "hash_fallback": "ip"},
            "hash_fallback",
        ),
        ("upstreams", {"name": "u", "hash_fallback": "ip"}, "hash_fallback"),
        ("consumers", {"tags": []}, "username"),
        ("jwt_secrets", {"algorithm": "RS256"}, "rsa_public_key"),
        ("keys", {"kid": "1"}, "pem"),
        ("keys", {"kid": "1", "jwk": "{}", "pem": {"public_key": "k"}}, "pem"),
    ],
)
def test_fields_that_do_not_fit(collection: str, entity: dict[str, Any], path: str) -> None:
    assert [problem.variable for problem in check_whole(collection, entity)] == [path]


@pytest.mark.parametrize(
    ("collection", "entity"),
    [
        ("services", {"url": "https://h", "tls_verify": True, "ca_certificates": ["id"]}),
        ("services", {"host": "h", "path": "/p"}),
        ("routes", {"paths": ["/p"]}),
        ("routes", {"snis": ["a.example.com"]}),
        ("routes", {"snis": ["a.example.com"], "protocols": ["tls"]}),
        ("routes", {"destinations": [{"port": 1}], "protocols": ["tcp", "tls"]}),
        ("upstreams", {"name": "u", "hash_on": "header", "hash_on_header": "X", "hash_fallback": "ip"}),
        ("upstreams", {"name": "u", "algorithm": "least-connections", "hash_on": "ip"}),
        ("consumers", {"custom_id": "c"}),
        ("jwt_secrets", {"algorithm": "HS512"}),
        ("keys", {"kid": "1", "jwk": "{}"}),
        ("plugins", {"name": "cors"}),
    ],
)
def test_fields_that_fit(collection: str, entity: dict[str, Any]) -> None:
    assert list(check_whole(collection, entity)) == []
