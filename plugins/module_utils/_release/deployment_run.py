# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run of `blue_green_deployment`: check, put right what was left, bring the release to the customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from .._aws.ecs import api as ecs
from .._aws.session import Aws, Outcome
from .._core.changes import Change
from .._core.clock import Clock
from .._core.errors import InvalidInput, PlatformError
from .._core.placeholders import is_placeholder
from .._verify.flow import CheckFailed, Flow, Probe
from .._verify.grafana import prometheus
from .._verify.http import Unreachable, Untrusted
from .._verify.traffic import Account
from .._verify.traffic import Traffic as Requests
from . import connections, preview
from .colours import steps
from .deployment import Deployment, Order
from .gate import Gate, Patience, SignIn, merged
from .judge import Thresholds
from .situation import Plan, Repair, Seen, plan, repair
from .state import COLOURS, Release


def run(aws: Aws, report: Callable[[str], None], last_words: Callable[[str], None]) -> Outcome:
    """In check mode say what would happen."""
    order = _order(aws)
    _check_revision(aws, order.release)
    rollout = _deployment(aws, report, order)
    rollout.last_words = last_words
    seen = rollout.see()
    found = repair(seen)
    if found and not aws.check_mode:
        rollout.put_right(found)
        seen = rollout.see()
    planned = plan(_repaired(seen, found) if aws.check_mode else seen, order.release.task_definition)
    changes = _changes(aws, seen, found, planned, order.release)
    if planned.nothing or aws.check_mode:
        verdict = "unchanged" if planned.nothing else "planned"
        return Outcome(changes, _result(rollout, planned, verdict, found))
    _check_prometheus(rollout)
    rollout.go(planned)
    return Outcome(changes, _result(rollout, planned, "completed", found), warnings=rollout.warnings)


def _order(aws: Aws) -> Order:
    params = aws.params
    missing = [colour for colour in COLOURS if not params["colours"].get(colour)]
    if missing:
        raise InvalidInput("colours", sorted(params["colours"]), f"lacks {' and '.join(missing)}")
    for name in ("bake_seconds", "warm_seconds", "requests_per_minute"):
        if params[name] < 0:
            raise InvalidInput(name, params[name], "is negative")
    for name in ("start_timeout", "poll_seconds"):
        if params[name] <= 0:
            raise InvalidInput(name, params[name], "is no time at all: give seconds")
    release = {**params["release"], "task_definition": params["task_definition"]}
    return Order(
        Release.from_json({name: value for name, value in release.items() if value is not None}),
        steps(params["steps"]),
        params["bake_seconds"],
        params["warm_seconds"],
        params["start_timeout"],
        params["poll_seconds"],
        params["state_path"],
    )


def _check_revision(aws: Aws, release: Release) -> None:
    if aws.check_mode and is_placeholder(release.task_definition):
        return
    found = ecs.describe_task_definition(aws, release.task_definition)
    if found is None or found["status"] != "ACTIVE":
        raise InvalidInput("task_definition", release.task_definition, "is no ACTIVE revision")


def _deployment(aws: Aws, report: Callable[[str], None], order: Order) -> Deployment:
    params = aws.params
    ways = connections.ways(aws)
    gate = Gate(
        prometheus(aws, "metrics.grafana", params["metrics"]["grafana"]),
        aws.clock,
        merged(params["metrics"]["queries"]),
        params["service"],
        _thresholds(params["thresholds"]),
        Patience(params["metrics"]["traffic_timeout"], params["metrics"]["gap_seconds"]),
        SignIn(ways.hidden, aws.clock),
        Requests([ways.public, ways.hidden.send], params["requests_per_minute"]),
        lambda token: aws.hide([token]),
    )
    traffic, services = connections.traffic(aws), connections.services(aws)
    rollout = Deployment(aws, report, order, traffic, services, gate, str, connections.lease(aws))
    rollout.smoke = partial(_smoke, aws, rollout, ways.hidden)
    return rollout


def _thresholds(given: Mapping[str, Any]) -> Thresholds:
    for name, value in given.items():
        if value < 0:
            raise InvalidInput(f"thresholds.{name}", value, "is negative")
    if given["error_ratio"] >= 1:
        raise InvalidInput("thresholds.error_ratio", given["error_ratio"], "is no ratio below 1, such as 0.01")
    if given["minimum_requests"] < 1:
        raise InvalidInput(
            "thresholds.minimum_requests", given["minimum_requests"], "is below 1: no data is no success"
        )
    return Thresholds(**given)


def _check_prometheus(rollout: Deployment) -> None:
    """A rollout that nobody could judge is not begun."""
    try:
        rollout.gate.prometheus.instant("vector(1)")
    except (Unreachable, Untrusted) as error:
        raise PlatformError(f"metrics.grafana: Prometheus does not answer, so no rollout is begun: {error}") from error


def _smoke(aws: Aws, rollout: Deployment, account: Account) -> str:
    """Sign in as customers do, where they cannot come; answers an access token."""
    clock = aws.clock
    flow = Flow(account.send, Clock(clock.now, rollout.rest, clock.jitter))
    preview.await_answers(account.send, rollout.wait)
    try:
        flow.serves("")
        token = flow.signs_in(Probe(account.email, account.password, ""))
    except CheckFailed as error:
        raise PlatformError(f"preview: {error.name}: {error}") from error
    except (Unreachable, Untrusted) as error:
        raise PlatformError(f"preview: {error}") from error
    aws.hide([token])
    return token


def _repaired(seen: Seen, found: Repair | None) -> Seen:
    """What would be seen once it is put right."""
    if found is None:
        return seen
    return Seen(seen.state, {colour: 100 if colour == found.live else 0 for colour in COLOURS}, seen.sides)


def _changes(aws: Aws, seen: Seen, found: Repair | None, planned: Plan, release: Release) -> list[Change]:
    service = aws.params["service"]
    changes = []
    if found:
        changes.append(Change("update", "rollout", service, {"left": found.why}, {"live": found.live}))
    if not planned.nothing:
        before = seen.state.releases.get(planned.live)
        was = {
            "live": planned.live,
            "version": before.version if before else "",
            "task_definition": seen.sides[planned.live].task_definition,
        }
        becomes = {"live": planned.to, "version": release.version, "task_definition": release.task_definition}
        changes.append(Change("update", "release", service, was, becomes, level=1))
    return changes


def _result(rollout: Deployment, planned: Plan, verdict: str, found: Repair | None) -> dict[str, Any]:
    return {
        **rollout.result(planned, verdict),
        "put_right": found.why if found else "",
        "from": planned.live,
        "to": planned.live if planned.nothing else planned.to,
    }
