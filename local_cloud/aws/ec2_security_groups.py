"""EC2 security groups: every kind of rule has a description, which makes no other rule of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.models import EC2Backend
from moto.ec2.models.security_groups import SecurityGroupRule
from moto.ec2.responses import EC2Response

from local_cloud.extensions import around, attribute, operation
from local_cloud.runtime import Runtime

Original = Callable[..., Any]
_CREATING = threading.Lock()


def install(_runtime: Runtime) -> None:
    around(SecurityGroupRule, "__init__")(keep_prefix_list)
    around(EC2Backend, "create_security_group")(create_one_at_a_time)
    attribute(SecurityGroupRule, "description", lambda rule: peer(rule).get("Description"))
    operation(SecurityGroupRule, "__eq__")(same_rule)
    operation(EC2Response)(update_security_group_rule_descriptions_ingress)
    operation(EC2Response)(update_security_group_rule_descriptions_egress)


def create_one_at_a_time(original: Original, self: EC2Backend, *args: Any, **kwargs: Any) -> Any:
    """moto looks for the name among all groups, and fails if one is added meanwhile."""
    with _CREATING:
        return original(self, *args, **kwargs)


def keep_prefix_list(original: Original, self: SecurityGroupRule, *args: Any, **kwargs: Any) -> None:
    original(self, *args, **kwargs)
    given = args[7] if len(args) > 7 else kwargs.get("prefix_list_id")
    self.local_prefix_list = dict(given or {})


def peer(rule: SecurityGroupRule) -> dict[str, Any]:
    """The part of a rule that names its other side, and carries the description."""
    found: dict[str, Any] = rule.ip_range or rule.source_group or rule.local_prefix_list
    return found


def same_rule(self: SecurityGroupRule, other: object) -> bool:
    """Rules are the same when protocol, ports and other side are; a description makes no other rule."""
    return isinstance(other, SecurityGroupRule) and _identity(self) == _identity(other)


def _identity(rule: SecurityGroupRule) -> tuple[Any, ...]:
    other_side = [peer(rule).get(name) for name in ("CidrIp", "CidrIpv6", "GroupId", "PrefixListId")]
    return (rule.ip_protocol, rule.from_port, rule.to_port, *other_side)


def update_security_group_rule_descriptions_ingress(self: EC2Response) -> ActionResult:
    return _update_descriptions(self, egress=False)


def update_security_group_rule_descriptions_egress(self: EC2Response) -> ActionResult:
    return _update_descriptions(self, egress=True)


def _update_descriptions(response: EC2Response, *, egress: bool) -> ActionResult:
    """A rule given without a description loses the one it has."""
    backend = response.ec2_backend
    for given in response._process_rules_from_querystring():  # noqa: SLF001 - moto's parser of rules
        group = backend.get_security_group_by_name_or_id(given["group_name_or_id"])
        wanted = backend._iterate_security_rules(  # noqa: SLF001 - moto's parser of rules
            given["ip_protocol"],
            group.group_id,
            given["from_port"],
            given["to_port"],
            given["ip_ranges"],
            given["source_groups"],
            given["prefix_list_ids"],
        )
        rules = group.egress_rules if egress else group.ingress_rules
        for rule in wanted:
            for existing in (item for item in rules if item == rule):
                peer(existing).pop("Description", None)
                peer(existing).update({key: text for key, text in peer(rule).items() if key == "Description"})
    return ActionResult({"Return": True})
