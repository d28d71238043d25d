"""Contract cases of sns_topics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "sns"}
PAGER, REPORTS, FOREIGN = "contract-sns-pager", "contract-sns-reports", "contract-sns-foreign"
KEYS = ("alias/contract-sns", "alias/contract-sns-other")
SECRET = "contract-sns/integration-key"
VALUE = "R0A1S2E3C4R5E6T7-integration"
QUEUE = "arn:aws:sqs:us-east-1:123456789012:contract-sns"
WEB = {"protocol": "https", "endpoint": "https://127.0.0.1:9/integration/{secret}/enqueue", "endpoint_secret": SECRET}
MAIL = {"protocol": "email", "endpoint": "operations@example.com"}
SQS = {"protocol": "sqs", "endpoint": QUEUE}


def policy(service: str) -> dict[str, Any]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sns:Publish",
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


ALARMS = {
    "name": PAGER,
    "display_name": "Pager",
    "kms_master_key_id": KEYS[0],
    "policy": policy("cloudwatch.amazonaws.com"),
    "subscriptions": [WEB, SQS],
}
PLAIN = {"name": REPORTS}


def surroundings(boto: Boto) -> Mapping[str, Any]:
    """Two keys known by their aliases, and the secret of the endpoint."""
    kms, secrets = boto("kms"), boto("secretsmanager")
    there = {alias["AliasName"] for alias in kms.list_aliases()["Aliases"]}
    for alias in set(KEYS) - there:
        kms.create_alias(AliasName=alias, TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    for name, value in ((SECRET, VALUE), (f"{SECRET}-rotated", f"{VALUE}-rotated")):
        if not secrets.list_secrets(Filters=[{"Key": "name", "Values": [name]}])["SecretList"]:
            secrets.create_secret(Name=name, SecretString=value)
    return {}


def foreign(boto: Boto) -> Callable[[], Any]:
    """A topic that is named for removal and not ours, and one with our tags that is not named."""
    sns = boto("sns")
    arns = [
        sns.create_topic(Name=FOREIGN)["TopicArn"],
        sns.create_topic(Name=f"{PAGER}-too", Tags=[{"Key": k, "Value": v} for k, v in TAGS.items()])["TopicArn"],
    ]
    return lambda: [sns.get_topic_attributes(TopicArn=arn)["Attributes"] for arn in arns]


def pager(**fields: Any) -> dict[str, Any]:
    return {"topics": [{**ALARMS, **fields}, PLAIN]}


CASES = [
    Case(
        name="sns_topics",
        module="sns_topics",
        present={"topics": [ALARMS, PLAIN], "tags": TAGS},
        absent={"topics": [ALARMS, PLAIN, {"name": FOREIGN}], "state": "absent"},
        prepare=surroundings,
        edits={
            "display name": pager(display_name="Other"),
            "key": pager(kms_master_key_id=KEYS[1]),
            "no key": pager(kms_master_key_id=""),
            "policy": pager(policy=policy("events.amazonaws.com")),
            "one subscription more": pager(subscriptions=[WEB, SQS, {**SQS, "endpoint": f"{QUEUE}-too"}]),
            "one subscription fewer": pager(subscriptions=[WEB]),
            "one more": {"topics": [ALARMS, PLAIN, {"name": f"{REPORTS}-more"}]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        foreign=foreign,
        secrets=(VALUE,),
    ),
    Case(
        name="sns_topics with endpoints that wait to be confirmed",
        module="sns_topics",
        present={"topics": [{"name": "contract-sns-waiting", "subscriptions": [WEB]}], "tags": TAGS},
        absent={"state": "absent"},
        prepare=surroundings,
        edits={
            "secret": {
                "topics": [
                    {
                        "name": "contract-sns-waiting",
                        "subscriptions": [{**WEB, "endpoint_secret": f"{SECRET}-rotated"}],
                    }
                ]
            },
            "mail": {"topics": [{"name": "contract-sns-waiting", "subscriptions": [WEB, MAIL]}]},
        },
        secrets=(VALUE,),
    ),
]
