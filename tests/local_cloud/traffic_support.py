"""A load balancer whose rules forward to two target groups, for deployments that shift traffic between them."""

from __future__ import annotations

import io
import json
import textwrap
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ecs_support import World
from local_cloud_support import eventually

_ALLOWED = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": ["elasticloadbalancing:*", "lambda:InvokeFunction"], "Resource": "*"},
    ],
}


def trust(service: str) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


@dataclass
class Crossing:
    """The production rule is at `/`, the test rule at `/test`."""

    world: World
    balancer: str = ""
    groups: tuple[str, str] = ("", "")
    production: str = ""
    test: str = ""
    role: str = ""

    @property
    def elb(self) -> Any:
        return self.world.cloud.client("elbv2")

    def create(self) -> Crossing:
        world, elb = self.world, self.elb
        self.role = world.create_foreign_role(f"{world.name}-infrastructure", trust("ecs.amazonaws.com"))
        world.cloud.client("iam").put_role_policy(
            RoleName=f"{world.name}-infrastructure", PolicyName="own", PolicyDocument=json.dumps(_ALLOWED)
        )
        self.groups = (world.target_group("one"), world.target_group("two"))
        created = elb.create_load_balancer(Name=world.name, Subnets=world.subnets, SecurityGroups=[world.group])
        self.balancer = created["LoadBalancers"][0]["LoadBalancerArn"]
        nothing = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}
        listener = elb.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTP", Port=80, DefaultActions=[nothing]
        )["Listeners"][0]["ListenerArn"]
        self.test = self._rule(listener, "/test*", 10)
        self.production = self._rule(listener, "/*", 20)
        return self

    def _rule(self, listener: str, path: str, priority: int) -> str:
        one, two = self.groups
        weighted = [{"TargetGroupArn": one, "Weight": 100}, {"TargetGroupArn": two, "Weight": 0}]
        rule = self.elb.create_rule(
            ListenerArn=listener,
            Priority=priority,
            Conditions=[{"Field": "path-pattern", "Values": [path]}],
            Actions=[{"Type": "forward", "ForwardConfig": {"TargetGroups": weighted}}],
        )
        return str(rule["Rules"][0]["RuleArn"])

    @property
    def entry(self) -> dict[str, Any]:
        """The service's load balancer."""
        return {
            "targetGroupArn": self.groups[0],
            "containerName": "app",
            "containerPort": 8080,
            "advancedConfiguration": {
                "alternateTargetGroupArn": self.groups[1],
                "productionListenerRule": self.production,
                "testListenerRule": self.test,
                "roleArn": self.role,
            },
        }

    def weights(self, rule: str) -> tuple[int, int]:
        """Of the two target groups, in a rule."""
        found = self.elb.describe_rules(RuleArns=[rule])["Rules"][0]
        by_group = {g["TargetGroupArn"]: g["Weight"] for g in found["Actions"][0]["ForwardConfig"]["TargetGroups"]}
        return by_group[self.groups[0]], by_group[self.groups[1]]

    def url(self) -> str:
        endpoints = json.loads(self.world.cloud.settings.endpoints.read_text())
        listeners = endpoints.get("load_balancers", {}).get(self.world.name, {}).get("listeners", {})
        return str(listeners.get("80", ""))

    def function(self, name: str, code: str) -> str:
        """A Lambda function with a handler `main.handle`; its ARN."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("main.py", textwrap.dedent(code))
        role = self.world.create_foreign_role(f"{self.world.name}-{name}", trust("lambda.amazonaws.com"))
        made = self.world.cloud.client("lambda").create_function(
            FunctionName=f"{self.world.name}-{name}",
            Runtime="python3.13",
            Role=role,
            Handler="main.handle",
            Timeout=10,
            Code={"ZipFile": archive.getvalue()},
        )
        return str(made["FunctionArn"])

    def hook(self, function: str, *stages: str) -> dict[str, Any]:
        return {"hookTargetArn": function, "roleArn": self.role, "lifecycleStages": list(stages)}


@dataclass
class Shift:
    """The deployments of a service named `app` behind a crossing."""

    world: World
    crossing: Crossing

    def serve(self, configuration: Mapping[str, Any], **more: Any) -> None:
        """The first deployment, done."""
        self.world.serve(
            self.world.define(self.world.container(environment={"RELEASE": "1"})),
            loadBalancers=[self.crossing.entry],
            deploymentConfiguration=dict(configuration),
            **more,
        )
        self.ended("SUCCESSFUL")

    def update(self, release: str, **more: Any) -> None:
        environment = {"RELEASE": release, **more.pop("environment", {})}
        revision = self.world.define(self.world.container(environment=environment))
        self.world.ecs.update_service(cluster=self.world.name, service="app", taskDefinition=revision, **more)

    def arns(self) -> list[str]:
        """Of all service deployments, the newest first."""
        found = self.world.ecs.list_service_deployments(cluster=self.world.name, service="app")
        return [item["serviceDeploymentArn"] for item in found["serviceDeployments"]]

    def newest(self, age: int = 0) -> dict[str, Any]:
        found = self.world.ecs.describe_service_deployments(serviceDeploymentArns=[self.arns()[age]])
        return dict(found["serviceDeployments"][0])

    def at(self, stage: str) -> dict[str, Any]:
        """The newest deployment, once it is at a stage."""
        eventually(lambda: self.newest()["lifecycleStage"] == stage, timeout=30, what=f"stage {stage}")
        return self.newest()

    def ended(self, status: str) -> dict[str, Any]:
        over = {"SUCCESSFUL", "STOPPED", "ROLLBACK_SUCCESSFUL", "ROLLBACK_FAILED"}
        eventually(lambda: self.newest()["status"] in over, timeout=40, what="the deployment to end")
        newest = self.newest()
        assert newest["status"] == status, newest
        return newest

    @property
    def releases(self) -> set[str]:
        """Those of the running tasks."""
        found = set()
        for task in self.world.tasks():
            described = self.world.ecs.describe_task_definition(taskDefinition=task["taskDefinitionArn"])
            environment = described["taskDefinition"]["containerDefinitions"][0]["environment"]
            found.update(entry["value"] for entry in environment if entry["name"] == "RELEASE")
        return found
