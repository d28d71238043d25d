"""Contract cases of ecs_cluster."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contract.case import Boto, Case

TAGS = {"Project": "contract", "Environment": "test"}
LOGS = {"cloud_watch_log_group_name": "/contract/exec", "cloud_watch_encryption_enabled": True}
EXECUTE = {"kms_key_id": "alias/contract-exec", "logging": "OVERRIDE", "log_configuration": LOGS}
ON_DEMAND = {"capacity_provider": "FARGATE", "base": 1, "weight": 1}


def lookalike(boto: Boto) -> Callable[[], Any]:
    """A cluster whose name begins like ours."""
    ecs = boto("ecs")
    ecs.create_cluster(clusterName="contract-cluster-2")
    return lambda: ecs.describe_clusters(clusters=["contract-cluster-2"])["clusters"][0]["status"]


CASES = [
    Case(
        name="ecs_cluster",
        module="ecs_cluster",
        present={
            "name": "contract-cluster",
            "container_insights": "enabled",
            "execute_command_configuration": EXECUTE,
            "service_connect_defaults": {"namespace": "contract.local"},
            "capacity_providers": ["FARGATE", "FARGATE_SPOT"],
            "default_capacity_provider_strategy": [ON_DEMAND],
            "tags": TAGS,
        },
        absent={"state": "absent"},
        edits={
            "container insights": {"container_insights": "enhanced"},
            "no container insights": {"container_insights": "disabled"},
            "exec key": {"execute_command_configuration": {**EXECUTE, "kms_key_id": "alias/other"}},
            "exec log group": {
                "execute_command_configuration": {
                    **EXECUTE,
                    "log_configuration": {**LOGS, "cloud_watch_log_group_name": "/contract/other"},
                }
            },
            "exec log encryption": {
                "execute_command_configuration": {
                    **EXECUTE,
                    "log_configuration": {**LOGS, "cloud_watch_encryption_enabled": False},
                }
            },
            "exec bucket": {
                "execute_command_configuration": {
                    **EXECUTE,
                    "log_configuration": {**LOGS, "s3_bucket_name": "contract-exec", "s3_key_prefix": "sessions"},
                }
            },
            "namespace": {"service_connect_defaults": {"namespace": "other.local"}},
            "capacity providers": {"capacity_providers": ["FARGATE"]},
            "strategy": {
                "default_capacity_provider_strategy": [ON_DEMAND, {"capacity_provider": "FARGATE_SPOT", "weight": 3}]
            },
            "tags": {"tags": {**TAGS, "Owner": "platform"}},
        },
        foreign=lookalike,
    )
]
