# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How each planned change is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..._core.changes import Change
from ..._core.reconcile import Handler, Handlers
from ..session import Aws, ansible_dict_to_boto3_tag_list
from . import api, model
from .routing import action_arguments, condition_arguments
from .target_groups import health_arguments

REPLACED = " (replaced)"


@dataclass
class Ids:
    """What is known of identities, filled up as things are made.

    `groups` are ARNs of target groups by name in the account, `places` those names by name in the task.
    """

    balancer: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    listeners: dict[str, str] = field(default_factory=dict)
    rules: dict[str, str] = field(default_factory=dict)

    @property
    def balancer_arn(self) -> str:
        return str(self.balancer["LoadBalancerArn"])

    def group_arn(self, name: str) -> str:
        return self.groups.get(name, name)


def present(aws: Aws, ids: Ids) -> Handlers:
    """Handlers for everything but the removal of the load balancer."""
    made: dict[tuple[str, Any], Any] = {
        ("load_balancer", "create"): _create_balancer,
        ("load_balancer", "update"): _update_balancer,
        ("target_group", "create"): _create_group,
        ("target_group", "replace"): _create_group,
        ("target_group", "update"): _update_group,
        ("target_group", "delete"): _delete_group,
        ("listener", "create"): _create_listener,
        ("listener", "update"): _update_listener,
        ("listener", "delete"): _delete_listener,
        ("rule", "create"): _create_rule,
        ("rule", "update"): _update_rule,
        ("rule", "delete"): _delete_rule,
    }
    return {key: partial(handler, aws, ids) for key, handler in made.items()}


def absent(aws: Aws, ids: Ids) -> Handlers:
    """Handlers for the removal of everything."""
    balancer: Handler = partial(_delete_balancer, aws, ids)
    return {
        ("listener", "delete"): partial(_delete_listener, aws, ids),
        ("load_balancer", "delete"): balancer,
        ("target_group", "delete"): partial(_delete_group, aws, ids),
    }


def _tags(state: Mapping[str, Any]) -> dict[str, Any]:
    return {"Tags": ansible_dict_to_boto3_tag_list(state["tags"])} if state.get("tags") else {}


def _create_balancer(aws: Aws, ids: Ids, change: Change) -> None:
    state = change.desired
    names = {"scheme": "Scheme", "ip_address_type": "IpAddressType", "subnets": "Subnets"}
    arguments = {argument: state[name] for name, argument in names.items() if name in state}
    groups = {"SecurityGroups": state["security_groups"]} if state.get("security_groups") else {}
    ids.balancer = api.create_load_balancer(aws, Name=change.key, **arguments, **groups, **_tags(state))
    if state.get("attributes"):
        api.modify_load_balancer_attributes(aws, ids.balancer_arn, state["attributes"])


def _update_balancer(aws: Aws, ids: Ids, change: Change) -> None:
    setters: dict[str, Callable[[Aws, str, Any], None]] = {
        "ip_address_type": api.set_ip_address_type,
        "subnets": api.set_subnets,
        "security_groups": api.set_security_groups,
        "attributes": api.modify_load_balancer_attributes,
        "tags": api.add_tags,
    }
    for name in change.fields:
        setters[name](aws, ids.balancer_arn, change.desired[name])


def _delete_balancer(aws: Aws, ids: Ids, change: Change) -> None:
    if change.current["attributes"].get("deletion_protection.enabled") == "true":
        api.modify_load_balancer_attributes(aws, ids.balancer_arn, {"deletion_protection.enabled": "false"})
    api.delete_load_balancer(aws, ids.balancer_arn)
    aws.wait(
        f"load balancer {change.key} deleted",
        lambda: api.describe_load_balancer(aws, change.key),
        model.gone,
        timeout=aws.params["wait_timeout"],
    )


def _create_group(aws: Aws, ids: Ids, change: Change) -> None:
    state, name = change.desired, ids.places[change.key]
    arguments: dict[str, Any] = {"VpcId": state["vpc_id"], "Port": state["port"], "Protocol": state["protocol"]}
    arguments["TargetType"] = state["target_type"]
    if "protocol_version" in state:
        arguments["ProtocolVersion"] = state["protocol_version"]
    health = health_arguments(state.get("health_check", {}), state.get("protocol_version"))
    ids.groups[name] = api.create_target_group(aws, name, **arguments, **health, **_tags(state))
    if state.get("attributes"):
        api.modify_target_group_attributes(aws, ids.groups[name], state["attributes"])


def _update_group(aws: Aws, ids: Ids, change: Change) -> None:
    arn, state = ids.groups[ids.places[change.key]], change.desired
    if "health_check" in change.fields:
        version = state.get("protocol_version", change.current["protocol_version"])
        api.modify_target_group(aws, arn, **health_arguments(state["health_check"], version))
    if "attributes" in change.fields:
        api.modify_target_group_attributes(aws, arn, state["attributes"])
    if "tags" in change.fields:
        api.add_tags(aws, arn, state["tags"])


def _delete_group(aws: Aws, ids: Ids, change: Change) -> None:
    """A group counts as used for a moment after the last listener let go of it."""
    arn = ids.groups[change.key.removesuffix(REPLACED)]
    aws.eventually(lambda: api.delete_target_group(aws, arn), "ResourceInUse")


def _listener_arguments(ids: Ids, state: Mapping[str, Any], fields: Any) -> dict[str, Any]:
    """What is to be sent of `fields`. A certificate only goes together with HTTPS."""
    arguments: dict[str, Any] = {}
    if "protocol" in fields or "ssl_policy" in fields:
        arguments["Protocol"] = state["protocol"]
    if "ssl_policy" in fields:
        arguments["SslPolicy"] = state["ssl_policy"]
    if "certificate" in fields:
        arguments["Certificates"] = [{"CertificateArn": state["certificate"]}]
    if "default_action" in fields:
        arguments["DefaultActions"] = action_arguments(state["default_action"], ids.group_arn)
    return arguments


def _create_listener(aws: Aws, ids: Ids, change: Change) -> None:
    state = change.desired
    arguments = _listener_arguments(ids, state, state)
    arn = api.create_listener(aws, ids.balancer_arn, Port=int(change.key), **arguments, **_tags(state))
    ids.listeners[change.key] = arn
    if state.get("additional_certificates"):
        api.add_listener_certificates(aws, arn, state["additional_certificates"])
    if state.get("attributes"):
        api.modify_listener_attributes(aws, arn, state["attributes"])


def _update_listener(aws: Aws, ids: Ids, change: Change) -> None:
    arn, state = ids.listeners[change.key], change.desired
    arguments = _listener_arguments(ids, state, change.fields)
    if arguments:
        api.modify_listener(aws, arn, **arguments)
    _update_certificates(aws, arn, change)
    if "attributes" in change.fields:
        api.modify_listener_attributes(aws, arn, state["attributes"])
    if "tags" in change.fields:
        api.add_tags(aws, arn, state["tags"])


def _update_certificates(aws: Aws, arn: str, change: Change) -> None:
    """Additions come before removals. A new default certificate may have ended the service of the others."""
    if not {"certificate", "additional_certificates"} & set(change.fields):
        return
    has, wants = set(change.current["additional_certificates"]), set(change.desired["additional_certificates"])
    missing = wants if "certificate" in change.fields else wants - has
    if missing:
        api.add_listener_certificates(aws, arn, sorted(missing))
    if has - wants - {change.desired["certificate"]}:
        api.remove_listener_certificates(aws, arn, sorted(has - wants - {change.desired["certificate"]}))


def _delete_listener(aws: Aws, ids: Ids, change: Change) -> None:
    api.delete_listener(aws, ids.listeners[change.key])


def _create_rule(aws: Aws, ids: Ids, change: Change) -> None:
    port, priority = change.key.split("/")
    conditions = condition_arguments(change.desired["conditions"])
    actions = action_arguments(change.desired["action"], ids.group_arn)
    listener = ids.listeners[port]
    api.create_rule(
        aws, listener, Priority=int(priority), Conditions=conditions, Actions=actions, **_tags(change.desired)
    )


def _update_rule(aws: Aws, ids: Ids, change: Change) -> None:
    arn, arguments = ids.rules[change.key], {}
    if "conditions" in change.fields:
        arguments["Conditions"] = condition_arguments(change.desired["conditions"])
    if "action" in change.fields:
        arguments["Actions"] = action_arguments(change.desired["action"], ids.group_arn)
    if arguments:
        api.modify_rule(aws, arn, **arguments)
    if "tags" in change.fields:
        api.add_tags(aws, arn, change.desired["tags"])


def _delete_rule(aws: Aws, ids: Ids, change: Change) -> None:
    api.delete_rule(aws, ids.rules[change.key])
