"""Contract cases of kong_certificate, kong_sni, kong_ca_certificate, kong_vault and kong_key."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Case
from tests.contract.kong_admin import Admin, issue

FIRST, SECOND, FOREIGN = issue("contract-first"), issue("contract-second"), issue("contract-foreign")
CA, OTHER_CA = issue("contract-trusted", ca=True), issue("contract-trusted-too", ca=True)
ID, CA_ID = "00000000-0000-4000-8000-00000000c0f3", "00000000-0000-4000-8000-00000000c0f4"
JWK = {"kty": "oct", "kid": "contract-1", "k": "Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5"}


def secret_lines(*keys: str) -> tuple[str, ...]:
    """What must not show of a private key: its lines, but those that say what it is."""
    return tuple(line for key in keys for line in key.splitlines() if not line.startswith("-----"))


def foreign_certificate(kong: Admin) -> Callable[[], Any]:
    made = kong.made("/certificates", {"cert": FOREIGN.certificate, "key": FOREIGN.key, "snis": ["f.contract.example"]})
    return lambda: kong.get(f"/certificates/{made['id']}")


def prepare_certificates(kong: Admin) -> Mapping[str, Any]:
    kong.made("/certificates", {"id": ID, "cert": FIRST.certificate, "key": FIRST.key, "snis": ["a.contract.example"]})
    kong.made("/certificates", {"cert": SECOND.certificate, "key": SECOND.key, "snis": ["b.contract.example"]})
    return {}


def foreign_ca(kong: Admin) -> Callable[[], Any]:
    made = kong.made("/ca_certificates", {"cert": issue("contract-trusted", ca=True).certificate})
    return lambda: kong.get(f"/ca_certificates/{made['id']}")


def prepare_sets(kong: Admin) -> Mapping[str, Any]:
    for name in ("contract-one", "contract-two"):
        kong.made("/key-sets", {"name": name})
    return {}


def foreign_key(kong: Admin) -> Callable[[], Any]:
    """A key with the same identifier in another set."""
    kong.made("/key-sets", {"name": "contract-foreign"})
    made = kong.made("/keys", {"kid": "contract-1", "jwk": json.dumps(JWK), "set": {"name": "contract-foreign"}})
    return lambda: kong.get(f"/keys/{made['id']}")


CASES = [
    Case(
        name="kong_certificate",
        module="kong_certificate",
        api="kong",
        present={"cert": FIRST.certificate, "key": FIRST.key, "snis": ["a.contract.example"]},
        absent={"state": "absent"},
        foreign=foreign_certificate,
        edits={
            "renewed": {"cert": SECOND.certificate, "key": SECOND.key},
            "another name": {"snis": ["a.contract.example", "*.b.contract.example"]},
            "tags": {"tags": ["contract"]},
        },
        secrets=secret_lines(FIRST.key, SECOND.key),
    ),
    Case(
        name="kong_certificate by text",
        module="kong_certificate",
        api="kong",
        present={"cert": FIRST.certificate, "key": FIRST.key},
        absent={"state": "absent"},
        edits={"tags": {"tags": ["contract"]}, "names": {"snis": ["c.contract.example"]}, "no names": {"snis": []}},
        secrets=secret_lines(FIRST.key),
    ),
    Case(
        name="kong_sni",
        module="kong_sni",
        api="kong",
        present={"name": "www.contract.example", "certificate": ID},
        absent={"state": "absent"},
        prepare=prepare_certificates,
        edits={"certificate": {"certificate": "b.contract.example"}, "tags": {"tags": ["contract"]}},
    ),
    Case(
        name="kong_ca_certificate",
        module="kong_ca_certificate",
        api="kong",
        present={"id": CA_ID, "cert": CA.certificate},
        absent={"state": "absent"},
        foreign=foreign_ca,
        edits={"cert": {"cert": OTHER_CA.certificate}, "tags": {"tags": ["contract"]}, "no tags": {"tags": []}},
    ),
    Case(
        name="kong_ca_certificate by text",
        module="kong_ca_certificate",
        api="kong",
        present={"cert": CA.certificate},
        absent={"state": "absent"},
        edits={"tags": {"tags": ["contract"]}},
    ),
    Case(
        name="kong_vault",
        module="kong_vault",
        api="kong",
        present={"prefix": "contract-env", "name": "env", "config": {"prefix": "CONTRACT_"}},
        absent={"state": "absent"},
        edits={
            "config": {"config": {"prefix": "OTHER_"}},
            "description": {"description": "Variables of the gateway"},
            "no description": {"description": ""},
            "tags": {"tags": ["contract"]},
            "no tags": {"tags": []},
        },
    ),
    Case(
        name="kong_key",
        module="kong_key",
        api="kong",
        present={"name": "contract-key", "kid": "contract-1", "jwk": json.dumps(JWK), "set": "contract-one"},
        absent={"state": "absent"},
        prepare=prepare_sets,
        foreign=foreign_key,
        edits={
            "jwk": {"jwk": json.dumps({**JWK, "use": "sig"})},
            "kid": {"kid": "contract-2", "jwk": json.dumps({**JWK, "kid": "contract-2"})},
            "set": {"set": "contract-two"},
            "no set": {"set": ""},
            "tags": {"tags": ["contract"]},
        },
        secrets=("Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5",),
    ),
    Case(
        name="kong_key as PEM",
        module="kong_key",
        api="kong",
        present={"kid": "contract-3", "pem": {"public_key": FIRST.public_key, "private_key": FIRST.key}},
        absent={"state": "absent"},
        edits={
            "pem": {"pem": {"public_key": SECOND.public_key, "private_key": SECOND.key}},
            "name": {"name": "contract-pem"},
        },
        secrets=secret_lines(FIRST.key, SECOND.key),
    ),
    Case(
        name="kong_key of a set",
        module="kong_key",
        api="kong",
        present={"set": "contract-set"},
        absent={"state": "absent"},
        edits={"tags": {"tags": ["contract"]}, "no tags": {"tags": []}},
    ),
]
