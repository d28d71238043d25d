"""The client of PagerDuty against an API that is limited, broken or silent for a while."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._core.rest import (
    ATTEMPTS,
    ApiError,
    Connection,
    Item,
)
from ansible_collections.trademaster.platform.plugins.module_utils._pagerduty.client import Client

from local_cloud.pagerduty.standalone import Pager, running_pager
from local_cloud.stand_in.faults import Fault


@dataclass
class Slept:
    """A clock on which time passes at once."""

    seconds: list[float] = field(default_factory=list)

    def clock(self) -> Clock:
        return Clock(now=lambda: sum(self.seconds), sleep=self.seconds.append, jitter=lambda: 0.5)


@pytest.fixture(scope="module")
def pager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pager]:
    with running_pager(tmp_path_factory.mktemp("pagerduty")) as running:
        yield running


@pytest.fixture
def slept(pager: Pager) -> Iterator[Slept]:
    yield Slept()
    pager.stand_in.faults = []
    for collection in (pager.stand_in.account.services, pager.stand_in.account.escalation_policies):
        collection.clear()


def client_of(pager: Pager, slept: Slept) -> Client:
    return Client(Connection(pager.url, pager.token, pager.ca_cert, timeout_seconds=5), slept.clock())


def create(client: Client, pager: Pager, name: str = "Platform") -> Item:
    (user,) = client.list("users", query=pager.user)
    rules = [{"escalation_delay_in_minutes": 5, "targets": [{"id": user["id"], "type": "user_reference"}]}]
    item = {"type": "escalation_policy", "name": name, "escalation_rules": rules}
    look = lambda: client.named("escalation_policies", name)  # noqa: E731 - as the modules do
    return client.create("escalation_policies", {"escalation_policy": item}, look)


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_limit_is_waited_for_as_long_as_pagerduty_says(method: str, pager: Pager, slept: Slept) -> None:
    client = client_of(pager, slept)
    made = create(client, pager)
    pager.stand_in.faults = [Fault(429, times=2, method=method, path="/escalation_policies", reset_seconds=7)]
    path = f"escalation_policies/{made['id']}"

    {
        "GET": lambda: client.find(path),
        "POST": lambda: create(client, pager, "Second"),
        "PUT": lambda: client.update(
            path, {"escalation_policy": {"name": "Other", "escalation_rules": made["escalation_rules"]}}
        ),
        "DELETE": lambda: client.delete(path),
    }[method]()

    assert slept.seconds == [7.5, 8.0]


def test_a_limit_without_end_is_given_up(pager: Pager, slept: Slept) -> None:
    pager.stand_in.faults = [Fault(429, times=100)]

    with pytest.raises(ApiError, match=r"^GET /services: 429: Rate Limit Exceeded \(code 2020\)$"):
        client_of(pager, slept).list("services")
    assert len(slept.seconds) == ATTEMPTS - 1
    assert pager.stand_in.faults[0].times == 100 - ATTEMPTS


def test_reading_goes_on_after_an_error(pager: Pager, slept: Slept) -> None:
    pager.stand_in.faults = [Fault(502, times=3)]

    assert client_of(pager, slept).list("services") == []
    assert slept.seconds == [0.5, 1.0, 2.0]


def test_what_was_made_although_the_answer_was_lost_is_not_made_twice(pager: Pager, slept: Slept) -> None:
    pager.stand_in.faults = [Fault(500, times=1, method="POST", after=True)]

    made = create(client_of(pager, slept), pager)

    assert list(pager.stand_in.account.escalation_policies) == [made["id"]]


def test_what_was_not_made_is_tried_again(pager: Pager, slept: Slept) -> None:
    pager.stand_in.faults = [Fault(500, times=1, method="POST")]

    made = create(client_of(pager, slept), pager)

    assert list(pager.stand_in.account.escalation_policies) == [made["id"]]
    assert len(slept.seconds) == 1


def test_what_is_gone_already_is_deleted(pager: Pager, slept: Slept) -> None:
    client = client_of(pager, slept)
    made = create(client, pager)
    pager.stand_in.faults = [Fault(500, times=1, method="DELETE", after=True)]

    client.delete(f"escalation_policies/{made['id']}")

    assert pager.stand_in.account.escalation_policies == {}


def test_all_pages_are_read(pager: Pager, slept: Slept) -> None:
    client = client_of(pager, slept)
    (user,) = client.list("users", query=pager.user)
    for number in range(120):
        pager.stand_in.account.add_user({"name": f"User {number}", "email": f"user-{number}@example.com"})

    assert len(client.list("users")) == 121
    assert client.list("users", query=pager.user) == [user]
