"""WAF: the rule groups of AWS, the capacity of rules, and what WAF refuses.

Which rules the load balancers here enforce is in `local_cloud/load_balancer/firewall.py`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from moto.elbv2.models import elbv2_backends
from moto.logs.models import logs_backends
from moto.wafv2 import exceptions
from moto.wafv2.models import FakeWebACL, WAFV2Backend
from moto.wafv2.responses import WAFV2Response

from local_cloud import strict
from local_cloud.aws import wafv2_rules as rules_of_waf
from local_cloud.aws.wafv2_groups import GROUPS, VENDOR
from local_cloud.extensions import around, operation
from local_cloud.runtime import Runtime

Original = Callable[..., Any]
Answer = tuple[int, dict[str, str], str]
LOG_NAME = "aws-waf-logs-"
# A web ACL that was just made cannot be associated at once.
PROPAGATION_SECONDS = 10.0


class WafError(exceptions.WAFv2ClientError):
    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)


class Duplicate(WafError):
    """moto answers another code than WAF does."""

    def __init__(self) -> None:
        text = "AWS WAF couldn't perform the operation because some resource in your request is a duplicate."
        super().__init__("WAFDuplicateItemException", text)


def _answer(body: Any) -> Answer:
    return 200, {"Content-Type": "application/json"}, json.dumps(body)


def _held() -> WafError:
    return WafError(
        "WAFAssociatedItemException",
        "AWS WAF couldn't perform the operation because your resource is being used by another resource or it's "
        "associated with another resource.",
    )


def _unavailable() -> WafError:
    return WafError(
        "WAFUnavailableEntityException",
        "AWS WAF couldn't retrieve the resource that you requested. Retry your request.",
    )


# -- web ACLs -----------------------------------------------------------------------------------------


def _weighed(backend: WAFV2Backend, rules: list[dict[str, Any]] | None) -> tuple[list[dict[str, Any]], int]:
    """Rules as WAF keeps them, and what they take."""
    try:
        rules_of_waf.check(rules or [], backend.ip_sets)
        return rules_of_waf.filled_in(rules or []), rules_of_waf.capacity(rules or [])
    except rules_of_waf.Refusal as error:
        raise WafError(error.code, error.text) from error


def create_web_acl(original: Original, self: WAFV2Backend, *args: Any, **named: Any) -> FakeWebACL:
    """The rules are the seventh argument."""
    given = list(args)
    given[6], needed = _weighed(self, given[6])
    made: FakeWebACL = original(self, *given, **named)
    made.capacity = needed
    made.__dict__["local_created"] = time.time()
    return made


def update_web_acl(original: Original, self: WAFV2Backend, *args: Any) -> str:
    """Replaces the web ACL: what is not given is gone, which moto would keep."""
    name, acl_id, action, rules, description, *others = args
    filled, needed = _weighed(self, rules)
    token: str = original(self, name, acl_id, action, filled, description or "", *others)
    acl = self.get_web_acl(None, name, acl_id)
    acl.capacity = needed
    if not filled:
        acl.rules = []
    _visibility, _token, acl.custom_response_bodies, *_rest = others
    return token


def delete_web_acl(original: Original, self: WAFV2Backend, *args: str) -> None:
    name, _scope, acl_id, _token = args
    acl = self.get_web_acl(None, name, acl_id)
    if acl.associated_resources:
        raise _held()
    original(self, *args)
    self.logging_configurations.pop(acl.arn, None)


def associate_web_acl(original: Original, self: WAFV2Backend, web_acl_arn: str, resource_arn: str) -> None:
    """In place of the web ACL that the load balancer has."""
    balancers = elbv2_backends[self.account_id][self.region_name].load_balancers
    acl = self.wacls.get(web_acl_arn)
    if ":loadbalancer/" in resource_arn and resource_arn not in balancers:
        raise _unavailable()
    if acl and not strict.settled(acl.__dict__.get("local_created", 0.0), PROPAGATION_SECONDS):
        raise _unavailable()
    if acl:
        self.disassociate_web_acl(resource_arn)
    original(self, web_acl_arn, resource_arn)


def list_resources_for_web_acl(self: WAFV2Response) -> Answer:
    acl = self.wafv2_backend.wacls.get(self._get_param("WebACLArn"))
    if acl is None:
        raise exceptions.WAFNonexistentItemException
    kind = self._get_param("ResourceType") or "APPLICATION_LOAD_BALANCER"
    balancers = elbv2_backends[self.current_account][self.region].load_balancers
    arns = [arn for arn in acl.associated_resources if arn in balancers] if kind == "APPLICATION_LOAD_BALANCER" else []
    return _answer({"ResourceArns": arns})


def check_capacity(self: WAFV2Response) -> Answer:
    _filled, needed = _weighed(self.wafv2_backend, self._get_param("Rules"))
    return _answer({"Capacity": needed})


# -- IP sets ------------------------------------------------------------------------------------------


def create_ip_set(original: Original, self: WAFV2Backend, name: str, *args: Any) -> Any:
    if any(item.name == name for item in self.ip_sets.values()):
        raise Duplicate
    return original(self, name, *args)


def delete_ip_set(original: Original, self: WAFV2Backend, *args: str) -> None:
    name, scope, set_id, _token = args
    arn = self.get_ip_set(name, scope, set_id).arn
    if any(arn in _references(rule.statement) for acl in self.wacls.values() for rule in acl.rules):
        raise _held()
    original(self, *args)


def _references(statement: Any) -> Iterator[str]:
    kind = rules_of_waf.kind_of(statement)
    if kind == "IPSetReferenceStatement":
        yield statement[kind]["ARN"]
    for inner in rules_of_waf.nested(statement):
        yield from _references(inner)


# -- logs ---------------------------------------------------------------------------------------------


def put_logging_configuration(
    original: Original, self: WAFV2Backend, arn: str, destinations: list[str], *more: Any
) -> Any:
    if arn not in self.wacls:
        raise exceptions.WAFNonexistentItemException
    for destination in destinations:
        _check_destination(self, destination)
    return original(self, arn, destinations, *more)


def _check_destination(backend: WAFV2Backend, arn: str) -> None:
    name = arn.removesuffix(":*").rpartition(":")[2].rpartition("/")[2]
    if not name.startswith(LOG_NAME):
        raise WafError(
            "WAFInvalidParameterException",
            f"Error reason: The ARN isn't valid. A valid ARN begins with arn: and names {LOG_NAME}*., "
            f"field: LOG_DESTINATION, parameter: {arn}",
        )
    if ":log-group:" in arn and name not in logs_backends[backend.account_id][backend.region_name].groups:
        raise WafError(
            "WAFLogDestinationPermissionIssueException",
            "Unable to deliver logs to the configured destination. You might need to grant log delivery permissions "
            "for the destination.",
        )


# -- groups of AWS ------------------------------------------------------------------------------------


def list_available_managed_rule_groups(self: WAFV2Response) -> Answer:
    rows = [
        {"VendorName": VENDOR, "Name": name, "VersioningSupported": bool(group.versions)}
        for name, group in GROUPS.items()
    ]
    return _answer({"ManagedRuleGroups": rows})


def list_available_managed_rule_group_versions(self: WAFV2Response) -> Answer:
    group = _group(self)
    current = {"CurrentDefaultVersion": group.versions[-1]} if group.versions else {}
    return _answer({"Versions": [{"Name": name} for name in group.versions], **current})


def describe_managed_rule_group(self: WAFV2Response) -> Answer:
    group = _group(self)
    rows = [{"Name": name, "Action": {"Block": {}}} for name in group.rules]
    return _answer({"Capacity": group.capacity, "Rules": rows})


def _group(request: WAFV2Response) -> Any:
    group = GROUPS.get(request._get_param("Name"))  # noqa: SLF001 - moto's way to read a request
    if group is None or request._get_param("VendorName") != VENDOR:  # noqa: SLF001
        raise exceptions.WAFNonexistentItemException
    return group


def install(_runtime: Runtime) -> None:
    from moto.wafv2 import models

    models.WAFV2DuplicateItemException = Duplicate
    for function in (
        create_web_acl,
        update_web_acl,
        delete_web_acl,
        associate_web_acl,
        create_ip_set,
        delete_ip_set,
        put_logging_configuration,
    ):
        around(WAFV2Backend, function.__name__)(function)
    for answer in (
        list_resources_for_web_acl,
        check_capacity,
        list_available_managed_rule_groups,
        list_available_managed_rule_group_versions,
        describe_managed_rule_group,
    ):
        operation(WAFV2Response)(answer)
