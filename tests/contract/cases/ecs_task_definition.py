"""Contract cases of ecs_task_definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}
ROLE = "arn:aws:iam::123456789012:role"
SECRET = "arn:aws:secretsmanager:us-east-1:123456789012:secret:contract-db-AbCdEf"
LOGS = {
    "log_driver": "awslogs",
    "options": {"awslogs-group": "/contract", "awslogs-region": "us-east-1", "awslogs-stream-prefix": "app"},
}
APP: dict[str, Any] = {
    "name": "app",
    "image": "example/app:1.0",
    "port_mappings": [{"container_port": 8080}, {"container_port": 9080}],
    "environment": {"LOG_LEVEL": "INFO", "DEBUG": False},
    "secrets": {"DB_PASSWORD": f"{SECRET}:password::", "DB_USERNAME": f"{SECRET}:username::"},
    "health_check": {"command": ["CMD-SHELL", "true"]},
    "mount_points": [{"source_volume": "data", "container_path": "/data"}],
    "log_configuration": LOGS,
}
PROXY: dict[str, Any] = {
    "name": "proxy",
    "image": "example/proxy:1.0",
    "essential": False,
    "depends_on": [{"container_name": "app", "condition": "HEALTHY"}],
}


def app(**fields: Any) -> dict[str, Any]:
    return {"container_definitions": [{**APP, **fields}, PROXY]}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A family whose name begins like ours."""
    ecs = boto("ecs")
    ecs.register_task_definition(
        family="contract-app-worker", containerDefinitions=[{"name": "w", "image": "example/w:1", "memory": 64}]
    )
    return lambda: ecs.list_task_definitions(familyPrefix="contract-app-worker")["taskDefinitionArns"]


CASES = [
    Case(
        name="ecs_task_definition",
        module="ecs_task_definition",
        present={
            "family": "contract-app",
            "cpu": "512",
            "memory": "1 GB",
            "execution_role_arn": f"{ROLE}/contract-execution",
            "task_role_arn": f"{ROLE}/contract-task",
            "volumes": [{"name": "data"}],
            "container_definitions": [APP, PROXY],
            "tags": TAGS,
        },
        absent={"state": "absent"},
        edits={
            "cpu": {"cpu": "1024", "memory": "2048"},
            "memory": {"memory": "2048"},
            "execution role": {"execution_role_arn": f"{ROLE}/other"},
            "task role": {"task_role_arn": f"{ROLE}/other"},
            "runtime platform": {"runtime_platform": {"cpu_architecture": "ARM64"}},
            "ephemeral storage": {"ephemeral_storage": {"size_in_gib": 30}},
            "volume": {"volumes": [{"name": "data"}, {"name": "scratch"}]},
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
            "image": app(image="example/app:1.1"),
            "environment": app(environment={"LOG_LEVEL": "DEBUG"}),
            "secrets": app(secrets={"DB_PASSWORD": f"{SECRET}:password::"}),
            "ports": app(port_mappings=[{"container_port": 8080}]),
            "port protocol": app(port_mappings=[{"container_port": 8080}, {"container_port": 9080, "protocol": "udp"}]),
            "health check": app(health_check={"command": ["CMD-SHELL", "true"], "interval": 10}),
            "mount": app(mount_points=[{"source_volume": "data", "container_path": "/data", "read_only": True}]),
            "log options": app(log_configuration={**LOGS, "options": {**LOGS["options"], "mode": "non-blocking"}}),
            "container sizes": app(cpu=256, memory=512, memory_reservation=256),
            "command": app(
                command=["serve", "--fast"], entry_point=["/bin/app"], working_directory="/srv", user="1001"
            ),
            "limits": app(ulimits=[{"name": "nofile", "soft_limit": 1024, "hard_limit": 4096}]),
            "system controls": app(system_controls=[{"namespace": "net.core.somaxconn", "value": "1024"}]),
            "read-only root": app(readonly_root_filesystem=True),
            "labels": app(docker_labels={"com.example.team_name": "platform"}),
            "linux parameters": app(linux_parameters={"init_process_enabled": True}),
            "timeouts": app(start_timeout=60, stop_timeout=30),
            "essential": {"container_definitions": [APP, {**PROXY, "essential": True}]},
            "dependency": {
                "container_definitions": [
                    APP,
                    {**PROXY, "depends_on": [{"container_name": "app", "condition": "START"}]},
                ]
            },
            "one container fewer": {"container_definitions": [APP]},
        },
        foreign=lookalike,
    )
]
