"""An environment is judged by what carries its tags, without a write, and by what a run would change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.contract.case import Boto
from tests.contract.harness import Run, run_module

PUBLIC = {"before": {}, "after": {"db_instance open": {"publicly_accessible": True}}}


class Stage:
    """A network with a door open, and beside it another's with the same, which is not ours to judge."""

    def __init__(self, boto: Boto) -> None:
        self.name, self.ec2 = f"controls-{uuid4().hex[:8]}", boto("ec2")
        self.tags = {"Project": "controls", "Environment": self.name}
        self.vpcs = [self.network("ours", self.tags), self.network("theirs", {"Project": "controls"})]
        self.secret = boto("secretsmanager").create_secret(
            Name=f"{self.name}/secret", SecretString="never-shown-value", Tags=listed(self.tags)
        )

    def network(self, name: str, tags: dict[str, str]) -> str:
        specifications = [{"ResourceType": "vpc", "Tags": listed({**tags, "Name": name})}]
        vpc = self.ec2.create_vpc(CidrBlock="10.85.0.0/16", TagSpecifications=specifications)["Vpc"]["VpcId"]
        group = self.ec2.create_security_group(GroupName=f"{name}-door", Description="open", VpcId=vpc)["GroupId"]
        self.ec2.authorize_security_group_ingress(
            GroupId=group,
            IpPermissions=[{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}],
        )
        return str(vpc)

    def judge(self, *controls: str, check: bool = False, **options: Any) -> Run:
        given = {"name": self.name, "tags": self.tags, **({"controls": list(controls)} if controls else {})}
        return run_module("security_controls", {**given, **options}, check=check)


def listed(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


@pytest.fixture
def stage(boto: Boto) -> Iterator[Stage]:
    made = Stage(boto)
    yield made
    boto("secretsmanager").delete_secret(SecretId=made.secret["ARN"], ForceDeleteWithoutRecovery=True)
    for vpc in made.vpcs:
        groups = made.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
        for group in groups:
            if group["GroupName"] != "default":
                made.ec2.delete_security_group(GroupId=group["GroupId"])
        made.ec2.delete_vpc(VpcId=vpc)


def found(run: Run, control: str) -> dict[str, str]:
    assert not run.answer.get("failed"), run.answer.get("msg")
    return {one["resource"]: one["status"] for one in run.answer["findings"] if one["control"] == control}


@pytest.mark.parametrize("check", [False, True])
def test_everything_is_judged_and_nothing_written(stage: Stage, check: bool) -> None:
    run = stage.judge(check=check)

    assert found(run, "EC2.13") == {"security_group ours-door": "failed"}
    assert found(run, "EC2.6") == {"vpc ours": "failed"}
    assert found(run, "RDS.2") == {"db_instance": "not_applicable"}
    assert not [one for one in run.answer["findings"] if "could not be read" in one["reason"]]
    assert (run.changed, run.calls.writes) == (False, [])
    assert "never-shown-value" not in run.output
    assert sum(run.answer["controls"].values()) == len({one["control"] for one in run.answer["findings"]})
    assert len(run.answer["failures"]) == run.answer["counts"]["failed"]


def test_what_would_be_changed_is_judged_before_it_is(stage: Stage) -> None:
    run = stage.judge("RDS.2", check=True, planned_changes=[PUBLIC])

    assert found(run, "RDS.2") == {"db_instance open": "failed"}
    assert run.answer["failures"][0].startswith("RDS.2: db_instance open is publicly accessible")


def test_waivers_are_applied_and_checked(stage: Stage) -> None:
    waiver = {"control": "EC2.13", "resource": "ours-*", "reason": "The door leads to a test", "expires": "2999-12-31"}
    left_over = {**waiver, "control": "EC2.14"}

    run = stage.judge(waivers=[waiver, left_over])
    assert found(run, "EC2.13") == {"security_group ours-door": "waived"}
    assert run.answer["problems"] == ["waiver of EC2.14 for ours-* waives nothing: take it out"]
    refused = stage.judge(waivers=[{**waiver, "control": "EC2.99"}]).answer
    assert refused["failed"]
    assert refused["msg"].startswith("waivers[0].control: 'EC2.99' is no control")


@pytest.mark.parametrize(("option", "value"), [("tags", {}), ("controls", ["RDS.99"])])
def test_options_that_say_nothing_are_refused(stage: Stage, option: str, value: Any) -> None:
    refused = stage.judge(**{option: value}).answer
    assert refused["failed"]
    assert refused["msg"].startswith(option)


def test_what_may_not_be_read_fails(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_GUARDDUTY", "http://127.0.0.1:9")
    run = stage.judge("GuardDuty.1", "EC2.13")

    assert found(run, "GuardDuty.1") == {"detector": "failed"}
    assert found(run, "EC2.13") == {"security_group ours-door": "failed"}
