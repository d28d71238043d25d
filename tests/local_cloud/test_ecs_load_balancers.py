"""Services behind a load balancer: targets, their health, draining, and what is refused."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ecs_support import World, address_of
from local_cloud_support import eventually

RULES = {
    "minimumHealthyPercent": 100,
    "maximumPercent": 200,
    "deploymentCircuitBreaker": {"enable": True, "rollback": True},
}


@dataclass
class Front:
    """A load balancer with a listener and a target group."""

    world: World
    balancer: str = ""
    group: str = ""

    @property
    def elb(self) -> Any:
        return self.world.cloud.client("elbv2")

    @property
    def wanted(self) -> list[dict[str, Any]]:
        return [{"targetGroupArn": self.group, "containerName": "app", "containerPort": 8080}]

    def create(self) -> Front:
        self.group = self.world.target_group("app")
        created = self.elb.create_load_balancer(
            Name=self.world.name, Subnets=self.world.subnets, SecurityGroups=[self.world.group]
        )
        self.balancer = created["LoadBalancers"][0]["LoadBalancerArn"]
        forward = [{"Type": "forward", "TargetGroupArn": self.group}]
        self.elb.create_listener(LoadBalancerArn=self.balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
        eventually(lambda: self.state() == "active", what="the load balancer to be active")
        eventually(self.url, what="the listener to be published")
        eventually(lambda: status(self.url()), what="the load balancer to listen")
        return self

    def state(self) -> str:
        found = self.elb.describe_load_balancers(LoadBalancerArns=[self.balancer])["LoadBalancers"][0]
        return str(found["State"]["Code"])

    def health(self) -> dict[str, str]:
        """State by address."""
        rows = self.elb.describe_target_health(TargetGroupArn=self.group)["TargetHealthDescriptions"]
        return {row["Target"]["Id"]: row["TargetHealth"]["State"] for row in rows}

    def url(self) -> str:
        """Empty until the listener is published."""
        endpoints = json.loads(self.world.cloud.settings.endpoints.read_text())
        balancer = endpoints.get("load_balancers", {}).get(self.world.name, {})
        return str(balancer.get("listeners", {}).get("80", ""))


@pytest.fixture
def front(world: World) -> Iterator[Front]:
    front = Front(world).create()
    yield front
    world.remove()
    front.elb.delete_load_balancer(LoadBalancerArn=front.balancer)


def status(url: str) -> int | None:
    """Of a GET; None when there is no connection."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().status
    except OSError:
        return None
    finally:
        connection.close()


def test_requests_reach_healthy_tasks_during_a_deployment(world: World, front: Front) -> None:
    world.serve(world.define(world.container()), count=2, loadBalancers=front.wanted, deploymentConfiguration=RULES)
    world.steady()
    assert front.health() == {address_of(task): "healthy" for task in world.tasks()}
    messages = world.messages()
    assert any("registered" in message and front.group in message for message in messages)
    eventually(lambda: status(front.url()) == 200, what="an answer through the load balancer")
    seen: set[int | None] = set()
    url = front.url()
    stop = threading.Event()

    def ask() -> None:
        while not stop.wait(0.02):
            seen.add(status(url))

    client = threading.Thread(target=ask)
    client.start()
    old = {address_of(task) for task in world.tasks()}
    world.ecs.update_service(cluster=world.name, service="app", forceNewDeployment=True)
    world.steady()
    eventually(lambda: not old & set(front.health()), what="the old targets to be drained")
    stop.set()
    client.join()
    assert seen == {200}
    assert any("has begun draining connections on" in message for message in world.messages())


def test_a_revision_that_fails_its_health_checks_is_rolled_back(world: World, front: Front) -> None:
    first = world.serve(world.define(world.container()), loadBalancers=front.wanted, deploymentConfiguration=RULES)[
        "deployments"
    ][0]
    world.steady()
    sick = world.define(world.container(environment={"UNHEALTHY": "1"}))
    world.ecs.update_service(cluster=world.name, service="app", taskDefinition=sick)
    eventually(lambda: world.service()["deployments"][0]["id"] == first["id"], timeout=60, what="the rollback")
    assert any(f"failed ELB health checks in (target-group {front.group})" in m for m in world.messages())
    world.steady()
    assert status(front.url()) == 200


def test_a_slow_start_is_tolerated_during_the_grace_period(world: World, front: Front) -> None:
    slow = world.define(world.container(environment={"START_SECONDS": "3"}))
    world.serve(slow, loadBalancers=front.wanted, healthCheckGracePeriodSeconds=60, deploymentConfiguration=RULES)
    service = world.steady()
    assert service["deployments"][0]["failedTasks"] == 0
    assert service["healthCheckGracePeriodSeconds"] == 60
    assert service["loadBalancers"] == front.wanted


def test_refused_targets(world: World, front: Front) -> None:
    definition = world.define(world.container())

    def refusal(**change: Any) -> str:
        with pytest.raises(ClientError) as raised:
            world.serve(definition, loadBalancers=[{**front.wanted[0], **change}])
        return str(raised.value)

    assert "did not have a container port 9" in refusal(containerPort=9)
    assert "does not exist in the task definition" in refusal(containerName="none")
    assert "target group does not exist" in refusal(targetGroupArn=f"{front.group}0")
    unused = world.target_group("unused")
    assert "does not have an associated load balancer" in refusal(targetGroupArn=unused)
