"""When something was created and updated, and what a client may say about it."""

from __future__ import annotations

from tests.kong_contract.cases import Case, Runner, case, patch, post, put
from tests.kong_contract.client import wait_until
from tests.kong_contract.matching import TIMESTAMP

SERVICE = put("/services/{n}", {"host": "h"}).kept("before")

CASES = [
    case(
        "a creation takes created_at and ignores updated_at",
        post("/services", {"name": "{n}", "host": "h", "created_at": 1, "updated_at": 2}).gives(
            201, {"created_at": 1, "updated_at": TIMESTAMP}
        ),
    ),
    case(
        "PUT takes created_at",
        SERVICE,
        put("/services/{n}", {"host": "h", "created_at": 5}).gives(200, {"created_at": 5, "updated_at": TIMESTAMP}),
    ),
    case(
        "PATCH takes created_at",
        SERVICE,
        patch("/services/{n}", {"created_at": 6}).gives(200, {"created_at": 6, "updated_at": TIMESTAMP}),
    ),
    case(
        "PATCH ignores updated_at",
        SERVICE,
        patch("/services/{n}", {"updated_at": 6}).gives(200, {"updated_at": TIMESTAMP}),
    ),
    case(
        "an answer put back keeps created_at",
        put("/services/{n}", {"host": "h", "created_at": 5}).kept("before"),
        put("/services/{n}", "{before}").gives(200, {"id": "{before.id}", "created_at": 5, "host": "h"}),
    ),
]


def test_timestamps(case: Case, run: Runner) -> None:
    run(case)


def test_put_without_created_at_creates_anew_as_far_as_the_clock_is_concerned(run: Runner) -> None:
    before = run.make(put("/services/{n}", {"host": "h", "created_at": 5})).json
    after = run.make(put("/services/{n}", {"host": "h"})).json
    assert after["id"] == before["id"]
    assert after["created_at"] == after["updated_at"] >= before["updated_at"]


def test_a_patch_that_changes_nothing_is_an_update(run: Runner) -> None:
    before = run.make(put("/services/{n}", {"host": "h"})).json

    def updated_later() -> bool:
        after = run.make(patch("/services/{n}", {"host": "h"})).json
        assert after["created_at"] == before["created_at"]
        return bool(after["updated_at"] > before["updated_at"])

    wait_until("updated_at grows with the next second", updated_later, seconds=3)
