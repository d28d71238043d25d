"""What IAM knows about actions: the data that policy_sentry keeps of AWS's own reference, and what is not in it."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from policy_sentry.shared.iam_data import get_service_prefix_data

DATA = Path(__file__).parent / "data"

_REQUEST_TAG = "aws:RequestTag/${TagKey}"
_RESOURCE_TAG = "aws:ResourceTag/${TagKey}"


class UnknownAction(LookupError):
    """IAM has no such action."""


@dataclass(frozen=True)
class Kind:
    """A kind of resource that an action is about."""

    service: str
    name: str
    required: bool
    created: bool  # by the action: it has tags of the request, and none of its own yet
    tagged: bool  # tags of its own can be a condition

    @property
    def key(self) -> str:
        return f"{self.service}:{self.name}"


@functools.cache
def data(name: str) -> dict[str, Any]:
    return dict(yaml.safe_load((DATA / f"{name}.yml").read_text()))


def actions_of(client: str, operation: str) -> list[str]:
    """The actions that an operation of a botocore client asks for, without what these ask for in turn."""
    prefix = data("actions")["prefixes"].get(client, client)
    named = data("actions")["operations"].get(client, {}).get(operation, operation)
    names = [named] if isinstance(named, str) else named
    return [name if ":" in name else f"{prefix}:{name}" for name in names]


def with_dependents(actions: Iterable[str]) -> set[str]:
    """The actions and all that they ask for besides, to the end."""
    found: set[str] = set()
    todo = list(actions)
    while todo:
        action = todo.pop()
        if action not in found:
            found.add(action)
            todo += _dependents(action)
    return found


def _dependents(action: str) -> Iterator[str]:
    for about in _types(action).values():
        for dependent in about["dependent_actions"]:
            # "ec2:Describe*" and the like only announce what is named besides.
            if dependent not in data("dependents")["without"] and "*" not in dependent:
                yield dependent
    yield from data("dependents")["besides"].get(action, [])


@functools.cache
def kinds(action: str) -> list[Kind]:
    """The kinds of resources that a policy can name for an action; none, where AWS knows it for all resources only."""
    service = action.partition(":")[0]
    resources = get_service_prefix_data(service)["resources"]
    return [
        Kind(
            service=service,
            name=name.rstrip("/"),
            required=bool(about["required"]),
            created=_REQUEST_TAG in about["condition_keys"] and _RESOURCE_TAG not in about["condition_keys"],
            tagged=_RESOURCE_TAG in resources.get(name, {}).get("condition_keys", []),
        )
        for name, about in _types(action).items()
        if name
    ]


def takes_tags(action: str) -> bool:
    """Whether the tags of a request can be a condition, whatever it is about."""
    return _REQUEST_TAG in _types(action).get("", {}).get("condition_keys", [])


def access_level(action: str) -> str:
    """List, Read, Write, Tagging or Permissions management."""
    return str(_privilege(action)["access_level"])


def known(action: str) -> bool:
    """Whether IAM has the action."""
    service, _, name = action.partition(":")
    return name in get_service_prefix_data(service).get("privileges", {})


def _types(action: str) -> Mapping[str, Any]:
    return dict(_privilege(action)["resource_types"])


def _privilege(action: str) -> Mapping[str, Any]:
    if not known(action):
        raise UnknownAction(f"IAM has no action {action}: data/actions.yml says how an operation's action is called")
    service, _, name = action.partition(":")
    return dict(get_service_prefix_data(service)["privileges"][name])
