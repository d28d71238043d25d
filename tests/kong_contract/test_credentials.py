"""Credentials: generated, hashed and counting down; by their own path and below their consumer."""

from __future__ import annotations

from tests.kong_contract.cases import NOT_FOUND, REQUIRED, UNKNOWN, Case, Runner, case, delete, get, patch, post, put
from tests.kong_contract.matching import GENERATED, Matching, Other, between, containing

ALICE = put("/consumers/{n}", {}).kept("alice")
BOB = put("/consumers/{n}-bob", {}).kept("bob")
ALGORITHMS = (
    "expected one of: HS256, HS384, HS512, RS256, RS384, RS512, ES256, ES384, ES512, PS256, PS384, PS512, EdDSA"
)
CONDITION = {"@entity": ["failed conditional validation given value of field 'algorithm'"]}
JWT = put("/consumers/{n}/jwt/{n}-key", {"secret": "s"}).kept("jwt")
KEY = put("/consumers/{n}/key-auth/{n}-key", {}).kept("key")

CASES = [
    case(
        "jwt: key and secret are generated",
        ALICE,
        post("/consumers/{n}/jwt", {}).gives(
            201,
            {
                "key": GENERATED,
                "secret": GENERATED,
                "algorithm": "HS256",
                "rsa_public_key": None,
                "consumer": {"id": "{alice.id}"},
                "tags": None,
            },
        ),
    ),
    case(
        "jwt: key and secret as given",
        ALICE,
        post("/consumers/{n}/jwt", {"key": "{n}-key", "secret": "s", "algorithm": "HS256", "tags": ["t1"]}).gives(
            201, {"key": "{n}-key", "secret": "s", "algorithm": "HS256", "tags": ["t1"]}
        ),
    ),
    case(
        "jwt: a taken key is a conflict, also for another consumer",
        ALICE,
        BOB,
        JWT,
        post("/consumers/{n}-bob/jwt", {"key": "{n}-key"}).refused(5, {"key": "{n}-key"}),
    ),
    case(
        "jwt: RS256 needs a public key",
        ALICE,
        post("/consumers/{n}/jwt", {"algorithm": "RS256"}).violates({"rsa_public_key": REQUIRED, **CONDITION}),
    ),
    case(
        "jwt: a public key is looked into",
        ALICE,
        post("/consumers/{n}/jwt", {"algorithm": "RS256", "key": "{n}-rs", "rsa_public_key": "nope"}).violates(
            {"rsa_public_key": "invalid key", **CONDITION}
        ),
    ),
    case(
        "jwt: RS256 with its public key has a secret nevertheless",
        ALICE,
        post("/consumers/{n}/jwt", {"algorithm": "RS256", "key": "{n}-rs", "rsa_public_key": "{one_public}"}).gives(
            201, {"algorithm": "RS256", "rsa_public_key": "{one_public}", "secret": GENERATED}
        ),
    ),
    case(
        "jwt: the algorithm is one of thirteen",
        ALICE,
        post("/consumers/{n}/jwt", {"algorithm": "HS999"}).violates({"algorithm": ALGORITHMS}),
    ),
    case("jwt: no consumer, no credential", post("/consumers/{n}/jwt", {}).gives(404, NOT_FOUND)),
    case(
        "jwt: found by its key below the consumer",
        ALICE,
        JWT,
        get("/consumers/{n}/jwt/{n}-key").gives(200, {"id": "{jwt.id}", "secret": "s"}),
    ),
    case(
        "jwt: PUT without a secret makes a new one",
        ALICE,
        JWT,
        put("/consumers/{n}/jwt/{n}-key", {}).gives(200, {"id": "{jwt.id}", "key": "{n}-key", "secret": GENERATED}),
    ),
    case(
        "jwt: PUT without a secret twice gives two secrets",
        ALICE,
        put("/consumers/{n}/jwt/{n}-key", {}).kept("first"),
        put("/consumers/{n}/jwt/{n}-key", {}).gives(200, {"id": "{first.id}", "secret": Other("{first.secret}")}),
    ),
    case(
        "jwt: PATCH changes the secret",
        ALICE,
        JWT,
        patch("/consumers/{n}/jwt/{n}-key", {"secret": "s2"}).gives(200, {"id": "{jwt.id}", "secret": "s2"}),
    ),
    case(
        "jwt: the consumer of a credential",
        ALICE,
        JWT,
        get("/jwts/{n}-key/consumer").gives(200, {"id": "{alice.id}", "username": "{n}"}),
    ),
    case(
        "jwt: a list below the consumer",
        ALICE,
        JWT,
        get("/consumers/{n}/jwt").gives(200, {"data": [{"key": "{n}-key"}], "next": None}),
    ),
    case(
        "jwt: created by its own path",
        ALICE,
        post("/jwts", {"key": "{n}-top", "consumer": {"id": "{alice.id}"}}).gives(
            201, {"key": "{n}-top", "consumer": {"id": "{alice.id}"}}
        ),
    ),
    case(
        "jwt: by its own path it must name its consumer",
        post("/jwts", {"key": "{n}-top"}).violates({"consumer": REQUIRED}),
    ),
    case(
        "jwt: PUT by its own path, the consumer by username",
        ALICE,
        put("/jwts/{n}-top", {"consumer": {"username": "{n}"}}).gives(200, {"consumer": {"id": "{alice.id}"}}),
        delete("/jwts/{n}-top").gives(204, ""),
        get("/jwts/{n}-top").gives(404, NOT_FOUND),
    ),
    case(
        "jwt: deleting below the consumer, and again",
        ALICE,
        JWT,
        delete("/consumers/{n}/jwt/{n}-key").gives(204, ""),
        delete("/consumers/{n}/jwt/{n}-key").gives(404, NOT_FOUND),
    ),
    case(
        "key-auth: a key is generated and has no ttl",
        ALICE,
        post("/consumers/{n}/key-auth", {}).gives(201, {"key": GENERATED, "ttl": None}),
    ),
    case(
        "key-auth: a ttl counts down from the start",
        ALICE,
        post("/consumers/{n}/key-auth", {"key": "{n}-key", "ttl": 3600, "tags": ["k"]}).gives(
            201, {"ttl": between(3590, 3600), "key": "{n}-key", "tags": ["k"]}
        ),
    ),
    case(
        "key-auth: a taken key is a conflict",
        ALICE,
        BOB,
        KEY,
        post("/consumers/{n}-bob/key-auth", {"key": "{n}-key"}).refused(5, {"key": "{n}-key"}),
    ),
    case(
        "key-auth: a ttl is an option, and a bad one is told as such",
        ALICE,
        post("/consumers/{n}/key-auth", {"key": "{n}-x", "ttl": -1}).refused(
            11,
            {"ttl": "must be an integer between 0 and 100000000"},
            "invalid option (ttl: must be an integer between 0 and 100000000)",
        ),
    ),
    case(
        "key-auth: PUT by the key",
        ALICE,
        put("/consumers/{n}/key-auth/{n}-key", {}).gives(200, {"key": "{n}-key", "consumer": {"id": "{alice.id}"}}),
    ),
    case(
        "key-auth: lists below the consumer hold its keys",
        ALICE,
        KEY,
        get("/consumers/{n}/key-auth").gives(200, {"data": [{"key": "{n}-key", "ttl": None}], "next": None}),
    ),
    case(
        "key-auth: the consumer of a key",
        ALICE,
        KEY,
        get("/key-auths/{n}-key/consumer").gives(200, {"id": "{alice.id}"}),
    ),
    case(
        "key-auth: PATCH refuses what it does not know",
        ALICE,
        KEY,
        patch("/key-auths/{n}-key", {"nope": 1}).violates({"nope": UNKNOWN}),
    ),
    case(
        "key-auth: a key is not seen below another consumer",
        ALICE,
        BOB,
        KEY,
        get("/consumers/{n}-bob/key-auth/{n}-key").gives(404, NOT_FOUND),
    ),
    case(
        "acls: a consumer joins a group once",
        ALICE,
        post("/consumers/{n}/acls", {"group": "{n}-admins", "tags": ["t1"]}).gives(
            201, {"group": "{n}-admins", "consumer": {"id": "{alice.id}"}, "tags": ["t1"]}
        ),
        post("/consumers/{n}/acls", {"group": "{n}-admins"}).refused(
            5,
            {"group": "{n}-admins", "consumer": {"id": "{alice.id}"}},
            'UNIQUE violation detected on \'{consumer={id="{alice.id}"},group="{n}-admins"}\'',
        ),
    ),
    case(
        "acls: another consumer joins the same group",
        ALICE,
        BOB,
        post("/consumers/{n}/acls", {"group": "{n}-admins"}),
        post("/consumers/{n}-bob/acls", {"group": "{n}-admins"}).gives(201, {"consumer": {"id": "{bob.id}"}}),
    ),
    case("acls: a group is required", ALICE, post("/consumers/{n}/acls", {}).violates({"group": REQUIRED})),
    case(
        "acls: PUT by the group, again and again",
        ALICE,
        put("/consumers/{n}/acls/devs", {}).gives(200, {"group": "devs"}),
        put("/consumers/{n}/acls/devs", {}).kept("first"),
        put("/consumers/{n}/acls/devs", {"group": "devs"}).gives(200, {"id": "{first.id}", "group": "devs"}),
        get("/consumers/{n}/acls/devs").gives(200, {"id": "{first.id}"}),
        get("/consumers/{n}/acls").gives(200, {"data": [{"group": "devs"}], "next": None}),
    ),
    case(
        "acls: PUT by the group is about the consumer of the path",
        ALICE,
        BOB,
        put("/consumers/{n}-bob/acls/g", {}).kept("bobs"),
        put("/consumers/{n}/acls/g", {}).gives(200, {"consumer": {"id": "{alice.id}"}}),
        get("/consumers/{n}-bob/acls").gives(200, {"data": [{"id": "{bobs.id}", "consumer": {"id": "{bob.id}"}}]}),
    ),
    case(
        "acls: leaving a group",
        ALICE,
        put("/consumers/{n}/acls/devs", {}),
        delete("/consumers/{n}/acls/devs").gives(204, ""),
        get("/consumers/{n}/acls").gives(200, {"data": []}),
    ),
    case(
        "basic-auth: the password comes back hashed",
        ALICE,
        post("/consumers/{n}/basic-auth", {"username": "{n}", "password": "pw"}).gives(
            201, {"username": "{n}", "password": Matching("^[0-9a-f]{40}$")}
        ),
    ),
    case(
        "basic-auth: a password is required",
        ALICE,
        post("/consumers/{n}/basic-auth", {"username": "{n}"}).violates({"password": REQUIRED}),
    ),
    case(
        "basic-auth: the hash depends on consumer and password alone",
        ALICE,
        post("/consumers/{n}/basic-auth", {"username": "{n}", "password": "pw"}).kept("first"),
        put("/consumers/{n}/basic-auth/{n}", {"password": "pw"}).gives(
            200, {"id": "{first.id}", "password": "{first.password}"}
        ),
        get("/consumers/{n}/basic-auth").gives(200, {"data": [{"password": "{first.password}"}]}),
    ),
    case(
        "hmac-auth: a secret is generated",
        ALICE,
        post("/consumers/{n}/hmac-auth", {"username": "{n}"}).gives(201, {"username": "{n}", "secret": GENERATED}),
    ),
    case(
        "oauth2: client id and secret are generated",
        ALICE,
        post("/consumers/{n}/oauth2", {"name": "app", "redirect_uris": ["http://x.y/cb"]}).gives(
            201,
            {
                "client_id": GENERATED,
                "client_secret": GENERATED,
                "hash_secret": False,
                "client_type": "confidential",
                "redirect_uris": ["http://x.y/cb"],
            },
        ),
    ),
    case(
        "PUT below a consumer moves a credential there",
        ALICE,
        BOB,
        put("/consumers/{n}-bob/jwt/{n}-key", {"secret": "s"}).kept("jwt"),
        put("/consumers/{n}/jwt/{n}-key", {"secret": "s2"}).gives(
            200, {"id": "{jwt.id}", "secret": "s2", "consumer": {"id": "{alice.id}"}}
        ),
        get("/jwts/{n}-key/consumer").gives(200, {"id": "{alice.id}"}),
    ),
    case(
        "a credential that is not there cannot be deleted below its consumer",
        ALICE,
        delete("/consumers/{n}/jwt/none").gives(404, NOT_FOUND),
        delete("/consumers/{n}-none/jwt/none").gives(404, NOT_FOUND),
    ),
    case(
        "all jwt credentials in one list",
        ALICE,
        put("/consumers/{n}/jwt/{n}-key", {"secret": "s", "tags": ["{n}"]}),
        get("/jwts?size=1000&tags={n}").gives(200, {"data": containing({"key": "{n}-key", "secret": "s"})}),
    ),
]


def test_credentials(case: Case, run: Runner) -> None:
    run(case)
