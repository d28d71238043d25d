"""A world in which rollouts are played: a gateway, ECS, Prometheus, an account and a clock that all remember.

Time only runs when somebody sleeps. While it does, tasks start and die, and customers come and go by the weights.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.trademaster.platform.plugins.module_utils._aws.session import Aws, ClientError
from ansible_collections.trademaster.platform.plugins.module_utils._core.clock import Clock
from ansible_collections.trademaster.platform.plugins.module_utils._kong.client import KongError
from ansible_collections.trademaster.platform.plugins.module_utils._release.state import State
from ansible_collections.trademaster.platform.plugins.module_utils._verify.http import Answer, Request, Unreachable

FAMILY = "arn:aws:ecs:us-east-1:123456789012:task-definition/auth"
OLD, NEW = f"{FAMILY}:1", f"{FAMILY}:2"
STATE = "/test/releases/auth-service"
LOOKS = 1.0  # seconds, after which a node of the gateway looks for changes
LOCK = {"table": "locks", "name": "auth-service", "holder": "us"}
BOUNDS = (0.01, 0.1, 1.0)
SECONDS_OF = {"fast": 0.005, "slow": 0.8}
CREATED = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Release:
    """How a revision behaves. `checked` when its container has a health check."""

    starts: str = "well"
    checked: bool = True
    errors: float = 0.0
    speed: str = "fast"
    signs_in: bool = True
    dies_at_weight: int = 0


@dataclass
class Task:
    arn: str
    address: str
    revision: str
    started_by: str
    begun: float
    stopped: str = ""


@dataclass
class Service:
    """An ECS service. A deployment that has completed stays so, whatever becomes of its tasks."""

    name: str
    revision: str
    desired: int
    deployment: str
    begun: float = -1000.0
    completed: bool = True
    events: list[str] = field(default_factory=list)


class World:
    """`releases` say how revisions behave; `at` holds what is to happen when."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.log: list[str] = []
        self.lines: list[str] = []
        self.last_words: list[str] = []
        self.releases = {OLD: Release(), NEW: Release()}
        self.at: list[tuple[Callable[[], bool], Callable[[], None]]] = []
        self.per_second = 20.0
        self.writes: list[str] = []
        self.unserved = 0.0
        self.session = False
        self.kong = Kong(self)
        self.scaling = Scaling(self)
        self.ecs = Ecs(self)
        self.ssm = Parameters(self)
        self.dynamodb = Locks(self)
        self.prometheus = Prometheus(self)
        self.clients = {
            "ecs": self.ecs,
            "application-autoscaling": self.scaling,
            "ssm": self.ssm,
            "secretsmanager": Secrets(),
            "dynamodb": self.dynamodb,
            "logs": Logs(),
        }

    @property
    def clock(self) -> Clock:
        return Clock(lambda: self.seconds, self.sleep, lambda: 0.5)

    def sleep(self, seconds: float) -> None:
        """Let time run, in small steps."""
        until = self.seconds + seconds
        while self.seconds < until:
            step = min(0.5, until - self.seconds)
            self.seconds += step
            self.ecs.tick()
            self._serve(step)
            self.prometheus.tick()
            for when, what in [item for item in self.at if item[0]()]:
                self.at.remove((when, what))
                what()

    def when(self, condition: Callable[[], bool], event: Callable[[], None]) -> None:
        self.at.append((condition, event))

    def _serve(self, seconds: float) -> None:
        weights = self.kong.weights["auth-service"]
        whole = sum(weights.values())
        for colour in self.kong.heard(seconds):
            if not self.ecs.running(f"auth-{colour}"):
                self.unserved += self.per_second * seconds
        for colour, weight in weights.items():
            if not weight:
                continue
            running = self.ecs.running(f"auth-{colour}")
            requests = self.per_second * seconds * weight / whole
            if not running:
                self.unserved += requests
                continue
            self.prometheus.count(colour, running[0].revision, requests)
            if 0 < self.releases[running[0].revision].dies_at_weight <= weight:
                self.ecs.stop(running[0], "Essential container in task exited")

    def aws(self, *, check: bool = False, **params: Any) -> Aws:
        made = Aws(Module(self, {**OPTIONS, **params}, check))
        made.clock = self.clock
        return made

    @property
    def state(self) -> State:
        return State.from_json(json.loads(self.ssm.values[STATE]))

    def way(self, _url: str, _ca: str | None, _timeout: float, headers: Mapping[str, str] | None = None) -> Any:
        """A client of the service: of the preview where it carries the token."""
        return lambda request: self.answer(request, bool(headers))

    def answer(self, request: Request, preview: bool) -> Answer:
        weights = self.kong.weights["auth-service-preview" if preview else "auth-service"]
        colour = max(weights, key=lambda name: weights[name])
        running = self.ecs.running(f"auth-{colour}") if weights[colour] else []
        if not running:
            return Answer(503, {}, {"message": "failure to get a peer from the ring-balancer"})
        return self._answered(request, self.releases[running[0].revision])

    def _answered(self, request: Request, release: Release) -> Answer:
        name = request.path.rsplit("/", 1)[-1]
        tokens = {"accessToken": "a.b.c", "refreshToken": "r.b.c"}
        if name == "login" and not release.signs_in:
            return Answer(500, {}, {"message": "no session"})
        if name == "login":
            self.session = (request.body or {})["password"] == "right"
            return Answer(200, {}, tokens) if self.session else Answer(401, {}, {})
        if name == "refresh":
            return Answer(200, {}, tokens) if self.session else Answer(401, {}, {})
        if name == "status" and not request.bearer:
            return Answer(401, {}, {})
        self.session = self.session and name != "logout"
        return Answer(200, {}, {"status": "UP"})


class Module:
    """What an AnsibleModule is to a run."""

    region = "us-east-1"

    def __init__(self, world: World, params: dict[str, Any], check: bool) -> None:
        self.world, self.params, self.check_mode = world, params, check
        self.no_log_values: set[str] = set()

    def client(self, service: str, **_options: Any) -> Any:
        return self.world.clients[service]


class Api:
    """A boto3 client whose lists have one page."""

    def get_paginator(self, operation: str) -> Any:
        return Pages(getattr(self, operation))


@dataclass
class Pages:
    call: Callable[..., dict[str, Any]]

    def paginate(self, **arguments: Any) -> Iterator[dict[str, Any]]:
        yield self.call(**arguments)


class Kong:
    """The Admin API, as far as upstreams go. `away_until` is when a node that is down has been replaced."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.weights = {"auth-service": {"blue": 100, "green": 0}, "auth-service-preview": {"blue": 0, "green": 0}}
        self.away_until = 0.0
        self.unhealthy = False
        self.lowered: dict[str, float] = {}

    @property
    def clock(self) -> Clock:
        return self.world.clock

    def get(self, path: str) -> dict[str, Any]:
        self._reach("GET")
        assert path == "/"
        return {"configuration": {"db_update_frequency": LOOKS, "worker_state_update_frequency": LOOKS}}

    def heard(self, seconds: float) -> list[str]:
        """Colours to which a node led customers `seconds` ago, which has not heard yet that they get none."""
        return [colour for colour, at in self.lowered.items() if self.world.seconds - seconds < at + 2 * LOOKS]

    def pages(self, path: str) -> list[dict[str, Any]]:
        self._reach("GET")
        _empty, _upstreams, upstream, what = path.split("/")
        listed: list[dict[str, Any]] = [
            {"target": f"{colour}:8080", "weight": weight} for colour, weight in self.weights[upstream].items()
        ]
        if what == "targets":
            return listed
        return [{**item, **self._health(item["target"].removesuffix(":8080"))} for item in listed]

    def patch(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        self._reach("PATCH")
        _empty, _upstreams, upstream, _targets, target = path.split("/")
        colour = target.removesuffix("%3A8080")
        had, self.weights[upstream][colour] = self.weights[upstream][colour], body["weight"]
        if upstream == "auth-service":
            self.lowered.pop(colour, None)
            if had and not body["weight"]:
                self.lowered[colour] = self.world.seconds
            self.world.log.append(f"{colour} {body['weight']}")
        self.world.writes.append("PATCH")
        assert any(self.weights["auth-service"].values()), "nobody serves"
        return {}

    def _reach(self, method: str) -> None:
        if self.world.seconds < self.away_until:
            raise KongError(method, 0, "admin_url: cannot be reached", sent=False)

    def _health(self, colour: str) -> dict[str, Any]:
        health = "UNHEALTHY" if self.unhealthy else "HEALTHY"
        running = self.world.ecs.running(f"auth-{colour}")
        return {"health": health, "data": {"addresses": [{"ip": task.address, "health": health} for task in running]}}


class Ecs(Api):
    START = 3.0

    def __init__(self, world: World) -> None:
        self.world = world
        self.number = 0
        self.tasks: list[Task] = []
        self.services = {
            "auth-blue": Service("auth-blue", OLD, 2, "ecs-svc/blue0"),
            "auth-green": Service("auth-green", OLD, 0, "ecs-svc/green0"),
        }
        self.tick()

    def running(self, name: str) -> list[Task]:
        return [
            task for task in self.tasks if task.arn.split("/")[1] == name and not task.stopped and self._ready(task)
        ]

    def stop(self, task: Task, why: str) -> None:
        task.stopped = why

    def tick(self) -> None:
        """Start what is missing, stop what is too much, and let deployments complete."""
        for service in self.services.values():
            mine = [task for task in self.tasks if task.arn.split("/")[1] == service.name and not task.stopped]
            ours = [task for task in mine if task.started_by == service.deployment]
            for task in mine:
                if task not in ours or service.desired == 0:
                    task.stopped = "Scaling activity initiated by deployment"
            ours = [task for task in ours if not task.stopped]
            if self._behaves(service.revision) == "crashes":
                for task in ours:
                    task.stopped = "Essential container in task exited"
                ours = []
            for _missing in range(service.desired - len(ours)):
                self._begin(service)
            healthy = [task for task in self.running(service.name) if task in ours and self._healthy(task)]
            service.completed = service.completed or len(healthy) >= service.desired

    def scale(self, name: str) -> None:
        """Application Auto Scaling has a service keep to its bounds as soon as one of both changes."""
        least, most = self.world.scaling.bounds[name]
        self.services[name].desired = min(max(self.services[name].desired, least), most)
        self.tick()

    def _begin(self, service: Service) -> None:
        self.number += 1
        begun = service.begun if service.begun < 0 else self.world.seconds
        arn, address = f"task/{service.name}/{self.number}", f"127.0.0.{self.number}"
        self.tasks.append(Task(arn, address, service.revision, service.deployment, begun))

    def _behaves(self, revision: str) -> str:
        return self.world.releases[revision].starts

    def _ready(self, task: Task) -> bool:
        return self.world.seconds - task.begun >= self.START and self._behaves(task.revision) in ("well", "ill")

    def _healthy(self, task: Task) -> bool:
        """As ECS sees it: what nothing checks is healthy when it runs."""
        return self._behaves(task.revision) == "well" or not self.world.releases[task.revision].checked

    def _health(self, task: Task) -> str:
        release = self.world.releases[task.revision]
        return "HEALTHY" if release.checked and release.starts == "well" and self._ready(task) else "UNKNOWN"

    def describe_services(self, *, services: list[str], **_rest: Any) -> dict[str, Any]:
        return {"services": [self._described(self.services[name]) for name in services if name in self.services]}

    def _described(self, service: Service) -> dict[str, Any]:
        running = self.running(service.name)
        failed = self._behaves(service.revision) == "crashes" and self.world.seconds - service.begun > 10
        rollout = "COMPLETED" if service.completed else "FAILED" if failed else "IN_PROGRESS"
        deployment = {
            "id": service.deployment,
            "status": "PRIMARY",
            "taskDefinition": service.revision,
            "rolloutState": rollout,
            "rolloutStateReason": "deployment failed: tasks failed to start" if failed else "",
            "createdAt": CREATED,
        }
        return {
            "serviceName": service.name,
            "status": "ACTIVE",
            "desiredCount": service.desired,
            "runningCount": len(running),
            "deployments": [deployment],
            "events": [{"message": message} for message in reversed(service.events)],
        }

    def update_service(self, *, service: str, desiredCount: int, **rest: Any) -> dict[str, Any]:  # noqa: N803
        found = self.services[service]
        if rest.get("taskDefinition", found.revision) != found.revision or rest.get("forceNewDeployment"):
            self.number += 1
            found.deployment = f"ecs-svc/{self.number}"
            found.revision = rest.get("taskDefinition", found.revision)
            found.completed = False
        found.begun = self.world.seconds
        found.desired = desiredCount
        found.events.append(f"({service}) has {desiredCount} desired tasks")
        self.world.log.append(f"{service} {desiredCount}")
        self.world.writes.append("UpdateService")
        self.scale(service)
        return {"service": self._described(found)}

    def list_tasks(self, *, serviceName: str, desiredStatus: str, **_rest: Any) -> dict[str, Any]:  # noqa: N803
        stopped = desiredStatus == "STOPPED"
        mine = [task for task in self.tasks if task.arn.split("/")[1] == serviceName]
        return {"taskArns": [task.arn for task in mine if bool(task.stopped) == stopped]}

    def describe_tasks(self, *, tasks: list[str], **_rest: Any) -> dict[str, Any]:
        return {
            "tasks": [_task(task, self._ready(task), self._health(task)) for task in self.tasks if task.arn in tasks]
        }

    def describe_task_definition(self, *, taskDefinition: str, **_rest: Any) -> dict[str, Any]:  # noqa: N803
        if taskDefinition not in self.world.releases:
            raise _refused("ClientException", "DescribeTaskDefinition")
        container: dict[str, Any] = {"name": "auth"}
        if self.world.releases[taskDefinition].checked:
            container["healthCheck"] = {"command": ["CMD-SHELL", "curl http://localhost/health"]}
        found = {"status": "ACTIVE", "taskDefinitionArn": taskDefinition, "containerDefinitions": [container]}
        return {"taskDefinition": found}


def _task(task: Task, ready: bool, health: str) -> dict[str, Any]:
    return {
        "taskArn": task.arn,
        "taskDefinitionArn": task.revision,
        "lastStatus": "STOPPED" if task.stopped else "RUNNING" if ready else "PENDING",
        "healthStatus": health,
        "startedBy": task.started_by,
        "stopCode": "EssentialContainerExited" if task.stopped else "",
        "stoppedReason": task.stopped,
        "containers": [{"name": "auth", "networkInterfaces": [{"privateIpv4Address": task.address}]}],
    }


def _refused(code: str, operation: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


class Scaling(Api):
    def __init__(self, world: World) -> None:
        self.world = world
        self.bounds = {"auth-blue": (2, 10), "auth-green": (0, 0)}
        self.actions: dict[str, dict[str, Any]] = {}

    def describe_scalable_targets(self, *, ResourceIds: list[str], **_rest: Any) -> dict[str, Any]:  # noqa: N803
        found = self.bounds.get(ResourceIds[0].rsplit("/", 1)[-1])
        return {"ScalableTargets": [{"MinCapacity": found[0], "MaxCapacity": found[1]}] if found else []}

    def register_scalable_target(self, *, ResourceId: str, **limits: Any) -> None:  # noqa: N803
        name = ResourceId.rsplit("/", 1)[-1]
        self.bounds[name] = (limits["MinCapacity"], limits["MaxCapacity"])
        self.world.writes.append("RegisterScalableTarget")
        self.world.ecs.scale(name)

    def put_scheduled_action(self, *, ResourceId: str, **action: Any) -> None:  # noqa: N803
        self.actions[ResourceId.rsplit("/", 1)[-1]] = action
        self.world.writes.append("PutScheduledAction")

    def delete_scheduled_action(self, *, ResourceId: str, **_rest: Any) -> None:  # noqa: N803
        self.world.writes.append("DeleteScheduledAction")
        if self.actions.pop(ResourceId.rsplit("/", 1)[-1], None) is None:
            raise _refused("ObjectNotFoundException", "DeleteScheduledAction")


class Parameters(Api):
    def __init__(self, world: World) -> None:
        self.world = world
        self.values: dict[str, str] = {}
        self.refuses_the_end = False

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803
        if Name not in self.values:
            raise _refused("ParameterNotFound", "GetParameter")
        return {"Parameter": {"Value": self.values[Name]}}

    def put_parameter(self, *, Name: str, Value: str, **_rest: Any) -> None:  # noqa: N803
        rollout = json.loads(Value)["rollout"]
        if self.refuses_the_end and rollout is None:
            self.refuses_the_end = False
            raise _refused("InternalServerError", "PutParameter")
        self.values[Name] = Value
        self.world.log.append(f"note {rollout['phase'] if rollout else 'nothing'}")
        self.world.writes.append("PutParameter")


class Secrets(Api):
    def get_secret_value(self, *, SecretId: str, **_rest: Any) -> dict[str, Any]:  # noqa: N803
        return {"SecretString": '{"password": "right"}' if SecretId == "probe" else "preview-token"}


class Logs(Api):
    def get_log_events(self, **_rest: Any) -> dict[str, Any]:
        return {"events": []}


class Locks(Api):
    """One lock, held by `holder`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.item: dict[str, dict[str, str]] = {
            **{name: {"S": ""} for name in ("owner", "reason", "host", "machine", "processes", "acquired_at", "note")},
            **{name: {"N": "30"} for name in ("pid", "expires_at", "lease_seconds")},
            "holder": {"S": "us"},
        }

    def get_item(self, **_rest: Any) -> dict[str, Any]:
        date = (CREATED + timedelta(seconds=self.world.seconds)).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return {"Item": self.item, "ResponseMetadata": {"HTTPHeaders": {"date": date}}}

    def put_item(self, *, Item: dict[str, dict[str, str]], **_rest: Any) -> None:  # noqa: N803
        self.item = Item
        self.world.log.append("lock renewed")


class Prometheus:
    """Counts what customers do, and shows it as of its last scrape."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.interval = 1.0
        self.down = False
        self.scrapes_from = 8.0
        self.requests: dict[tuple[str, str], float] = {}
        self.errors: dict[tuple[str, str], float] = {}
        self.buckets: dict[tuple[str, str, float], float] = {}
        self.gateway_errors = 0.0
        self.scraped: list[dict[str, Any]] = []
        self.scraped_at = -1000.0

    def count(self, colour: str, revision: str, requests: float) -> None:
        release, key = self.world.releases[revision], (colour, revision)
        self.requests[key] = self.requests.get(key, 0.0) + requests
        self.errors[key] = self.errors.get(key, 0.0) + requests * release.errors
        for bound in (*BOUNDS, float("inf")):
            if SECONDS_OF[release.speed] <= bound:
                place = (colour, revision, bound)
                self.buckets[place] = self.buckets.get(place, 0.0) + requests

    def tick(self) -> None:
        if self.world.seconds - self.scraped_at >= self.interval:
            self.scraped_at = self.world.seconds
            self.scraped = [*self._ups(), *self._counted()]

    def instant(self, query: str) -> list[dict[str, Any]]:
        if self.down:
            raise Unreachable("https://grafana.example.com answers 502")
        if "label_replace" not in query:
            colour = "green" if "green" in query else "blue"
            return [row for row in self.scraped if row["metric"] == {"colour": colour, "of": "up"}]
        new = "green" if 'sum(up{job="auth-service",colour="green"})' in query else "blue"
        return [shown for row in self.scraped if (shown := _figure(row, new))]

    def _ups(self) -> list[dict[str, Any]]:
        if self.world.seconds < self.scrapes_from:
            return []
        return [
            _row(float(len(running)), of="up", colour=colour)
            for colour in ("blue", "green")
            if (running := self.world.ecs.running(f"auth-{colour}"))
        ]

    def _counted(self) -> list[dict[str, Any]]:
        rows = [_row(value, of="requests", colour=colour, task=task) for (colour, task), value in self.requests.items()]
        rows += [_row(value, of="errors", colour=colour, task=task) for (colour, task), value in self.errors.items()]
        rows += [
            _row(value, of="latency", colour=colour, task=task, le="+Inf" if bound == float("inf") else str(bound))
            for (colour, task, bound), value in self.buckets.items()
        ]
        rows.append(_row(sum(self.requests.values()), of="gateway_requests"))
        rows.append(_row(self.gateway_errors, of="gateway_errors"))
        return rows


def _row(value: float, **labels: str) -> dict[str, Any]:
    return {"metric": labels, "value": [0, str(value)]}


def _figure(row: dict[str, Any], new: str) -> dict[str, Any] | None:
    labels = dict(row["metric"])
    figure, colour = labels.pop("of"), labels.pop("colour", "")
    if colour:
        whose = "new" if colour == new else "live"
        if whose == "live" and figure not in ("requests", "latency"):
            return None
        figure = f"{whose}_{figure}"
    return {"metric": {**labels, "figure": figure}, "value": row["value"]}


OPTIONS: dict[str, Any] = {
    "cluster": "test",
    "service": "auth-service",
    "colours": {
        "blue": {"service": "auth-blue", "target": "blue:8080"},
        "green": {"service": "auth-green", "target": "green:8080"},
    },
    "task_definition": NEW,
    "release": {"id": "r2", "version": "1.2.0", "image": "auth@sha256:2", "digest": "sha256:2"},
    "gateway": {"admin_url": "https://gateway.example.com"},
    "upstream": "auth-service",
    "preview": {"upstream": "auth-service-preview", "header": "X-Release-Preview", "token_secret": "preview"},
    "steps": [{"weight": 10, "seconds": 20}, {"weight": 50, "seconds": 20}, {"weight": 100, "seconds": 20}],
    "bake_seconds": 20.0,
    "thresholds": {
        "error_ratio": 0.02,
        "p95_milliseconds": 500.0,
        "p95_ratio": 2.0,
        "p95_floor_milliseconds": 100.0,
        "minimum_requests": 20,
    },
    "metrics": {"grafana": {}, "queries": None, "traffic_timeout": 60.0, "gap_seconds": 30.0},
    "probe": {"url": "https://auth.example.com", "ca_file": None, "email": "probe@example.com", "secret_id": "probe"},
    "requests_per_minute": 0,
    "warm_seconds": 600.0,
    "start_timeout": 60.0,
    "state_path": STATE,
    "lock": LOCK,
    "poll_seconds": 1.0,
}
