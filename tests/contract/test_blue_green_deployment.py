"""A rollout on a real ECS and a real gateway, as far as it comes without an environment around: to the idle colour."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._release import preview

from tests.contract.case import Boto
from tests.contract.ecs_stage import BREAKER, CRASH, FOREVER, Stage
from tests.contract.harness import Run, run_module
from tests.contract.kong_admin import Admin

GRAFANA = "grafana-password"
PROBE = "probe-password"
TOKEN = "preview-token"


class Colours:
    """Two services that take turns behind an upstream, blue with a task, green without."""

    def __init__(self, stage: Stage, boto: Boto, kong: Admin, grafana_url: str) -> None:
        self.stage, self.boto, self.kong, self.grafana_url = stage, boto, kong, grafana_url
        self.live = stage.revision(FOREVER)
        for colour, count in (("blue", 1), ("green", 0)):
            place = {**stage.place, "name": colour, "deployment_configuration": BREAKER}
            answer = run_module("ecs_service", {**place, "task_definition": self.live, "desired_count": count}).answer
            assert not answer.get("failed"), answer.get("msg")
        for upstream, weights in (("", (100, 0)), ("-preview", (0, 0))):
            kong.made("/upstreams", {"name": f"{stage.name}{upstream}"})
            for colour, weight in zip(("blue", "green"), weights, strict=True):
                path = f"/upstreams/{stage.name}{upstream}/targets"
                kong.call("POST", path, {"target": f"{colour}.example.com:8080", "weight": weight})
        secrets = {"grafana": {"username": "reader", "password": GRAFANA}, "probe": {"password": PROBE}}
        for name, content in {**{key: json.dumps(value) for key, value in secrets.items()}, "preview": TOKEN}.items():
            boto("secretsmanager").create_secret(Name=f"{stage.name}/{name}", SecretString=content)

    @property
    def options(self) -> dict[str, Any]:
        name = self.stage.name
        return {
            "cluster": name,
            "service": name,
            "colours": {
                colour: {"service": colour, "target": f"{colour}.example.com:8080"} for colour in ("blue", "green")
            },
            "task_definition": self.live,
            "release": {"id": "r2", "version": "1.2.0", "image": "busybox@sha256:2", "digest": "sha256:2"},
            "gateway": {"admin_url": self.kong.url},
            "upstream": name,
            "preview": {"upstream": f"{name}-preview", "header": "X-Preview", "token_secret": f"{name}/preview"},
            "steps": [{"weight": 100, "seconds": 5}],
            "thresholds": {"error_ratio": 0.02, "p95_milliseconds": 500, "p95_ratio": 2, "minimum_requests": 5},
            "metrics": {"grafana": {"url": self.grafana_url, "secret_id": f"{name}/grafana"}},
            "probe": {"url": "http://127.0.0.1:9", "email": "probe@example.com", "secret_id": f"{name}/probe"},
            "start_timeout": 60,
            "poll_seconds": 0.5,
            "state_path": f"/{name}/releases/{name}",
        }

    def release(self, *, check: bool = False, **options: Any) -> Run:
        run = run_module("blue_green_deployment", {**self.options, **options}, check=check)
        assert not [secret for secret in (GRAFANA, PROBE, TOKEN) if secret in run.output]
        return run

    def weights(self, upstream: str = "") -> dict[str, int]:
        listed = self.kong.get(f"/upstreams/{self.stage.name}{upstream}/targets")["data"]
        return {item["target"].partition(".")[0]: item["weight"] for item in listed}

    def tasks(self) -> dict[str, int]:
        found = self.boto("ecs").describe_services(cluster=self.stage.name, services=["blue", "green"])["services"]
        return {service["serviceName"]: service["desiredCount"] for service in found}

    def state(self) -> dict[str, Any]:
        path = self.options["state_path"]
        return dict(json.loads(self.boto("ssm").get_parameter(Name=path)["Parameter"]["Value"]))


@pytest.fixture
def colours(boto: Boto, kong: Admin, grafana_url: str) -> Iterator[Colours]:
    found = Colours(Stage(boto), boto, kong, grafana_url)
    yield found
    for colour in ("blue", "green"):
        options = {"cluster": found.stage.name, "name": colour, "state": "absent", "wait_timeout": 60}
        assert not run_module("ecs_service", options).answer.get("failed")


def test_what_serves_already_is_left_alone(colours: Colours) -> None:
    run = colours.release()
    assert (run.answer["verdict"], run.changed, run.calls.writes) == ("unchanged", False, [])


def test_check_mode_tells_where_a_release_would_go(colours: Colours) -> None:
    run = colours.release(check=True, task_definition=colours.stage.revision(f"{FOREVER}; true"))
    assert (run.answer["verdict"], run.answer["to"], run.calls.writes) == ("planned", "green", [])
    assert run.changes[0]["fields"] == ["live", "version", "task_definition"]


def test_a_release_that_does_not_start_is_taken_back(colours: Colours) -> None:
    run = colours.release(task_definition=colours.stage.revision(CRASH))
    assert run.answer["failed"]
    assert run.answer["verdict"] == "failed"
    assert "deployment failed: tasks failed to start" in run.answer["msg"]
    assert "cannot start" in run.answer["msg"]
    assert "hunter2" not in run.output
    assert run.answer["stopped_tasks"][0]["containers"]["app"]["exit_code"] == 3
    assert run.answer["not_put_right"] == []
    assert (colours.weights(), colours.tasks()) == ({"blue": 100, "green": 0}, {"blue": 1, "green": 0})
    assert colours.state()["rollout"] is None


def test_a_release_that_is_never_healthy_is_not_tried_at_the_gateway(colours: Colours) -> None:
    """The idle colour is held at no task, as it is after a release."""
    cluster = colours.stage.name
    colours.boto("application-autoscaling").register_scalable_target(
        ServiceNamespace="ecs",
        ResourceId=f"service/{cluster}/green",
        ScalableDimension="ecs:service:DesiredCount",
        MinCapacity=0,
        MaxCapacity=0,
    )
    ill = colours.stage.revision(FOREVER, health_check={"command": ["CMD-SHELL", "exit 1"]})
    run = colours.release(task_definition=ill, start_timeout=6)
    assert run.answer["failed"]
    assert "1 tasks of green: not done after" in run.answer["msg"]
    assert [phase["name"] for phase in run.answer["phases"]] == ["start", "take back"]
    assert colours.tasks() == {"blue": 1, "green": 0}


def test_a_release_that_nobody_can_sign_in_to_is_taken_back(colours: Colours, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview, "SECONDS", 2.0)  # the gateway never finds its tasks
    run = colours.release(task_definition=colours.stage.revision(f"{FOREVER}; true"), start_timeout=20)
    assert run.answer["failed"]
    assert [phase["name"] for phase in run.answer["phases"]] == ["start", "preview", "take back"]
    assert (colours.weights(), colours.tasks()) == ({"blue": 100, "green": 0}, {"blue": 1, "green": 0})
    assert colours.weights("-preview") == {"blue": 0, "green": 0}
    assert colours.state()["rollout"] is None
