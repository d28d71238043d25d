"""key-auth, acl and basic-auth in front of a service."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from tests.kong_contract.cases import Case, Runner, case, through
from tests.kong_contract.matching import ABSENT, Matching
from tests.kong_contract.site import Site

NO_KEY = {"message": "No API key found in request", "request_id": Matching("^[0-9a-f]{32}$")}
UNAUTHORIZED = {"message": "Unauthorized"}
ALICE = {"apikey": "{alice_key}"}
BOB = {"apikey": "{bob_key}"}


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site]) -> Site:
    site = new_site()
    service = site.service("echo", url=f"http://{site.backend('echo').address}")
    alice = site.consumer("alice", custom_id=f"{site.name}-c-1")
    bob = site.consumer("bob")
    guest = site.consumer("guest")
    site.key(alice, "alice_key")
    site.key(bob, "bob_key")
    site.create(f"/consumers/{alice['id']}/acls", group=f"{site.name}-admins")
    site.create(f"/consumers/{alice['id']}/basic-auth", username=f"{site.name}-al", password="pw")
    site.variables["basic"] = base64.b64encode(f"{site.name}-al:pw".encode()).decode()
    site.variables["basic_wrong"] = base64.b64encode(f"{site.name}-al:no".encode()).decode()
    site.guarded("key", service, key_auth={})
    site.guarded("hidden", service, key_auth={"hide_credentials": True})
    site.guarded("renamed", service, key_auth={"key_names": ["x-api-key"]})
    site.guarded("header", service, key_auth={"key_in_query": False})
    site.guarded("guest", service, key_auth={"anonymous": guest["id"]})
    site.guarded("preflight", service, key_auth={"run_on_preflight": False})
    site.guarded("group", service, key_auth={}, acl={"allow": [f"{site.name}-admins"]})
    site.guarded("others", service, key_auth={}, acl={"deny": [f"{site.name}-admins"]})
    site.guarded("secret", service, key_auth={}, acl={"allow": [f"{site.name}-admins"], "hide_groups_header": True})
    site.guarded("basic", service, basic_auth={})
    site.publish()
    return site


CASES = [
    case("no key", through("GET", "/key").gives(401, NO_KEY, {"www-authenticate": Matching("^Key")})),
    case("an unknown key", through("GET", "/key", {"apikey": "bad"}).gives(401, UNAUTHORIZED)),
    case(
        "a key makes the consumer known to the service",
        through("GET", "/key", ALICE).gives(
            200,
            {
                "headers": {
                    "apikey": "{alice_key}",
                    "x-consumer-id": "{alice.id}",
                    "x-consumer-username": "{site}-alice",
                    "x-consumer-custom-id": "{site}-c-1",
                    "x-credential-identifier": Matching("^[0-9a-f-]{36}$"),
                }
            },
        ),
    ),
    case(
        "a consumer without a custom_id has no header for it",
        through("GET", "/key", BOB).gives(
            200, {"headers": {"x-consumer-username": "{site}-bob", "x-consumer-custom-id": ABSENT}}
        ),
    ),
    case(
        "a key in the query",
        through("GET", "/key?apikey={alice_key}").gives(
            200, {"path": "/?apikey={alice_key}", "headers": {"x-consumer-id": "{alice.id}"}}
        ),
    ),
    case(
        "hide_credentials keeps the key from the service",
        through("GET", "/hidden", ALICE).gives(200, {"headers": {"apikey": ABSENT, "x-consumer-id": "{alice.id}"}}),
    ),
    case(
        "a key by another name",
        through("GET", "/renamed", ALICE).gives(401, NO_KEY),
        through("GET", "/renamed", {"X-Api-Key": "{alice_key}"}).gives(
            200, {"headers": {"x-consumer-id": "{alice.id}"}}
        ),
    ),
    case("a key in the header alone", through("GET", "/header?apikey={alice_key}").gives(401, NO_KEY)),
    case(
        "without a key, as the anonymous consumer",
        through("GET", "/guest").gives(200, {"headers": {"x-consumer-username": "{site}-guest"}}),
        through("GET", "/guest", BOB).gives(200, {"headers": {"x-consumer-username": "{site}-bob"}}),
    ),
    case(
        "preflight requests may pass without a key",
        through("OPTIONS", "/preflight").gives(200, {"method": "OPTIONS"}),
        through("GET", "/preflight").gives(401, NO_KEY),
        through("OPTIONS", "/key").gives(401, NO_KEY),
    ),
    case("acl: authentication comes first", through("GET", "/group").gives(401, NO_KEY)),
    case(
        "acl: a member passes, and the service sees the groups",
        through("GET", "/group", ALICE).gives(200, {"headers": {"x-consumer-groups": "{site}-admins"}}),
    ),
    case(
        "acl: nobody else passes",
        through("GET", "/group", BOB).gives(403, {"message": "You cannot consume this service"}),
    ),
    case(
        "acl: denied groups do not pass, others do",
        through("GET", "/others", ALICE).gives(403, {"message": "You cannot consume this service"}),
        through("GET", "/others", BOB).gives(200),
    ),
    case(
        "acl: the groups may be kept from the service",
        through("GET", "/secret", ALICE).gives(200, {"headers": {"x-consumer-groups": ABSENT}}),
    ),
    case(
        "basic-auth: no password",
        through("GET", "/basic").gives(401, {}, {"www-authenticate": Matching('realm="service"')}),
    ),
    case("basic-auth: a wrong password", through("GET", "/basic", {"Authorization": "Basic {basic_wrong}"}).gives(401)),
    case(
        "basic-auth: the right password",
        through("GET", "/basic", {"Authorization": "Basic {basic}"}).gives(
            200, {"headers": {"x-consumer-id": "{alice.id}"}}
        ),
    ),
]


def test_key_auth(case: Case, run: Runner, site: Site) -> None:
    run(case)
