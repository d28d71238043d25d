"""Releases of the authentication service: `make deploy` and `make rollback`, and what they have come to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pytest
import urllib3
from local_cloud_support import eventually

from tests.environment import Environment, arguments_of, environment_of, processes

CLUSTER = "trademaster-local"
SERVICE = "auth-service"
NAME = "trademaster-local-auth"
REPOSITORY = "trademaster-auth"
COLOURS = ("blue", "green")
GOOD = ("1.1.0", "1.2.0", "1.0.0", "2.0.0")
# Steps as short as figures allow that are read every second. The machine may be busy with other tests: only what a test
# makes slow is slow.
QUICK: dict[str, Any] = {
    "release_steps": [{"weight": 10, "seconds": 6}, {"weight": 50, "seconds": 6}, {"weight": 100, "seconds": 6}],
    "release_bake_seconds": 4,
    "release_thresholds": {"error_ratio": 0.05, "p95_milliseconds": 2000, "p95_ratio": 100, "minimum_requests": 5},
}
MINUTES = 60.0


class Run:
    """A `make` that was started: what it says is collected while it runs."""

    def __init__(self, process: subprocess.Popen[str], target: str) -> None:
        self.process = process
        self.target = target
        self.started = time.monotonic()
        self.seconds = 0.0
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout or ():
            self._lines.append(line)

    @property
    def said(self) -> str:
        return "".join(self._lines)

    @property
    def text(self) -> str:
        """What was said, with all white space alike: Ansible breaks long lines."""
        return " ".join(self.said.split())

    @property
    def running(self) -> bool:
        return self.process.poll() is None

    def ended(self, timeout: float = 5 * MINUTES) -> Run:
        self.process.wait(timeout)
        self.seconds = time.monotonic() - self.started
        # A grandchild that outlives the run may hold the pipe; what was said by now is all there is.
        self._reader.join(timeout=5)
        return self

    def succeeded(self) -> Run:
        assert self.ended().process.returncode == 0, self.said
        return self

    def failed(self) -> Run:
        assert self.ended().process.returncode != 0, self.said
        return self

    def until(self, what: str, happened: Callable[[], Any], timeout: float = 2 * MINUTES) -> Any:
        """Wait for something that happens while this runs."""
        try:
            found = eventually(lambda: happened() or not self.running, timeout=timeout, what=what)
        except pytest.fail.Exception as failure:
            pytest.fail(f"{failure}; said:\n{self.said}")
        assert self.running, f"ended before {what}:\n{self.ended().said}"
        return found

    def interrupt(self) -> Run:
        """What Ctrl-C does at a terminal: SIGINT to the process group."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.ended()


@dataclass
class Releases:
    """What releases of one environment do and leave behind."""

    environment: Environment
    runs: list[Run] = field(default_factory=list)

    # Running

    def start(self, target: str, *words: str, **options: Any) -> Run:
        """Start `make` for a playbook of releases, with `options` as its variables."""
        arguments = [target, *words]
        if options:
            arguments.append(f"ARGS=-e '{json.dumps(options)}'")
        run = Run(self.environment.start(*arguments), target)
        self.runs.append(run)
        return run

    def deploy(self, tag: str, **options: Any) -> Run:
        return self.start("deploy", f"TAG={tag}", **{**QUICK, **options})

    def rollback(self, to: str = "", **options: Any) -> Run:
        return self.start("rollback", *([f"TO={to}"] if to else []), **options)

    def end_all(self) -> None:
        """Interrupt what a test that failed has left running."""
        for run in self.runs:
            if run.running:
                run.interrupt()

    def interrupt(self, run: Run) -> None:
        """Ctrl-C, and all that the run takes back after it."""
        run.interrupt()
        eventually(lambda: self.state.get("rollout") is None, timeout=MINUTES, what="the release is taken back")

    def kill(self, run: Run) -> None:
        """Kill -9 all of a run: playbook, workers and whatever they have started."""
        of_the_run = [
            pid
            for pid in processes()
            if f"playbooks/{run.target}.yml" in arguments_of(pid) and str(self.state_folder) in environment_of(pid)
        ]
        for pid in of_the_run:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        run.ended()

    # Looking at what was meant

    @property
    def state_folder(self) -> str:
        return str(self.environment.state)

    @cached_property
    def _ssm(self) -> Any:
        return self.environment.client("ssm")

    @cached_property
    def _ecs(self) -> Any:
        return self.environment.client("ecs")

    @property
    def shared(self) -> dict[str, Any]:
        """What the role `release` has published: the table of locks, the log group, the path of states."""
        return self.environment.output_of("release")

    @property
    def state(self) -> dict[str, Any]:
        names = [f"{self.shared['state_path']}/{SERVICE}"]
        found = self._ssm.get_parameters(Names=names)["Parameters"]
        return dict(json.loads(found[0]["Value"])) if found else {}

    @property
    def phase(self) -> str:
        """The phase of the rollout under way."""
        return str((self.state.get("rollout") or {}).get("phase", ""))

    @property
    def live(self) -> str:
        return str(self.state.get("live") or "blue")

    @property
    def version(self) -> str:
        """The tag that customers get, by the image that runs."""
        image = self.image(self.live)
        digest = image.partition("@")[2]
        return next(tag for tag in GOOD if self.digest(tag) == digest) if digest else image.rpartition(":")[2]

    @property
    def candidate(self) -> str:
        """A good release that is not live."""
        return next(tag for tag in GOOD if tag != self.version)

    @property
    def history(self) -> list[dict[str, Any]]:
        """The records of releases, oldest first."""
        found = self.environment.client("logs").filter_log_events(logGroupName=self.shared["log_group"])
        return [json.loads(event["message"]) for event in found["events"]]

    @property
    def lock(self) -> dict[str, Any]:
        """Who holds the lock; empty where nobody does."""
        return {name: next(iter(value.values())) for item in self._held for name, value in item.items()}

    @property
    def locks(self) -> set[str]:
        """The names of the locks that are held."""
        return {item["name"]["S"] for item in self._held}

    @property
    def _held(self) -> list[dict[str, Any]]:
        return list(self.environment.client("dynamodb").scan(TableName=self.shared["locks_table"])["Items"])

    # Looking at what is

    def digest(self, tag: str) -> str:
        (image,) = self.environment.client("ecr").describe_images(
            repositoryName=REPOSITORY, imageIds=[{"imageTag": tag}]
        )["imageDetails"]
        return str(image["imageDigest"])

    def service(self, name: str) -> dict[str, Any]:
        (found,) = self._ecs.describe_services(cluster=CLUSTER, services=[name])["services"]
        return dict(found)

    def counts(self, colour: str) -> tuple[int, int]:
        """Tasks wanted and running."""
        found = self.service(f"{NAME}-{colour}")
        return found["desiredCount"], found["runningCount"]

    def image(self, colour: str) -> str:
        """The image that a colour's service has its tasks from."""
        revision = self.service(f"{NAME}-{colour}")["taskDefinition"]
        definition = self._ecs.describe_task_definition(taskDefinition=revision)
        containers = definition["taskDefinition"]["containerDefinitions"]
        return str(next(item["image"] for item in containers if item["name"] == "auth"))

    def tasks(self, service: str) -> list[dict[str, Any]]:
        """Running tasks of an ECS service."""
        arns = self._ecs.list_tasks(cluster=CLUSTER, serviceName=service)["taskArns"]
        return list(self._ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"]) if arns else []

    @property
    def migrating(self) -> bool:
        return bool(self._ecs.list_tasks(cluster=CLUSTER, family=f"{NAME}-migrate")["taskArns"])

    def addresses(self, service: str) -> list[str]:
        return [
            detail["value"]
            for task in self.tasks(service)
            for attachment in task["attachments"]
            for detail in attachment["details"]
            if detail["name"] == "privateIPv4Address" and task["lastStatus"] == "RUNNING"
        ]

    def metric(self, query: str) -> float:
        """What Prometheus answers to a query of one series; NaN while there is none."""
        found = self.series(query)
        return float(found[0]["value"][1]) if found else float("nan")

    def series(self, query: str) -> list[dict[str, Any]]:
        """What Prometheus answers to a query: `metric`, and `value`, or `values` of a range, each [time, text]."""
        answer = self._grafana("/api/datasources/proxy/uid/prometheus/api/v1/query", {"query": query})
        return list(answer["data"]["result"])

    def annotations(self) -> list[dict[str, Any]]:
        """The marks of releases on the dashboards."""
        return list(self._grafana("/api/annotations", {"tags": "release", "limit": "100"}))

    def _grafana(self, path: str, fields: dict[str, str]) -> Any:
        grafana = self.environment.output_of("grafana")
        account = json.loads(self.environment.secret(grafana["admin_secret_arn"]))
        url = urllib3.util.parse_url(grafana["connect_url"])
        headers = {
            "Host": grafana["server_name"],
            **urllib3.make_headers(basic_auth=f"{account['username']}:{account['password']}"),
        }
        with urllib3.HTTPSConnectionPool(
            url.host,
            url.port,
            ca_certs=str(self.environment.state / "ca.pem"),
            server_hostname=grafana["server_name"],
            assert_hostname=grafana["server_name"],
            timeout=10,
        ) as pool:
            answer = pool.request("GET", path, fields=fields, headers=headers)
        assert answer.status == 200, answer.data
        return answer.json()

    def weights(self, upstream: str = SERVICE) -> dict[str, int]:
        """The weights of the colours, as the gateway has them."""
        targets = self._admin(f"/upstreams/{upstream}/targets")["data"]
        return {colour: item["weight"] for colour in COLOURS for item in targets if f"-{colour}." in item["target"]}

    def _admin(self, path: str) -> dict[str, Any]:
        admin = self.environment.output_of("kong_gateway")["admin"]
        token = self.environment.secret(admin["token_secret"])
        trusted = json.loads(self.environment.secret(admin["certificate_secret"]))["certificate"]
        for address in self.addresses(f"{CLUSTER}-kong"):
            with (
                urllib3.HTTPSConnectionPool(
                    address,
                    admin["port"],
                    ca_cert_data=trusted,
                    server_hostname=admin["server_name"],
                    assert_hostname=admin["server_name"],
                    retries=False,
                    timeout=5,
                ) as pool,
                suppress(urllib3.exceptions.HTTPError),
            ):
                return dict(pool.request("GET", path, headers={"Kong-Admin-Token": token}).json())
        raise AssertionError("no node of the gateway answers")

    # Breaking

    def kill_a_task_of(self, service: str) -> None:
        """Kill -9 all processes of one task."""
        victim = sorted(task["taskArn"] for task in self.tasks(service))[0].rpartition("/")[2]
        pids = [pid for pid in processes() if victim in environment_of(pid)]
        assert pids, f"task {victim} has no process"
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    @contextmanager
    def scaled_to_zero(self, service: str) -> Iterator[None]:
        """No task of a service runs during the block; afterwards as many as before."""
        scaling = self.environment.client("application-autoscaling")
        target = {
            "ServiceNamespace": "ecs",
            "ScalableDimension": "ecs:service:DesiredCount",
            "ResourceId": f"service/{CLUSTER}/{service}",
        }
        (found,) = scaling.describe_scalable_targets(ServiceNamespace="ecs", ResourceIds=[target["ResourceId"]])[
            "ScalableTargets"
        ]
        wanted = self.service(service)["desiredCount"]
        scaling.register_scalable_target(**target, MinCapacity=0, MaxCapacity=0)
        self._ecs.update_service(cluster=CLUSTER, service=service, desiredCount=0)
        try:
            yield
        finally:
            scaling.register_scalable_target(
                **target, MinCapacity=found["MinCapacity"], MaxCapacity=found["MaxCapacity"]
            )
            self._ecs.update_service(cluster=CLUSTER, service=service, desiredCount=wanted)
            eventually(lambda: len(self.addresses(service)) == wanted, timeout=MINUTES, what=f"{service} is back")

    def misbehave(self, colour: str, **switches: Any) -> None:
        """Throw switches of the sample service in all tasks of a colour."""
        key = self.environment.secret("trademaster/local/auth/service-api-key")
        addresses = self.addresses(f"{NAME}-{colour}")
        assert addresses, f"{colour} has no task"
        for address in addresses:
            answer = urllib3.request(
                "PUT",
                f"http://{address}:8080/sample/misbehaviour",
                json=switches,
                headers={"X-API-Key": key},
                timeout=5,
                retries=False,
            )
            assert answer.status == 200, answer.data

    # Judging

    def settled(self, version: str) -> None:
        """One colour has all customers, healthy, on the image of `version`, and nothing is under way."""
        live, state = self.live, self.state
        assert self.weights() == {live: 100, other(live): 0}
        assert set(self.weights(f"{SERVICE}-preview").values()) == {0}
        assert self.image(live).endswith((f":{version}", f"@{self.digest(version)}"))
        assert state.get("rollout") is None
        # What site.yml has brought was no release: nothing is noted of it, or what was found.
        noted = (state.get("releases") or {}).get(live)
        assert noted is None or (noted["version"], noted["digest"] or self.digest(version)) == (
            version,
            self.digest(version),
        )
        wanted, running = self.counts(live)
        assert wanted == running >= 2

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Whatever happens in the block, it leaves the live release as it was."""
        before = self.running_release()
        yield
        after = self.running_release()
        assert after == before, f"{before} has become {after}"

    def running_release(self) -> dict[str, Any]:
        live = self.live
        return {
            "live": live,
            "weights": self.weights(),
            "image": self.image(live),
            "counts": self.counts(live),
            "tasks": sorted(task["taskArn"] for task in self.tasks(f"{NAME}-{live}")),
        }


def other(colour: str) -> str:
    return COLOURS[1 - COLOURS.index(colour)]
