"""The local cloud that the other scenarios share is up and answers as AWS does."""

import boto3


def test_the_aws_api_knows_its_caller() -> None:
    identity = boto3.client("sts").get_caller_identity()

    assert identity["Account"].isdigit()
