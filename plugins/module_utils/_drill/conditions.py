# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bringing conditions about, and taking them back.

Each kind has three steps: `note` reads what has to be known to undo it, before anything is done; `inject` does it;
`restore` undoes it from the note alone, as often as it is asked to, and answers what it still waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .._aws.ecs import api as ecs
from .._aws.ecs.task import addresses
from .._aws.session import Aws
from .._core.errors import InvalidInput, PlatformError
from .._verify.http import Client, Request, Unreachable

Spec = Mapping[str, Any]
Note = dict[str, Any]

SCALING = "ecs:service:DesiredCount"
SUSPENSIONS = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


@dataclass
class World:
    """What conditions are brought about in. `api_key` opens the service's own switches."""

    aws: Aws
    cluster: str
    api_key: str = ""


# Stopping a service: no tasks, and nothing that starts them again.


def _note_services(world: World, spec: Spec) -> Note:
    services = []
    for name in spec["services"]:
        found = ecs.describe_service(world.aws, world.cluster, name)
        if not found or found["status"] != "ACTIVE":
            raise InvalidInput("inject.services", name, "is no service of the cluster")
        services.append({"name": name, "desired": found["desiredCount"], "suspended": _suspended(world, name)})
    return {"services": services}


def _suspended(world: World, service: str) -> dict[str, bool] | None:
    """What of the service's scaling is suspended already; None when it does not scale."""
    targets = world.aws.pages(
        "application-autoscaling",
        "describe_scalable_targets",
        "ScalableTargets",
        ServiceNamespace="ecs",
        ResourceIds=[_resource(world, service)],
        ScalableDimension=SCALING,
    )
    if not targets:
        return None
    state = targets[0].get("SuspendedState") or {}
    return {name: bool(state.get(name, False)) for name in SUSPENSIONS}


def _stop_services(world: World, _spec: Spec, note: Note) -> None:
    for service in note["services"]:
        if service["suspended"] is not None:
            _suspend(world, service["name"], dict.fromkeys(SUSPENSIONS, True))
        _scale(world, service["name"], 0)


def _start_services(world: World, note: Note) -> str:
    for service in note["services"]:
        _scale(world, service["name"], service["desired"])
        if service["suspended"] is not None:
            _suspend(world, service["name"], service["suspended"])
    return ""


def _scale(world: World, service: str, count: int) -> None:
    world.aws.client("ecs").update_service(cluster=world.cluster, service=service, desiredCount=count)


def _suspend(world: World, service: str, suspended: Mapping[str, bool]) -> None:
    world.aws.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=_resource(world, service),
        ScalableDimension=SCALING,
        SuspendedState=dict(suspended),
    )


def _resource(world: World, service: str) -> str:
    return f"service/{world.cluster.rpartition('/')[2]}/{service}"


# Stopping the database.


def _note_database(world: World, spec: Spec) -> Note:
    status = _database_status(world, spec["database"])
    if status != "available":
        raise InvalidInput("inject.database", spec["database"], f"is {status}, so it cannot be stopped")
    return {"database": spec["database"]}


def _stop_database(world: World, spec: Spec, _note: Note) -> None:
    world.aws.client("rds").stop_db_instance(DBInstanceIdentifier=spec["database"])


def _start_database(world: World, note: Note) -> str:
    status = _database_status(world, note["database"])
    if status == "stopped":
        world.aws.client("rds").start_db_instance(DBInstanceIdentifier=note["database"])
        return ""
    return f"the database is {status}" if status == "stopping" else ""


def _database_status(world: World, identifier: str) -> str:
    found = world.aws.client("rds").describe_db_instances(DBInstanceIdentifier=identifier)["DBInstances"]
    return str(found[0]["DBInstanceStatus"])


# Misbehaving: switches of the service itself, in each of its tasks.


def _note_switches(_world: World, spec: Spec) -> Note:
    return {"services": list(spec["services"]), "port": spec["port"], "switches": sorted(spec["switches"])}


def _misbehave(world: World, spec: Spec, _note: Note) -> None:
    addresses = _addresses(world, spec["services"])
    if not addresses:
        raise PlatformError(f"no task of {', '.join(spec['services'])} could misbehave: none runs")
    for address in addresses:
        _switch(world, address, spec["port"], spec["switches"])


def _behave(world: World, note: Note) -> str:
    for address in _addresses(world, note["services"]):
        _switch(world, address, note["port"], dict.fromkeys(note["switches"]))
    return ""


def _addresses(world: World, services: Sequence[str]) -> list[str]:
    lists = [ecs.list_tasks(world.aws, world.cluster, serviceName=name, desiredStatus="RUNNING") for name in services]
    return addresses(ecs.describe_tasks(world.aws, world.cluster, [arn for listed in lists for arn in listed]))


def _switch(world: World, address: str, port: int, switches: Mapping[str, Any]) -> None:
    client = Client(f"http://{address}:{port}", headers={"X-API-Key": world.api_key})
    try:
        answer = client(Request("PUT", "/sample/misbehaviour", switches))
    except Unreachable as error:
        raise PlatformError(f"switches of the service: {error}") from error
    if answer.status != 200:
        raise PlatformError(f"switches of the service at {address}: {answer.status} {answer.text('message')}".strip())


KINDS: Mapping[
    str,
    tuple[
        Callable[[World, Spec], Note],
        Callable[[World, Spec, Note], None],
        Callable[[World, Note], str],
    ],
] = {
    "stop_services": (_note_services, _stop_services, _start_services),
    "stop_database": (_note_database, _stop_database, _start_database),
    "misbehave": (_note_switches, _misbehave, _behave),
}


def note(world: World, spec: Spec) -> Note:
    """What has to be known to undo an injection. Changes nothing."""
    return {"kind": spec["kind"], **KINDS[spec["kind"]][0](world, spec)}


def inject(world: World, spec: Spec, noted: Note) -> None:
    """Bring a condition about."""
    KINDS[spec["kind"]][1](world, spec, noted)


def restore(world: World, noted: Note) -> str:
    """Take a condition back. Answers what it waits for before it can; empty when it is done."""
    return KINDS[noted["kind"]][2](world, noted)
