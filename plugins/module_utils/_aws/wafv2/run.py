# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing web ACLs, with their IP sets, logs and what they protect, to their desired state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..._core.changes import Change, State
from ..._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from ..session import Aws, Outcome
from . import api, model, statements
from .read import Item, Snapshot, snapshot

LOCKED = "WAFOptimisticLockException"  # somebody else made a change since it was read
UNAVAILABLE = "WAFUnavailableEntityException"  # what was made a moment ago is not known everywhere yet
HELD = "WAFAssociatedItemException"  # what was let go a moment ago is not known to be everywhere yet
NO_ROLE_YET = "WAFServiceLinkedRoleErrorException"
TAKEN = "WAFDuplicateItemException"


def run(aws: Aws) -> Outcome:
    """List once, plan, weigh new rules, apply."""
    model.validate(aws.params)
    seen = snapshot(aws)
    changes = _removals(seen) if aws.params["state"] == "absent" else _plan(aws, seen)
    for change in changes:
        _weigh(aws, seen, change)
    arns = {name: str(item["ARN"]) for name, item in seen.acls.items()}
    sets = {name: str(item["ARN"]) for name, item in seen.ip_sets.items()}
    aws.apply(changes, _handlers(aws, seen, arns, sets))
    return Outcome(changes, _result(aws, arns, sets), warnings=_staying(aws, seen))


# -- planning -----------------------------------------------------------------------------------------


def _plan(aws: Aws, seen: Snapshot) -> list[Change]:
    options, tags, purge = aws.params, aws.params["tags"], aws.params["purge"]
    desired_sets = {
        item["name"]: model.desired_ip_set(f"ip_sets[{index}]", item, tags)
        for index, item in enumerate(options["ip_sets"] or [])
    }
    changes = model.plan_ip_sets(seen.ip_set_states, desired_sets, purge=purge)
    shape, known = api.shape(aws, "WebACL"), {*seen.ip_sets, *desired_sets}
    for index, acl in enumerate(options["web_acls"]):
        name, option = acl["name"], f"web_acls[{index}]"
        desired = model.desired_acl(option, acl, shape, seen.set_names, tags)
        model.validate_references(option, desired, known)
        managed = acl["rules"] is not None
        changes += model.plan_acl(name, seen.acl_states.get(name), desired, rules_managed=managed)
        if acl["logging"] is not None:
            logging = model.desired_logging(f"{option}.logging", acl["logging"], api.shape(aws, "LoggingConfiguration"))
            changes += model.plan_logging(name, seen.logging.get(name), logging)
        if acl["associations"] is not None:
            changes += model.plan_associations(name, seen.associations.get(name, []), acl["associations"])
    if purge:
        unlisted = model.plan_unlisted(seen.acl_states, [acl["name"] for acl in options["web_acls"]])
        changes += [part for change in unlisted for part in _removal(seen, change)]
    return changes


def _removals(seen: Snapshot) -> list[Change]:
    unlisted = model.plan_unlisted(seen.acl_states, [])
    sets = model.plan_ip_sets(seen.ip_set_states, {}, purge=True)
    return [*(part for change in unlisted for part in _removal(seen, change)), *sets]


def _removal(seen: Snapshot, change: Change) -> list[Change]:
    """A web ACL protects nothing when it goes."""
    return [
        *model.plan_associations(change.key, seen.associations.get(change.key, []), []),
        *model.plan_logging(change.key, seen.logging.get(change.key), None),
        change,
    ]


def _staying(aws: Aws, seen: Snapshot) -> list[str]:
    if aws.params["state"] != "absent":
        return []
    found = [("web ACL", seen.acl_states), ("IP set", seen.ip_set_states)]
    return [
        f"{kind} {name} does not carry all of tags and stays"
        for kind, states in found
        for name, state in states.items()
        if not state["owned"]
    ]


def _weigh(aws: Aws, seen: Snapshot, change: Change) -> None:
    """Ask WAF what new rules take, and whether it takes them, before anything is written."""
    changed = change.op in ("create", "update") and any(field.startswith(model.RULE) for field in change.fields)
    rules = model.rules_of(change.desired) if change.kind == model.ACL and changed else []
    if not rules or is_placeholder(rules):
        return
    missing = [name for name in statements.referred(rules) if name not in seen.ip_sets and not name.startswith("arn:")]
    there = {name: str(item["ARN"]) for name, item in seen.ip_sets.items()}
    weighed = statements.by_arn(statements.without(rules, missing), there)
    sent = model.rules_request(weighed, api.shape(aws, "WebACL"))
    needed = aws.eventually(lambda: api.check_capacity(aws, sent), UNAVAILABLE)
    allowed = next(acl["max_capacity"] for acl in aws.params["web_acls"] if acl["name"] == change.key)
    model.validate_capacity(change.key, needed, allowed)


def _result(aws: Aws, arns: Mapping[str, str], sets: Mapping[str, str]) -> dict[str, Any]:
    if aws.params["state"] == "absent":
        return {"web_acls": {}, "ip_sets": {}}
    named = {"web_acls": arns, "ip_sets": sets}
    return {
        kind: {item["name"]: {"arn": known.get(item["name"], KNOWN_AFTER_APPLY)} for item in aws.params[kind] or []}
        for kind, known in named.items()
    }


# -- applying -----------------------------------------------------------------------------------------


def _handlers(aws: Aws, seen: Snapshot, arns: dict[str, str], sets: dict[str, str]) -> dict[Any, Any]:
    """`arns` and `sets` are ARNs by name, and gain those of what is made."""
    shape = api.shape(aws, "LoggingConfiguration")
    acls, ip_sets = _Acls(aws, seen.acls, arns, sets), _IpSets(aws, seen.ip_sets, sets)

    def log(change: Change) -> None:
        sent = model.logging_request(arns[change.key], change.desired, shape)
        aws.eventually(lambda: api.put_logging_configuration(aws, sent), UNAVAILABLE, NO_ROLE_YET)

    def associate(change: Change) -> None:
        acl = arns[change.key.split()[0]]
        aws.eventually(lambda: api.associate(aws, acl, change.desired["resource_arn"]), UNAVAILABLE)

    return {
        (model.IP_SET, "create"): ip_sets.create,
        (model.IP_SET, "update"): ip_sets.update,
        (model.IP_SET, "delete"): ip_sets.delete,
        (model.ACL, "create"): acls.create,
        (model.ACL, "update"): acls.update,
        (model.ACL, "delete"): acls.delete,
        (model.LOGGING, "create"): log,
        (model.LOGGING, "update"): log,
        (model.LOGGING, "delete"): lambda change: api.delete_logging_configuration(aws, arns[change.key]),
        (model.ASSOCIATION, "create"): associate,
        (model.ASSOCIATION, "delete"): lambda change: api.disassociate(aws, change.current["resource_arn"]),
    }


class _Acls:
    """Making, changing and removing web ACLs."""

    def __init__(self, aws: Aws, listed: Mapping[str, Item], arns: dict[str, str], sets: Mapping[str, str]) -> None:
        self.aws, self.listed, self.arns, self.sets = aws, listed, arns, sets
        self.shape = api.shape(aws, "WebACL")
        self.allowed = api.shape(aws, "UpdateWebACLRequest").members

    def sent(self, change: Change) -> dict[str, Any]:
        """Rules are sent where any of them is new or differs, all of them."""
        managed = any(field.startswith(model.RULE) for field in change.fields)
        rules = statements.by_arn(model.rules_of(change.desired), self.sets) if managed else None
        return model.request(change, self.shape, rules)

    def create(self, change: Change) -> None:
        tags = change.desired.get("tags") or {}
        given = {key: item for key, item in self.sent(change).items() if item != ""}
        made = _made(self.aws, lambda: api.create_web_acl(self.aws, tags, Name=change.key, **given))
        if made:
            self.arns[change.key] = made["ARN"]
            return
        met = next(item for item in api.list_web_acls(self.aws) if item["Name"] == change.key)
        self.arns[change.key] = met["ARN"]
        self._replace(met, change)

    def update(self, change: Change) -> None:
        if "tags" in change.fields:
            api.tag_resource(self.aws, self.arns[change.key], change.desired["tags"])
        if set(change.fields) - {"tags"}:
            self._replace(self.listed[change.key], change)

    def _replace(self, item: Item, change: Change) -> None:
        sent = self.sent(change)

        def attempt() -> None:
            current = api.get_web_acl(self.aws, item)
            api.update_web_acl(self.aws, **model.replaced(current, sent, self.allowed))

        self.aws.eventually(attempt, LOCKED, UNAVAILABLE)

    def delete(self, change: Change) -> None:
        _deleted(self.aws, lambda: api.delete_web_acl(self.aws, api.get_web_acl(self.aws, self.listed[change.key])))


class _IpSets:
    """Making, changing and removing IP sets."""

    def __init__(self, aws: Aws, listed: Mapping[str, Item], arns: dict[str, str]) -> None:
        self.aws, self.listed, self.arns = aws, listed, arns
        self.allowed = api.shape(aws, "UpdateIPSetRequest").members

    def create(self, change: Change) -> None:
        desired = change.desired
        tags = desired.get("tags") or {}
        given = {"Name": change.key, "IPAddressVersion": desired["ip_address_version"], **_ip_set(desired)}
        given = {key: item for key, item in given.items() if item != ""}
        made = _made(self.aws, lambda: api.create_ip_set(self.aws, tags, **given))
        if made:
            self.arns[change.key] = made["ARN"]
            return
        met = next(item for item in api.list_ip_sets(self.aws) if item["Name"] == change.key)
        self.arns[change.key] = met["ARN"]
        self._replace(met, change)

    def update(self, change: Change) -> None:
        if "tags" in change.fields:
            api.tag_resource(self.aws, self.arns[change.key], change.desired["tags"])
        if set(change.fields) - {"tags"}:
            self._replace(self.listed[change.key], change)

    def _replace(self, item: Item, change: Change) -> None:
        def attempt() -> None:
            current = api.get_ip_set(self.aws, item)
            given = model.replaced(current, _ip_set(change.desired), self.allowed)
            api.update_ip_set(self.aws, **given)

        self.aws.eventually(attempt, LOCKED, UNAVAILABLE)

    def delete(self, change: Change) -> None:
        _deleted(self.aws, lambda: api.delete_ip_set(self.aws, api.get_ip_set(self.aws, self.listed[change.key])))


def _ip_set(desired: State) -> dict[str, Any]:
    names = {"addresses": "Addresses", "description": "Description"}
    return {names[field]: desired[field] for field in names if field in desired}


def _made(aws: Aws, call: Callable[[], dict[str, Any]]) -> dict[str, Any] | None:
    """What a creation answers; None where an answer was lost before, and it is there already."""
    return aws.eventually(lambda: aws.found(call, TAKEN), UNAVAILABLE)


def _deleted(aws: Aws, call: Callable[[], None]) -> None:
    """Read and delete until nobody comes between and nothing is known to hold on any more."""
    aws.eventually(lambda: aws.found(call, api.MISSING), LOCKED, UNAVAILABLE, HELD, timeout=300.0)
