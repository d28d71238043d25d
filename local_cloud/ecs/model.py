"""Services, their revisions and deployments, as data."""

from __future__ import annotations

import datetime
import secrets
import string
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.ecs.models import TaskDefinition

from local_cloud.ecs.hooks import HookRun
from local_cloud.ecs.strategies import CLEAN_UP, Stop
from local_cloud.ecs.tasks import Task, now

IN_PROGRESS, COMPLETED, FAILED = "IN_PROGRESS", "COMPLETED", "FAILED"
_ALPHABET = string.ascii_letters + string.digits
_KEPT_EVENTS = 100

# Members of Create/UpdateService that make a new revision, and so a new deployment, when they change.
REVISION_MEMBERS = (
    "networkConfiguration",
    "loadBalancers",
    "serviceRegistries",
    "platformVersion",
    "capacityProviderStrategy",
    "serviceConnectConfiguration",
    "volumeConfigurations",
)


@dataclass(frozen=True)
class Revision:
    """What the tasks of a deployment are made of."""

    arn: str
    task_definition: TaskDefinition
    members: Mapping[str, Any]
    launch_type: str | None
    created: datetime.datetime = field(default_factory=now)

    def same_as(self, task_definition: TaskDefinition, members: Mapping[str, Any]) -> bool:
        return self.task_definition.arn == task_definition.arn and dict(self.members) == dict(members)


@dataclass
class Passage:
    """How far a deployment that shifts traffic has come on its route."""

    configuration: Mapping[str, Any]
    route: tuple[Stop, ...]
    index: int = 0
    arrived: float = field(default_factory=time.monotonic)
    entered: bool = False
    called_back: bool = False
    hooks: list[HookRun] = field(default_factory=list)
    # Percentages of traffic that the new revision was given; None before the first shift.
    test: float | None = None
    production: float | None = None

    @property
    def stop(self) -> Stop:
        return self.route[self.index]


@dataclass
class Deployment:
    """`status` is PRIMARY, ACTIVE (being replaced) or INACTIVE (over)."""

    revision: Revision
    arn: str
    source: Revision | None
    status: str = "PRIMARY"
    rollout_state: str = IN_PROGRESS
    reason: str = ""
    failed_tasks: int = 0
    ignored_alarms: frozenset[str] = frozenset()
    triggered_alarms: frozenset[str] = frozenset()
    steady_since: float | None = None
    was_completed: bool = False
    breaker_tripped: bool = False
    rollback_to: Deployment | None = None
    rollback_started: datetime.datetime | None = None
    # Whether its tasks are in the alternate target groups.
    alternate: bool = False
    passage: Passage | None = None
    # What StopServiceDeployment asked for: ABORT or ROLLBACK.
    requested: str = ""
    created: datetime.datetime = field(default_factory=now)
    updated: datetime.datetime = field(default_factory=now)
    finished: datetime.datetime | None = None

    def __post_init__(self) -> None:
        self.reason = self.reason or f"ECS deployment {self.id} in progress."

    @property
    def id(self) -> str:
        """Numbered as its revision."""
        return f"ecs-svc/{self.revision.arn.rpartition('/')[2]}"

    @property
    def shifting(self) -> bool:
        """Whether traffic is still to be shifted or given back, so that the revision before has to stay."""
        under_way = self.passage is not None and self.rollout_state == IN_PROGRESS
        return under_way and self.passage is not None and self.passage.stop.stage != CLEAN_UP

    def turn(self, state: str, reason: str) -> None:
        self.rollout_state, self.reason, self.updated = state, reason, now()
        self.was_completed = self.was_completed or state == COMPLETED
        self.finished = None if state == IN_PROGRESS else self.updated


@dataclass
class Service:
    """Attribute names that moto's backend looks at (tags, arn, …) are as moto has them."""

    account: str
    region: str
    cluster_name: str
    name: str
    desired_count: int
    members: dict[str, Any]
    tags: list[dict[str, str]]
    created_by: str
    client_token: str | None = None
    status: str = "ACTIVE"
    deployments: list[Deployment] = field(default_factory=list)
    history: list[Deployment] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    tasks: dict[str, Task] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    counted: set[str] = field(default_factory=set)
    announced: set[str] = field(default_factory=set)
    failures_in_row: int = 0
    next_start: float = 0.0
    started_tasks: int = 0
    steady: bool = False
    created: datetime.datetime = field(default_factory=now)
    deleted: float | None = None
    task_sets: list[Any] = field(default_factory=list)

    @property
    def arn(self) -> str:
        return self._arn("service")

    @property
    def physical_resource_id(self) -> str:
        return self.arn

    @property
    def cluster_arn(self) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:cluster/{self.cluster_name}"

    @property
    def primary(self) -> Deployment:
        return self.deployments[0]

    @property
    def launch_type(self) -> str | None:
        return None if self.members.get("capacityProviderStrategy") else self.members.get("launchType", "EC2")

    @property
    def scheduling_strategy(self) -> str:
        return str(self.members.get("schedulingStrategy", "REPLICA"))

    @property
    def standing(self) -> Deployment | None:
        """The last deployment before the primary one that completed: what a failure goes back to."""
        return next((deployment for deployment in self.deployments[1:] if deployment.was_completed), None)

    def live_tasks(self) -> list[Task]:
        """Tasks that are meant to run."""
        return [task for task in self.tasks.values() if task.desired_status == "RUNNING"]

    def tasks_of(self, deployment: Deployment) -> list[Task]:
        return [task for task in self.live_tasks() if self.owners[task.id] == deployment.id]

    def say(self, text: str) -> None:
        """A service event; the newest comes first. The same one is not said twice in a row."""
        message = f"(service {self.name}) {text}"
        if self.events and self.events[0]["message"] == message:
            return
        self.events.insert(0, {"id": str(uuid.uuid4()), "createdAt": now(), "message": message})
        del self.events[_KEPT_EVENTS:]

    def revise(self, task_definition: TaskDefinition) -> Revision:
        """A revision of the service as it is described now."""
        members = {name: self.members[name] for name in REVISION_MEMBERS if self.members.get(name) is not None}
        number = str(secrets.randbelow(9 * 10**18) + 10**18)
        return Revision(f"{self._arn('service-revision')}/{number}", task_definition, members, self.launch_type)

    def deploy(self, revision: Revision) -> Deployment:
        """Start a deployment; the one before is replaced. Its tasks join those target groups that have the traffic."""
        key = "".join(secrets.choice(_ALPHABET) for _ in range(21))
        source = self.primary.revision if self.deployments else None
        deployment = Deployment(revision, f"{self._arn('service-deployment')}/{key}", source)
        deployment.alternate = next((item.alternate for item in self.deployments if item.was_completed), False)
        for previous in self.deployments:
            previous.status = "ACTIVE"
            if previous.rollout_state == IN_PROGRESS:
                previous.finished = now()
        self.deployments.insert(0, deployment)
        self.history.insert(0, deployment)
        self.steady, self.failures_in_row, self.next_start = False, 0, 0.0
        return deployment

    def _arn(self, kind: str) -> str:
        return f"arn:aws:ecs:{self.region}:{self.account}:{kind}/{self.cluster_name}/{self.name}"
