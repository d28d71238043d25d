"""Policies for the roles that run the playbooks, derived from what the playbooks were seen to call.

An action is allowed for the kinds of resources that AWS's reference names with it, as far as they are ours: by name,
by tag, or for a recorded reason (data/scopes.yml). What fits none of these is an error, and never a wildcard.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from permissions import catalogue, code, recorder
from permissions.catalogue import Kind, data

POLICIES = Path(__file__).parents[1] / "policies"
# Of a managed policy, white space aside; with room for names that are longer than their placeholders.
LIMIT = 6144
_ROOM = 5600

_OURS = {"Project": "${project}", "Environment": "${environment}"}
_READS = ("List", "Read")
_READING = ("Batch", "Describe", "Get", "Head", "List")
Condition = Mapping[str, Mapping[str, Any]]


class Unscoped(ValueError):
    """An action cannot be limited, and no reason for that is recorded."""


@dataclass(frozen=True)
class Grant:
    """One action on some resources under a condition; `condition` is JSON, so that grants can be compared."""

    action: str
    resources: tuple[str, ...]
    condition: str = "{}"

    @property
    def scope(self) -> tuple[tuple[str, ...], str]:
        return self.resources, self.condition


def actions(role: str, folder: Path = recorder.RECORDED) -> set[str]:
    """All that a role may do, by the recordings of its runs."""
    about = data("roles")[role]
    recorded = recorder.merged(recorder.read(run, folder) for run in about["runs"])
    written = {client: names for client, names in code.operations().items() if client in recorded}
    never, changes = about.get("without", []), about.get("changes")
    more = {
        action
        for action in (_actions(written) if changes else ())
        if not any(fnmatchcase(action, pattern) for pattern in never) and _scoped(action)
        if changes != "planned" or catalogue.access_level(action) in _READS
    }
    return catalogue.with_dependents({*_actions(recorded), *more})


def _scoped(action: str) -> bool:
    """Whether a read that only the code names is one of ours: the code is searched by name, and that finds others."""
    if action.partition(":")[2].startswith(_READING) and not catalogue.known(action):
        return False
    if catalogue.access_level(action) not in _READS:
        return True
    kinds = catalogue.kinds(action)
    ours = {kind for group in ("named", "tagged", "untagged") for kind in data("scopes")[group]}
    return not kinds or any(kind.key in ours for kind in kinds)


def _actions(operations: recorder.Operations) -> Iterator[str]:
    for client, names in operations.items():
        for name in names:
            yield from catalogue.actions_of(client, name)


def grants(action: str) -> list[Grant]:
    """How an action is allowed. Raises Unscoped."""
    own = data("scopes")["statements"].get(action)
    if own:
        return [Grant(action, _arns(one["arns"]), _text(one.get("condition", {}))) for one in own]
    if reason(action):
        return [Grant(action, ("*",))]
    kinds = catalogue.kinds(action)
    found = [grant for kind in kinds for grant in _of_kind(action, kind)]
    if kinds and not found:
        names = ", ".join(kind.key for kind in kinds)
        raise Unscoped(f"{action}: data/scopes.yml says of none of these kinds which are ours: {names}")
    return found or [_of_all(action)]


def _of_kind(action: str, kind: Kind) -> Iterator[Grant]:
    scopes = data("scopes")
    if kind.key in scopes["named"]:
        yield Grant(action, _arns(scopes["named"][kind.key]))
    elif kind.key in scopes["untagged"]:
        yield Grant(action, _arns(scopes["untagged"][kind.key]["arns"]))
    elif kind.key in scopes["tagged"]:
        if not kind.tagged:
            raise Unscoped(f"{action}: {kind.key} has no tags that a condition could name")
        for condition in _tags(action, kind):
            yield Grant(action, _arns(scopes["tagged"][kind.key]), _text(condition))


def _tags(action: str, kind: Kind) -> list[Condition]:
    if catalogue.access_level(action) == "Tagging":
        # What has no tags yet may get ours; what has them may get more, and keeps them. What is another's stays so.
        return [
            {"StringEquals": _keys("Request"), "StringEqualsIfExists": _keys("Resource")},
            {"StringEquals": _keys("Resource"), "StringEqualsIfExists": _keys("Request")},
        ]
    return [{"StringEquals": _keys("Request" if kind.created else "Resource")}]


def _keys(whose: str) -> dict[str, str]:
    return {f"aws:{whose}Tag/{name}": value for name, value in _OURS.items()}


def _of_all(action: str) -> Grant:
    if catalogue.takes_tags(action):
        return Grant(action, ("*",), _text({"StringEquals": _keys("Request")}))
    if catalogue.access_level(action) in _READS:
        return Grant(action, ("*",))
    raise Unscoped(f"{action}: it changes something, and data/scopes.yml gives no reason to allow it for all resources")


def reason(action: str) -> str:
    """Why an action that changes something may be allowed for all resources; empty, where nobody says."""
    given = data("scopes")["wildcards"].items()
    return str(next((why for pattern, why in given if fnmatchcase(action, pattern)), ""))


def _arns(patterns: Iterable[str]) -> tuple[str, ...]:
    return tuple(pattern if pattern == "*" else f"arn:${{partition}}:{pattern}" for pattern in patterns)


def _text(condition: Condition) -> str:
    return json.dumps(condition, sort_keys=True)


def statements(allowed: Iterable[str]) -> list[dict[str, Any]]:
    """Statements that allow the actions: one for all actions with the same scope."""
    scopes: dict[tuple[tuple[str, ...], str], set[str]] = {}
    for action in allowed:
        for grant in grants(action):
            scopes.setdefault(grant.scope, set()).add(action)
    # Kinds of resources that the very same actions are about share a statement.
    shared: dict[tuple[tuple[str, ...], str], set[str]] = {}
    for (resources, condition), names in scopes.items():
        shared.setdefault((tuple(sorted(names)), condition), set()).update(resources)
    made = [_statement(names, resources, condition) for (names, condition), resources in shared.items()]
    return sorted(made, key=lambda one: (one["Resource"], one["Action"], json.dumps(one, sort_keys=True)))


def _statement(names: Iterable[str], resources: Iterable[str], condition: str) -> dict[str, Any]:
    made: dict[str, Any] = {"Effect": "Allow", "Action": sorted(names), "Resource": sorted(resources)}
    if condition != "{}":
        made["Condition"] = json.loads(condition)
    return made


def documents(allowed: Iterable[str]) -> list[dict[str, Any]]:
    """The statements, in as many managed policies as their size asks for."""
    packed: list[list[dict[str, Any]]] = [[]]
    for statement in statements(allowed):
        if packed[-1] and size(_document([*packed[-1], statement])) > _ROOM:
            packed.append([])
        packed[-1].append(statement)
    return [_document(part) for part in packed]


def _document(part: list[dict[str, Any]]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": part}


def size(document: Mapping[str, Any]) -> int:
    """Characters, as IAM counts them."""
    return len(json.dumps(document, separators=(",", ":")))


def write(folder: Path = POLICIES) -> list[Path]:
    """Write the policies of all roles."""
    made: list[Path] = []
    for role in data("roles"):
        place = folder / role
        place.mkdir(parents=True, exist_ok=True)
        wanted = {place / f"{number}.json": document for number, document in enumerate(documents(actions(role)), 1)}
        for stale in set(place.glob("*.json")) - wanted.keys():
            stale.unlink()
        for path, document in wanted.items():
            path.write_text(text(document))
        made += wanted
    return made


def text(document: Mapping[str, Any]) -> str:
    return json.dumps(document, indent=2) + "\n"
