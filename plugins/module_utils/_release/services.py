# Copyright: Contributors to the trademaster.platform collection
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs of each colour: the ECS services behind them, their scaling, and when the one that nobody needs retires."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from .._aws.autoscaling import api as scaling
from .._aws.autoscaling.model import target
from .._aws.ecs import api, diagnosis, rollout
from .._aws.ecs.service import primary
from .._aws.session import Aws
from .._core.errors import InvalidInput
from .._core.wait import DONE, Verdict, pending
from .state import Colour

FLOOR = 0  # tasks of a colour that nobody needs
RETIREMENT = "retirement"  # name of the scheduled action
EVENTS = 5
STOPPED_TASKS = 3
LOG_LINES = 5
KNOWN = ("HEALTHY", "UNHEALTHY")
NO_CHECK: Mapping[str, Any] = {"command": ["NONE"]}


@dataclass(frozen=True)
class Bounds:
    """Between how many tasks a service scales."""

    least: int
    most: int


@dataclass(frozen=True)
class Side:
    """What there is of a colour. `task_definition` is the ARN that its newest deployment is of."""

    service: str
    task_definition: str
    desired: int
    running: int
    deployment: str
    completed: bool
    described: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass
class Services:
    """`names` are the ECS services of the colours in `cluster`."""

    aws: Aws
    cluster: str
    names: Mapping[Colour, str]
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    _checked: dict[str, bool] = field(default_factory=dict, repr=False)

    def look(self, colour: Colour) -> Side:
        """Raises InvalidInput where there is no such service."""
        found = api.describe_service(self.aws, self.cluster, self.names[colour])
        if found is None or found["status"] != "ACTIVE":
            raise InvalidInput(f"colours.{colour}.service", self.names[colour], "is no service: run site.yml first")
        return side(found)

    def bounds(self, colour: Colour) -> Bounds | None:
        """None where the service does not scale."""
        found = scaling.scalable_target(self.aws, self._target(colour))
        return Bounds(int(found["MinCapacity"]), int(found["MaxCapacity"])) if found else None

    def start(self, colour: Colour, task_definition: str, count: int, bounds: Bounds) -> str:
        """Run `count` tasks of a revision and keep them; answers the id of the deployment that does it.

        The lower bound comes second: with it first, tasks of the revision before would be started to meet it. The upper
        one comes first: a deployment that is held at no task completes with none.
        """
        self.keep(colour)
        before = self.look(colour)
        self._bind(colour, Bounds(FLOOR, bounds.most))
        same = before.task_definition == task_definition
        # A deployment that is over, failed or without tasks, says nothing of those that are started now.
        again = {"forceNewDeployment": True} if same and not (before.completed and before.running) else {}
        arguments = {"taskDefinition": task_definition, "desiredCount": count, **again}
        updated = api.update_service(self.aws, self.cluster, self.names[colour], arguments)
        self._bind(colour, bounds)
        return str(primary(updated)["id"])

    def judge(self, colour: Colour, deployment: str, task_definition: str) -> Verdict:
        """One look at whether the deployment that `start` began has completed, with all of its tasks healthy."""
        described = api.describe_service(self.aws, self.cluster, self.names[colour])
        verdict = rollout.judge(described, deployment, task_definition)
        if verdict.status != "done":
            return verdict
        return self.healthy(colour, int((described or {})["desiredCount"]))

    def healthy(self, colour: Colour, wanted: int) -> Verdict:
        """Whether as many tasks of a colour as are wanted run and are healthy."""
        tasks = self.tasks(colour)
        unknown = {task["taskDefinitionArn"] for task in tasks if task.get("healthStatus") not in KNOWN}
        return tasks_healthy(tasks, wanted, {arn for arn in unknown if self._is_checked(arn)})

    def _is_checked(self, task_definition: str) -> bool:
        """Revisions do not change, so that one look is enough."""
        if task_definition not in self._checked:
            found = api.describe_task_definition(self.aws, task_definition)
            self._checked[task_definition] = is_checked(found or {})
        return self._checked[task_definition]

    def tasks(self, colour: Colour) -> list[dict[str, Any]]:
        """Tasks that run, or are about to."""
        arns = api.list_tasks(self.aws, self.cluster, serviceName=self.names[colour], desiredStatus="RUNNING")
        return api.describe_tasks(self.aws, self.cluster, arns)

    def stop(self, colour: Colour) -> None:
        """Stop the tasks of a colour. The bounds come first: with them second, scaling could start tasks again."""
        self.keep(colour)
        if self.bounds(colour):
            self._bind(colour, Bounds(FLOOR, FLOOR))
        api.update_service(self.aws, self.cluster, self.names[colour], {"desiredCount": FLOOR})

    def retire_later(self, colour: Colour, seconds: float) -> datetime:
        """Have the tasks of a colour stopped in so many seconds, unless `keep` comes first."""
        if self.bounds(colour) is None:  # what is scheduled is a change of bounds
            desired = self.look(colour).desired
            self._bind(colour, Bounds(desired, desired))
        at = self.now() + timedelta(seconds=seconds)
        schedule = {
            "Schedule": f"at({at:%Y-%m-%dT%H:%M:%S})",
            "Timezone": "UTC",
            "ScalableTargetAction": {"MinCapacity": FLOOR, "MaxCapacity": FLOOR},
        }
        scaling.put_scheduled_action(self.aws, self._target(colour), RETIREMENT, schedule)
        return at

    def keep(self, colour: Colour) -> None:
        """Take back what `retire_later` has scheduled."""
        scaling.delete_scheduled_action(self.aws, self._target(colour), RETIREMENT)

    def explain(self, colour: Colour, deployment: str) -> dict[str, Any]:
        """Why the tasks of a colour do not do: `events` of the service, `stopped_tasks`, and `log` by container.

        The log's last lines are of the task that stopped last, or where none has, of one that runs.
        """
        name = self.names[colour]
        described = api.describe_service(self.aws, self.cluster, name)
        stopped = diagnosis.stopped_tasks(
            self.aws, self.cluster, name, deployment, limit=STOPPED_TASKS, lines=LOG_LINES
        )
        log = stopped[0].pop("log", {}) if stopped else self._log(colour)
        return {"events": rollout.events(described or {}, EVENTS), "stopped_tasks": stopped, "log": log}

    def _log(self, colour: Colour) -> dict[str, list[str]]:
        running = self.tasks(colour)
        if not running:
            return {}
        definition = api.describe_task_definition(self.aws, running[0]["taskDefinitionArn"])
        return diagnosis.log_tails(self.aws, definition or {}, running[0], LOG_LINES)

    def _bind(self, colour: Colour, bounds: Bounds) -> None:
        limits = {"MinCapacity": bounds.least, "MaxCapacity": bounds.most}
        scaling.register(self.aws, self._target(colour), limits)

    def _target(self, colour: Colour) -> dict[str, str]:
        return target(self.cluster, self.names[colour])


def side(described: Mapping[str, Any]) -> Side:
    """A described service in short. Pure."""
    deployment = primary(described)
    return Side(
        service=described["serviceName"],
        task_definition=deployment["taskDefinition"],
        desired=int(described["desiredCount"]),
        running=int(described["runningCount"]),
        deployment=deployment["id"],
        completed=deployment.get("rolloutState") == "COMPLETED",
        described=described,
    )


def is_checked(task_definition: Mapping[str, Any]) -> bool:
    """Whether ECS finds out about the health of its tasks: by the health checks of essential containers. Pure."""
    return any(
        container.get("essential", True) and (container.get("healthCheck") or NO_CHECK)["command"][0] != "NONE"
        for container in task_definition.get("containerDefinitions", [])
    )


def tasks_healthy(tasks: list[dict[str, Any]], wanted: int, checked: Collection[str]) -> Verdict:
    """Whether as many tasks as are wanted run and are healthy. Pure.

    `checked` are the revisions with a health check. Their tasks are UNKNOWN until it has passed, those of others are so
    for ever. A deployment that has completed stays so when the number of its tasks rises: none may be there yet.
    """
    if len(tasks) < max(wanted, 1):
        return pending(f"{len(tasks)} of {max(wanted, 1)} tasks are there")
    waiting = [task for task in tasks if task["lastStatus"] != "RUNNING" or not _is_well(task, checked)]
    if waiting:
        states = sorted({f"{task['lastStatus']} {task.get('healthStatus', '')}".strip() for task in waiting})
        return pending(f"{len(waiting)} of {len(tasks)} tasks are {', '.join(states)}")
    return DONE


def _is_well(task: Mapping[str, Any], checked: Collection[str]) -> bool:
    health = task.get("healthStatus")
    return health == "HEALTHY" or (health not in KNOWN and task["taskDefinitionArn"] not in checked)
