"""jwt in front of a service."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.kong_contract.cases import Case, Runner, case, through
from tests.kong_contract.matching import ABSENT, Exactly, Matching
from tests.kong_contract.material import Material
from tests.kong_contract.site import Site

SECRET = "s3cret"
DIGESTS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
INVALID = {"www-authenticate": 'Bearer error="invalid_token"'}
AN_HOUR_S = 3600


def bearer(name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {{{name}}}"}


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(claims: Mapping[str, Any], algorithm: str, sign: Callable[[bytes], bytes]) -> str:
    header = json.dumps({"alg": algorithm, "typ": "JWT"}).encode()
    text = f"{encoded(header)}.{encoded(json.dumps(claims).encode())}"
    return f"{text}.{encoded(sign(text.encode()))}"


def hmac_signed(claims: Mapping[str, Any], secret: str = SECRET, algorithm: str = "HS256") -> str:
    return signed(claims, algorithm, lambda text: hmac.digest(secret.encode(), text, DIGESTS[algorithm]))


def rsa_signed(claims: Mapping[str, Any], private: str) -> str:
    key = serialization.load_pem_private_key(private.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return signed(claims, "RS256", lambda text: key.sign(text, padding.PKCS1v15(), hashes.SHA256()))


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site], material: Material) -> Site:
    site = new_site()
    service = site.service("echo", url=f"http://{site.backend('echo').address}")
    alice = site.consumer("alice", custom_id=f"{site.name}-c-1")
    iss, later = f"{site.name}-iss", int(time.time()) + AN_HOUR_S
    site.create(f"/consumers/{alice['id']}/jwt", key=iss, secret=SECRET)
    for algorithm in ("HS384", "HS512"):
        site.create(f"/consumers/{alice['id']}/jwt", key=f"{iss}-{algorithm}", secret=SECRET, algorithm=algorithm)
    site.create(f"/consumers/{alice['id']}/jwt", key=f"{iss}-rs", algorithm="RS256", rsa_public_key=material.one.public)
    good = {"iss": iss, "exp": later}
    site.variables |= {
        "good": hmac_signed(good),
        "endless": hmac_signed({"iss": iss}),
        "expired": hmac_signed({"iss": iss, "exp": 1}),
        "early": hmac_signed({**good, "nbf": later}),
        "forged": hmac_signed(good, secret="other"),
        "unknown": hmac_signed({**good, "iss": f"{iss}-unknown"}),
        "hs384": hmac_signed({**good, "iss": f"{iss}-HS384"}, algorithm="HS384"),
        "hs512": hmac_signed({**good, "iss": f"{iss}-HS512"}, algorithm="HS512"),
        "rs256": rsa_signed({**good, "iss": f"{iss}-rs"}, material.one.private),
        "rs256_forged": rsa_signed({**good, "iss": f"{iss}-rs"}, material.two.private),
        "by_kid": hmac_signed({"kid": iss, "exp": later}),
    }
    guest = site.consumer("guest")
    site.guarded("jwt", service, jwt={"claims_to_verify": ["exp"]})
    site.guarded("nbf", service, jwt={"claims_to_verify": ["exp", "nbf"]})
    site.guarded("trusting", service, jwt={})
    site.guarded("header", service, jwt={"claims_to_verify": ["exp"], "uri_param_names": []})
    site.guarded("cookie", service, jwt={"claims_to_verify": ["exp"], "cookie_names": ["token"]})
    site.guarded("renamed", service, jwt={"claims_to_verify": ["exp"], "header_names": ["x-token"]})
    site.guarded("kid", service, jwt={"claims_to_verify": ["exp"], "key_claim_name": "kid"})
    site.guarded("guest", service, jwt={"claims_to_verify": ["exp"], "anonymous": guest["id"]})
    site.publish()
    return site


CASES = [
    case(
        "no token",
        through("GET", "/jwt").gives(401, Exactly({"message": "Unauthorized"}), {"www-authenticate": "Bearer"}),
    ),
    case(
        "a token that is none",
        through("GET", "/jwt", {"Authorization": "Bearer zz"}).gives(
            401, {"message": "Bad token; invalid JSON"}, INVALID
        ),
    ),
    case(
        "a token without exp",
        through("GET", "/jwt", bearer("endless")).gives(401, {"exp": "must be a number"}, INVALID),
    ),
    case("an expired token", through("GET", "/jwt", bearer("expired")).gives(401, {"exp": "token expired"}, INVALID)),
    case(
        "a good token makes the consumer known to the service",
        through("GET", "/jwt", bearer("good")).gives(
            200,
            {
                "headers": {
                    "authorization": "Bearer {good}",
                    "x-consumer-id": "{alice.id}",
                    "x-consumer-username": "{site}-alice",
                    "x-consumer-custom-id": "{site}-c-1",
                    "x-credential-identifier": "{site}-iss",
                }
            },
        ),
    ),
    case(
        "a forged token", through("GET", "/jwt", bearer("forged")).gives(401, {"message": "Invalid signature"}, INVALID)
    ),
    case(
        "a token of an unknown issuer",
        through("GET", "/jwt", bearer("unknown")).gives(
            401, {"message": "No credentials found for given 'iss'"}, INVALID
        ),
    ),
    case(
        "a token in the query",
        through("GET", "/jwt?jwt={good}").gives(
            200, {"path": "/?jwt={good}", "headers": {"x-consumer-id": "{alice.id}", "authorization": ABSENT}}
        ),
    ),
    case(
        "a token in the query can be refused",
        through("GET", "/header?jwt={good}").gives(401, {"message": "Unauthorized"}),
    ),
    case("expiry is verified when asked for alone", through("GET", "/trusting", bearer("expired")).gives(200)),
    case("signatures are always verified", through("GET", "/trusting", bearer("forged")).gives(401)),
    case("a token that is not valid yet", through("GET", "/nbf", bearer("early")).gives(401, {"nbf": Matching(".")})),
    case(
        "nbf is verified when asked for alone",
        through("GET", "/jwt", bearer("early")).gives(200, {"headers": {"x-consumer-id": "{alice.id}"}}),
    ),
    case("HS384", through("GET", "/jwt", bearer("hs384")).gives(200, {"headers": {"x-consumer-id": "{alice.id}"}})),
    case("HS512", through("GET", "/jwt", bearer("hs512")).gives(200, {"headers": {"x-consumer-id": "{alice.id}"}})),
    case("RS256", through("GET", "/jwt", bearer("rs256")).gives(200, {"headers": {"x-consumer-id": "{alice.id}"}})),
    case(
        "RS256 by another key",
        through("GET", "/jwt", bearer("rs256_forged")).gives(401, {"message": "Invalid signature"}),
    ),
    case("a token in a cookie", through("GET", "/cookie", {"Cookie": "token={good}"}).gives(200)),
    case("cookies are not looked into unless named", through("GET", "/jwt", {"Cookie": "token={good}"}).gives(401)),
    case(
        "a token in another header",
        through("GET", "/renamed", {"X-Token": "Bearer {good}"}).gives(200),
        through("GET", "/renamed", bearer("good")).gives(401),
    ),
    case("the credential by another claim", through("GET", "/kid", bearer("by_kid")).gives(200)),
    case(
        "without a token, as the anonymous consumer",
        through("GET", "/guest").gives(200, {"headers": {"x-consumer-username": "{site}-guest"}}),
    ),
]


def test_jwt(case: Case, run: Runner, site: Site) -> None:
    run(case)
