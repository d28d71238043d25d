# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Web ACLs, IP sets, their logs and what they protect as comparable states. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..._core.changes import Change, State, desired_fields, plan_one, plan_set
from ..._core.errors import InvalidInput
from ..._core.placeholders import is_placeholder
from ..tagging import of_interest, owns
from . import shapes
from .statements import desired_rule, normalised, referred, verdict, visibility

ACL, IP_SET, LOGGING, ASSOCIATION = "web_acl", "ip_set", "logging_configuration", "association"
# A load balancer is let go before it is taken, so that moving it from one web ACL to another ends with the other.
SETS, ACLS, LET_GO, TAKE, STOP_LOGGING, DELETE_ACLS, DELETE_SETS = range(7)
MOST_CAPACITY = 5000
NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
LOG_NAME = "aws-waf-logs-"
BALANCER = re.compile(r"arn:[^:]+:elasticloadbalancing:[^:]+:[^:]+:loadbalancer/app/([^/]+)/[^/]+")
RULE = "rule "  # what the fields of a web ACL that hold one rule begin with


def validate(options: Mapping[str, Any]) -> None:
    """Raise InvalidInput for what WAF would refuse, or where purging would not know what is ours."""
    for kind in ("web_acls", "ip_sets"):
        _validate_names(kind, [item["name"] for item in options[kind] or []])
    for index, acl in enumerate(options["web_acls"] or []):
        _validate_acl(f"web_acls[{index}]", acl)
    if not options["tags"] and (options["purge"] or options["state"] == "absent"):
        raise InvalidInput("tags", options["tags"], "is empty: what is removed is found by tag, so say which are ours")


def _validate_names(option: str, names: Sequence[str]) -> None:
    for index, name in enumerate(names):
        if not NAME.fullmatch(name):
            raise InvalidInput(f"{option}[{index}].name", name, "is no name: 1 to 128 letters, digits, - and _")
        if name in names[:index]:
            raise InvalidInput(f"{option}[{index}].name", name, "is given twice: keep one of them")


def _validate_acl(option: str, acl: Mapping[str, Any]) -> None:
    rules = acl.get("rules") or []
    for field in ("name", "priority"):
        values = [rule[field] for rule in rules]
        for index, value in enumerate(values):
            if value in values[:index]:
                raise InvalidInput(f"{option}.rules[{index}].{field}", value, "is that of another rule already")
    for index, arn in enumerate(acl.get("associations") or []):
        if not BALANCER.fullmatch(arn) and not is_placeholder(arn):
            raise InvalidInput(f"{option}.associations[{index}]", arn, "is no ARN of an application load balancer")
    destination = (acl.get("logging") or {}).get("log_destination")
    if destination and LOG_NAME not in destination and not is_placeholder(destination):
        remedy = f"does not name a log group, bucket or stream whose name begins with {LOG_NAME}"
        raise InvalidInput(f"{option}.logging.log_destination", destination, remedy)


# -- IP sets ------------------------------------------------------------------------------------------


def desired_ip_set(option: str, item: Mapping[str, Any], tags: Mapping[str, str] | None) -> dict[str, Any]:
    version = item["ip_address_version"]
    return desired_fields(
        {
            "ip_address_version": version,
            "addresses": networks(f"{option}.addresses", item["addresses"], version),
            "description": item.get("description"),
            "tags": tags,
        }
    )


def networks(option: str, addresses: Iterable[str], version: str) -> list[str]:
    """Addresses as WAF wants them: networks, those of a single address too."""
    found: set[str] = set()
    for index, address in enumerate(addresses):
        try:
            network = ipaddress.ip_network(address)
        except ValueError as error:
            raise InvalidInput(f"{option}[{index}]", address, f"is no address or network: {error}") from error
        if f"IPV{network.version}" != version:
            raise InvalidInput(f"{option}[{index}]", address, f"is none of {version}: give it in a set of its own")
        if network.prefixlen == 0:
            raise InvalidInput(f"{option}[{index}]", address, "is everybody, which WAF does not take: give two halves")
        found.add(str(network))
    return sorted(found)


def current_ip_set(
    item: Mapping[str, Any], all_tags: Mapping[str, str], tags: Mapping[str, str] | None
) -> dict[str, Any]:
    return {
        "ip_address_version": item["IPAddressVersion"],
        "addresses": sorted(str(ipaddress.ip_network(address)) for address in item["Addresses"]),
        "description": item.get("Description", ""),
        "tags": of_interest(all_tags, tags),
        "owned": owns(all_tags, tags),
    }


def plan_ip_sets(current: Mapping[str, State], desired: Mapping[str, State], *, purge: bool) -> list[Change]:
    changes = plan_set(IP_SET, _removable(current, desired), desired, purge=purge, level=SETS, delete_level=DELETE_SETS)
    for change in changes:
        if change.op == "update" and "ip_address_version" in change.fields:
            remedy = "is not what the IP set has, which cannot be changed: give the set another name"
            raise InvalidInput(f"ip_address_version of {change.key}", change.desired["ip_address_version"], remedy)
    return changes


def _removable(current: Mapping[str, State], desired: Collection[str]) -> dict[str, State]:
    return {name: state for name, state in current.items() if name in desired or state["owned"]}


# -- web ACLs -----------------------------------------------------------------------------------------


def desired_acl(
    option: str, acl: Mapping[str, Any], shape: Any, ip_sets: Mapping[str, str], tags: Mapping[str, str] | None
) -> dict[str, Any]:
    """State of a web ACL, one field a rule. `shape` is that of a web ACL, `ip_sets` are names of IP sets by ARN."""
    member = shape.members["Rules"].member
    rules = {
        RULE + rule["name"]: desired_rule(rule, member, ip_sets, f"{option}.rules[{index}]")
        for index, rule in enumerate(acl.get("rules") or [])
    }
    bodies = acl.get("custom_response_bodies")
    if bodies is not None:
        bodies = shapes.checked(shape.members["CustomResponseBodies"], bodies, f"{option}.custom_response_bodies")
    return desired_fields(
        {
            "description": acl.get("description"),
            "default_action": verdict(acl["default_action"], None),
            "visibility_config": visibility(acl.get("visibility_config"), acl["name"]),
            "custom_response_bodies": bodies,
            **rules,
            "tags": tags,
        }
    )


def current_acl(
    item: Mapping[str, Any],
    shape: Any,
    ip_sets: Mapping[str, str],
    all_tags: Mapping[str, str],
    tags: Mapping[str, str] | None,
) -> dict[str, Any]:
    found = shapes.from_api(shape, item)
    return {
        "description": found.get("description", ""),
        "default_action": found["default_action"],
        "visibility_config": found["visibility_config"],
        "custom_response_bodies": found.get("custom_response_bodies", {}),
        **{RULE + rule["name"]: normalised(rule, ip_sets) for rule in found.get("rules", [])},
        "tags": of_interest(all_tags, tags),
        "owned": owns(all_tags, tags),
    }


def validate_references(option: str, desired: State, known: Collection[str]) -> None:
    """Raise InvalidInput for rules that use an IP set of none of the `known` names."""
    for name in referred(rules_of(desired)):
        if name not in known and not name.startswith("arn:") and not is_placeholder(name):
            raise InvalidInput(f"{option}.rules", name, "names no IP set: give it in ip_sets, or an ARN")


def plan_acl(name: str, current: State | None, desired: State, *, rules_managed: bool) -> list[Change]:
    """The rules are a whole: one that is not wanted any more goes."""
    unwanted = [field for field in current or {} if field.startswith(RULE) and field not in desired]
    gone = dict.fromkeys(unwanted) if rules_managed else {}
    return plan_one(ACL, name, current, {**desired, **gone}, level=ACLS)


def plan_unlisted(current: Mapping[str, State], listed: Collection[str]) -> list[Change]:
    """Web ACLs that are ours and not wanted."""
    unwanted = [name for name, state in current.items() if state["owned"] and name not in listed]
    return [Change("delete", ACL, name, before=current[name], level=DELETE_ACLS) for name in unwanted]


def rules_of(state: State) -> list[dict[str, Any]]:
    """The rules of a web ACL, by priority."""
    found = [rule for field, rule in state.items() if field.startswith(RULE) and rule is not None]
    return sorted(found, key=lambda rule: int(rule["priority"]))


def rules_request(rules: Sequence[Mapping[str, Any]], shape: Any) -> list[dict[str, Any]]:
    """Rules under the names of the API."""
    sent: list[dict[str, Any]] = shapes.to_api(shape.members["Rules"], list(rules))
    return sent


def request(change: Change, shape: Any, rules: Sequence[Mapping[str, Any]] | None) -> dict[str, Any]:
    """What a creation or update sends of the fields that are desired, under the names of the API."""
    names = ("description", "default_action", "visibility_config", "custom_response_bodies")
    given = {name: change.desired[name] for name in names if name in change.desired}
    if rules is not None:
        given["rules"] = list(rules)
    sent: dict[str, Any] = shapes.to_api(shape, given)
    return sent


def replaced(current: Mapping[str, Any], sent: Mapping[str, Any], allowed: Collection[str]) -> dict[str, Any]:
    """An update replaces a web ACL as a whole: what is not managed is sent as it is, and no text is left out."""
    return {key: item for key, item in {**current, **sent}.items() if key in allowed and item != ""}


def validate_capacity(name: str, needed: int, allowed: int) -> None:
    if needed > allowed:
        remedy = f"take {needed} capacity units, more than max_capacity ({allowed}): leave some out, or raise it"
        raise InvalidInput("rules", name, f"{remedy} up to {MOST_CAPACITY}, at a price for each above 1500")


# -- logs and associations ----------------------------------------------------------------------------


def desired_logging(option: str, given: Mapping[str, Any], shape: Any) -> dict[str, Any] | None:
    """Where the log goes and what is left out of it; None for no log."""
    if not given["log_destination"]:
        return None
    chosen = given.get("filter") or {}
    headers = [f"header {name.lower()}" for name in given.get("redacted_headers") or []]
    return {
        "log_destination": str(given["log_destination"]).removesuffix(":*"),
        "redacted": sorted([*headers, *(given.get("redacted_fields") or [])]),
        "filter": shapes.checked(shape.members["LoggingFilter"], chosen, f"{option}.filter") if chosen else {},
    }


def current_logging(configuration: Mapping[str, Any] | None, shape: Any) -> dict[str, Any] | None:
    if configuration is None:
        return None
    found = shapes.from_api(shape, configuration)
    fields = found.get("redacted_fields") or []
    headers = [f"header {field['single_header']['name'].lower()}" for field in fields if "single_header" in field]
    return {
        "log_destination": found["log_destination_configs"][0].removesuffix(":*"),
        "redacted": sorted([*headers, *(name for field in fields for name in field if name != "single_header")]),
        "filter": found.get("logging_filter") or {},
    }


def logging_request(arn: str, state: State, shape: Any) -> dict[str, Any]:
    fields: list[dict[str, Any]] = [
        {"single_header": {"name": name.removeprefix("header ")}} if name.startswith("header ") else {name: {}}
        for name in state["redacted"]
    ]
    given = {"resource_arn": arn, "log_destination_configs": [state["log_destination"]], "redacted_fields": fields}
    if state["filter"]:
        given["logging_filter"] = state["filter"]
    sent: dict[str, Any] = shapes.to_api(shape, given)
    return sent


def plan_logging(name: str, current: State | None, desired: State | None) -> list[Change]:
    return plan_one(LOGGING, name, current, desired, level=TAKE if desired else STOP_LOGGING)


def association(acl: str, arn: str) -> str:
    """What an association goes by."""
    found = BALANCER.fullmatch(arn)
    return f"{acl} {found[1] if found else arn}"


def plan_associations(acl: str, current: Iterable[str], desired: Iterable[str]) -> list[Change]:
    return plan_set(
        ASSOCIATION,
        {association(acl, arn): {"resource_arn": arn} for arn in current},
        {association(acl, arn): {"resource_arn": arn} for arn in desired},
        purge=True,
        level=TAKE,
        delete_level=LET_GO,
    )
