"""Contract cases of config_rules, in a region of their own with a recorder, which rules need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "config"}
REGION, PREFIX = "eu-central-1", "contract-rules-"
SSL = {"name": f"{PREFIX}ssl", "source_identifier": "S3_BUCKET_SSL_REQUESTS_ONLY", "description": "S3.5"}
KEYS = {
    "name": f"{PREFIX}keys",
    "source_identifier": "ACCESS_KEYS_ROTATED",
    "input_parameters": {"maxAccessKeyAge": 90},
    "maximum_execution_frequency": "TwentyFour_Hours",
    "resource_types": ["AWS::IAM::User"],
}


def config_of(boto: Boto) -> Any:
    return boto3.client("config", region_name=REGION, endpoint_url=boto("config").meta.endpoint_url)


def recorder(boto: Boto) -> Mapping[str, Any]:
    role = "arn:aws:iam::123456789012:role/config"
    config_of(boto).put_configuration_recorder(ConfigurationRecorder={"name": "contract-rules", "roleARN": role})
    return {}


def foreign(boto: Boto) -> Callable[[], Any]:
    """A rule whose name begins alike and that is not tagged, and one that carries our tags and is called otherwise."""
    config = config_of(boto)
    source = {"Owner": "AWS", "SourceIdentifier": "S3_BUCKET_SSL_REQUESTS_ONLY"}
    names = (f"{PREFIX}foreign", "contract-other")
    for name, tags in zip(names, ([], [{"Key": key, "Value": value} for key, value in TAGS.items()]), strict=True):
        config.put_config_rule(ConfigRule={"ConfigRuleName": name, "Source": source}, Tags=tags)
    return lambda: config.describe_config_rules(ConfigRuleNames=list(names))["ConfigRules"]


def ssl(**fields: Any) -> dict[str, Any]:
    return {"rules": [{**SSL, **fields}, KEYS]}


def keys(**fields: Any) -> dict[str, Any]:
    return {"rules": [SSL, {**KEYS, **fields}]}


CASES = [
    Case(
        name="config_rules",
        module="config_rules",
        present={"region": REGION, "rules": [SSL, KEYS], "prefix": PREFIX, "purge": True, "tags": TAGS},
        absent={"rules": []},
        prepare=recorder,
        edits={
            "identifier": ssl(source_identifier="S3_BUCKET_LOGGING_ENABLED"),
            "description": ssl(description="Other"),
            "parameters": keys(input_parameters={"maxAccessKeyAge": 30}),
            "frequency": keys(maximum_execution_frequency="One_Hour"),
            "types": keys(resource_types=["AWS::IAM::Role"]),
            "one fewer": {"rules": [SSL]},
            "one more": {"rules": [SSL, KEYS, {**SSL, "name": f"{PREFIX}more"}]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        foreign=foreign,
    ),
    Case(
        name="config_rules by name",
        module="config_rules",
        present={"region": REGION, "rules": [{**SSL, "name": "contract-named"}]},
        absent={"state": "absent"},
        prepare=recorder,
    ),
]
