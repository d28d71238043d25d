# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `blue_green_rollback`: see what there is, decide where to return to, and go there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from .._aws.ecs import api as ecs
from .._aws.session import Aws, Outcome
from .._core.changes import Change
from .._core.errors import InvalidInput, PlatformError
from . import connections, history, preview, state
from . import rollback_plan as plan
from .colours import WHOLE, live_of, other
from .rollback import PHASE, Return, Rollback, left_over, refusal, way_back
from .services import Services
from .situation import Repair, Seen
from .state import COLOURS, Colour, Release, Verdict
from .traffic import Traffic

RECORDS = 100


@dataclass
class World:
    """What a rollback finds, and where it looks. `records` are read when they are needed."""

    aws: Aws
    traffic: Traffic
    services: Services
    seen: Seen

    @property
    def live(self) -> Colour:
        """The colour that takes the customers, or did before a rollback that was killed."""
        rollout = self.seen.state.rollout
        if rollout and rollout.phase == PHASE:
            return rollout.from_colour
        return live_of(self.seen.weights) or self.seen.state.live

    def records(self) -> list[dict[str, Any]]:
        params = self.aws.params
        service = state.service_of(params["state_path"])
        return history.records(self.aws, params["log_group"], service, limit=RECORDS, since=datetime.now(UTC))

    def current(self) -> Release:
        """What runs on the live colour, whatever was noted when it was brought there."""
        definition = self.seen.sides[self.live].task_definition
        noted = self.seen.state.releases.get(self.live)
        return replace(noted, task_definition=definition) if noted else self.described(definition)

    def described(self, reference: str) -> Release:
        """A release of which nothing is noted (DescribeTaskDefinition)."""
        found = ecs.describe_task_definition(self.aws, reference)
        if found is None or found["status"] == "DELETE_IN_PROGRESS":
            raise InvalidInput("to", reference, "is no revision that there is")
        return plan.described(found, ecs.tag_map(found["tags"]), self.aws.params["container"])


def run(aws: Aws, report: Callable[[str], None]) -> Outcome:
    """In check mode only say what would be done."""
    started = datetime.now(UTC)
    world = _look(aws)
    rollback = _rollback(world, report)
    left = left_over(world.seen)
    if left:
        report(left.why)
        result = _abandoned(world, left)
        if not aws.check_mode:
            rollback.abandon(left)
            world = _look(aws)
        if result and not aws.params["to"]:
            return Outcome([_moved(world, result)], _timed(result, rollback, started))
    way = _decide(world)
    report(str(way))
    result = _returned(way)
    if not aws.check_mode:
        try:
            rollback.go(way)
        except PlatformError as error:
            failed = {**result, "verdict": "failed", "live": way.live, "why": str(error)}
            raise PlatformError(str(error), {**_timed(failed, rollback, started), **error.details}) from error
    return Outcome([_moved(world, result)], _timed(result, rollback, started))


def _look(aws: Aws) -> World:
    traffic, services = connections.traffic(aws), connections.services(aws)
    meant = state.read(aws, aws.params["state_path"])
    seen = Seen(meant, traffic.weights(), {colour: services.look(colour) for colour in COLOURS})
    return World(aws, traffic, services, seen)


def _rollback(world: World, report: Callable[[str], None]) -> Rollback:
    params = world.aws.params
    return Rollback(
        world.aws,
        world.traffic,
        world.services,
        params["state_path"],
        world.seen.state,
        params["id"],
        report,
        lambda wait: _smoke(world.aws, wait),
        connections.lease(world.aws),
        params["warm_seconds"],
        params["start_timeout"],
    )


def _decide(world: World) -> Return:
    """Where to return to. Raises PlatformError where that cannot be, before anything is written."""
    to, current, records = world.aws.params["to"], world.current(), world.records()
    target = _target(world, to, current, records)
    idle = other(world.live)
    running = world.seen.sides[idle].running
    healthy = running > 0 and world.services.healthy(idle, running).status == "done"
    way = way_back(world.seen, world.live, current, target, healthy=healthy)
    by_revision = bool(to and plan.reference("", to))
    why = refusal(way, records, by_revision=by_revision, force=world.aws.params["force"])
    if why:
        raise PlatformError(why)
    return way


def _target(world: World, to: str | None, current: Release, records: list[dict[str, Any]]) -> Release:
    rollout = world.seen.state.rollout
    if not to:
        return rollout.release if rollout and rollout.phase == PHASE else plan.previous(records, current)
    found = plan.known(records, to)
    if found:
        return found
    reference = plan.reference(world.seen.sides[world.live].task_definition.rpartition(":")[0], to)
    if reference and ecs.describe_task_definition(world.aws, reference):
        return world.described(reference)
    if to == current.version:
        return current
    raise plan.unknown(to, records)


def _smoke(aws: Aws, wait: preview.Wait) -> None:
    """Sign in where only the preview's header leads, once the gateway leads there."""
    account = connections.ways(aws).hidden
    preview.await_answers(account.send, wait)
    account.sign_in()


def _abandoned(world: World, left: Repair) -> dict[str, Any]:
    """What became of the deployment that was left; empty where there was none, and only the weights were odd."""
    rollout = world.seen.state.rollout
    if rollout is None:
        return {}
    reached = world.seen.weights[rollout.to_colour] > 0
    stays = left.live == rollout.to_colour
    verdict: Verdict = "completed" if stays else "rolled_back" if reached else "failed"
    return {
        "verb": "deploy",
        "id": rollout.id,
        "verdict": verdict,
        "live": left.live,
        "from": world.described(world.seen.sides[left.live].task_definition).to_json(),
        "to": rollout.release.to_json(),
        "why": left.why,
        "warm": True,
    }


def _returned(way: Return) -> dict[str, Any]:
    return {
        "verb": "rollback",
        "verdict": "reverted",
        "live": way.to,
        "from": way.current.to_json(),
        "to": way.target.to_json(),
        "why": str(way),
        "warm": way.warm,
    }


def _timed(result: Mapping[str, Any], rollback: Rollback, started: datetime) -> dict[str, Any]:
    """The result with what `release_record` wants to know of times."""
    begun = f"{started:%Y-%m-%dT%H:%M:%S.%fZ}"
    ended = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    return {"id": rollback.identifier, **result, "phases": rollback.phases, "started_at": begun, "ended_at": ended}


def _moved(world: World, result: Mapping[str, Any]) -> Change:
    service = state.service_of(world.aws.params["state_path"])
    before = dict(world.seen.weights)
    after = {colour: WHOLE if colour == result["live"] else 0 for colour in COLOURS}
    return Change(
        "update",
        "customers",
        service,
        before={"weights": before},
        after={"weights": after, "release": (result["to"] or {}).get("version")},
    )
