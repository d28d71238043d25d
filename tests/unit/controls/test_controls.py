"""Every control tells a world that is as it should be from one that is not, and says so of what it is about."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from ansible_collections.trademaster.platform.plugins.module_utils._controls.catalogue import ALL, CONTROLS
from ansible_collections.trademaster.platform.plugins.module_utils._controls.judge import Finding, judge
from ansible_collections.trademaster.platform.plugins.module_utils._controls.live.world import READERS
from ansible_collections.trademaster.platform.plugins.module_utils._controls.model import ACCOUNT, Resource, World

from . import examples

ROOT = Path(__file__).resolve().parents[3]
# The baseline that the environment is held to.
BASELINE = {
    "EC2": "2 6 10 13 14 15 16 18 19 21 22",
    "RDS": "2 3 4 5 6 8 9 10 11 13 17 18 19 20 21 22 23 25 36 38",
    "ElastiCache": "1 2 3 4 5 7",
    "ECS": "1 2 3 4 5 8 9 10 12",
    "ELB": "1 4 5 6 12 13 16 17 18",
    "ACM": "1 2",
    "WAF": "10 11 12",
    "ECR": "1 2 3",
    "KMS": "1 2 3 4 5",
    "CloudTrail": "1 2 3 4 5 6 7",
    "S3": "1 2 3 5 8 9 12 13 14 17",
    "SecretsManager": "1 2 3 4",
    "SSM": "4",
    "IAM": "1 21",
    "SNS": "1 4",
    "Config": "1",
    "GuardDuty": "1",
}
CIS = {
    "CIS v3": [*(f"3.{n}" for n in range(1, 10)), *(f"5.{n}" for n in range(1, 5))],
    "CIS v5": [f"4.{n}" for n in range(1, 16)],
}


def world(given: examples.World, *, planned: bool = False) -> World:
    made = World()
    for kind, resources in given.items():
        for name, facts in resources.items():
            made.add(Resource(kind, name, facts, planned=planned))
    return made


def findings(control: str, given: World) -> list[Finding]:
    return judge(given, [CONTROLS[control]])


def test_the_whole_baseline_is_covered() -> None:
    wanted = {f"{area}.{number}" for area, numbers in BASELINE.items() for number in numbers.split()}
    wanted |= {f"{catalogue} {number}" for catalogue, numbers in CIS.items() for number in numbers}
    assert set(CONTROLS) == wanted
    assert len(ALL) == len(CONTROLS), "an id is given twice"
    assert set(examples.EXAMPLES) == wanted


@pytest.mark.parametrize("control", sorted(CONTROLS))
def test_a_control_passes_what_is_right(control: str) -> None:
    found = findings(control, world(examples.EXAMPLES[control][0]))
    assert [finding.status for finding in found] == ["passed"], found


@pytest.mark.parametrize("control", sorted(CONTROLS))
def test_a_control_fails_what_is_wrong_with_reason_and_remedy(control: str) -> None:
    (finding,) = findings(control, world(examples.EXAMPLES[control][1]))
    assert finding.status == "failed"
    assert finding.reason
    assert finding.remedy


@pytest.mark.parametrize("control", [control.id for control in ALL if control.kind != ACCOUNT])
def test_a_control_about_nothing_is_not_passed(control: str) -> None:
    (finding,) = findings(control, World())
    assert finding.status == "not_applicable"
    assert "there is no" in finding.reason


def test_what_needs_another_role_fails_until_it_is_there() -> None:
    empty = world({ACCOUNT: {"123456789012": {}}})
    account = [control for control in ALL if control.kind == ACCOUNT and not control.id.startswith("RDS")]
    assert {finding.status for finding in judge(empty, account)} == {"failed"}


@pytest.mark.parametrize("control", ALL, ids=lambda control: control.id)
def test_nothing_passes_that_could_not_be_read(control: object) -> None:
    one = CONTROLS[control.id]  # type: ignore[attr-defined]
    for kind in (one.kind, *one.reads):
        blind = world(examples.EXAMPLES[one.id][0])
        blind.unreadable = {kind: "AccessDenied"}
        (finding,) = judge(blind, [one])
        assert (finding.status, "AccessDenied" in finding.reason) == ("failed", True)


def test_readers_know_every_kind_that_controls_look_at() -> None:
    read = {kind for kinds in READERS.values() for kind in kinds}
    assert {kind for control in ALL for kind in (control.kind, *control.reads)} <= read


def test_remedies_name_variables_that_there_are() -> None:
    specs = list((ROOT / "roles").glob("*/meta/argument_specs.yml"))
    roles = tuple(f"{spec.parents[1].name}_" for spec in specs)
    points = [point for spec in specs for point in yaml.safe_load(spec.read_text())["argument_specs"].values()]
    known = {option for point in points for option in point.get("options", {})}
    named = {word for control in ALL for word in re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", control.remedy)}
    assert {word for word in named if word.startswith(roles)} <= known | {role[:-1] for role in roles}


def test_what_is_only_planned_is_not_blamed_for_what_shows_later() -> None:
    for control in ("EC2.22", "ACM.1", "SecretsManager.3"):
        (finding,) = findings(control, world(examples.EXAMPLES[control][1], planned=True))
        assert (finding.status, finding.reason) == ("not_applicable", "shows only once it is there")
