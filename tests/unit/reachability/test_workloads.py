"""Workloads that are declared, beside those that run."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.intervals import addresses
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.model import (
    Configuration,
    RouteTable,
    SecurityGroup,
    Subnet,
    Workload,
)
from ansible_collections.trademaster.platform.plugins.module_utils._reachability.workloads import with_workloads

DECLARED: list[dict[str, Any]] = [
    {
        "name": "load-balancer",
        "kind": "load balancer",
        "tier": "public",
        "public": True,
        "listens": [80, 443],
        "forwards": [{"workload": "kong", "port": 8000}],
    },
    {"name": "kong", "tier": "public"},
]


def left(*running: Workload) -> Configuration:
    """What a run has left that was cut short."""
    return Configuration(
        addresses=addresses("10.0.0.0/16"),
        subnets={"net-public-a": Subnet("net-public-a", addresses("10.0.0.0/24"), "rt", "acl", zone="a")},
        tables={"rt": RouteTable("rt", ())},
        acls={},
        groups={name: SecurityGroup(name, (), ()) for name in ("load-balancer", "kong")},
        nats={},
        workloads={workload.name: workload for workload in running},
    )


def balancer(**fields: Any) -> Workload:
    return Workload("net-alb", ("load-balancer",), ("net-public-a",), "load balancer", public=True, **fields)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("no listener yet", balancer()),
        ("no service behind it yet", balancer(listens=(80, 443))),
        ("something of its own", balancer(listens=(8443,), forwards=(("other", 9000),))),
    ],
)
def test_a_plan_finishes_what_was_left_half_made(name: str, found: Workload) -> None:
    made = with_workloads(left(found), "net", DECLARED, planned=True).workloads["net-alb"]
    assert {80, 443, *found.listens} == set(made.listens), name
    assert {("kong", 8000), *found.forwards} == set(made.forwards), name


def test_what_is_there_counts_as_it_is_there() -> None:
    made = with_workloads(left(balancer(listens=(80,))), "net", DECLARED, planned=False).workloads
    assert made["net-alb"] == balancer(listens=(80,))
    assert "load-balancer" not in made


def test_what_does_not_run_stands_for_itself() -> None:
    made = with_workloads(left(), "net", DECLARED, planned=False).workloads
    assert (made["load-balancer"].listens, made["load-balancer"].assumed) == ((80, 443), True)
    assert made["kong"].subnets == ("net-public-a",)
