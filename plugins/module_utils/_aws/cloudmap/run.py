# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing a private DNS namespace and its services to their desired state."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ..._core.changes import Change, desired_fields
from ..._core.placeholders import KNOWN_AFTER_APPLY, is_placeholder
from ..session import Aws, Outcome
from . import api, model

TAG_WORKERS = 8
Listed = Mapping[str, Any]


def run(aws: Aws) -> Outcome:
    """Read namespace and services with two list calls and their tags, plan, apply."""
    params = aws.params
    model.check(params)
    namespace = _namespace(aws, params["name"], params["vpc_id"])
    listed = api.list_services(aws, namespace["Id"]) if namespace else []
    tags = _tags(aws, [*([namespace] if namespace else []), *listed], params["tags"])
    current = model.current_namespace(namespace, tags[namespace["Arn"]]) if namespace else None
    services = {item["Name"]: model.current_service(item, tags[item["Arn"]]) for item in listed}
    if params["state"] == "absent":
        changes = model.plan_removal(params["name"], current, services)
    else:
        desired = model.desired_services(params)
        owned = [name for name, state in services.items() if _carries(state["tags"], params["tags"])]
        changes = model.plan(
            params["name"],
            (current, model.desired_namespace(params)),
            (services, desired),
            owned=owned,
            purge=params["purge"],
        )
    known = {"namespace": current, **{f"service {name}": state for name, state in services.items()}}
    aws.apply(changes, _handlers(aws, known))
    return Outcome(changes, _result(params, changes, known))


def _namespace(aws: Aws, name: str, vpc_id: str | None) -> Listed | None:
    if is_placeholder(vpc_id):
        return None
    found = api.list_namespaces(aws, name)
    zones = [model.zone_of(item) for item in found if vpc_id]
    namespace: Listed | None = model.chosen(found, {zone: api.hosted_zone_vpcs(aws, zone) for zone in zones}, vpc_id)
    return namespace


def _tags(aws: Aws, items: Sequence[Listed], wanted: Mapping[str, str] | None) -> dict[str, dict[str, str]]:
    """The managed tags of each item by ARN; nothing is read when tags are unmanaged."""
    arns = [item["Arn"] for item in items]
    if not wanted or not arns:
        return {arn: {} for arn in arns}
    with ThreadPoolExecutor(max_workers=TAG_WORKERS) as pool:
        answers = list(pool.map(lambda arn: api.tags(aws, arn), arns))
    return {
        arn: {key: value for key, value in answer.items() if key in wanted}
        for arn, answer in zip(arns, answers, strict=True)
    }


def _carries(tags: Mapping[str, str], wanted: Mapping[str, str] | None) -> bool:
    return tags == dict(wanted or {})


def _handlers(aws: Aws, known: dict[str, Any]) -> dict[Any, Any]:
    return {**_namespace_handlers(aws, known), **_service_handlers(aws, known)}


def _namespace_handlers(aws: Aws, known: dict[str, Any]) -> dict[Any, Any]:
    params = aws.params

    def create(change: Change) -> None:
        state = change.desired
        listed = [{"Key": key, "Value": value} for key, value in state.get("tags", {}).items()]
        arguments = {"Name": change.key, "Vpc": params["vpc_id"], "Description": state.get("description")}
        _join(
            aws,
            api.create_namespace(aws, desired_fields({**arguments, "Tags": listed or None})),
            f"creation of {change.key}",
        )
        namespace = aws.wait(
            f"namespace {change.key}",
            lambda: _namespace(aws, change.key, params["vpc_id"]),
            model.judge_visible,
            timeout=params["wait_timeout"],
        )
        known["namespace"] = model.current_namespace(namespace or {}, {})

    def update(change: Change) -> None:
        if "description" in change.fields:
            changes = {"Description": change.desired["description"]}
            _join(aws, api.update_namespace(aws, change.current["id"], changes), f"change of {change.key}")
        if "tags" in change.fields:
            api.add_tags(aws, change.current["arn"], change.desired["tags"])

    def delete(change: Change) -> None:
        _join(aws, api.delete_namespace(aws, change.current["id"]), f"removal of {change.key}")

    return {("namespace", "create"): create, ("namespace", "update"): update, ("namespace", "delete"): delete}


def _service_handlers(aws: Aws, known: dict[str, Any]) -> dict[Any, Any]:
    def create(change: Change) -> None:
        service = api.create_service(aws, model.service_arguments(known["namespace"]["id"], change))
        known[f"service {change.key}"] = {"id": service["Id"], "arn": service["Arn"]}

    def update(change: Change) -> None:
        if set(change.fields) - {"tags"}:
            changes = model.service_changes(change.desired, change.current)
            _join(aws, api.update_service(aws, change.current["id"], changes), f"change of service {change.key}")
        if "tags" in change.fields:
            api.add_tags(aws, change.current["arn"], change.desired["tags"])

    def delete(change: Change) -> None:
        api.delete_service(aws, change.current["id"], timeout=aws.params["wait_timeout"])

    def replace(change: Change) -> None:
        delete(change)
        create(change)

    handlers = {"create": create, "update": update, "delete": delete, "replace": replace}
    return {("cloud_map_service", op): handler for op, handler in handlers.items()}


def _join(aws: Aws, operation: str, name: str) -> None:
    aws.wait(name, lambda: api.get_operation(aws, operation), model.judge, timeout=aws.params["wait_timeout"])


def _result(params: Mapping[str, Any], changes: Collection[Change], known: Mapping[str, Any]) -> dict[str, Any]:
    if params["state"] == "absent":
        return {"namespace": None, "services": {}}
    gone = {change.key for change in changes if change.op == "delete"}
    present = {name.removeprefix("service ") for name in known if name.startswith("service ")} - gone
    wanted = {service["name"] for service in params["services"] or []}
    unknown = {"id": KNOWN_AFTER_APPLY, "arn": KNOWN_AFTER_APPLY}
    namespace = known["namespace"] or unknown
    services = {name: known.get(f"service {name}") or unknown for name in sorted(present | wanted)}
    return {
        "namespace": {"name": params["name"], "id": namespace["id"], "arn": namespace["arn"]},
        "services": {name: {"id": state["id"], "arn": state["arn"]} for name, state in services.items()},
    }
