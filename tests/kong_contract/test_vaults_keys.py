"""Vaults, keys and key sets."""

from __future__ import annotations

from tests.kong_contract.cases import (
    NOT_FOUND,
    REQUIRED,
    UNEXPECTED,
    UNKNOWN,
    Case,
    Runner,
    case,
    delete,
    get,
    patch,
    post,
    put,
)
from tests.kong_contract.matching import UUID

VAULT = put("/vaults/{n}", {"name": "env", "config": {"prefix": "LAB_"}}).kept("vault")
KEY_SET = post("/key-sets", {"name": "{n}"}).kept("set")
PEM = {"public_key": "{one_public}"}
JWK = '{"kty": "RSA", "kid": "%s", "use": "sig", "n": "AQAB", "e": "AQAB"}'

CASES = [
    case(
        "vault: a creation",
        post(
            "/vaults",
            {"name": "env", "prefix": "{n}", "config": {"prefix": "LAB_"}, "description": "d", "tags": ["t1"]},
        ).gives(
            201,
            {
                "id": UUID,
                "name": "env",
                "prefix": "{n}",
                "config": {"prefix": "LAB_"},
                "description": "d",
                "tags": ["t1"],
            },
        ),
    ),
    case(
        "vault: a taken prefix is a conflict",
        VAULT,
        post("/vaults", {"name": "env", "prefix": "{n}"}).refused(5, {"prefix": "{n}"}),
    ),
    case(
        "vault: the name of a backend is no prefix",
        post("/vaults", {"name": "env", "prefix": "env"}).violates({"prefix": "must not be one of: env"}),
    ),
    case(
        "vault: the environment is the one backend",
        post("/vaults", {"name": "aws", "prefix": "{n}"}).violates({"name": "vault 'aws' is not installed"}),
    ),
    case(
        "vault: a prefix is in lower case, without underscore",
        post("/vaults", {"name": "env", "prefix": "Bad_Prefix"}).violates({"prefix": "invalid value: Bad_Prefix"}),
    ),
    case("vault: a prefix is required", post("/vaults", {"name": "env"}).violates({"prefix": REQUIRED})),
    case(
        "vault: the configuration is the backend's",
        post("/vaults", {"name": "env", "prefix": "{n}", "config": {"nope": 1}}).violates(
            {"config": {"nope": UNKNOWN}}
        ),
    ),
    case(
        "vault: PUT by prefix",
        put("/vaults/{n}", {"name": "env", "config": {"prefix": "X_"}}).gives(
            200, {"prefix": "{n}", "config": {"prefix": "X_"}, "description": None}
        ),
    ),
    case("vault: found by prefix", VAULT, get("/vaults/{n}").gives(200, {"id": "{vault.id}", "name": "env"})),
    case(
        "vault: PATCH with null",
        VAULT,
        patch("/vaults/{n}", {"config": {"prefix": None}}).gives(200, {"config": {"prefix": None}}),
    ),
    case(
        "vault: deleted by prefix",
        VAULT,
        delete("/vaults/{n}").gives(204, ""),
        get("/vaults/{n}").gives(404, NOT_FOUND),
    ),
    case("key set: a creation", post("/key-sets", {"name": "{n}"}).gives(201, {"id": UUID, "name": "{n}"})),
    case(
        "key: a PEM in a set that is named",
        KEY_SET,
        post("/keys", {"name": "{n}", "kid": "{n}", "set": {"name": "{n}"}, "pem": PEM}).gives(
            201,
            {
                "name": "{n}",
                "kid": "{n}",
                "set": {"id": "{set.id}"},
                "jwk": None,
                "pem": {"public_key": "{one_public}", "private_key": None},
            },
        ),
    ),
    case(
        "key: a kid is unique in its set",
        KEY_SET,
        post("/keys", {"name": "{n}", "kid": "{n}", "set": {"name": "{n}"}, "pem": PEM}),
        post("/keys", {"name": "{n}-b", "kid": "{n}", "set": {"name": "{n}"}, "pem": PEM}).refused(
            5, {"kid": "{n}", "set": {"id": "{set.id}"}}
        ),
    ),
    case(
        "key: JWK or PEM",
        post("/keys", {"name": "{n}", "kid": "{n}"}).violates(
            {"@entity": ["at least one of these fields must be non-empty: 'jwk', 'pem'"]}
        ),
    ),
    case(
        "key: a JWK is a text, and answered as it was written",
        post("/keys", {"name": "{n}", "kid": "{n}", "jwk": JWK % "{n}"}).gives(
            201, {"set": None, "pem": None, "jwk": JWK % "{n}"}
        ),
    ),
    case(
        "key: a JWK is no object",
        post(
            "/keys", {"kid": "{n}", "jwk": {"kty": "RSA", "kid": "{n}", "use": "sig", "n": "AQAB", "e": "AQAB"}}
        ).violates({"jwk": "expected a string"}),
    ),
    case(
        "key: the kid is the JWK's",
        post("/keys", {"kid": "{n}", "jwk": JWK % "other"}).violates(
            {"@entity": ["kid in jwk.kid must be equal to keys.kid"]}
        ),
    ),
    case(
        "key: two halves fit",
        post("/keys", {"kid": "{n}", "pem": {"public_key": "{one_public}", "private_key": "{two_key}"}}).violates(
            {"pem": "public key does not match private key"}
        ),
    ),
    case(
        "key: PUT by id creates",
        put("/keys/{id1}", {"name": "{n}", "kid": "{n}", "jwk": JWK % "{n}"}).gives(
            200, {"id": "{id1}", "name": "{n}"}
        ),
    ),
    case(
        "key: PUT by name is an unexpected error",
        put("/keys/{n}", {"kid": "{n}", "jwk": JWK % "{n}"}).gives(500, UNEXPECTED),
    ),
    case("key set: PUT by name is an unexpected error", put("/key-sets/{n}", {"tags": ["t"]}).gives(500, UNEXPECTED)),
    case(
        "key set: its keys, which go with it",
        KEY_SET,
        post("/keys", {"name": "{n}", "kid": "{n}", "set": {"name": "{n}"}, "pem": PEM}),
        get("/key-sets/{n}/keys").gives(200, {"data": [{"name": "{n}"}], "next": None}),
        delete("/key-sets/{n}").gives(204, ""),
        get("/keys/{n}").gives(404, NOT_FOUND),
    ),
    case(
        "key set: nothing is created below one that is not there",
        post("/key-sets/{n}/keys", {"kid": "{n}", "pem": PEM}).gives(404, NOT_FOUND),
    ),
]


def test_vaults_and_keys(case: Case, run: Runner) -> None:
    run(case)
