"""Traffic of load balancers between the target groups of two revisions: weights of listener rules in moto's elbv2."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from moto.elbv2.models import FakeAction, FakeListener, FakeListenerRule, elbv2_backends

from local_cloud.ecs import roles
from local_cloud.ecs.errors import ResourceInitializationError, RoleError
from local_cloud.ecs.model import Deployment, Service
from local_cloud.ecs.strategies import weights

_INFRASTRUCTURE = "ecs.amazonaws.com"


class TrafficError(Exception):
    """The weights of a rule cannot be set."""


def find_rule(arn: str) -> FakeListenerRule | None:
    """A rule of any listener, by ARN."""
    return next((rule for _, rule in _rules(arn) if rule.arn == arn), None)


def _rules(arn: str) -> Iterator[tuple[FakeListener, FakeListenerRule]]:
    """All rules in the account and region of an ARN."""
    parts = arn.split(":")
    backend = elbv2_backends[parts[4]][parts[3]] if len(parts) >= 6 else None
    for balancer in list(backend.load_balancers.values()) if backend else []:
        for listener in list(balancer.listeners.values()):
            for rule in list(listener.rules.values()):
                yield listener, rule


def forwarded(rule: FakeListenerRule) -> set[str]:
    """ARNs of the target groups that a rule forwards to."""
    groups = [
        group for action in rule.actions for group in (action.data.get("ForwardConfig") or {}).get("TargetGroups") or []
    ]
    single = {str(action.data["TargetGroupArn"]) for action in rule.actions if action.data.get("TargetGroupArn")}
    return single | {str(group["TargetGroupArn"]) for group in groups}


def shift(deployment: Deployment, rule_name: str, percent: float) -> None:
    """Give the deployment's target groups a percentage of what `productionListenerRule` or `testListenerRule` gets.

    Raises TrafficError.
    """
    for entry in _advanced(deployment):
        advanced = entry["advancedConfiguration"]
        arn = advanced.get(rule_name)
        if not arn:
            continue
        own, other = entry["targetGroupArn"], advanced["alternateTargetGroupArn"]
        if deployment.alternate:
            own, other = other, own
        rule = find_rule(arn)
        if rule is None:
            raise TrafficError(f"The listener rule {arn} does not exist.")
        _check_role(advanced["roleArn"], arn)
        for_other, for_own = weights(percent)
        _set(rule, {own: for_own, other: for_other})


def give_back(service: Service, failed: Deployment) -> None:
    """All traffic to the revision before. A rule that is gone has no traffic to give."""
    passage = failed.passage
    if passage is None:
        return
    for name, percent in (("productionListenerRule", passage.production), ("testListenerRule", passage.test)):
        if percent is None:
            continue
        try:
            shift(failed, name, 0.0)
        except TrafficError as error:
            service.say(f"(deployment {failed.id}) cannot give its traffic back: {error}")
    passage.production = None if passage.production is None else 0.0
    passage.test = None if passage.test is None else 0.0
    passage.index = len(passage.route) - 1


def _advanced(deployment: Deployment) -> Iterator[Mapping[str, Any]]:
    for entry in deployment.revision.members.get("loadBalancers") or []:
        if entry.get("advancedConfiguration"):
            yield entry


def _check_role(role: str, rule: str) -> None:
    try:
        roles.check_assumable(role, principal=_INFRASTRUCTURE)
        roles.check_allowed(role, "elasticloadbalancing:ModifyRule", rule, "unable to shift traffic")
    except (RoleError, ResourceInitializationError) as error:
        raise TrafficError(str(error)) from error


def _set(rule: FakeListenerRule, by_group: Mapping[str, int]) -> None:
    """New weights in the forward action; its stickiness, and other actions of the rule, such as signing in, stay."""
    groups = [{"TargetGroupArn": arn, "Weight": weight} for arn, weight in by_group.items()]
    before: dict[str, Any] = next(
        (action.data for action in rule.actions if action.type == "forward"), {"Type": "forward"}
    )
    kept = {name: value for name, value in before.items() if name != "TargetGroupArn"}
    forward = FakeAction({**kept, "ForwardConfig": {**(before.get("ForwardConfig") or {}), "TargetGroups": groups}})
    rule.actions = [*(action for action in rule.actions if action.type != "forward"), forward]
    for listener, found in _rules(rule.arn):
        if found is rule and rule.is_default:
            listener.default_actions = rule.actions
