"""ECS clusters: comparison, arguments, bad input."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.trademaster.platform.plugins.module_utils._aws.ecs import cluster as model
from ansible_collections.trademaster.platform.plugins.module_utils._core.errors import InvalidInput

CLUSTER: dict[str, Any] = {
    "clusterName": "c",
    "status": "ACTIVE",
    "settings": [{"name": "containerInsights", "value": "enabled"}],
    "configuration": {
        "executeCommandConfiguration": {
            "kmsKeyId": "k",
            "logging": "OVERRIDE",
            "logConfiguration": {"cloudWatchLogGroupName": "/exec"},
        }
    },
    "capacityProviders": ["FARGATE_SPOT", "FARGATE"],
    "defaultCapacityProviderStrategy": [{"capacityProvider": "FARGATE", "base": 0, "weight": 1}],
    "tags": [{"key": "Project", "value": "x"}, {"key": "Other", "value": "y"}],
}
EXECUTE = model.EXECUTE
COMPARED: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "nothing given": ({}, ()),
    "same": (
        {
            "container_insights": "enabled",
            "capacity_providers": ["FARGATE", "FARGATE_SPOT"],
            "default_capacity_provider_strategy": [{"capacity_provider": "FARGATE", "base": None, "weight": 1}],
            EXECUTE: {"kms_key_id": "k", "logging": None, "log_configuration": None},
            "tags": {"Project": "x"},
        },
        (),
    ),
    "insights": ({"container_insights": "enhanced"}, ("container_insights",)),
    "encryption of logs is off by default": (
        {EXECUTE: {"log_configuration": {"cloud_watch_encryption_enabled": False}}},
        (),
    ),
    "log group": (
        {EXECUTE: {"log_configuration": {"cloud_watch_log_group_name": "/other"}}},
        (f"{EXECUTE}.log_configuration.cloud_watch_log_group_name",),
    ),
    "namespace": ({"service_connect_defaults": {"namespace": "n"}}, ("service_connect_defaults.namespace",)),
    "no namespace": ({"service_connect_defaults": {"namespace": ""}}, ()),
    "providers": ({"capacity_providers": ["FARGATE"]}, ("capacity_providers",)),
    "no strategy": ({"default_capacity_provider_strategy": []}, ("default_capacity_provider_strategy",)),
    "tags": ({"tags": {"Project": "z"}}, ("tags",)),
}


@pytest.mark.parametrize(("options", "fields"), COMPARED.values(), ids=COMPARED.keys())
def test_only_what_is_given_and_differs_changes(options: dict[str, Any], fields: tuple[str, ...]) -> None:
    changes = model.plan("c", CLUSTER, model.desired_state(options))
    assert (changes[0].fields if changes else ()) == fields


def test_an_update_repeats_what_its_group_needs() -> None:
    options = {EXECUTE: {"log_configuration": {"cloud_watch_log_group_name": "/other"}}}
    (change,) = model.plan("c", CLUSTER, model.desired_state(options))
    fields = {name: change.desired[name] for name in change.fields}
    configuration = model.settings_arguments(fields, {**change.current, **change.desired})["configuration"]
    execute = configuration["executeCommandConfiguration"]
    assert (execute["kmsKeyId"], execute["logging"]) == ("k", "OVERRIDE")
    assert execute["logConfiguration"]["cloudWatchLogGroupName"] == "/other"


def test_providers_and_strategy_go_together() -> None:
    whole = {
        "capacity_providers": ["FARGATE"],
        "default_capacity_provider_strategy": [{"capacity_provider": "FARGATE"}],
    }
    assert model.capacity({"capacity_providers": ["FARGATE"]}, whole) == (
        ["FARGATE"],
        [{"capacityProvider": "FARGATE"}],
    )
    assert model.capacity({"tags": {}}, whole) is None


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "strategy of another provider": (
        {
            "capacity_providers": ["FARGATE"],
            "default_capacity_provider_strategy": [{"capacity_provider": "FARGATE_SPOT"}],
        },
        "default_capacity_provider_strategy",
    ),
    "override without a place": ({EXECUTE: {"logging": "OVERRIDE"}}, f"{EXECUTE}.log_configuration"),
    "a place without override": (
        {EXECUTE: {"logging": "DEFAULT", "log_configuration": {"cloud_watch_log_group_name": "/exec"}}},
        f"{EXECUTE}.logging",
    ),
}


@pytest.mark.parametrize(("options", "variable"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_refused_by_name(options: dict[str, Any], variable: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        model.check(options)
    assert refusal.value.variable == variable


def test_a_cluster_with_services_is_not_removed() -> None:
    model.check_empty("c", [{"serviceName": "a", "status": "DRAINING"}])
    with pytest.raises(InvalidInput, match="still has services: b"):
        model.check_empty("c", [{"serviceName": "a", "status": "DRAINING"}, {"serviceName": "b", "status": "ACTIVE"}])


@pytest.mark.parametrize(
    ("cluster", "status"),
    [(None, "pending"), ({"status": "PROVISIONING"}, "pending"), ({"status": "FAILED"}, "failed"), (CLUSTER, "done")],
)
def test_a_cluster_is_usable_when_active(cluster: dict[str, Any] | None, status: str) -> None:
    assert model.judge_active(cluster).status == status
