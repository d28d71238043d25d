"""When scenarios begin, are repaired and are over, and what the pager's incidents say of them."""

from __future__ import annotations

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput
from ansible_collections.trademaster.platform.plugins.module_utils._drill.timeline import (
    Incident,
    Limits,
    Run,
    Scenario,
    chosen,
    finish,
    repairable,
    rows,
    startable,
    strangers,
    table,
)

LIMITS = Limits(page=60, resolve=120)


def scenario(name: str, *alerts: str, beside: str = "") -> Scenario:
    return Scenario(name, {"kind": "nothing"}, alerts or (f"{name.title()}Down",), beside=beside)


def incident(title: str, *, resolved: bool = False) -> Incident:
    return Incident(title.replace(" ", "-"), title, resolved)


@pytest.mark.parametrize(
    ("title", "alert", "about"),
    [
        ("DatabaseDown in staging: PostgreSQL does not answer", "DatabaseDown", True),
        ("DatabaseDownAgain in staging", "DatabaseDown", False),
        ('ALARM: "trademaster-staging-heartbeat" in US East', "trademaster-staging-heartbeat", True),
        ("trademaster-staging-heartbeat-2: missing", "trademaster-staging-heartbeat", False),
        ("", "DatabaseDown", False),
    ],
)
def test_an_incident_is_about_the_alert_that_its_title_names(title: str, alert: str, about: bool) -> None:
    assert Incident("P1", title, False).is_about(alert) is about


def test_scenarios_are_chosen_by_name() -> None:
    offered = [scenario("a"), scenario("b")]
    assert chosen(offered, None) == offered
    assert chosen(offered, ["b"]) == [offered[1]]
    assert chosen(offered, []) == []
    with pytest.raises(InvalidInput, match="'c' is none that this environment offers: a, b"):
        chosen(offered, ["c"])


@pytest.mark.parametrize(
    ("groups", "active", "started"),
    [
        (["", ""], 0, [0]),
        (["x", "x"], 0, [0, 1]),
        (["x", "y"], 0, [0]),
        (["", ""], 1, []),
        (["x", "x"], 1, [1]),
        (["x", "", "x"], 1, []),
    ],
)
def test_only_scenarios_that_do_not_disturb_each_other_run_together(
    groups: list[str], active: int, started: list[int]
) -> None:
    runs = [Run(scenario(f"s{number}", beside=group)) for number, group in enumerate(groups)]
    for run in runs[:active]:
        run.phase = "injected"
    assert [runs.index(run) for run in startable(runs)] == started


def test_a_run_notes_when_the_pager_is_told_and_told_that_it_is_over() -> None:
    run = Run(scenario("database"), phase="injected", injected_at=100)
    assert run.observe([incident("GatewayDown in test")], 110) == []
    assert run.missing == ["DatabaseDown"]
    (said,) = run.observe([incident("DatabaseDown in test")], 123)
    assert said == "database: DatabaseDown has reached the pager after 23 s"
    assert repairable([run], LIMITS, 124) == [run]
    run.phase, run.restored_at = "restored", 130
    finish([run], LIMITS, 131)
    assert run.phase == "restored"
    assert len(run.observe([incident("DatabaseDown in test", resolved=True)], 170)) == 1
    finish([run], LIMITS, 170)
    assert (run.phase, run.problem) == ("over", "")
    assert rows([run]) == [
        {
            "scenario": "database",
            "alert": "DatabaseDown",
            "paged_seconds": 23,
            "resolved_seconds": 40,
            "ok": True,
            "problem": "",
        }
    ]


def test_a_page_that_does_not_come_is_waited_for_no_longer_than_agreed() -> None:
    run = Run(scenario("service", "AuthServiceDown", "GatewayDown"), phase="injected")
    run.observe([incident("GatewayDown in test")], 5)
    assert repairable([run], LIMITS, 59) == []
    assert repairable([run], LIMITS, 60) == [run]
    run.phase, run.restored_at = "restored", 60
    run.observe([incident("GatewayDown in test", resolved=True)], 65)
    finish([run], LIMITS, 65)
    assert run.problem == "AuthServiceDown did not reach the pager within 60 s"
    assert table(rows([run]))[1:] == [
        "service   AuthServiceDown  never        never           AuthServiceDown did not reach the pager within 60 s",
        "service   GatewayDown      5 s          5 s             ok",
    ]


def test_an_incident_that_stays_open_is_a_problem() -> None:
    run = Run(scenario("service"), phase="restored", paged_at={"ServiceDown": 1}, incidents={"ServiceDown": "P1"})
    finish([run], LIMITS, 119)
    assert run.phase == "restored"
    finish([run], LIMITS, 120)
    assert run.problem == "ServiceDown was not resolved within 120 s"


def test_incidents_that_nobody_asked_for_are_told() -> None:
    run = Run(scenario("database"), phase="injected")
    asked, other = incident("DatabaseDown in test"), incident("ProbeFailing in test")
    run.observe([asked, other], 1)
    assert strangers([run], [asked, other]) == ["ProbeFailing in test"]


def test_one_incident_is_not_taken_for_that_of_two_runs_one_after_the_other() -> None:
    """A run that begins later looks for an incident of its own; the caller hands on all that were opened."""
    first = Run(scenario("once"), phase="injected")
    first.observe([incident("OnceDown in test")], 1)
    first.phase = "restored"
    assert first.observe([incident("OnceDown in test")], 2) == []
