"""Waivers accept what they name, until a day; what a run would change is judged like what is there."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._controls.catalogue import ALL, CONTROLS
from ansible_collections.trademaster.platform.plugins.module_utils._controls.judge import (
    Finding,
    Verdict,
    judge,
    waive,
    waivers,
)
from ansible_collections.trademaster.platform.plugins.module_utils._controls.model import Resource, World
from ansible_collections.trademaster.platform.plugins.module_utils._controls.planned import overlaid
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

TODAY = date(2026, 11, 23)
FAILED = Finding("RDS.2", "Closed", "db_instance main", "failed", "is publicly accessible", "close it")
WAIVER = {"control": "RDS.2", "resource": "main", "reason": "It holds nothing but test data", "expires": "2026-11-23"}


def waived(*given: dict[str, str], all_used: bool = True) -> Verdict:
    return waive([FAILED], waivers(given, CONTROLS), TODAY, all_used=all_used)


@pytest.mark.parametrize("resource", ["main", "*", "db_instance main", "db_instance *", "ma*"])
def test_a_waiver_holds_until_its_last_day_for_what_it_names(resource: str) -> None:
    verdict = waived({**WAIVER, "resource": resource})

    assert [finding.status for finding in verdict.findings] == ["waived"]
    assert verdict.findings[0].waiver == {**WAIVER, "resource": resource}
    assert (verdict.failed, verdict.problems) == ([], [])


def test_an_expired_waiver_waives_nothing_and_is_told() -> None:
    verdict = waived({**WAIVER, "expires": "2026-11-22"})

    assert [finding.status for finding in verdict.findings] == ["failed"]
    assert verdict.problems == ["waiver of RDS.2 for main expired on 2026-11-22"]


@pytest.mark.parametrize("change", [{"resource": "other"}, {"control": "RDS.3"}])
def test_a_waiver_of_nothing_is_told(change: dict[str, str]) -> None:
    verdict = waived({**WAIVER, **change})

    assert len(verdict.failed) == 1
    assert ["waives nothing" in problem for problem in verdict.problems] == [True]
    assert waived({**WAIVER, **change}, all_used=False).problems == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"control": "RDS.99"}, "is no control"),
        ({"reason": "because"}, "says too little"),
        ({"expires": "soon"}, "is no date"),
        ({"expires": "2026-02-30"}, "is no date"),
    ],
)
def test_a_waiver_that_says_too_little_is_refused(change: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidInput, match=told) as caught:
        waivers([{**WAIVER, **change}], CONTROLS)
    assert str(caught.value).startswith(f"waivers[0].{next(iter(change))}")


def test_controls_count_by_the_worst_of_their_findings() -> None:
    passed = Finding("RDS.2", "Closed", "db_instance other", "passed")
    elsewhere = Finding("RDS.3", "Encrypted", "db_instance main", "passed")
    verdict = waive([passed, FAILED, elsewhere], [], TODAY, all_used=True)

    assert verdict.counts() == {"passed": 2, "failed": 1, "waived": 0, "not_applicable": 0}
    assert verdict.by_control() == {"passed": 1, "failed": 1, "waived": 0, "not_applicable": 0}


# -- what a run would bring about -------------------------------------------------------------------------


def live(**facts: Any) -> World:
    world = World()
    world.add(Resource("db_instance", "main", facts))
    return world


def verdicts(world: World, control: str) -> dict[str, str]:
    return {finding.resource: finding.status for finding in judge(world, [CONTROLS[control]])}


def test_a_public_database_fails_before_there_is_one() -> None:
    diff = {
        "before": {},
        "after": {"db_instance main": {"publicly_accessible": True, "kms_key_id": "(known after apply)"}},
    }

    assert verdicts(overlaid(World(), [diff]), "RDS.2") == {"db_instance main": "failed"}
    assert verdicts(World(), "RDS.2") == {"db_instance": "not_applicable"}


def test_a_change_counts_for_the_fields_that_it_changes() -> None:
    before = live(publicly_accessible=False, storage_encrypted=True)
    change = {
        "before": {"db_instance main": {"publicly_accessible": False}},
        "after": {"db_instance main": {"publicly_accessible": True}},
    }
    after = overlaid(before, [change])

    assert verdicts(after, "RDS.2") == {"db_instance main": "failed"}
    assert verdicts(after, "RDS.3") == {"db_instance main": "passed"}
    assert verdicts(before, "RDS.2") == {"db_instance main": "passed"}, "what is there was changed"


def test_what_is_going_to_be_deleted_is_not_judged() -> None:
    gone = overlaid(live(publicly_accessible=True), [{"before": {"db_instance main": {}}, "after": {}}])
    assert verdicts(gone, "RDS.2") == {"db_instance": "not_applicable"}


def test_rules_that_a_planned_group_brings_along_are_judged() -> None:
    state = {"rules": ["ingress tcp 22-22 0.0.0.0/0", "ingress tcp 443-443 10.0.0.0/16", "egress -1 0.0.0.0/0"]}
    world = overlaid(World(), [{"before": {}, "after": {"security_group web": state}}])
    assert verdicts(world, "EC2.13") == {"security_group web": "failed"}
    assert verdicts(world, "EC2.14") == {"security_group web": "passed"}


def test_a_firewall_is_planned_for_a_load_balancer_whose_address_is_not_known() -> None:
    balancer = {"before": {}, "after": {"load_balancer main": {"scheme": "internet-facing"}}}
    firewall = {"before": {}, "after": {"association acl (known after apply)": {"resource_arn": "(known after apply)"}}}

    assert verdicts(overlaid(World(), [balancer]), "ELB.16") == {"load_balancer main": "failed"}
    assert verdicts(overlaid(World(), [balancer, firewall]), "ELB.16") == {"load_balancer main": "passed"}


@pytest.mark.parametrize("diff", [{}, {"before": "text", "after": "other text"}, {"after": {"path": "/tmp"}}])
def test_diffs_of_other_modules_are_no_resources(diff: dict[str, Any]) -> None:
    assert overlaid(World(), [diff]).resources == {}


def test_every_control_has_its_own_words() -> None:
    assert all(control.title and control.remedy for control in ALL)
