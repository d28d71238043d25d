"""What IAM allows, as a table: statement, what is asked, whether it may be."""

from __future__ import annotations

from typing import Any

import pytest

from permissions.evaluation import Asked, allowed

VPC = "arn:aws:ec2:us-east-1:123456789012:vpc/vpc-1"
TAGGED = {"aws:ResourceTag/Environment": "local"}


def statement(action: str = "ec2:DeleteVpc", resource: str = "*", effect: str = "Allow", **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


@pytest.mark.parametrize(
    ("statements", "asked", "may"),
    [
        ([], Asked("ec2:DeleteVpc", VPC), False),
        ([statement()], Asked("ec2:DeleteVpc", VPC), True),
        ([statement()], Asked("ec2:deletevpc", VPC), True),
        ([statement()], Asked("ec2:DeleteSubnet", VPC), False),
        ([statement("ec2:Delete*")], Asked("ec2:DeleteSubnet", VPC), True),
        ([statement(), statement(effect="Deny")], Asked("ec2:DeleteVpc", VPC), False),
        ([statement(resource="arn:aws:ec2:*:*:vpc/*")], Asked("ec2:DeleteVpc", VPC), True),
        ([statement(resource="arn:aws:ec2:*:*:subnet/*")], Asked("ec2:DeleteVpc", VPC), False),
        ([statement(resource="arn:aws:ec2:*:*:vpc/vpc-?")], Asked("ec2:DeleteVpc", VPC), True),
        # A list of everything is more than what is ours.
        ([statement(resource="arn:aws:rds:::db:ours-*")], Asked("ec2:DeleteVpc", "arn:aws:rds:::db:*"), False),
        ([statement(Condition={"StringEquals": TAGGED})], Asked("ec2:DeleteVpc", VPC, TAGGED), True),
        ([statement(Condition={"StringEquals": TAGGED})], Asked("ec2:DeleteVpc", VPC), False),
        (
            [statement(Condition={"StringEquals": TAGGED})],
            Asked("ec2:DeleteVpc", VPC, {"aws:ResourceTag/Environment": "other"}),
            False,
        ),
        ([statement(Condition={"StringEqualsIfExists": TAGGED})], Asked("ec2:DeleteVpc", VPC), True),
        (
            [statement(Condition={"StringEqualsIfExists": TAGGED})],
            Asked("ec2:DeleteVpc", VPC, {"aws:ResourceTag/Environment": "other"}),
            False,
        ),
        ([statement(Condition={"Null": {"aws:ResourceTag/A": "true"}})], Asked("ec2:DeleteVpc", VPC), True),
        ([statement(Condition={"Null": {"aws:ResourceTag/A": "false"}})], Asked("ec2:DeleteVpc", VPC), False),
        (
            [statement("iam:PassRole", Condition={"StringEquals": {"iam:PassedToService": ["a", "b"]}})],
            Asked("iam:PassRole", "r", {"iam:PassedToService": "b"}),
            True,
        ),
    ],
)
def test_a_request_is_allowed_or_not(statements: list[dict[str, Any]], asked: Asked, may: bool) -> None:
    assert allowed([{"Version": "2012-10-17", "Statement": statements}], asked) is may


def test_an_operator_that_is_not_known_is_never_taken_as_met() -> None:
    unknown = [{"Statement": [statement(Condition={"NumericLessThan": {"a": "1"}})]}]
    with pytest.raises(NotImplementedError, match="NumericLessThan"):
        allowed(unknown, Asked("ec2:DeleteVpc", VPC))
