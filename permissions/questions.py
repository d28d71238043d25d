"""What a call asks IAM: actions, the resources they are about, and what conditions can be held against."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from permissions import catalogue
from permissions.calls import Call
from permissions.catalogue import Kind, data
from permissions.evaluation import Asked

_ROLE = re.compile(r"arn:[\w-]+:iam::\d*:role/.+")
# Which service a role is handed to, by the client whose operation hands it over.
_PASSED = {
    "config": "config.amazonaws.com",
    "cloudtrail": "cloudtrail.amazonaws.com",
    "ec2": "vpc-flow-logs.amazonaws.com",
    "ecs": "ecs-tasks.amazonaws.com",
    "lambda": "lambda.amazonaws.com",
    "rds": "monitoring.rds.amazonaws.com",
}
_TAG_LISTS = ("Tags", "tags", "TagList", "TagsList", "tagList")
# Ends an ARN that a call does not tell, and stands for any.
NEW = "new-as-yet"


@dataclass(frozen=True)
class Account:
    """Where the calls go. `tags` and `path` answer for what is there: tags by ARN, and the path of a role by name."""

    number: str
    tags: Callable[[str], Mapping[str, str]]
    path: Callable[[str], str]
    partition: str = "aws"


def questions(call: Call, account: Account) -> list[Asked]:
    """All that has to be allowed for the call to be."""
    asked = [
        one for action in catalogue.actions_of(call.client, call.operation) for one in _about(action, call, account)
    ]
    return [*asked, *_passed(call)]


def _about(action: str, call: Call, account: Account) -> Iterator[Asked]:
    if service := call.parameters.get("AWSServiceName"):
        # The service names the role; its path tells the service.
        role = f"arn:{account.partition}:iam::{account.number}:role/aws-service-role/{service}/{NEW}"
        yield Asked(action, role, {"iam:AWSServiceName": str(service)})
        return
    kinds = catalogue.kinds(action)
    found = {kind: list(_resources(kind, call, account)) for kind in kinds}
    if not kinds:
        yield Asked(action, "*", _request_tags(call))
    elif any(found.values()):
        for kind, arns in found.items():
            for arn in arns:
                yield Asked(action, arn, _context(arn, kind, call, account))
    else:
        # All of the kind that the environment could own: lists are about these.
        ours = next((kind for kind in kinds if kind.key in data("resources")), None)
        template = data("resources")[ours.key]["arn"] if ours else "*"
        yield Asked(action, _filled(template, "*", call, account), _request_tags(call) | _cluster(call, account))


def _resources(kind: Kind, call: Call, account: Account) -> Iterator[str]:
    """ARNs of the resources of a kind that a call is about."""
    about = data("resources").get(kind.key)
    if about is None:
        return
    if matching := sorted({text for text in _texts(call.parameters) if _is_of(text, about["arn"])}):
        yield from matching
        return
    names = next((call.parameters[name] for name in about["from"] if call.parameters.get(name)), None)
    if names is not None:
        for name in names if isinstance(names, list) else [names]:
            yield _filled(about["arn"], str(name), call, account)
    elif kind.created and (kind.required or _request_tags(call)):
        yield _filled(about["arn"], NEW, call, account)


def _is_of(text: str, template: str) -> bool:
    """Whether a text is an ARN of the kind that a template is of: of its service, with its word before the name."""
    parts, wanted = text.split(":", 5), template.split(":", 3)
    return len(parts) == 6 and parts[2] == wanted[0] and parts[5].startswith(wanted[3].partition("{")[0])


def _filled(template: str, name: str, call: Call, account: Account) -> str:
    if template == "*":
        return template
    given = call.parameters
    short = name.rpartition("/")[2] if template.startswith(("route53", "ecs", "kms")) else name
    return f"arn:{account.partition}:" + template.replace("{}", short).format(
        region=call.region,
        account=account.number,
        cluster=str(given.get("cluster") or "default").rpartition("/")[2],
        key=str(given.get("Key") or "*"),
        quotas_of=str(given.get("ServiceCode") or "*"),
        path=str(given.get("Path") or account.path(name)) if "{path}" in template else "/",
    )


def _context(arn: str, kind: Kind, call: Call, account: Account) -> dict[str, str]:
    context = _request_tags(call)
    if call.client == "iam" and "PolicyArn" in call.parameters:
        context["iam:PolicyARN"] = str(call.parameters["PolicyArn"])
    if kind.key in data("scopes")["tagged"] and not arn.endswith(NEW):
        context |= {f"aws:ResourceTag/{name}": value for name, value in account.tags(arn).items()}
    return context


def _cluster(call: Call, account: Account) -> dict[str, str]:
    """The cluster that a call of ECS is about, which conditions may name."""
    if call.client != "ecs":
        return {}
    return {
        "ecs:cluster": _filled(
            data("resources")["ecs:cluster"]["arn"], str(call.parameters.get("cluster") or "default"), call, account
        )
    }


def _request_tags(call: Call) -> dict[str, str]:
    tags: dict[str, str] = {}
    for source in (call.parameters, *(call.parameters.get("TagSpecifications") or [])):
        for name in _TAG_LISTS:
            tags |= _pairs(source.get(name))
    return {f"aws:RequestTag/{name}": value for name, value in tags.items()}


def _pairs(tags: Any) -> dict[str, str]:
    if isinstance(tags, Mapping):
        return {str(name): str(value) for name, value in tags.items()}
    pairs = [{name.lower().removeprefix("tag"): value for name, value in tag.items()} for tag in tags or []]
    return {str(pair["key"]): str(pair.get("value", "")) for pair in pairs}


def _passed(call: Call) -> Iterator[Asked]:
    if call.client in ("iam", "sts"):
        return
    for arn in sorted({text for text in _texts(call.parameters) if _ROLE.fullmatch(text)}):
        yield Asked(
            "iam:PassRole", arn, {"iam:PassedToService": _PASSED.get(call.client, f"{call.client}.amazonaws.com")}
        )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
