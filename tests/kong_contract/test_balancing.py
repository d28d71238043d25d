"""Upstreams at work: balancing, failover, active and passive health checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.kong_contract.backend import HEALTH_PATH, Backend, unused_port
from tests.kong_contract.cases import NOT_FOUND, Case, Runner, case, get, put, through
from tests.kong_contract.client import wait_until
from tests.kong_contract.matching import containing
from tests.kong_contract.site import Site

WITHIN_S = 30
ACTIVE = {
    "active": {
        "type": "http",
        "http_path": HEALTH_PATH,
        "timeout": 1,
        "healthy": {"interval": 1, "successes": 1},
        "unhealthy": {"interval": 1, "http_failures": 1, "tcp_failures": 1, "timeouts": 1},
    }
}
HASHED = {"algorithm": "consistent-hashing", "hash_on": "header", "hash_on_header": "X-User-ID"}
SERVING = {
    "even": {"one", "two"},
    "uneven": {"one", "two"},
    "resting": {"one"},
    "named": {"one"},
    "tried": {"one"},
    "active": {"one", "sick"},
    "passive": {"frail", "stable"},
    "manual": {"manual", "spare"},
}
PASSIVE = {"passive": {"unhealthy": {"http_failures": 2}}}


def balanced(site: Site, key: str, targets: Mapping[str, int], **upstream: Any) -> dict[str, Any]:
    """Route `<base>/<key>` to an upstream of these targets with their weights."""
    created = site.create("/upstreams", name=f"{site.name}-{key}", **upstream)
    for target, weight in targets.items():
        site.create(f"/upstreams/{created['id']}/targets", target=target, weight=weight)
    site.route(key, site.service(key, host=created["name"]))
    return created


@pytest.fixture(scope="module")
def backends(new_site: Callable[[], Site]) -> dict[str, Backend]:
    return {}


@pytest.fixture(scope="module")
def site(new_site: Callable[[], Site], backends: dict[str, Backend]) -> Site:
    site = new_site()
    for name in ("one", "two", "sick", "frail", "stable", "manual", "spare"):
        backends[name] = site.backend(name)
    at = {name: backend.address for name, backend in backends.items()}
    site.variables["dead"] = f"127.0.0.1:{unused_port()}"
    site.variables |= {f"{name}_target": address for name, address in at.items()}
    dead = site.variables["dead"]
    balanced(site, "even", {at["one"]: 100, at["two"]: 100})
    balanced(site, "uneven", {at["one"]: 300, at["two"]: 100})
    balanced(site, "resting", {at["one"]: 100, at["two"]: 0})
    balanced(site, "hashed", {at["one"]: 100, at["two"]: 100}, **HASHED)
    balanced(site, "named", {f"localhost:{backends['one'].port}": 100})
    balanced(site, "tried", {at["one"]: 100, dead: 100})
    balanced(site, "active", {at["one"]: 100, at["sick"]: 100, dead: 100}, healthchecks=ACTIVE)
    balanced(site, "passive", {at["frail"]: 100, at["stable"]: 100}, healthchecks=PASSIVE)
    balanced(site, "manual", {at["manual"]: 100, at["spare"]: 100}, healthchecks=PASSIVE)
    site.publish()
    for key, names in SERVING.items():
        await_backends(site, key, names)
    return site


def await_backends(site: Site, key: str, names: set[str]) -> None:
    seen: set[str] = set()

    def all_seen() -> bool:
        answer = site.request("GET", f"/{key}")
        if answer.status == 200:
            seen.add(answer.json["server"])
        return seen >= names

    wait_until(f"{key} serves from {names}", all_seen, WITHIN_S)


def served(site: Site, key: str, times: int, headers: dict[str, str] | None = None) -> Counter[str]:
    """Count which backends answer so many requests, all of which must succeed."""
    answers = [site.request("GET", f"/{key}", headers) for _ in range(times)]
    assert {answer.status for answer in answers} == {200}
    return Counter(answer.json["server"] for answer in answers)


def targets_of(key: str, *wanted: tuple[str, str]) -> Any:
    """Wait until the targets of an upstream are in this health."""
    data = containing(*({"target": target, "health": health} for target, health in wanted))
    return get(f"/upstreams/{{site}}-{key}/health").gives(200, {"data": data}).within(WITHIN_S)


CASES = [
    case(
        "health: off when nothing is checked",
        targets_of("even", ("{one_target}", "HEALTHCHECKS_OFF"), ("{two_target}", "HEALTHCHECKS_OFF")),
    ),
    case(
        "health: the addresses of a target",
        get("/upstreams/{site}-named/health").gives(
            200,
            {
                "next": None,
                "data": [
                    {
                        "target": "localhost:{one_port}",
                        "weight": 100,
                        "data": {
                            "host": "localhost",
                            "port": "{one_port}",
                            "nodeWeight": 100,
                            "weight": {"total": 100, "available": 100, "unavailable": 0},
                            "addresses": [
                                {"ip": "127.0.0.1", "port": "{one_port}", "weight": 100, "health": "HEALTHCHECKS_OFF"}
                            ],
                        },
                    }
                ],
            },
        ),
    ),
    case(
        "health: of the balancer as a whole",
        get("/upstreams/{site}-uneven/health?balancer_health=1").gives(
            200,
            {
                "data": {
                    "health": "HEALTHCHECKS_OFF",
                    "balancer_health": "HEALTHY",
                    "details": {"healthy": True, "weight": {"total": 400, "available": 400, "unavailable": 0}},
                }
            },
        ),
    ),
    case(
        "health: cannot be set when nothing is checked",
        put("/upstreams/{site}-even/targets/{one_target}/unhealthy").gives(
            400, {"message": "no healthchecker found for {site}-even"}
        ),
    ),
    case(
        "health: of a target that is not there cannot be set",
        put("/upstreams/{site}-manual/targets/127.0.0.1:1/healthy").gives(404, NOT_FOUND),
    ),
    case(
        "active: a target that does not listen is unhealthy, the others are healthy",
        targets_of("active", ("{dead}", "UNHEALTHY"), ("{one_target}", "HEALTHY")),
    ),
    case(
        "active: the balancer knows what is available",
        targets_of("active", ("{dead}", "UNHEALTHY"), ("{one_target}", "HEALTHY"), ("{sick_target}", "HEALTHY")),
        get("/upstreams/{site}-active/health?balancer_health=1").gives(
            200,
            {
                "data": {
                    "balancer_health": "HEALTHY",
                    "details": {"weight": {"total": 300, "available": 200, "unavailable": 100}},
                }
            },
        ),
    ),
    case(
        "a request that reaches nothing goes to the next target",
        *[through("GET", "/tried").gives(200, {"server": "one"})] * 6,
    ),
]


def test_balancing(case: Case, run: Runner, site: Site) -> None:
    run(case)


def test_equal_weights_share_equally(site: Site) -> None:
    counts = served(site, "even", 40)
    assert set(counts) == {"one", "two"}
    assert all(15 <= count <= 25 for count in counts.values()), counts


def test_three_times_the_weight_is_three_times_the_share(site: Site) -> None:
    counts = served(site, "uneven", 40)
    assert 24 <= counts["one"] <= 36, counts
    assert counts["two"] == 40 - counts["one"]


def test_a_target_of_weight_0_rests(site: Site) -> None:
    assert served(site, "resting", 10) == {"one": 10}


def test_a_hash_on_a_header_stays_with_its_target(site: Site) -> None:
    wait_until("the upstream serves", lambda: site.request("GET", "/hashed").status == 200, WITHIN_S)
    assert len(served(site, "hashed", 10, {"X-User-ID": "7"})) == 1


def test_different_values_of_the_header_are_spread(site: Site) -> None:
    def spread() -> bool:
        answers = [site.request("GET", "/hashed", {"X-User-ID": str(number)}) for number in range(40)]
        return {answer.json["server"] for answer in answers if answer.status == 200} == {"one", "two"}

    wait_until("both targets serve some values", spread, WITHIN_S)


def test_a_target_may_be_a_name(site: Site) -> None:
    assert served(site, "named", 3) == {"one": 3}


def test_a_failing_health_check_takes_a_target_out_and_a_passing_one_brings_it_back(
    site: Site, run: Runner, backends: dict[str, Backend]
) -> None:
    backends["sick"].health_status = 500
    run.make(targets_of("active", ("{sick_target}", "UNHEALTHY"), ("{one_target}", "HEALTHY")))
    wait_until("the other target serves alone", lambda: served(site, "active", 8) == {"one": 8}, WITHIN_S)
    backends["sick"].health_status = 200
    run.make(targets_of("active", ("{sick_target}", "HEALTHY"), ("{one_target}", "HEALTHY")))
    wait_until("the target serves again", lambda: "sick" in served(site, "active", 4), WITHIN_S)


def test_failing_answers_take_a_target_out_until_it_is_set_healthy(
    site: Site, run: Runner, backends: dict[str, Backend]
) -> None:
    backends["frail"].status = 500
    wait_until(
        "both targets have been asked, and one has failed twice",
        lambda: [site.request("GET", "/passive").status for _ in range(4)] == [200] * 4,
        WITHIN_S,
    )
    run.make(targets_of("passive", ("{frail_target}", "UNHEALTHY"), ("{stable_target}", "HEALTHY")))
    backends["frail"].status = 200
    wait_until("the other target serves alone", lambda: served(site, "passive", 8) == {"stable": 8}, WITHIN_S)
    run.make(put("/upstreams/{site}-passive/targets/{frail_target}/healthy").gives(204, ""))
    wait_until("the target serves again", lambda: "frail" in served(site, "passive", 4), WITHIN_S)


def test_a_target_can_be_taken_out_and_brought_back_by_hand(site: Site, run: Runner) -> None:
    run.make(put("/upstreams/{site}-manual/targets/{manual_target}/unhealthy").gives(204, ""))
    run.make(targets_of("manual", ("{manual_target}", "UNHEALTHY"), ("{spare_target}", "HEALTHY")))
    wait_until("the other target serves alone", lambda: served(site, "manual", 6) == {"spare": 6}, WITHIN_S)
    run.make(put("/upstreams/{site}-manual/targets/{manual_target}/healthy").gives(204, ""))
    run.make(targets_of("manual", ("{manual_target}", "HEALTHY")))
    wait_until("both targets serve", lambda: len(served(site, "manual", 6)) == 2, WITHIN_S)


def test_an_address_of_a_target_can_be_taken_out_by_hand(site: Site, run: Runner) -> None:
    address = "/upstreams/{site}-manual/targets/{spare_target}/{spare_target}"
    run.make(put(f"{address}/unhealthy").gives(204, ""))
    run.make(targets_of("manual", ("{spare_target}", "UNHEALTHY")))
    run.make(put(f"{address}/healthy").gives(204, ""))
    run.make(targets_of("manual", ("{spare_target}", "HEALTHY")))
